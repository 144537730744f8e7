"""Hits of a search: its rows as records, each with the place where slides and speech meet."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pipelines.core.records import Box, Hit
from pipelines.core.search.lexical import distinct_terms
from pipelines.core.search.meeting import MeetingPlace


def make_hits(
    rows: Sequence[dict[str, Any]],
    places: Mapping[UUID, MeetingPlace],
    boxes: Mapping[UUID, tuple[Box, ...]],
    rare: int | None,
    *,
    needed: float,
    set_id: int | None,
) -> list[Hit]:
    """The rows as records, in their order.

    Args:
        places: of a chunk where slides and speech meet; lacks those where they do not.
        rare: the term that says which chunks the question is about; None: no such term.
        needed, set_id: see `Hit`.
    """
    return [
        Hit(
            rank=rank,
            score=row["score"],
            chunk_id=row["chunk_id"],
            kind=row["kind"],
            source_id=row["source_id"],
            title=row["title"],
            file_name=row["file_name"],
            text=row["content"],
            pages=tuple(row["pages"]),
            page_label=row["page_label"],
            dense_rank=row["dense_rank"],
            lexical_rank=row["lexical_rank"],
            similarity=row["cosine"],
            boxes=boxes.get(row["chunk_id"], ()),
            needed=needed,
            set_id=set_id,
            rerank_score=row.get("rerank_score"),
            named=row["placed"]
            or (rare is not None and any(rare in distinct_terms(row[k]) for k in ("title", "content"))),
            **_place(row, places.get(row["chunk_id"])),
        )
        for rank, row in enumerate(rows, 1)
    ]


def _place(row: dict[str, Any], meeting: MeetingPlace | None) -> dict[str, Any]:
    names = ("document_id", "lecture_id", "page", "start_ms", "end_ms")
    if meeting is not None:
        return {name: getattr(meeting, name) for name in names}
    slide = row["kind"] == "slide"
    return {
        "document_id": row["source_id"] if slide else None,
        "lecture_id": None if slide else row["source_id"],
        **{name: row[name] for name in ("page", "start_ms", "end_ms")},
    }
