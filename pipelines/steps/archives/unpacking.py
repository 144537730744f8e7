"""Zip archives unpacked into a folder: read in the bounded child, every name and byte that comes back checked here."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from pipelines.core.errors import StorageUnavailableError, UnreadableFileError
from pipelines.steps.archives.names import why_no_path
from pipelines.steps.sandbox.bounded import Item, run_bounded
from pipelines.steps.sandbox.limits import Limits

ARCHIVE_SUFFIXES = (".zip", ".imscc")
"""What is unpacked: zips, and Canvas's name for one (IMS Common Cartridge)."""
NO_ARCHIVES = (".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".mbz")
"""Archives too, which are not unpacked."""
MAX_MEMBERS = 10_000
MAX_TOTAL_MB = 20_000
"""MB (10^6 bytes) of all that one archive holds."""
PIECE_BYTES = 4 << 20
LIMITS = Limits(wall_s=60, cpu_s=60, item_s=2.0, memory_mb=2048)
"""An item is a piece of `PIECE_BYTES`; inflating it takes a few hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive. `name` is its path there.

    `path` is where it lies; None: it was not unpacked, and `why_not` says why ("": its ending says that it is none of
    those asked for). `must_fail`: somebody may miss it.
    """

    name: str
    path: Path | None = None
    why_not: str = ""
    must_fail: bool = False


def is_archive(path: Path) -> bool:
    """Whether the file begins as a zip archive does; office files do too.

    Raises:
        OSError: the file is not there or may not be read.
    """
    with path.open("rb") as source:
        return source.read(4) in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


def unpack(
    archive: Path, folder: Path, *, endings: Sequence[str], max_member_mb: int, max_total_mb: int = MAX_TOTAL_MB,
    limits: Limits = LIMITS,
) -> Iterator[Member]:  # fmt: skip
    """Yields the members of a zip archive in its order, those with one of the `endings` as files below `folder`.

    Args:
        archive: the file; its name does not matter.
        folder: an empty folder that nobody else writes to.
        endings: of the names worth unpacking, in lower case with their dot.
        max_member_mb, max_total_mb: MB (10^6 bytes) of one member, and of all; the room on the disk counts as well.
        limits: of the child process.

    Raises:
        UnreadableFileError: `damaged`, `too_large`, `too_many_files`, `moodle_backup`, `parser_limit`.
        StorageUnavailableError: the disk is full.
        OSError: the archive is not there.
    """
    items = run_bounded(
        "pipelines.steps.archives.worker:members",
        source=archive,
        args={
            "endings": list(endings),
            "archives": [*ARCHIVE_SUFFIXES, *NO_ARCHIVES],
            "max_members": MAX_MEMBERS,
            "max_member_mb": max_member_mb,
            "max_total_mb": max_total_mb,
            "piece_bytes": PIECE_BYTES,
        },
        limits=replace(
            limits,
            output_mb=max_total_mb * 10**6 // (1 << 20) + 64,
            max_items=3 * MAX_MEMBERS + max_total_mb * 10**6 // PIECE_BYTES,
        ),
        subject="This archive",
    )
    for item in items:
        name, why_not = str(item.value["name"]), item.value["why_not"]
        if why_not is None:
            why_not, must_fail = why_no_path(name), True
            if why_not is None:
                yield _written(folder, name, items)
                continue
            _drain(items)
        else:
            must_fail = bool(item.value["must_fail"])
        yield Member(name, why_not=str(why_not), must_fail=must_fail)


def _written(folder: Path, name: str, items: Iterator[Item]) -> Member:
    """The member whose content comes next, as a file; nothing stays of one that fails."""
    path = folder / name
    with ExitStack() as stack:
        target: BinaryIO | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            target = stack.enter_context(path.open("xb"))
            for item in items:
                if "done" in item.value:
                    if (sentence := item.value["done"]) is None:
                        return Member(name, path)
                    path.unlink()
                    return Member(name, why_not=str(sentence), must_fail=True)
                target.write(item.blob)
        except OSError as error:
            if target is not None:
                path.unlink(missing_ok=True)
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageUnavailableError(
                    f"The disk has no room to unpack the archive (in {folder.parent}). Free some, or name another "
                    "place in TMPDIR."
                ) from None
            _drain(items)
            return Member(name, why_not=f"It cannot be unpacked: {os.strerror(error.errno or 0)}.", must_fail=True)
    raise UnreadableFileError("This archive is damaged and cannot be opened. Please export it again.", code="damaged")


def _drain(items: Iterator[Item]) -> None:
    """Past the content of a member that is not kept."""
    for item in items:
        if "done" in item.value:
            return
