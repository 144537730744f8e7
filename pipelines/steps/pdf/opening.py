"""The opening of a PDF from untrusted bytes inside the bounded child, or a sentence that says why it fails.

Not here: what is read from it (`pdf_worker`), and the checks that need no parser (`slides`).
"""

import sys
from typing import Any, BinaryIO

from pipelines.core.errors import UnreadableFileError


def load_pymupdf() -> Any:
    """The library, quiet and without the layout models it would otherwise import (0.15 s instead of 0.8 s)."""
    if "pymupdf" not in sys.modules:
        # None in sys.modules makes an import fail at once; the library takes both for optional.
        sys.modules.setdefault("pymupdf.layout", None)  # type: ignore[arg-type]
        sys.modules.setdefault("pymupdf4llm", None)  # type: ignore[arg-type]
    import pymupdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    return pymupdf


def open_pdf(source: BinaryIO, *, password: str | None, max_pages: int) -> Any:
    """The open `pymupdf.Document`.

    Args:
        source: the file.
        password: None when the uploader gave none.
        max_pages: more pages are refused.

    Raises:
        UnreadableFileError: `damaged`, `password_required`, `password_wrong`, `zero_pages`, `too_many_pages`.
        MemoryError: the parser reached the child's memory limit.
    """
    pymupdf = load_pymupdf()
    try:
        document = pymupdf.open(stream=source.read(), filetype="pdf")
        locked = bool(document.needs_pass)
        if locked and not document.authenticate(password or ""):
            _refuse_password(password)
        pages = document.page_count
    except UnreadableFileError:
        raise
    except Exception as error:  # the library raises several unrelated classes for damaged files
        raise as_memory_error(error) or UnreadableFileError(
            "This PDF is damaged and cannot be opened. Please export or print it to PDF again.", code="damaged"
        ) from None
    if pages < 1:
        # Complaints mean that there were pages once; without any, the file truly has none.
        if "error" in complaints():
            raise UnreadableFileError("This PDF is damaged: its pages cannot be found.", code="damaged")
        raise UnreadableFileError("This PDF has no pages.", code="zero_pages")
    if pages > max_pages:
        raise UnreadableFileError(
            f"This PDF has {pages} pages; at most {max_pages} are accepted. Please split it.", code="too_many_pages"
        )
    return document


def complaints() -> str:
    """What MuPDF complained about since the last call; "" when nothing."""
    return str(load_pymupdf().TOOLS.mupdf_warnings())


def as_memory_error(error: Exception) -> MemoryError | None:
    """MuPDF reports a refused allocation as a plain error; this is it as Python's, None for every other error."""
    text = str(error)
    return MemoryError(text) if isinstance(error, MemoryError) or ("alloc" in text and "failed" in text) else None


def _refuse_password(password: str | None) -> None:
    if password:
        raise UnreadableFileError(
            "This PDF is protected, and the password given does not open it.", code="password_wrong"
        )
    raise UnreadableFileError(
        "This PDF is protected with a password. Please upload it with its password or without protection.",
        code="password_required",
    )
