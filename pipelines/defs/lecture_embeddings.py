"""Lecture embeddings: the vectors search reads, and the check that says a lecture is ready."""

import time

import dagster as dg

from pipelines.core.embeddings import write_vectors
from pipelines.core.lectures import count_lecture, lock_lecture
from pipelines.defs.embeddings import SEARCH_TEXT_VERSION, go_live, missing_vectors
from pipelines.defs.lecture_chunks import lecture_chunks
from pipelines.defs.lectures import GROUP, OWNERS, lecture_of
from pipelines.defs.partitions import lectures_partitions
from pipelines.defs.resources import StoresResource


@dg.asset(
    partitions_def=lectures_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"onnx", "pgvector"},
    deps=[lecture_chunks],
    code_version=SEARCH_TEXT_VERSION,
    check_specs=[
        dg.AssetCheckSpec("vectors_are_sound", asset="lecture_embeddings"),
        dg.AssetCheckSpec(
            "lecture_is_ready",
            asset="lecture_embeddings",
            description="Can students find every minute of this lecture? Read back from the tables they will read.",
        ),
    ],
)
def lecture_embeddings(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """One vector a chunk in the embedding set of the configured model; unchanged chunks keep theirs."""
    started, store, embed = time.monotonic(), stores.open, stores.embedder
    with lecture_of(context, store) as lecture:
        todo = missing_vectors(store, embed, lecture.id)
        vectors = embed.embed([chunk.search_text for chunk in todo.chunks])
        with store.database.transaction() as connection:
            lock_lecture(connection, lecture)
            write_vectors(connection, todo.embedding_set, todo.chunks, vectors)
        live = go_live(store, todo.embedding_set)
        with store.database.transaction() as connection:
            counts = count_lecture(connection, lecture)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": counts.chunks,
            "made": len(todo.chunks),
            "reused": counts.chunks - len(todo.chunks),
            "model": embed.model,
            "dimensions": embed.dims,
            "live": live,
            "tokens": sum(chunk.token_count for chunk in todo.chunks),
            "seconds": round(time.monotonic() - started, 2),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="vectors_are_sound",
                passed=counts.bad_vectors == counts.orphan_vectors == 0
                and (counts.vectors == counts.chunks or not live),
                metadata={
                    "chunks": counts.chunks,
                    "vectors": counts.vectors,
                    "not_of_length_1": counts.bad_vectors,
                    "without_chunk": counts.orphan_vectors,
                },
            ),
            dg.AssetCheckResult(
                check_name="lecture_is_ready",
                passed=counts.searchable,
                metadata={"segments": counts.segments, "chunks": counts.chunks, "vectors": counts.vectors},
            ),
        ],
    )
