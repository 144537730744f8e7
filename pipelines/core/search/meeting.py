"""Places where speech and slides meet: the slide that was up during speech, and when a slide was spoken about."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import class_row

from pipelines.core.postgres import Connection
from pipelines.core.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingPlace:
    """Where a citation of a chunk leads: a page, and a stretch `[start_ms, end_ms)` of a lecture.

    Of a stretch of speech the times are its own and the page is the one that was up longest meanwhile; of a slide the
    page is its own and the stretch the one in which it was up longest.
    """

    chunk_id: UUID
    document_id: UUID
    page: int
    lecture_id: UUID
    start_ms: int
    end_ms: int


def ask_meeting_places(
    connection: Connection, course_id: UUID, chunk_ids: Collection[UUID], *, sources: Collection[UUID] = ()
) -> Cursor[MeetingPlace]:
    """Ask where chunks meet the other kind; the rows may be read when the transaction is over (`meeting_places`).

    Args:
        sources: the decks and lectures to stay within; empty: all of the course.
    """
    parameters = {"course_id": course_id, "chunk_ids": list(chunk_ids), "sources": list(sources)}
    cursor = connection.cursor(row_factory=class_row(MeetingPlace))
    return cursor.execute(statement("find_meeting_places"), parameters)


def meeting_places(asked: Cursor[MeetingPlace]) -> dict[UUID, MeetingPlace]:
    """By chunk the place where it meets the other kind; chunks that meet nothing are left out."""
    return {place.chunk_id: place for place in asked.fetchall()}
