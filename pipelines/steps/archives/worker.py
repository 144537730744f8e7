"""The bounded child's half of `unpacking`: the members of one untrusted zip archive, told and sent in pieces."""

import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, BinaryIO

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.archives.names import decode_names, why_no_path

Items = Iterator[tuple[dict[str, Any], bytes]]

_LOCAL_HEADER = 30
_ENCRYPTED = 0x1
_DAMAGED = "This archive is damaged and cannot be opened. Please export it again."
_NESTED = "An archive inside an archive is not unpacked. Unpack it and ingest what it holds."
_LOCKED = "It is protected with a password inside the archive. Unpack it and ingest the files."
MOST_RATIO, RATIO_FROM = 200, 50 << 20
"""A member of more than `RATIO_FROM` bytes that grows so many times is a bomb, no material."""


def members(
    source: BinaryIO, *, endings: Sequence[str], archives: Sequence[str], max_members: int, max_member_mb: int,
    max_total_mb: int, piece_bytes: int,
) -> Items:  # fmt: skip
    """Yields for each member its name, then its content in pieces (value `{}`), then `{"done": None or why not}`.

    The first item of a member is `{"name", "why_not", "must_fail"}`; `why_not` None: content follows. Folders and
    hidden files are left out.

    Args:
        endings: members with these endings (`.pdf`) are sent; others are told with `why_not` "".
        archives: endings of archives, which are not unpacked inside an archive.
        max_member_mb, max_total_mb: MB (10^6 bytes) of one member and of all.
        piece_bytes: of one piece at most.

    Raises:
        UnreadableFileError: `damaged`, `too_large`, `too_many_files`, `moodle_backup`.
    """
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError, UnicodeError):
        raise UnreadableFileError(_DAMAGED, code="damaged") from None
    infos = archive.infolist()
    _refuse(infos, max_members=max_members, max_total_mb=max_total_mb)
    seen: set[str] = set()
    left = max_total_mb * 10**6
    for info, name in zip(infos, decode_names(infos), strict=True):
        if name.endswith("/") or _is_hidden(name):
            continue
        why_not, must_fail = _why_not(info, name, endings=endings, archives=archives)
        if why_not is None and name.casefold() in seen:
            why_not, must_fail = "The archive has a second file of this name.", True
        seen.add(name.casefold())
        yield {"name": name, "why_not": why_not, "must_fail": must_fail}, b""
        if why_not is None:
            most = min(left, max_member_mb * 10**6)
            for value, piece in _content(archive, info, piece_bytes, most=most, max_member_mb=max_member_mb):
                left -= len(piece)
                if left <= 0:
                    raise _too_large(max_total_mb)
                yield value, piece


def _refuse(infos: Sequence[zipfile.ZipInfo], *, max_members: int, max_total_mb: int) -> None:
    """What is wrong with the archive as a whole."""
    if len(infos) > max_members:
        raise UnreadableFileError(
            f"This archive has {len(infos):,} files; at most {max_members:,} are accepted. Please split it.",
            code="too_many_files",
        )
    if sum(info.file_size for info in infos) > max_total_mb * 10**6:
        raise _too_large(max_total_mb)
    if any(info.filename == "moodle_backup.xml" for info in infos):
        raise UnreadableFileError(
            "A Moodle backup keeps its files without their names. Use 'Download course content' in Moodle and ingest "
            "that.",
            code="moodle_backup",
        )
    ordered = sorted(infos, key=lambda info: info.header_offset)
    if any(a.header_offset + _LOCAL_HEADER + a.compress_size > b.header_offset for a, b in pairwise(ordered)):
        # Files that share their bytes are how a small archive becomes a huge one.
        raise UnreadableFileError(_DAMAGED, code="damaged")


def _too_large(max_total_mb: int) -> UnreadableFileError:
    return UnreadableFileError(
        f"This archive unpacks to more than {max_total_mb / 1000:g} GB. Please split it.", code="too_large"
    )


def _is_hidden(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or any(part.startswith(".") and part != ".." for part in parts)


def _why_not(
    info: zipfile.ZipInfo, name: str, *, endings: Sequence[str], archives: Sequence[str]
) -> tuple[str | None, bool]:
    """(why a member is not unpacked, whether it must fail); None: it is."""
    kind, low = stat.S_IFMT(info.external_attr >> 16), name.casefold()
    rules = (
        (kind == stat.S_IFLNK, "a link, which is not followed inside an archive", False),
        (kind not in (0, stat.S_IFREG), "no regular file", False),
        ((odd := why_no_path(name)) is not None, odd, True),
        (low.endswith(tuple(archives)), _NESTED, True),
        (not low.endswith(tuple(endings)), "", False),
        (info.flag_bits & _ENCRYPTED, _LOCKED, True),
    )
    return next(((why_not, must_fail) for holds, why_not, must_fail in rules if holds), (None, False))


def _content(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, piece_bytes: int, *, most: int, max_member_mb: int
) -> Items:
    size = 0
    try:
        with archive.open(info) as member:
            while piece := member.read(piece_bytes):
                size += len(piece)
                if size > RATIO_FROM and size > MOST_RATIO * max(1, info.compress_size):
                    yield {"done": "It is packed so tightly that it is no material but an attack."}, b""
                    return
                if size > most:
                    yield {"done": f"It has more than {max_member_mb} MB."}, b""
                    return
                yield {}, piece
    except NotImplementedError:
        yield {"done": "It is packed in a way that is not known here. Unpack it and ingest the files."}, b""
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, UnicodeError):
        yield {"done": "It is damaged inside the archive."}, b""
    except Exception as error:
        if type(error).__module__ not in ("_lzma", "_bz2", "bz2", "lzma"):
            raise
        yield {"done": "It is damaged inside the archive."}, b""
    else:
        yield {"done": None}, b""
