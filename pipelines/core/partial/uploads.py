"""Uploads in pieces (tus): begun, gone on with, taken or given up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pipelines.core.admission import check_quotas
from pipelines.core.errors import NotFoundError, PermanentError
from pipelines.core.postgres import Connection, read_records
from pipelines.core.settings import Settings
from pipelines.core.statements import statement

KEPT = timedelta(days=2)
"""How long an upload waits for its next piece: from a Friday's evening train to the next day's desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialUpload:
    """An upload in pieces.

    `metadata`: as the client wrote it. `byte_count`: what it will have. `upload_id` None: it is not whole yet.
    """

    id: UUID
    user_id: UUID
    course_id: UUID
    metadata: str
    byte_count: int
    expires_at: datetime
    upload_id: UUID | None


def begin_partial_upload(
    connection: Connection,
    settings: Settings,
    *,
    user_id: UUID,
    course_id: UUID,
    metadata: str,
    byte_count: int,
    counted: bool,
    most: int,
) -> PartialUpload:
    """Begin an upload of so many bytes, which count as kept from here on.

    Args:
        counted: whether quotas bind them.
        most: uploads of one person that may be under way.

    Raises:
        NotFoundError: the course is not there for them.
        PermanentError: `person_quota`, `course_quota`, `too_many_uploads`.
    """
    if counted:
        check_quotas(connection, settings, course_id=course_id, owner_id=user_id, byte_count=byte_count)
    values = {"user_id": user_id, "course_id": course_id, "metadata": metadata, "byte_count": byte_count,
              "kept": KEPT, "most": most}  # fmt: skip
    found = read_records(connection, PartialUpload, "begin_partial_upload", values)
    if not found:
        raise PermanentError("You have begun as many uploads as one may; end or delete some.", code="too_many_uploads")
    return found[0]


def keep_partial_upload(connection: Connection, *, upload_id: UUID, user_id: UUID) -> PartialUpload:
    """An upload of this person, kept for as long again as it waits for a next piece.

    Raises:
        NotFoundError: there is none, it expired, or it is another's.
    """
    values = {"id": upload_id, "user_id": user_id, "kept": KEPT}
    found = read_records(connection, PartialUpload, "keep_partial_upload", values)
    if not found:
        raise NotFoundError("There is no such upload.")
    return found[0]


def take_partial_upload(connection: Connection, upload_id: UUID) -> None:
    """An upload is whole: in this transaction it becomes a document or a lecture, and counts as kept no more.

    Raises:
        NotFoundError: it was given up, or has become one already.
    """
    if connection.execute(statement("take_partial_upload"), {"id": upload_id}).fetchone() is None:
        raise NotFoundError("There is no such upload.")


def note_taken_upload(connection: Connection, upload_id: UUID, became: UUID) -> None:
    """Remember which document or lecture it became: who missed the answer asks again."""
    connection.execute(statement("note_taken_upload"), {"id": upload_id, "upload_id": became})


def give_up_partial_upload(connection: Connection, *, upload_id: UUID, user_id: UUID) -> bool:
    """Give up an upload of this person; its partial file is the caller's to remove. False: there is none."""
    values = {"id": upload_id, "user_id": user_id}
    return connection.execute(statement("delete_partial_upload"), values).fetchone() is not None
