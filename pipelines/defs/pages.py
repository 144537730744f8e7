"""The pages of a document as a file that the PDF reader opens: the upload itself, or the PDF made of an office file."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.core.document_pdfs import DocumentPdf, find_document_pdf, put_document_pdf
from pipelines.core.records import Document, Finding
from pipelines.core.stored_files import hold_files
from pipelines.core.stores import Stores
from pipelines.defs.parsing import office_limits
from pipelines.steps.documents.checks import check_document
from pipelines.steps.documents.office import OFFICE_VERSION, hidden_slides, office_as_pdf


@contextmanager
def pages_file(stores: Stores, document: Document) -> Iterator[Path]:
    """Gives the path of the upload, or of the PDF made of it, which is made once and kept.

    Raises:
        UnreadableFileError: as `check_document` and `office_as_pdf`.
        SupersededError: the document was replaced or deleted meanwhile.
    """
    with stores.files.local_path(document.sha256) as path:
        most = stores.settings.pdf_max_mb * 10**6
        if check_document(path, file_name=document.file_name, max_bytes=most) != "office":
            yield path
            return
        pdf_sha256 = _known(stores, document) or _make(stores, document, path)
    with stores.files.local_path(pdf_sha256) as pdf:
        yield pdf


def left_out(stores: Stores, document: Document, *, pages: int) -> list[Finding]:
    """Findings of what the pages made of an office file leave out of it; none for other documents.

    Args:
        pages: how many were made of it.
    """
    with stores.database.transaction() as connection:
        pdf = find_document_pdf(connection, document)
    return hidden_slides(pdf.slide_count, pages=pages) if pdf and pdf.source_sha256 == document.sha256 else []


def _known(stores: Stores, document: Document) -> str | None:
    with stores.database.transaction() as connection:
        pdf = find_document_pdf(connection, document)
    if pdf is None or (pdf.source_sha256, pdf.code_version) != (document.sha256, OFFICE_VERSION):
        return None
    return pdf.pdf_sha256 if stores.files.has(pdf.pdf_sha256) else None


def _make(stores: Stores, document: Document, path: Path) -> str:
    with tempfile.TemporaryFile() as target:
        slide_count = office_as_pdf(
            path,
            target,
            libreoffice=stores.settings.libreoffice,
            password_given=document.password is not None,
            limits=office_limits(stores.settings),
        )
        target.seek(0)
        stored = stores.files.add(target)
    pdf = DocumentPdf(
        source_sha256=document.sha256, pdf_sha256=stored.sha256, code_version=OFFICE_VERSION, slide_count=slide_count
    )
    with stores.database.transaction() as connection:
        hold_files(connection, stores.files, [pdf.pdf_sha256])
        put_document_pdf(connection, document, pdf)
    return pdf.pdf_sha256
