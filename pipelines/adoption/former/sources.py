"""Sources of the former answers: rows of `ai.message_sources` with the numbers that the answer's text cites."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.adoption.former.records import Kind, Source
from pipelines.adoption.former.shapes import ms_of, page_of, uuid_of, word_of

KINDS: dict[str, Kind] = {"slide": "slide", "lecture": "speech"}
MOST_HANDLES = 9999


def kind_of(row: Mapping[str, Any]) -> Kind | None:
    """What a row is a source from; None: of an unknown kind, so it opens nothing and has no words of its own."""
    return KINDS.get(word_of(row.get("source_type")) or "")


def read_sources(rows: Sequence[Mapping[str, Any]]) -> list[Source]:
    """The sources of one answer by their handles.

    A number that is kept is the one in the text, which two searches of one answer both counted from 1: the first in
    order of number and `source_id` has it, the others are put behind the highest.

    Args:
        rows: of one answer, each of a known kind; columns of the table.
    """
    ordered = sorted(rows, key=lambda row: (row.get("chunk_number") or 0, str(row.get("source_id")), str(row["id"])))
    handles: dict[int, Mapping[str, Any]] = {}
    left = []
    for row in ordered:
        number = row.get("chunk_number")
        if isinstance(number, int) and 1 <= number <= MOST_HANDLES and number not in handles:
            handles[number] = row
        else:
            left.append(row)
    highest = max(handles, default=0)
    numbered = [*handles.items(), *enumerate(left, start=highest + 1)]
    return [_source(row, handle) for handle, row in sorted(numbered, key=lambda each: each[0])]


def _source(row: Mapping[str, Any], handle: int) -> Source:
    kind, number = KINDS[str(row.get("source_type"))], row.get("chunk_number")
    slide = kind == "slide"
    start_ms, end_ms = (None, None) if slide else (ms_of(row.get("start_seconds")), ms_of(row.get("end_seconds")))
    return Source(
        key=row["id"],
        handle=handle,
        kind=kind,
        material=uuid_of(row.get("document_id" if slide else "lecture_id")),
        page=page_of(row.get("slide_number")) if slide else None,
        start_ms=start_ms,
        end_ms=end_ms,
        quote=row.get("content_preview") or "",
        title=row.get("title"),
        former_number=number if number != handle else None,
    )
