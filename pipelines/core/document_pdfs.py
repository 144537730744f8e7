"""PDFs made of office files: named per document, so that its text and its pictures are those of one PDF."""

from dataclasses import dataclass

from pipelines.core.postgres import Connection, read_record, values_of
from pipelines.core.records import Document
from pipelines.core.statements import statement
from pipelines.core.uploads import lock_upload


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPdf:
    """A PDF in the file store (`pdf_sha256`), made of the upload `source_sha256` by `code_version` of the making.

    `slide_count`: slides of the presentation, also those it hides, which have no page; None: it is no presentation.
    """

    source_sha256: str
    pdf_sha256: str
    code_version: str
    slide_count: int | None = None


def put_document_pdf(connection: Connection, document: Document, pdf: DocumentPdf) -> None:
    """Name the PDF made of a document over an older one.

    Raises:
        SupersededError: the document was replaced or deleted meanwhile.
    """
    lock_upload(connection, document)
    values = values_of(pdf)
    connection.execute(statement("put_document_pdf"), {"document_id": document.id, **values})


def find_document_pdf(connection: Connection, document: Document) -> DocumentPdf | None:
    """The PDF made of a document, of whichever upload; None where none was made."""
    return read_record(connection, DocumentPdf, "get_document_pdf", {"document_id": document.id})
