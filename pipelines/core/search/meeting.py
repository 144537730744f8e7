"""Places where speech and slides meet: the slide that was up during speech, and when a slide was spoken about."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from pipelines.core.postgres import Connection, read_records


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


def read_meeting_places(
    connection: Connection, course_id: UUID, chunk_ids: Collection[UUID], *, sources: Collection[UUID] = ()
) -> dict[UUID, MeetingPlace]:
    """By chunk the place where it meets the other kind; chunks that meet nothing are left out.

    Args:
        sources: the decks and lectures to stay within; empty: all of the course.
    """
    parameters = {"course_id": course_id, "chunk_ids": list(chunk_ids), "sources": list(sources)}
    places = read_records(connection, MeetingPlace, "find_meeting_places", parameters)
    return {place.chunk_id: place for place in places}
