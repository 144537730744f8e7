"""Building of embedding sets: vectors of the chunks that have none, upload by upload, beside what searches read."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from pipelines.core.chunks import STANDARD, chunks_without_vectors
from pipelines.core.embeddings.sets import SEARCH_TEXT_VERSION, building, embedded_text, note_used
from pipelines.core.embeddings.vectors import ensure_embedding_set, index_large_courses, write_vectors
from pipelines.core.errors import PermanentError, SettingsError
from pipelines.core.models.providers import Embedder
from pipelines.core.postgres import Connection, Database
from pipelines.core.records import Chunk, Course, EmbeddingSet
from pipelines.core.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build did: vectors `made` now, of how many `chunks` the course has."""

    made: int
    chunks: int


def fill_source(
    database: Database,
    known: EmbeddingSet,
    embed: Embedder,
    source_id: UUID,
    fence: Callable[[Connection], None] | None = None,
) -> list[Chunk]:
    """Make the vectors that a deck or lecture lacks in a set; the chunks that got one now.

    Args:
        fence: refuses what an upload that was replaced meanwhile would write. None: what of its chunks is gone by then
            is left out.
    """
    with database.transaction() as connection:
        chunks = chunks_without_vectors(connection, known, source_id)
    vectors = embed.embed([embedded_text(known, chunk) for chunk in chunks])
    with database.transaction() as connection:
        if fence is not None:
            fence(connection)
        else:
            connection.execute(statement("lock_source"), {"source_id": source_id})
            there = {chunk.id for chunk in chunks_without_vectors(connection, known, source_id)}
            kept = [n for n, chunk in enumerate(chunks) if chunk.id in there]
            chunks, vectors = [chunks[n] for n in kept], vectors[kept]
        write_vectors(connection, known, chunks, vectors)
    return chunks


def fill_second(
    database: Database,
    known: EmbeddingSet,
    embed: Embedder,
    source_id: UUID,
    fence: Callable[[Connection], None] | None = None,
) -> None:
    """Make the second vectors of an upload's chunks, for questions in other languages, where they are cut by another
    chunker: of standard ones every upload has them. Without the second embedder there are none."""
    if known.chunker == STANDARD or embed.multilingual is None:
        return
    second = embed.multilingual
    with suppress(SettingsError):
        with database.transaction() as connection:
            other = ensure_embedding_set(
                connection,
                model=second.model,
                dims=second.dims,
                search_text_version=SEARCH_TEXT_VERSION,
                role="multilingual",
                chunker=known.chunker,
            )
        fill_source(database, other, second, source_id, fence)


def build_set(
    database: Database,
    known: EmbeddingSet,
    embed: Embedder,
    course: Course,
    *,
    recut: Callable[[UUID], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Built:
    """Make every vector that a course lacks in a set. What was made stays when it is broken off.

    Args:
        recut: writes the chunks of an upload that the set is of, where its chunker is not the standard one.
        progress: told after each upload: how many of how many.

    Raises:
        PermanentError: the course has nothing to embed (`empty_course`), or the set is being promoted or retired.
        EmbeddingMismatchError, ProviderRefusedError, ProviderUnavailableError: the embedder's fault.
    """
    with building(database, known):
        with database.transaction() as connection:
            rows = connection.execute(statement("list_course_sources"), {"course_id": course.id}).fetchall()
        if not rows:
            raise PermanentError(
                f"{course.name} has nothing to embed yet: ingest materials first.", code="empty_course"
            )
        made = 0
        for done, (source_id,) in enumerate(rows, 1):
            if recut is not None:
                recut(source_id)
            made += len(fill_source(database, known, embed, source_id))
            fill_second(database, known, embed, source_id)
            if progress is not None:
                progress(done, len(rows))
        with database.transaction() as connection:
            index_large_courses(connection, known)
            note_used(connection, known)
            chunks = connection.execute(statement("count_course_lacks"), {"set_id": known.id, "course_id": course.id})
            return Built(made=made, chunks=chunks.fetchall()[0][1])
