"""A cited passage in its three shapes: the row that is kept, the part that is streamed, the card a reader opens."""

from typing import Any
from uuid import uuid4

from pipelines.answering.quoting import where
from pipelines.core.records import Hit
from serving.chat.parts import SourceDocument, clean
from serving.chat.turns import Begun
from serving.database import jsonb

PROVIDER = "studybuddy"
"""Our name in `providerMetadata`."""

_MEDIA_TYPE = {"slide": "application/pdf", "speech": "text/plain"}


def as_row(begun: Begun, number: int, hit: Hit) -> dict[str, Any]:
    """Parameters of `insert_source`, with an id of its own; the words are a snapshot."""
    return {
        "id": uuid4(),
        "message_key": begun.message_key,
        "course_id": begun.course.id,
        "handle": number,
        "chunk_id": hit.chunk_id,
        "kind": hit.kind,
        "source_id": hit.source_id,
        "title": clean(hit.title),
        "file_name": clean(hit.file_name),
        "page": hit.page,
        "page_label": hit.page_label,
        "start_ms": hit.start_ms,
        "end_ms": hit.end_ms,
        "document_id": hit.source_id if hit.kind == "slide" else hit.document_id,
        "lecture_id": hit.source_id if hit.kind == "speech" else hit.lecture_id,
        "quote": clean(hit.text),
        "where": clean(where(hit)),
        "boxes": jsonb([list(box) for box in hit.boxes]),
        "set_id": hit.set_id,
    }


def as_found(number: int, hit: Hit) -> dict[str, Any]:
    """What is kept of a passage that a search found, cited or not: its place and its ranks, and none of its words."""
    values = {
        "handle": number,
        "chunkId": str(hit.chunk_id),
        "kind": hit.kind,
        "sourceId": str(hit.source_id),
        "file": clean(hit.file_name),
        "where": clean(where(hit)),
        "page": hit.page,
        "startMs": hit.start_ms,
        "endMs": hit.end_ms,
        "rank": hit.rank,
        "score": round(hit.score, 4),
        "denseRank": hit.dense_rank,
        "lexicalRank": hit.lexical_rank,
    }
    return {name: value for name, value in values.items() if value is not None}


def as_part(source: dict[str, Any]) -> SourceDocument:
    """The part a client keeps; the source's id is its row's id, in the stream as in the history."""
    values = {
        "handle": source["handle"],
        "kind": source["kind"],
        "chunkId": str(source["chunk_id"]),
        "documentId": str(source["document_id"]) if source["document_id"] else None,
        "lectureId": str(source["lecture_id"]) if source["lecture_id"] else None,
        "page": source["page"],
        "pageLabel": source["page_label"],
        "startMs": source["start_ms"],
        "endMs": source["end_ms"],
        "courseId": str(source["course_id"]),
    }
    return SourceDocument(
        source_id=str(source["id"]),
        media_type=_MEDIA_TYPE[source["kind"]],
        title=source["where"],
        filename=source["file_name"] or None,
        provider_metadata={PROVIDER: {name: value for name, value in values.items() if value is not None}},
    )
