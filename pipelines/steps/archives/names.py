"""Names of files inside a zip archive as text, whatever wrote them, and whether such a name may become a path."""

import struct
import unicodedata
import zlib
from collections.abc import Sequence
from zipfile import ZipInfo

_UTF8 = 0x800
"""Flag of a name that is UTF-8 (APPNOTE.TXT 4.4.4, bit 11)."""
_UNICODE_PATH = 0x7075
"""Extra field with the name in UTF-8 (APPNOTE.TXT 4.6.9)."""
_WESTERN = ("cp437", "cp850", "cp1252")
"""What programs of Windows and DOS wrote in western Europe and America; the standard says cp437."""
_OTHERS = ["cp852", "cp866", "cp1250", "cp1251", "cp1253", "cp932", "gb18030", "big5", "cp949"]
_LETTERS = frozenset("äöüßàáâãåæçèéêëìíîïñòóôõøùúûœÿÄÖÜÀÁÂÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕØÙÚÛŒ–’“”„·°§")
_DOS, _NTFS = 0, 10
"""Systems whose programs may write `\\` between folders."""


def decode_names(members: Sequence[ZipInfo]) -> list[str]:
    """The members' names in NFC, folders parted by `/`. Those without a mark share one encoding."""
    raw = [_raw(member) for member in members]
    unmarked = [name for name, member in zip(raw, members, strict=True) if not member.flag_bits & _UTF8]
    encoding = _encoding_of(b"\n".join(unmarked))
    names = []
    for name, member in zip(raw, members, strict=True):
        told = _unicode_path(member, name)
        text = told or name.decode("utf-8" if member.flag_bits & _UTF8 else encoding, "replace")
        if member.create_system in (_DOS, _NTFS):
            text = text.replace("\\", "/")
        plain = "/".join(part for part in text.split("/") if part != ".")
        names.append(unicodedata.normalize("NFC", plain))
    return names


def why_no_path(name: str) -> str | None:
    """Why this name may not become a path below a folder; None: it may."""
    parts = name.split("/")
    if name.startswith(("/", "\\")) or ".." in parts or (len(name) > 1 and name[1] == ":") or "\0" in name:
        return "Its name leads out of the archive."
    if any(part in ("", ".") for part in parts):
        return "Its name is no path."
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        return "Its name has control characters. Rename it."
    if any(len(part.encode()) > 255 for part in parts):
        return "Its name is too long. Rename it."
    return None


def _raw(member: ZipInfo) -> bytes:
    """The bytes of the name, from which zipfile made text."""
    return member.orig_filename.encode("utf-8" if member.flag_bits & _UTF8 else "cp437", "surrogatepass")


def _unicode_path(member: ZipInfo, raw: bytes) -> str | None:
    extra = member.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and len(field) > 5 and struct.unpack_from("<I", field, 1)[0] == zlib.crc32(raw):
            try:
                return field[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
    return None


def _encoding_of(names: bytes) -> str:
    """The encoding of unmarked names: UTF-8, a western one in which they have letters only, what a language says."""
    if _decodes(names, "utf-8"):
        return "utf-8"
    for encoding in _WESTERN:
        if _decodes(names, encoding) and all(c in _LETTERS for c in names.decode(encoding) if c > "\x7f"):
            return encoding
    from charset_normalizer import from_bytes

    best = from_bytes(names, cp_isolation=_OTHERS).best()
    return "cp437" if best is None or best.language == "Unknown" else str(best.encoding)


def _decodes(names: bytes, encoding: str) -> bool:
    try:
        names.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
