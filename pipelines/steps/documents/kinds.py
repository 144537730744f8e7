"""Kinds of documents that can become pages, told by a file's first and last bytes without parsing them."""

import re
from pathlib import Path
from typing import BinaryIO, Literal

Kind = Literal["pdf", "picture", "heic", "office", "notebook", "html", "text"]
OfficeEnding = Literal["pptx", "docx", "odp", "odt", "ppt", "doc", "rtf", "locked"]
"""What an office file should be called; `locked`: it is wrapped in a password, whatever it is."""

HEAD_BYTES, TAIL_BYTES = 65_536, 1 << 20
PDF_HEAD_BYTES = 1024
"""Readers accept a PDF whose `%PDF-` stands within its first 1024 bytes (ISO 32000-1, annex H.3, note 13)."""

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_OFFICE_PARTS: dict[bytes, OfficeEnding] = {b"ppt/presentation.xml": "pptx", b"word/document.xml": "docx"}
"""Names that the table of contents of an Office file has at its end."""
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Begins files of PowerPoint and Word before 2007, and newer ones behind a password (MS-CFB)."""
_OLD_OFFICE_STREAMS: dict[str, OfficeEnding] = {
    "EncryptedPackage": "locked", "PowerPoint Document": "ppt", "WordDocument": "doc"
}  # fmt: skip
_OPEN_DOCUMENT = re.compile(rb"mimetypeapplication/vnd\.oasis\.opendocument\.(presentation|text)")
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*|<\?xml[^>]*>\s*)*<(?:!doctype\s+html|html|head|body)\b", re.S | re.I)
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_WIDE_ARROWS = ("-->".encode("utf-16-le"), "-->".encode("utf-16-be"))
"""Between two times of a caption: what tells captions in UTF-16 that begin without a byte order mark."""
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def kind_of_file(path: Path) -> Kind | None:
    """The kind of the file's content; None: none that can be read. Its name is not looked at.

    Raises:
        OSError: the file is not there.
    """
    with path.open("rb") as source:
        return kind_of(source)


def kind_of(source: BinaryIO) -> Kind | None:
    """As `kind_of_file`, for an open file, which is left at its start."""
    source.seek(0)
    head = source.read(HEAD_BYTES)
    source.seek(max(0, source.seek(0, 2) - TAIL_BYTES))
    tail = source.read(TAIL_BYTES) if head.startswith(b"PK\x03\x04") else b""
    source.seek(0)
    if b"%PDF-" in head[:PDF_HEAD_BYTES]:
        return "pdf"
    if head.startswith(_PICTURES) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        return "picture"
    if head[4:8] == b"ftyp":
        return "picture" if head[8:12] in (b"avif", b"avis") else "heic" if head[8:12] in _HEIC else None
    if _office_ending(source, head, tail):
        return "office"
    if head.startswith(b"PK\x03\x04"):
        return None
    return _text_kind(head)


def office_ending(path: Path) -> OfficeEnding | None:
    """What the office file should be called; None: it is none.

    Raises:
        OSError: the file is not there.
    """
    with path.open("rb") as source:
        head = source.read(HEAD_BYTES)
        source.seek(max(0, source.seek(0, 2) - TAIL_BYTES))
        return _office_ending(source, head, source.read(TAIL_BYTES))


def _office_ending(source: BinaryIO, head: bytes, tail: bytes) -> OfficeEnding | None:
    if head.startswith(b"PK\x03\x04"):
        if named := _OPEN_DOCUMENT.match(head[30:120]):
            return "odp" if named[1] == b"presentation" else "odt"
        return next((ending for part, ending in _OFFICE_PARTS.items() if part in tail), None)
    if head.startswith(_OLD_OFFICE):
        names = _old_office_names(source, head)
        return next((e for name, e in _OLD_OFFICE_STREAMS.items() if name.encode("utf-16-le") in names), None)
    return "rtf" if head.startswith(b"{\\rtf") else None


def _old_office_names(source: BinaryIO, head: bytes) -> bytes:
    """The first part of the directory of a compound file; the source is left at its start."""
    size = 1 << min(12, int.from_bytes(head[30:32], "little"))
    source.seek((int.from_bytes(head[48:52], "little") + 1) * size)
    names = source.read(HEAD_BYTES)
    source.seek(0)
    return names


def is_text(kind: Kind | None) -> bool:
    """Whether its pages are set from text: what they say is known, and never read from a picture of them."""
    return kind in ("text", "html", "notebook")


def _text_kind(head: bytes) -> Kind | None:
    if head.startswith(_WIDE_MARKS) or any(arrow in head for arrow in _WIDE_ARROWS):
        return "text"
    if not head or _CONTROLS.search(head):
        return None
    start = head.removeprefix(b"\xef\xbb\xbf")
    if _HTML.match(start):
        return "html"
    if start.lstrip().startswith(b"{") and b'"cells"' in head and b'"cell_type"' in head:
        return "notebook"
    return "text"
