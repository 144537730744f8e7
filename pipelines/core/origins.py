"""Origins of an upload's rows: which run made them, and which version of each thing it used.

Belongs here: reading it back for people who compare results. Writing it belongs to the modules named after each noun.
"""

from dataclasses import dataclass

from psycopg.rows import class_row

from pipelines.core.errors import SupersededError
from pipelines.core.postgres import Connection
from pipelines.core.records import Document
from pipelines.core.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentOrigin:
    """What made one document's rows; None where there are no such rows yet.

    `run_id` is the Dagster run that began on the newest upload. `description_model` and `prompt_version` name several,
    with commas between, when the descriptions were made by several.
    """

    run_id: str | None
    slides_version: str | None
    description_model: str | None
    prompt_version: str | None
    chunker_version: str | None
    embedding_model: str | None
    embedding_dims: int | None


def read_document_origin(connection: Connection, document: Document) -> DocumentOrigin:
    """What made this document's rows.

    Raises:
        SupersededError: it was deleted, or never was.
    """
    with connection.cursor(row_factory=class_row(DocumentOrigin)) as cursor:
        origin = cursor.execute(statement("document_origin"), {"document_id": document.id}).fetchone()
    if origin is None:
        raise SupersededError("The document was deleted.")
    return origin
