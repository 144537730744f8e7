"""Lecture embeddings: the vectors search reads, and the check that says a lecture is ready."""

import time
from functools import partial

import dagster as dg

from pipelines.core.embeddings.sets import SEARCH_TEXT_VERSION
from pipelines.core.lectures import count_lecture
from pipelines.core.uploads import lock_upload
from pipelines.defs.embeddings import embed_chunks, figures, vectors_are_sound
from pipelines.defs.lecture_chunks import lecture_chunks
from pipelines.defs.lectures import GROUP, OWNERS, lecture_of
from pipelines.defs.models import embedder_of
from pipelines.defs.partitions import lectures_partitions
from pipelines.defs.resources import StoresResource
from pipelines.defs.search_index import search_index_grew


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
    """A vector a chunk in the configured model's set, and one for other languages; unchanged chunks keep theirs."""
    started, store = time.monotonic(), stores.open
    with lecture_of(context, store) as lecture:
        embed = embedder_of(store, lecture)
        embedded = embed_chunks(store, embed, lecture, partial(lock_upload, upload=lecture))
        with store.database.transaction() as connection:
            counts = count_lecture(connection, lecture)
    if embedded.live:
        context.log_event(search_index_grew(context.partition_key, embed))
    return dg.MaterializeResult(
        metadata={**figures(counts, embedded, embed), "seconds": round(time.monotonic() - started, 2)},
        check_results=[
            vectors_are_sound(counts, live=embedded.live),
            dg.AssetCheckResult(
                check_name="lecture_is_ready",
                passed=counts.searchable,
                metadata={"segments": counts.segments, "chunks": counts.chunks, "vectors": counts.vectors},
            ),
        ],
    )
