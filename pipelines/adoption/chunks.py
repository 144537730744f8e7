"""Chunks of the former system: which passage of which deck or lecture each is, and which are left behind.

Pure. A row says in its metadata whose it is; nothing is read by more people than could read it there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pipelines.adoption.materials import Known, title_of
from pipelines.adoption.records import Deck, Passage, Passages, Talk
from pipelines.adoption.values import as_ms, as_page, as_uuid, made_id
from pipelines.core.records import Kind

NO_VECTOR = "no vector"
ZERO_VECTOR = "vector of length zero"
OTHER_DIMS = "vector of another dimension"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerChunk:
    """A row of one of the two tables of chunks, and where it lies. `lack`: why it has no vector; "": it has one.
    `version`: of the row."""

    place: str
    key: str
    meta_data: Any
    content: str | None
    lack: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The chunks of one deck or lecture: those that come over, with their former rows, and why others do not."""

    passages: Passages
    kept: tuple[tuple[UUID, FormerChunk], ...]
    left_out: tuple[tuple[FormerChunk, str], ...]


def why_no_source(meta: object, kind: Kind, known: Known) -> str:
    """Why the chunks of a deck or lecture that did not come over stay behind."""
    name = "document" if kind == "slide" else "lecture"
    key = as_uuid(_get(meta, f"{name}_id"))
    there = known.former_decks if kind == "slide" else known.former_talks
    return "course gone" if key in there else f"{name} gone"


def sort_chunks(source: Deck | Talk, rows: Sequence[FormerChunk]) -> Sorted:
    """Decide about every chunk of a deck or lecture that came over. `rows`: the oldest first."""
    kind: Kind = "slide" if isinstance(source, Deck) else "speech"
    kept: dict[tuple[Any, ...], FormerChunk] = {}
    left: list[tuple[FormerChunk, str]] = []
    for row in rows:
        place = _place(row.meta_data, kind)
        reason = _why_not(row, source, place)
        if reason is None and (*(place or ()), row.content) in kept:
            reason = "duplicate"
        if reason is None:
            kept[*(place or ()), row.content] = row
        else:
            left.append((row, reason))
    passages, pairs = [], []
    for ordinal, (at, row) in enumerate(sorted(kept.items(), key=lambda each: each[0][:-1])):
        passage = Passage(
            id=made_id(kind, row.key),
            ordinal=ordinal,
            text=row.content or "",
            page=at[0] if kind == "slide" else None,
            start_ms=at[0] if kind == "speech" else None,
            end_ms=at[1] if kind == "speech" else None,
            vector=not row.lack,
        )
        passages.append(passage)
        pairs.append((passage.id, row))
    return Sorted(
        passages=Passages(
            course_id=source.course_id, source_id=source.id, kind=kind, title=title_of(source), items=tuple(passages)
        ),
        kept=tuple(pairs),
        left_out=tuple(left),
    )


def _why_not(row: FormerChunk, source: Deck | Talk, place: tuple[int, ...] | None) -> str | None:
    if as_uuid(_get(row.meta_data, "course_id")) != source.course_id:
        return "course differs"
    if isinstance(source, Deck) and as_uuid(_get(row.meta_data, "owner_id")) != source.owner_id:
        return "owner differs"
    if place is None:
        return "no page" if isinstance(source, Deck) else "no times"
    return None if row.content and row.content.strip() else "empty"


def _place(meta: object, kind: Kind) -> tuple[int, ...] | None:
    if kind == "slide":
        page = as_page(_get(meta, "slide_number"))
        return None if page is None else (page,)
    start, end = as_ms(_get(meta, "start_seconds")), as_ms(_get(meta, "end_seconds"))
    if start is None or end is None or start >= 2**31 - 1:
        return None
    return start, max(end, start + 1)


def _get(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None
