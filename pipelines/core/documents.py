"""Uploaded decks: recorded, replaced, fenced, failed, deleted."""

from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.rows import dict_row

from pipelines.core.crypto import Sealer
from pipelines.core.errors import NotFoundError, StorageUnavailableError, SupersededError, UnreadableFileError
from pipelines.core.files import FileStore
from pipelines.core.postgres import Connection, Database
from pipelines.core.records import Document
from pipelines.core.statements import statement
from pipelines.core.uploads import CLAIM_S, Outcome, fence, purge


def put_document(
    connection: Connection,
    *,
    sealer: Sealer,
    course_id: UUID,
    title: str,
    file_name: str,
    source_name: str,
    sha256: str,
    byte_count: int,
    password: str | None = None,
    created_by: UUID | None = None,
    claim_s: float = 0.0,
) -> tuple[Document, Outcome]:
    """Record an upload whose bytes are in the file store.

    The same `source_name` with other bytes is a new generation of that document; with the same bytes nothing changes.
    The same bytes under another name answer the document that has them, as `duplicate`.

    Args:
        claim_s: seconds to keep the sensor away because the caller starts the run; 0 leaves it to the sensor.
    """
    same = _one(connection, "find_document_by_content", sealer, course_id=course_id, sha256=sha256)
    if same is not None and same.source_name != source_name:
        return same, "duplicate"
    sealed = sealer.seal(password.encode(), context=f"document|{sha256}") if password is not None else None
    parameters = {
        "course_id": course_id,
        "title": title,
        "file_name": file_name,
        "source_name": source_name,
        "sha256": sha256,
        "byte_count": byte_count,
        "password_sealed": sealed,
        "created_by": created_by,
        "claim_s": claim_s,
    }
    try:
        with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(statement("put_document"), parameters).fetchone()
    except UniqueViolation:  # the same bytes came under another name at the same moment
        same = _one(connection, "find_document_by_content", sealer, course_id=course_id, sha256=sha256)
        if same is None:
            raise StorageUnavailableError("Two uploads of the same file crossed; try again.") from None
        return same, "duplicate"
    if row is None:
        raise NotFoundError("There is no such course.")
    outcome: Outcome = row.pop("outcome")
    return _document(row, sealer), outcome


def get_document(connection: Connection, document_id: UUID, *, sealer: Sealer) -> Document:
    """One document that is not deleted.

    Raises:
        SupersededError: it was deleted, or never was.
    """
    document = _one(connection, "get_document", sealer, document_id=document_id)
    if document is None:
        raise SupersededError("The document was deleted.")
    return document


def list_documents(connection: Connection, course_id: UUID, *, sealer: Sealer) -> list[Document]:
    """Every document of a course, by name."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("list_documents"), {"course_id": course_id}).fetchall()
    return [_document(row, sealer) for row in rows]


def list_unrequested_documents(connection: Connection, *, limit: int = 200) -> list[tuple[UUID, int]]:
    """(id, generation) of uploads that no run was started for, oldest first."""
    rows = connection.execute(statement("list_unrequested_documents"), {"limit": limit})
    return [(row[0], row[1]) for row in rows]


def claim_documents(connection: Connection, document_ids: list[UUID], *, claim_s: float = CLAIM_S) -> None:
    """Keep the sensor away from these documents for `claim_s` seconds from now."""
    connection.execute(statement("claim_documents"), {"document_ids": document_ids, "claim_s": claim_s})


def mark_document_requested(connection: Connection, document: Document, *, run_id: str | None = None) -> None:
    """A run begins on this generation: the sensor need not ask for one, and an old failure is forgotten.

    Args:
        run_id: Dagster's id of the run; None for one that Dagster does not know.

    Raises:
        SupersededError: the document was replaced or deleted meanwhile.
    """
    fence(connection, "mark_document_requested", document, document_id=document.id, run_id=run_id)


def lock_document(connection: Connection, document: Document) -> None:
    """Fence before a write: nothing is written for an upload that was replaced or deleted meanwhile.

    Raises:
        SupersededError: it was.
    """
    fence(connection, "lock_document", document, document_id=document.id)


def fail_document(connection: Connection, document_id: UUID, generation: int, *, code: str, message: str) -> None:
    """Remember why this generation has no result; a newer generation is left alone."""
    connection.execute(
        statement("fail_document"),
        {"document_id": document_id, "generation": generation, "code": code, "message": message},
    )


def delete_document(connection: Connection, document_id: UUID) -> bool:
    """Delete at once what can be retrieved and set the tombstone; rows and files go with `purge_document`.

    Returns:
        False when there was no such document.
    """
    if connection.execute(statement("delete_document"), {"document_id": document_id}).fetchone() is None:
        return False
    connection.execute(statement("delete_chunks"), {"source_id": document_id})
    return True


def list_deleted_documents(connection: Connection, *, limit: int = 200) -> list[UUID]:
    """Ids of documents deleted and not purged yet."""
    return [row[0] for row in connection.execute(statement("list_deleted_documents"), {"limit": limit})]


def purge_document(database: Database, files: FileStore, document_id: UUID) -> None:
    """Remove a deleted document's rows, then its files that nothing else uses. Running it twice is fine."""
    purge(database, files, "purge_document", document_id=document_id)


def _one(connection: Connection, name: str, sealer: Sealer, **parameters: Any) -> Document | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement(name), parameters).fetchone()
    return _document(row, sealer) if row is not None else None


def _document(row: dict[str, Any], sealer: Sealer) -> Document:
    sealed = row.pop("password_sealed")
    password: str | None = None
    if sealed is not None:
        try:
            password = sealer.open(sealed, context=f"document|{row['sha256']}").decode()
        except UnreadableFileError:
            password = None  # the master key was changed; the run then asks for the password again
    return Document(password=password, **row)
