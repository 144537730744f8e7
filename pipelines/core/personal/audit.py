"""Audit trail: who gave and took roles, keys, tokens, deleted and took data away. The database's triggers write it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pipelines.core.postgres import Connection, read_records
from pipelines.core.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One thing that was done.

    `action`: such as `role.given`. `actor_id`: who did it, `subject_id`: whom it is about; None: nobody in particular,
    or somebody who was erased. `course_id` None: in no course. `detail`: a role, the name of a file or token, or empty.
    """

    id: int
    at: datetime
    action: str
    actor_id: UUID | None
    subject_id: UUID | None
    course_id: UUID | None
    detail: str


def list_events(
    connection: Connection, *, person_id: UUID | None, before: int | None = None, limit: int = 100
) -> list[AuditEvent]:
    """Events of a person, done by them or about them, newest first; `person_id` None: of everybody, for operators.

    Args:
        before: only events older than the one of this id.
    """
    values = {"person_id": person_id, "before": before, "limit": limit}
    return read_records(connection, AuditEvent, "list_events", values)


def note_export(connection: Connection, person_id: UUID) -> None:
    """Remember that a person took their data."""
    connection.execute(statement("note_event"), {"action": "data.exported", "subject_id": person_id, "detail": ""})
