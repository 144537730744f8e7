"""Health of a course for who teaches it: lectures without slides, unanswered questions, sources reported wrong."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pipelines.core.errors import NotFoundError
from pipelines.core.postgres import Connection, read_records
from pipelines.core.records import Kind, Person
from pipelines.core.statements import statement

DAYS = 90
"""How far back questions are looked at."""

MOST = 200
"""Questions and reports listed at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unaligned:
    """A lecture in which no page of the course's decks was found to be up."""

    id: UUID
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A question to which nothing was found, as it was asked last; `asked`: how often questions like it were."""

    question: str
    asked: int
    last_asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """A cited passage that a reader reported as wrong; whose answer it was is not told. `reason` "": not said."""

    id: UUID
    upload_id: UUID
    kind: Kind
    file_name: str
    page: int | None
    start_ms: int | None
    quote: str
    reason: str
    reported_at: datetime


def list_lectures_without_slides(connection: Connection, course_id: UUID, *, person: Person) -> list[Unaligned]:
    """Lectures of which no page is known to have been up, though they were compared with the course's decks."""
    key = {"course_id": course_id, "person_id": person.id}
    return read_records(connection, Unaligned, "list_lectures_without_slides", key)


def list_unanswered_questions(connection: Connection, course_id: UUID) -> list[Unanswered]:
    """Questions of the last months to which nothing was found, most frequent first; empty for who does not teach."""
    key = {"course_id": course_id, "days": DAYS, "limit": MOST}
    return read_records(connection, Unanswered, "list_unanswered_questions", key)


def list_source_reports(connection: Connection, course_id: UUID, *, person: Person) -> list[SourceReport]:
    """Sources reported wrong, newest first, of uploads that the person sees."""
    key = {"course_id": course_id, "person_id": person.id, "limit": MOST}
    return read_records(connection, SourceReport, "list_source_reports", key)


def report_source(connection: Connection, source_id: UUID, reason: str, *, person: Person) -> UUID:
    """Report a source that was cited to this person as wrong; the report's id.

    Raises:
        NotFoundError: no such source was cited to them.
    """
    values = {"source_id": source_id, "reason": reason, "person_id": person.id}
    row = connection.execute(statement("put_source_report"), values).fetchone()
    if row is None:
        raise NotFoundError("There is no such source.")
    report_id: UUID = row[0]
    return report_id


def settle_report(connection: Connection, course_id: UUID, report_id: UUID, *, person: Person) -> None:
    """Take a report off the list.

    Raises:
        NotFoundError: there is none of an upload that the person sees.
    """
    key = {"course_id": course_id, "report_id": report_id, "person_id": person.id}
    if connection.execute(statement("settle_source_report"), key).fetchone() is None:
        raise NotFoundError("There is no such report.")
