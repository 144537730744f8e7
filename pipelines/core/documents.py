"""Uploaded decks: recorded, replaced, read. What becomes of them after that is `uploads.py`."""

from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.rows import dict_row

from pipelines.core.errors import NotFoundError, StorageUnavailableError, SupersededError, UnreadableFileError
from pipelines.core.names import name_in_course, nfc
from pipelines.core.postgres import Connection
from pipelines.core.records import Document, Person, Scope
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.statements import statement
from pipelines.core.uploads import DOCUMENT, Outcome


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
    owner_id: UUID | None = None,
    published: bool | None = None,
    origin: str | None = None,
    replace: bool = False,
) -> tuple[Document, Outcome]:
    """Record an upload whose bytes are in the file store. What else its owner has in the course is compared with it.

    The same `source_name` with other bytes is a new generation of that document; with the same bytes nothing changes.
    The same bytes under another name answer the document that has them, as `duplicate`. Other bytes under a known name
    from another path are another document, and the names of both then say their folders (`uploads.name_in_course`).

    Args:
        owner_id: whose it is; None: the local person's, as at the command line.
        published: whether a new document is the course's at once; None: only the local person's is. What is there stays
            as published as it was.
        origin: absolute path of the file; None where it is not known, and then the name alone says what it is.
        replace: take it for a new version of what has its name, wherever that came from.

    Raises:
        NotFoundError: there is no such course.
    """
    source_name, origin = nfc(source_name), nfc(origin) if origin is not None else None
    content = {"course_id": course_id, "owner_id": owner_id, "sha256": sha256}
    same = _one(connection, "find_document_by_content", sealer, **content)
    if same is not None and same.source_name != source_name and (origin is None or same.origin != origin):
        return same, "duplicate"
    if same is not None:
        source_name = same.source_name
    else:
        source_name = name_in_course(
            connection, DOCUMENT, course_id=course_id, owner_id=owner_id, source_name=source_name, origin=origin,
            contents=[sha256], replace=replace,
        )  # fmt: skip
    sealed = sealer.seal(password.encode(), context=f"document|{sha256}") if password is not None else None
    parameters = {
        "course_id": course_id,
        "title": nfc(title),
        "file_name": nfc(file_name),
        "source_name": source_name,
        "origin": origin,
        "sha256": sha256,
        "byte_count": byte_count,
        "password_sealed": sealed,
        "owner_id": owner_id,
        "published": published if published is not None else owner_id is None,
    }
    try:
        with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(statement("put_document"), parameters).fetchone()
    except UniqueViolation:  # the same bytes came under another name at the same moment
        same = _one(connection, "find_document_by_content", sealer, **content)
        if same is None:
            raise StorageUnavailableError("Two uploads of the same file crossed; try again.") from None
        return same, "duplicate"
    if row is None:
        raise NotFoundError("There is no such course.")
    outcome: Outcome = row.pop("outcome")
    return _document(row, sealer), outcome


def get_document(connection: Connection, document_id: UUID, *, person: Person, sealer: Sealer) -> Document:
    """One document that is not deleted and that the person sees.

    Raises:
        SupersededError: it was deleted, or never was there for them.
    """
    document = _one(connection, "get_document", sealer, document_id=document_id, person_id=person.id)
    if document is None:
        raise SupersededError("The document was deleted.")
    return document


def unlock_document(connection: Connection, document: Document, password: str, *, sealer: Sealer) -> None:
    """Keep the password of a protected file, sealed, and have the file processed again with it.

    Raises:
        SupersededError: the document was replaced or deleted meanwhile.
    """
    sealed = sealer.seal(password.encode(), context=f"document|{document.sha256}")
    parameters = {"id": document.id, "generation": document.generation, "password_sealed": sealed}
    if connection.execute(statement("unlock_document"), parameters).fetchone() is None:
        raise SupersededError(f"{document.source_name} was replaced or deleted.")


def list_documents(connection: Connection, scope: Scope, *, sealer: Sealer) -> list[Document]:
    """Every document of the scope's course that its person sees, by name."""
    parameters = {"course_id": scope.course_id, "person_id": scope.person.id}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("list_documents"), parameters).fetchall()
    return [_document(row, sealer) for row in rows]


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
