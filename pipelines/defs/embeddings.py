"""Slide embeddings: the vectors search reads, and the check that says a deck is ready."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import dagster as dg

from pipelines.answering.cutting import recut_upload
from pipelines.core.embeddings.building import fill_second, fill_source
from pipelines.core.embeddings.pointers import course_set
from pipelines.core.embeddings.sets import SEARCH_TEXT_VERSION
from pipelines.core.embeddings.vectors import (
    count_chunks_without_vectors,
    ensure_embedding_set,
    index_large_courses,
    note_second_vectors,
    switch_embedding_set,
)
from pipelines.core.errors import SettingsError
from pipelines.core.lecture_slides import propose_to_lectures
from pipelines.core.models.providers import Embedder
from pipelines.core.postgres import Connection
from pipelines.core.records import Chunk, Document, EmbeddingSet, Lecture, Role
from pipelines.core.slides import count_document
from pipelines.core.stores import Stores
from pipelines.core.uploads import lock_upload
from pipelines.defs.chunks import slide_chunks
from pipelines.defs.documents import GROUP, OWNERS, document_of
from pipelines.defs.models import embedder_of
from pipelines.defs.partitions import documents_partitions
from pipelines.defs.resources import StoresResource
from pipelines.defs.search_index import search_index_grew
from pipelines.steps.alignment.align import WORTH_A_LOOK


@dg.asset(
    partitions_def=documents_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"onnx", "pgvector"},
    deps=[slide_chunks],
    code_version=SEARCH_TEXT_VERSION,
    check_specs=[
        dg.AssetCheckSpec("vectors_are_sound", asset="slide_embeddings"),
        dg.AssetCheckSpec(
            "document_is_ready",
            asset="slide_embeddings",
            description="Can students find every slide of this deck? Read back from the tables they will read.",
        ),
    ],
)
def slide_embeddings(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """A vector a chunk in the configured model's set, and one for other languages; unchanged chunks keep theirs."""
    started, store = time.monotonic(), stores.open
    with document_of(context, store) as document:
        embed = embedder_of(store, document)
        embedded = embed_chunks(store, embed, document, partial(lock_upload, upload=document))
        with store.database.transaction() as connection:
            counts = count_document(connection, document)
            proposed = propose_to_lectures(connection, document, least=WORTH_A_LOOK)
    if embedded.live:
        context.log_event(search_index_grew(context.partition_key, embed))
    return dg.MaterializeResult(
        metadata={
            **figures(counts, embedded, embed),
            "lectures_to_align_again": proposed,
            "seconds": round(time.monotonic() - started, 2),
        },
        check_results=[
            vectors_are_sound(counts, live=embedded.live),
            dg.AssetCheckResult(
                check_name="document_is_ready",
                passed=counts.searchable,
                metadata={
                    "slides": counts.slides,
                    "slides_with_text": counts.text_slides,
                    "pages_in_chunks": counts.chunk_pages,
                    "chunks": counts.chunks,
                    "vectors": counts.vectors,
                },
            ),
        ],
    )


class VectorCounts(Protocol):
    """What both kinds of upload count of their vectors."""

    @property
    def chunks(self) -> int: ...
    @property
    def vectors(self) -> int: ...
    @property
    def bad_vectors(self) -> int: ...
    @property
    def orphan_vectors(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """What embedding one deck or lecture did.

    `made` are the chunks that got a vector now, `live` says whether searches read their set. `own` names the set that
    the course alone is searched in, where one was promoted there, with how many got a vector in it. `second` is how
    many got one for questions in other languages; where they got none although it is wanted, `lack` says why.
    """

    made: list[Chunk]
    live: bool
    own: str | None = None
    second: int = 0
    lack: str | None = None


def embed_chunks(
    store: Stores, embed: Embedder, upload: Document | Lecture, fence: Callable[[Connection], None]
) -> Embedded:
    """Embed the chunks of a deck or lecture that have no vector yet; `fence` refuses a superseded upload.

    They get vectors in the set of the settings, and in the one that their course alone is searched in. Where the
    embedder has a second one, they get its vectors too. A deck without those can be searched all the same, so what goes
    wrong with them is told and fails nothing.
    """
    embedding_set, made = _fill(store, embed, "main", upload.id, fence)
    own = _fill_own(store, embed, embedding_set, upload, fence)
    second, lack = 0, None
    if embed.multilingual is not None:
        try:
            other, found = _fill(store, embed.multilingual, "multilingual", upload.id, fence)
            _go_live(store, other)
            second = len(found)
        except SettingsError as error:
            lack = error.message
        with store.database.transaction() as connection:
            fence(connection)
            note_second_vectors(connection, upload.id, made=lack is None)
    return Embedded(
        made=made, live=_go_live(store, embedding_set) or own is not None, own=own, second=second, lack=lack
    )


def _fill_own(
    store: Stores,
    counts: Embedder,
    filled: EmbeddingSet,
    upload: Document | Lecture,
    fence: Callable[[Connection], None],
) -> str | None:
    """Vectors in the set that the upload's course alone is searched in: what was made. None: it is searched in none of
    its own. Its chunks were written before: a promotion either counts them, or is seen here."""
    with store.database.transaction() as connection:
        own = course_set(connection, upload.course_id)
    if own is None or own.live or own.id == filled.id:
        return None
    embed = embedder_of(store, upload, own)
    with store.database.transaction() as connection:
        recut_upload(connection, upload, own, counts)
    made = fill_source(store.database, own, embed, upload.id, fence)
    fill_second(store.database, own, embed, upload.id, fence)
    return f"{own.name}, {len(made)} made now"


def _fill(
    store: Stores, embed: Embedder, role: Role, source_id: UUID, fence: Callable[[Connection], None]
) -> tuple[EmbeddingSet, list[Chunk]]:
    """The set of this embedder, and the chunks of the upload that got a vector in it now."""
    with store.database.transaction() as connection:
        embedding_set = ensure_embedding_set(
            connection, model=embed.model, dims=embed.dims, search_text_version=SEARCH_TEXT_VERSION, role=role
        )
    return embedding_set, fill_source(store.database, embedding_set, embed, source_id, fence)


def figures(counts: VectorCounts, embedded: Embedded, embed: Embedder) -> dict[str, Any]:
    """What the UI shows of an embedding."""
    return {
        "dagster/row_count": counts.chunks,
        "made": len(embedded.made),
        "reused": counts.chunks - len(embedded.made),
        "model": embed.model,
        "dimensions": embed.dims,
        "live": embedded.live,
        **({"set_of_the_course": embedded.own} if embedded.own is not None else {}),
        "tokens": sum(chunk.token_count for chunk in embedded.made),
        "other_languages": embedded.lack or _other_languages(counts, embedded, embed),
    }


def _other_languages(counts: VectorCounts, embedded: Embedded, embed: Embedder) -> str:
    if embed.multilingual is None:
        return "no second vectors: this embedder has none beside it"
    return f"all {counts.chunks} chunks have second vectors, {embedded.second} made now, by {embed.multilingual.model}"


def vectors_are_sound(counts: VectorCounts, *, live: bool) -> dg.AssetCheckResult:
    """Every chunk has a vector of length 1 where searches look, and no vector is without its chunk."""
    return dg.AssetCheckResult(
        check_name="vectors_are_sound",
        passed=counts.bad_vectors == counts.orphan_vectors == 0 and (counts.vectors == counts.chunks or not live),
        metadata={
            "chunks": counts.chunks,
            "vectors": counts.vectors,
            "not_of_length_1": counts.bad_vectors,
            "without_chunk": counts.orphan_vectors,
        },
    )


def _go_live(store: Stores, embedding_set: EmbeddingSet) -> bool:
    """Switch searches to the set once it has every chunk's vector, and index large courses; True when it is live."""
    with store.database.transaction() as connection:
        live = embedding_set.live
        if not live and count_chunks_without_vectors(connection, embedding_set) == 0:
            switch_embedding_set(connection, embedding_set)
            live = True
        index_large_courses(connection, embedding_set)
    return live
