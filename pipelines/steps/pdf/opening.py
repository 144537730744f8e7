"""The opening of a PDF from untrusted bytes inside the bounded child, or a sentence that says why it fails.

A portfolio (a PDF that is a folder of files) is opened as the pages of the PDFs inside. Not here: what is read from a
PDF (`worker`), and the checks that need no parser (`slides`).
"""

from dataclasses import dataclass
from typing import Any, BinaryIO

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.documents.pages import as_pdf
from pipelines.steps.pdf.library import load_pymupdf


@dataclass(frozen=True, slots=True)
class Opened:
    """An open `pymupdf.Document`, and the names of files inside the PDF whose content is not among its pages."""

    document: Any
    unread_files: tuple[str, ...] = ()


def open_pdf(source: BinaryIO, *, password: str | None, max_pages: int) -> Opened:
    """The open document.

    Args:
        source: the file.
        password: None when the uploader gave none.
        max_pages: more pages are refused.

    Raises:
        UnreadableFileError: `damaged`, `password_required`, `password_wrong`, `zero_pages`, `too_many_pages`,
            `dynamic_form`, `portfolio`.
        MemoryError: the parser reached the child's memory limit.
    """
    data = as_pdf(source, max_pages=max_pages)
    try:
        document = _open(data, password)
        if document.page_count < 1 and "error" in complaints():
            raise RuntimeError("its pages cannot be found")
    except UnreadableFileError:
        raise
    except Exception as error:  # the library raises several unrelated classes for damaged files
        if memory := as_memory_error(error):
            raise memory from None
        document = _rebuilt(data, password)
    _refuse_dynamic_form(document)
    opened = _unfolded(document, max_pages)
    pages = opened.document.page_count
    if pages < 1:
        raise UnreadableFileError("This PDF has no pages.", code="zero_pages")
    if pages > max_pages:
        raise UnreadableFileError(
            f"This PDF has {pages} pages; at most {max_pages} are accepted. Please split it.", code="too_many_pages"
        )
    return opened


def _open(data: bytes, password: str | None) -> Any:
    document = load_pymupdf().open(stream=data, filetype="pdf")
    if document.needs_pass and not document.authenticate(password or ""):
        _refuse_password(password)
    document.page_count  # noqa: B018  a table of objects that leads nowhere shows here
    return document


def _rebuilt(data: bytes, password: str | None) -> Any:
    """The document again, with its tables of objects ignored: they may be cut off, wrong, or go in a circle."""
    try:
        # Without a pointer to its tables MuPDF looks for the objects themselves.
        document = _open(data.replace(b"startxref", b"startxxxx"), password)
        if document.page_count:
            return document
        raise RuntimeError("no pages")
    except UnreadableFileError:
        raise
    except Exception as error:
        raise as_memory_error(error) or UnreadableFileError(
            "This PDF is damaged and cannot be opened. Please export or print it to PDF again.", code="damaged"
        ) from None


def _refuse_dynamic_form(document: Any) -> None:
    """A dynamic XFA form has one page that asks to wait; what it shows is made by Adobe's reader alone."""
    if _in_catalog(document, "AcroForm/XFA")[0] == "null":
        return
    dynamic = _in_catalog(document, "NeedsRendering")[1] == "true"
    if not dynamic and document.page_count == 1:
        dynamic = "please wait" in document.load_page(0).get_text().casefold()
    if dynamic:
        raise UnreadableFileError(
            "This PDF shows 'Please wait' until Adobe Reader opens it (an XFA form): open it there, print it to "
            "PDF and upload that.",
            code="dynamic_form",
        )


def _in_catalog(document: Any, name: str) -> tuple[str, str]:
    """Type and value of an entry of the document's catalog, "null" twice where either is missing."""
    catalog = document.pdf_catalog()
    return document.xref_get_key(catalog, name) if 0 < catalog < document.xref_length() else ("null", "null")


def _unfolded(document: Any, max_pages: int) -> Opened:
    """A portfolio as the pages of its PDFs, one section each; other documents as they are."""
    names = document.embfile_names() if document.embfile_count() else []
    if _in_catalog(document, "Collection")[0] == "null":
        return Opened(document, tuple(_file_name(document, name) for name in names))
    merged, outline, unread = load_pymupdf().open(), [], []
    for name in names:
        shown = _file_name(document, name)
        try:
            inner = load_pymupdf().open(stream=document.embfile_get(name), filetype="pdf")
            if inner.needs_pass or not inner.page_count or merged.page_count + inner.page_count > max_pages:
                raise RuntimeError("cannot be taken in")
            start = merged.page_count + 1
            merged.insert_pdf(inner)
            outline.append([1, shown, start])
        except Exception as error:  # one file inside must not cost the others
            if memory := as_memory_error(error):
                raise memory from None
            unread.append(shown)
    if not merged.page_count:
        raise UnreadableFileError(
            f"This PDF is a portfolio, a folder of {len(names)} files without a PDF that can be read: take the files "
            "out and upload each as PDF.",
            code="portfolio",
        )
    merged.set_toc(outline)
    return Opened(merged, tuple(unread))


def _file_name(document: Any, name: str) -> str:
    return str(document.embfile_info(name).get("filename") or name)


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
