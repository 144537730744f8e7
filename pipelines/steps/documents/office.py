"""Office files as PDFs, made by LibreOffice in the bounded child where it is installed.

What is read is what an audience sees: slides and pages. Speaker notes, comments and hidden slides are the speaker's own
and are left out.
"""

from pathlib import Path
from typing import IO

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Finding
from pipelines.steps.documents.kinds import office_ending
from pipelines.steps.sandbox.bounded import run_bounded
from pipelines.steps.sandbox.limits import Limits

OFFICE_VERSION = "2"
"""Version of the making; raise it when the same file gives another PDF."""
LIMITS = Limits(wall_s=300, cpu_s=240, memory_mb=4096, output_mb=250, open_files=256, folder_mb=600)
"""LibreOffice needs 2 to 4 s to start; a hundred slides of text take one more."""

_USUAL = ("/usr/lib/libreoffice", "/usr/lib64/libreoffice", "/opt/libreoffice*", "/usr/local/lib/libreoffice")
_LIBRARIES = ("libmergedlo.so", "libsofficeapp.so")
_DATA = """
/etc/libreoffice /usr/share/libreoffice /var/lib/libreoffice /var/spool/libreoffice /usr/share/fonts
/usr/local/share/fonts /usr/share/fontconfig /etc/fonts /var/cache/fontconfig /usr/share/zoneinfo /etc/localtime
"""
"""What LibreOffice reads besides its own folder: the parts that packages put elsewhere, and fonts."""
MISSING = (
    "Files of PowerPoint, Word and OpenDocument are read with LibreOffice, which is not installed here. Export it as "
    "PDF and upload that."
)


def find_libreoffice(chosen: Path | None = None) -> Path | None:
    """LibreOffice's folder, the one that holds `program`; None where there is none.

    Args:
        chosen: where to look instead of the usual places.
    """
    patterns = [Path(pattern) for pattern in _USUAL] if chosen is None else [chosen]
    folders = [found for pattern in patterns for found in sorted(pattern.parent.glob(pattern.name), reverse=True)]
    return next((f for f in folders if any((f / "program" / name).is_file() for name in _LIBRARIES)), None)


def office_as_pdf(
    source: Path, target: IO[bytes], *, libreoffice: Path | None = None, password_given: bool = False,
    limits: Limits = LIMITS,
) -> int | None:  # fmt: skip
    """Writes the PDF of an office file to `target`; half-written when an error is raised, so give a temporary file.

    Returns:
        Of a presentation how many slides it has, also those it hides, which have no page; None for other files.

    Args:
        source: the file; its content decides what it is.
        libreoffice: as for `find_libreoffice`.
        password_given: its uploader gave a password, which opens PDFs only.
        limits: of the child process, with a folder to write in.

    Raises:
        UnreadableFileError: `no_office` (LibreOffice is not there), `password_required`, `damaged`, `zero_pages`,
            `parser_limit`.
        OSError: the file is not there.
    """
    folder = find_libreoffice(libreoffice)
    if folder is None:
        raise UnreadableFileError(MISSING, code="no_office")
    ending = office_ending(source)
    if ending == "locked":
        raise UnreadableFileError(_locked(password_given), code="password_required")
    slides: int | None = None
    try:
        for item in run_bounded(
            "pipelines.steps.documents.office_worker:convert",
            source=source,
            args={"program": str(folder / "program"), "ending": ending},
            limits=limits,
            readable=[folder, folder.resolve(), *map(Path, _DATA.split())],
        ):
            target.write(item.blob)
            if isinstance(item.value, dict) and isinstance(counted := item.value.get("slide_count"), int):
                slides = max(0, counted)
    except UnreadableFileError as error:
        if error.code != "password_required":
            raise
        raise UnreadableFileError(_locked(password_given), code=error.code) from None
    return slides


def hidden_slides(slide_count: int | None, *, pages: int) -> list[Finding]:
    """A finding for the slides that a presentation hides; none where it hides none.

    Args:
        slide_count: as `office_as_pdf` gives it.
        pages: of the PDF.
    """
    hidden = (slide_count or 0) - pages
    if hidden <= 0:
        return []
    sentence = "1 hidden slide was left out." if hidden == 1 else f"{hidden} hidden slides were left out."
    advice = "If students are to find what they say, show them in the presentation and upload it again."
    return [Finding(code="hidden_slides", sentence=sentence, advice=advice)]


def _locked(password_given: bool) -> str:
    but = "; the password given opens PDFs only" if password_given else ""
    return f"This file is protected with a password{but}. Save it without one, or export it as PDF and upload that."
