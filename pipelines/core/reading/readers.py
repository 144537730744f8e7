"""Decks and lectures as their readers see them: pages and where each was spoken about, lines of speech and what was up.

Everything begins with `place_of`, which says whether the upload is there for who asks.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pipelines.core.postgres import Connection, read_records
from pipelines.core.publishing import place_of
from pipelines.core.records import Person, SpeechSource, TextSource
from pipelines.core.statements import statement
from pipelines.core.uploads import DOCUMENT, LECTURE


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckPage:
    """One page. `text` "": none was read; `description`: what a vision model saw, None where nobody asked it.

    `read_title` and `read_text`: what was read where a teacher corrected the page; both None where nobody did.
    """

    page: int
    page_label: str | None
    title: str
    text: str
    read_title: str | None
    read_text: str | None
    section: str | None
    text_source: TextSource
    description: str | None
    has_picture: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFinding:
    """Something of a page that could not be read, and what to do about it ("": nothing)."""

    page: int
    code: str
    sentence: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A stretch of a lecture during which a page was up; times in milliseconds."""

    page: int
    lecture_id: UUID
    title: str
    file_name: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """A deck and its pages; none before it was read. `read_title`: as it was read, where a teacher corrected it."""

    course_id: UUID
    title: str
    read_title: str | None
    file_name: str
    pages: tuple[DeckPage, ...]
    findings: tuple[PageFinding, ...]
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One segment of a transcript; `number` counts from 1. `speaker` None: nobody is named.

    `read_text`: what was heard where a teacher corrected it; None where nobody did.
    """

    number: int
    start_ms: int
    end_ms: int
    text: str
    read_text: str | None
    speaker: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPage:
    """A page that was up in a lecture, with its heading ("": it has none) and the certainty in [0, 1]."""

    start_ms: int
    end_ms: int
    document_id: UUID
    page: int
    confidence: float
    title: str
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A lecture as its row tells it. `duration_ms` None: not measured; `source` None: there is no transcript yet.

    `read_title`: what it was called before a teacher corrected it; None: nobody did.
    """

    course_id: UUID
    title: str
    read_title: str | None
    file_name: str
    has_media: bool
    duration_ms: int | None
    source: SpeechSource | None
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Where somebody stopped watching, in milliseconds, and when that was."""

    position_ms: int
    updated_at: datetime


def read_deck_pages(connection: Connection, document_id: UUID, *, person: Person) -> Deck:
    """A deck for its readers.

    Raises:
        NotFoundError: it is not there for them.
    """
    place = place_of(connection, person, DOCUMENT, document_id)
    key = {"document_id": document_id, "course_id": place.course_id, "person_id": person.id}
    with connection.cursor() as cursor:
        title, read_title, file_name = cursor.execute(statement("get_deck"), key).fetchall()[0]
    return Deck(
        course_id=place.course_id,
        title=title,
        read_title=read_title,
        file_name=file_name,
        pages=tuple(read_records(connection, DeckPage, "list_deck_pages", key)),
        findings=tuple(read_records(connection, PageFinding, "list_deck_findings", key)),
        said=tuple(read_records(connection, Said, "list_said", key)),
    )


def read_talk(connection: Connection, lecture_id: UUID, *, person: Person) -> tuple[Talk, list[Line], list[ShownPage]]:
    """A lecture for its readers: what it is, what was said, and which pages were up meanwhile.

    Raises:
        NotFoundError: it is not there for them.
    """
    place = place_of(connection, person, LECTURE, lecture_id)
    key = {"lecture_id": lecture_id, "course_id": place.course_id, "person_id": person.id}
    talk = read_records(connection, Talk, "get_talk", key)[0]
    lines = read_records(connection, Line, "list_lines", key)
    return talk, lines, read_records(connection, ShownPage, "list_shown_pages", key)


def find_watched(connection: Connection, lecture_id: UUID, *, person: Person) -> Watched | None:
    """Where somebody stopped watching a lecture; None: they have not begun.

    Raises:
        NotFoundError: it is not there for them.
    """
    place_of(connection, person, LECTURE, lecture_id)
    key = {"lecture_id": lecture_id, "person_id": person.id}
    return next(iter(read_records(connection, Watched, "get_watched", key)), None)


def put_watched(connection: Connection, lecture_id: UUID, position_ms: int, *, person: Person) -> Watched:
    """Remember where somebody stopped watching a lecture.

    Raises:
        NotFoundError: it is not there for them.
    """
    place_of(connection, person, LECTURE, lecture_id)
    key = {"lecture_id": lecture_id, "person_id": person.id, "position_ms": position_ms}
    return read_records(connection, Watched, "put_watched", key)[0]
