"""Passages as JSON: what a search finds, and what an answer cites."""

from typing import Literal
from uuid import UUID

from serving.schemas.base import Out


class HitOut(Out):
    """A passage. `relevant`: it has to do with the question; the links open the slide or the recording.

    `boxes` say where its words stand on the page: left, top, right, bottom in shares of the picture; [] where nobody
    knows.
    """

    rank: int
    score: float
    relevant: bool
    chunk_id: UUID
    kind: Literal["slide", "speech"]
    title: str
    file_name: str
    where: str
    text: str
    page: int | None
    pages: list[int]
    page_label: str | None
    start_ms: int | None
    end_ms: int | None
    document_id: UUID | None
    lecture_id: UUID | None
    boxes: list[tuple[float, float, float, float]]
    image_url: str | None
    media_url: str | None


class HitList(Out):
    """Passages, best first."""

    items: list[HitOut]


class SourceOut(Out):
    """A cited passage. `page`, `startMs` and `endMs` say where the same words stand now.

    `changed`: the course no longer holds these words: the place is where they stood, `imageUrl` the page's picture of
    then (null: it was not kept), and what the other links open may differ. `removed`: its file was deleted, and there
    is nothing to open. `boxes`: as in a search result, on that picture. What came from a former deployment may have no
    passage here (`chunkId` null), and no page or time.
    """

    id: UUID
    handle: int
    kind: Literal["slide", "speech"]
    title: str
    file_name: str
    where: str
    quote: str
    page: int | None
    page_label: str | None
    start_ms: int | None
    end_ms: int | None
    document_id: UUID | None
    lecture_id: UUID | None
    chunk_id: UUID | None
    changed: bool
    removed: bool
    boxes: list[tuple[float, float, float, float]]
    image_url: str | None
    media_url: str | None
