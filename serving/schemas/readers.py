"""Readers of a deck and of a lecture, as JSON: pages, transcripts, chapters, places, suggestions."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from serving.schemas.base import In, Out


class PageFindingOut(Out):
    """Something of a page that could not be read. `advice`: what to do; empty: nothing."""

    code: str
    sentence: str
    advice: str


class SaidOut(Out):
    """A stretch of a lecture during which the page was up."""

    lecture_id: UUID
    title: str
    file_name: str
    start_ms: int
    end_ms: int


class PageOut(Out):
    """One page of a deck. `page` counts from 1, `pageLabel` is the number printed on it (null: none).

    `text` is what was read of it, as screen readers say it; empty: nothing. `description`: what a vision model saw;
    null: nobody asked one. `readTitle` and `readText`: what was read, where a teacher corrected the page; null: nobody
    did. `imageUrl`: a signed link, to which `&width=320` may be added; null: not drawn yet.
    """

    page: int
    page_label: str | None
    title: str
    text: str
    read_title: str | None
    read_text: str | None
    section: str | None
    text_source: Literal["layer", "ocr", "none"]
    description: str | None
    findings: list[PageFindingOut]
    said: list[SaidOut]
    image_url: str | None


class DeckOut(Out):
    """A deck and all its pages, in order; none before it was read. `readTitle`: what it was called before a teacher
    corrected its title; null: nobody did."""

    course_id: UUID
    title: str
    read_title: str | None
    file_name: str
    items: list[PageOut]


class LineOut(Out):
    """One line of a transcript. `number` counts from 1; `speaker` null: nobody is named.

    `readText`: what was heard, where a teacher corrected the line; null: nobody did.
    """

    number: int
    start_ms: int
    end_ms: int
    text: str
    read_text: str | None
    speaker: str | None


class ShownPageOut(Out):
    """A page that was up from `startMs` until `endMs`; `confidence` from 0 to 1."""

    start_ms: int
    end_ms: int
    document_id: UUID
    page: int
    title: str
    file_name: str
    confidence: float
    image_url: str


class ChapterOut(Out):
    """A part of a lecture, named by the heading of the slides that were up; it lasts until the next."""

    start_ms: int
    title: str
    document_id: UUID
    page: int


class TranscriptOut(Out):
    """What was said in a lecture. `source` null: it is not transcribed yet. `mediaUrl`: a signed link to the recording;
    null: captions alone. Between `slides` no slide was up, or nobody knows which. `readTitle`: as of a deck."""

    course_id: UUID
    title: str
    read_title: str | None
    file_name: str
    duration_ms: int | None
    source: Literal["captions", "speech"] | None
    language: str | None
    items: list[LineOut]
    slides: list[ShownPageOut]
    chapters: list[ChapterOut]
    media_url: str | None
    captions_url: str


class PlaceIn(In):
    """Where one stopped watching."""

    position_ms: Annotated[int, Field(ge=0, le=2**31 - 1)]


class PlaceOut(Out):
    """Where one stopped watching. `updatedAt` null: not begun."""

    position_ms: int
    updated_at: datetime | None


class SuggestionOut(Out):
    """A heading of the course that a first question may be about, and where it stands."""

    heading: str
    document_id: UUID
    file_name: str
    page: int


class SuggestionList(Out):
    """Headings of different decks; none where no deck has any."""

    items: list[SuggestionOut]
