"""The bounded child's half of `office`: LibreOffice, loaded as a library, makes a PDF of one untrusted file.

Loaded, not started: so it is bound by everything that binds a parser, makes no process and opens no socket. Its
interface is LibreOfficeKit, C structures of function pointers to which later versions only add at the end
(include/LibreOfficeKit/LibreOfficeKit.h).
"""

import ctypes
import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.core.errors import UnreadableFileError

_PIECE = 8 << 20
_GET_ERROR, _LOAD = 3, 4
"""Places in LibreOfficeKitClass, in pointers."""
_SAVE, _GET_PARTS = 2, 4
"""The same in LibreOfficeKitDocumentClass."""
_PRESENTATIONS = ("pptx", "ppt", "odp")
_SETTINGS = {
    "Common/Security/Scripting": {
        "MacroSecurityLevel": "3",
        "DisableMacrosExecution": "true",
        "DisableActiveContent": "true",
        "BlockUntrustedRefererLinks": "true",
    },
    "Writer/Content/Update": {"Link": "0"},
}
"""Macros never run, and nothing that a file refers to is loaded; there is no network to load it by either."""
_EXPORT = "ExportNotes=false,ExportNotesPages=false,ExportHiddenSlides=false"


def convert(source: BinaryIO, *, folder: Path, program: str, ending: str) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yields `{"slide_count"}`, of a presentation how many slides it has with those it hides, and the PDF in pieces.

    Args:
        folder: where LibreOffice may write.
        program: the folder of its libraries.
        ending: what the file's kind is called, such as `pptx`.

    Raises:
        UnreadableFileError: `damaged`, `zero_pages`, `password_required` (the caller has the sentence).
    """
    if _is_locked(source):
        raise UnreadableFileError("This file is protected with a password.", code="password_required")
    given, made, profile = folder / f"input.{ending}", folder / "made.pdf", folder / "profile"
    with given.open("wb") as target:
        while piece := source.read(_PIECE):
            target.write(piece)
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_registry(), encoding="utf-8")
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        os.putenv(name, str(folder))
    for name, value in (("SAL_DISABLE_OPENCL", "1"), ("SAL_DISABLE_SKIA", "1"), ("SAL_USE_VCLPLUGIN", "svp")):
        os.putenv(name, value)
    parts = _export(program, given=given, made=made, profile=profile)
    if parts is None:
        raise UnreadableFileError(
            "This file is damaged or protected: LibreOffice cannot open it. Save it again without a password, or "
            "export it as PDF and upload that.",
            code="damaged",
        )
    yield {"slide_count": parts if ending in _PRESENTATIONS else None}, b""
    with made.open("rb") as pdf:
        while piece := pdf.read(_PIECE):
            yield {}, piece


def _is_locked(source: BinaryIO) -> bool:
    """Whether an OpenDocument says that its parts are encrypted."""
    try:
        with zipfile.ZipFile(source) as parts, parts.open("META-INF/manifest.xml") as manifest:
            return b"encryption-data" in manifest.read(_PIECE)
    except (zipfile.BadZipFile, KeyError, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        return False
    finally:
        source.seek(0)


def _export(program: str, *, given: Path, made: Path, profile: Path) -> int | None:
    """How many parts (slides) the file has; None where it cannot be opened."""
    office = _office(program, profile)
    load = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)
    document = load(_pointer(office, _LOAD))(office, given.as_uri().encode(), b"")
    if not document:
        return None
    save = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p)
    save(_pointer(document, _SAVE))(document, made.as_uri().encode(), b"pdf", _EXPORT.encode())
    if not made.is_file():
        raise UnreadableFileError(
            "This file has no page to show: all its slides are hidden, or it is empty. Show them and upload it again.",
            code="zero_pages",
        )
    count = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
    return int(count(_pointer(document, _GET_PARTS))(document))


def _office(program: str, profile: Path) -> int:
    """The running LibreOffice, as a pointer to its structure."""
    names = ("libmergedlo.so", "libsofficeapp.so")
    library = next(path for name in names if (path := Path(program) / name).exists())
    start = ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL).libreofficekit_hook_2
    start.restype, start.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]
    office = start(program.encode(), profile.as_uri().encode())
    if not office:
        raise RuntimeError(f"LibreOffice in {program} does not start")
    # It would end the process tidily where it crashes, as if nothing were wrong with the file.
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE):
        signal.signal(number, signal.SIG_DFL)
    return int(office)


def _pointer(thing: int, place: int) -> int:
    """The function at this place of the class of a LibreOfficeKit structure."""
    table = ctypes.cast(thing, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
    return int(table[place] or 0)


def _registry() -> str:
    """The profile's settings as LibreOffice keeps them."""
    items = "".join(
        f'<item oor:path="/org.openoffice.Office.{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>"
        for path, values in _SETTINGS.items()
        for name, value in values.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{items}</oor:items>"
    )
