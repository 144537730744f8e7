"""Chunks of the former system: a row of a knowledge table as a chunk of a deck or a lecture, or why it stays behind."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pipelines.adoption.former.records import Chunk, Kind, Reason
from pipelines.adoption.former.shapes import ms_of, object_of, page_of, uuid_of

SHORTEST_MS = 1


@dataclass(frozen=True, slots=True)
class Material:
    """A deck or a lecture of the former system. `owner` None: a lecture, which its course shares."""

    course: UUID
    owner: UUID | None = None


@dataclass(frozen=True, slots=True)
class Materials:
    """Every deck and lecture of the former system by id, and the courses that are there."""

    decks: Mapping[UUID, Material]
    lectures: Mapping[UUID, Material]
    courses: frozenset[UUID]

    def of(self, kind: Kind) -> Mapping[UUID, Material]:
        """Decks for slides, lectures for speech."""
        return self.decks if kind == "slide" else self.lectures

    def adopted(self, kind: Kind, material: UUID | None) -> bool:
        """Whether this deck or lecture comes over: it is there, and so is its course."""
        found = self.of(kind).get(material) if material is not None else None
        return found is not None and found.course in self.courses


def read_chunk(row: Mapping[str, Any], kind: Kind, materials: Materials) -> Chunk | Reason:
    """Read one row; nobody may read what they could not read there.

    Args:
        row: columns `id`, `meta_data` (as `json` gives it), `content`, `created_at`, and `dimension`, the length of
            its vector (None: none, or one of length zero).
    """
    data = object_of(row.get("meta_data"))
    named = uuid_of(data.get("document_id" if kind == "slide" else "lecture_id"))
    material = materials.of(kind).get(named) if named is not None else None
    if material is None or named is None:
        return Reason.DOCUMENT_GONE if kind == "slide" else Reason.LECTURE_GONE
    if (foreign := _foreign(data, kind, material, materials)) is not None:
        return foreign
    page = page_of(data.get("slide_number")) if kind == "slide" else None
    start_ms, end_ms = (None, None) if kind == "slide" else _span(data)
    if page is None and start_ms is None:
        return Reason.NO_PAGE if kind == "slide" else Reason.NO_TIMES
    content = row.get("content")
    if not isinstance(content, str) or not content.strip():
        return Reason.EMPTY
    return Chunk(
        key=str(row.get("id")), kind=kind, material=named, course=material.course, page=page, start_ms=start_ms,
        end_ms=end_ms, content=content, created_at=row.get("created_at"), dimension=row.get("dimension"),
    )  # fmt: skip


def _foreign(data: Mapping[str, Any], kind: Kind, material: Material, materials: Materials) -> Reason | None:
    """Why a chunk that says it is this deck's or lecture's may not be shown as such."""
    if material.course not in materials.courses:
        return Reason.COURSE_GONE
    if kind == "slide" and uuid_of(data.get("owner_id")) != material.owner:
        return Reason.OWNER_DIFFERS
    return Reason.COURSE_DIFFERS if uuid_of(data.get("course_id")) != material.course else None


def _span(data: Mapping[str, Any]) -> tuple[int, int] | tuple[None, None]:
    start_ms, end_ms = ms_of(data.get("start_seconds")), ms_of(data.get("end_seconds"))
    if start_ms is None or end_ms is None:
        return None, None
    return start_ms, max(end_ms, start_ms + SHORTEST_MS)


def without_repeats(chunks: Iterable[Chunk | tuple[str, Reason]]) -> Iterator[Chunk | tuple[str, Reason]]:
    """The same chunks; those of a place and text that came before are duplicates of it.

    Args:
        chunks: oldest first, all of a deck or lecture in one call; those left out as (key, reason) pass.
    """
    seen: set[tuple[object, ...]] = set()
    for chunk in chunks:
        if isinstance(chunk, tuple):
            yield chunk
            continue
        words = hashlib.sha256(chunk.content.encode(errors="surrogatepass")).digest()
        place = (chunk.material, chunk.page, chunk.start_ms, chunk.end_ms, words)
        if place in seen:
            yield chunk.key, Reason.DUPLICATE
        else:
            seen.add(place)
            yield chunk
