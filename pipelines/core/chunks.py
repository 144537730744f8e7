"""Rows of chunks and of their words: one source's chunks replaced as a whole, everything that hangs on them too.

A source is a document or a lecture; it has chunks of each chunker that a set was built with. Vectors of chunks that
vanished go with them; vectors of chunks that stayed are kept, because a chunk's id is made from what was embedded.
All in the caller's transaction.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pgvector import SparseVector
from psycopg.rows import dict_row

from pipelines.core.postgres import Connection
from pipelines.core.records import Chunk, Document, EmbeddingSet, Kind, Lecture
from pipelines.core.search.lexical import ALL_CHUNKS, TERM_SPACE, document_weights, term_counts, vocabulary
from pipelines.core.statements import statement
from pipelines.core.uploads import lock_upload

STANDARD = "standard"
"""The chunker whose chunks every upload has; sets of others have theirs beside them."""
_PUT: dict[Kind, str] = {"slide": "put_slide_chunk", "speech": "put_speech_chunk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkChanges:
    """What replacing a source's chunks did: `made` are new, `kept` were there already, `removed` are gone."""

    made: int
    kept: int
    removed: int


def replace_slide_chunks(
    connection: Connection,
    document: Document,
    chunks: Sequence[Chunk],
    *,
    chunker_version: str,
    chunker: str = STANDARD,
) -> ChunkChanges:
    """Write a document's chunks of one chunker in place of the old ones; none removes them all.

    Raises:
        SupersededError: the document was replaced or deleted meanwhile; nothing is written.
    """
    lock_upload(connection, document)
    source = {"course_id": document.course_id, "source_id": document.id, "chunker": chunker}
    rows = [
        {
            **_common(chunk, chunker_version, document.sha256),
            "chunker": chunker,
            "document_id": document.id,
            "page": chunk.page,
            "pages": list(chunk.pages),
            "page_label": chunk.page_label,
        }
        for chunk in chunks
    ]
    return _replace(connection, source, "slide", chunks, rows)


def replace_lecture_chunks(
    connection: Connection,
    lecture: Lecture,
    chunks: Sequence[Chunk],
    *,
    chunker_version: str,
    chunker: str = STANDARD,
) -> ChunkChanges:
    """Write a lecture's chunks of one chunker in place of the old ones; none removes them all.

    Raises:
        SupersededError: the lecture was replaced or deleted meanwhile; nothing is written.
    """
    lock_upload(connection, lecture)
    source = {"course_id": lecture.course_id, "source_id": lecture.id, "chunker": chunker}
    rows = [
        {
            **_common(chunk, chunker_version, lecture.speech_sha256),
            "chunker": chunker,
            "lecture_id": lecture.id,
            "start_ms": chunk.start_ms,
            "end_ms": chunk.end_ms,
        }
        for chunk in chunks
    ]
    return _replace(connection, source, "speech", chunks, rows)


def list_chunks(connection: Connection, source_id: UUID, *, chunker: str = STANDARD) -> list[Chunk]:
    """A source's chunks of one chunker in order; empty where none were made."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("list_chunks"), {"source_id": source_id, "chunker": chunker}).fetchall()
    return [_chunk(row) for row in rows]


def chunks_without_vectors(connection: Connection, embedding_set: EmbeddingSet, source_id: UUID) -> list[Chunk]:
    """The chunks of a source, cut by the set's chunker, that the set has no vector for, in order."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            statement("list_chunks_without_vectors"), {"set_id": embedding_set.id, "source_id": source_id}
        ).fetchall()
    return [_chunk(row) for row in rows]


def _replace(
    connection: Connection, source: dict[str, Any], kind: Kind, chunks: Sequence[Chunk], rows: list[Any]
) -> ChunkChanges:
    connection.execute(statement("lock_source"), source)
    ids = [chunk.id for chunk in chunks]
    known = {row[0] for row in connection.execute(statement("list_chunk_ids"), source)}
    vanished = list(known.difference(ids))
    connection.execute(statement("delete_vanished_chunks"), {**source, "chunk_ids": vanished})
    with connection.cursor() as cursor:
        cursor.executemany(statement(_PUT[kind]), rows)
    _replace_terms(connection, source, kind, chunks)
    return ChunkChanges(made=len(set(ids) - known), kept=len(known) - len(vanished), removed=len(vanished))


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of a source's chunks, in their order: the weights of each one's terms, and in how many each occurs."""

    weights: tuple[Mapping[int, float], ...]
    found: Mapping[int, int]


def count_words(texts: Sequence[str]) -> Words:
    """Count the words of a source's chunks: what takes time of all that is kept of them."""
    found: Counter[int] = Counter()
    known = vocabulary(texts)
    weights = []
    for text in texts:
        counts = term_counts(text, known)
        found.update([ALL_CHUNKS, *counts])
        weights.append(document_weights(counts))
    return Words(weights=tuple(weights), found=found)


def _replace_terms(connection: Connection, source: Mapping[str, Any], kind: Kind, chunks: Sequence[Chunk]) -> None:
    """Write the words of a source's chunks, and in how many of them each occurs, in place of the old ones."""
    connection.execute(statement("delete_terms"), source)
    counted = count_words([chunk.search_text for chunk in chunks])
    rows = [
        {**source, "kind": kind, "chunk_id": chunk.id, "terms": SparseVector(dict(weights), TERM_SPACE)}
        for chunk, weights in zip(chunks, counted.weights, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement("insert_chunk_terms"), rows)
    connection.execute(
        statement("insert_term_counts"),
        {**source, "terms": list(counted.found.keys()), "chunks": list(counted.found.values())},
    )


def _common(chunk: Chunk, chunker_version: str, source_sha256: str) -> dict[str, Any]:
    return {
        "course_id": chunk.course_id,
        "id": chunk.id,
        "ordinal": chunk.ordinal,
        "title": chunk.title,
        "context": chunk.context,
        "content": chunk.text,
        "token_count": chunk.token_count,
        "chunker_version": chunker_version,
        "source_sha256": source_sha256,
    }


def _chunk(row: dict[str, Any]) -> Chunk:
    return Chunk(text=row.pop("content"), pages=tuple(row.pop("pages")), **row)
