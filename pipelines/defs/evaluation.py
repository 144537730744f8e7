"""Evaluation of a course's embedding sets: built beside the live one, measured, and promoted while the check holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from pipelines.answering.cutting import build_course
from pipelines.answering.promoting import Comparison, compare_sets, promote_set
from pipelines.core.embeddings.embedders import set_embedder
from pipelines.core.embeddings.pairs import Pair, find_pair
from pipelines.core.embeddings.pointers import course_set
from pipelines.core.embeddings.sets import SEARCH_TEXT_VERSION, count_lacks, find_set
from pipelines.core.errors import PermanentError
from pipelines.core.models.payers import find_local_person
from pipelines.core.stores import Stores
from pipelines.defs.evaluation_report import shown
from pipelines.defs.failures import told_to_dagster
from pipelines.defs.partitions import sets_partitions
from pipelines.defs.resources import StoresResource
from pipelines.defs.search_index import search_index
from pipelines.defs.uploads import OWNERS

GROUP = "search"
EVALUATION_VERSION = "1"


@contextmanager
def pair_of(context: dg.AssetExecutionContext, stores: Stores) -> Iterator[Pair]:
    """Gives the partition's course and set, and tells failures to Dagster."""
    with told_to_dagster(context):
        with stores.database.transaction() as connection:
            pair = find_pair(connection, context.partition_key)
        yield pair


@dg.asset(
    partitions_def=sets_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"pgvector"},
    deps=[
        dg.AssetDep(chunks, partition_mapping=dg.AllPartitionMapping()) for chunks in ("slide_chunks", "lecture_chunks")
    ],
    code_version=SEARCH_TEXT_VERSION,
    check_specs=[dg.AssetCheckSpec("every_chunk_has_a_vector", asset="set_embeddings", blocking=True)],
)
def set_embeddings(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """The vectors a course lacks in one of its sets, made beside the set that searches read."""
    store = stores.open
    with pair_of(context, store) as pair:
        with store.database.transaction() as connection:
            known = find_set(connection, pair.set_name)
        embed = set_embedder(
            store, known, find_local_person, "embedding", course_id=pair.course_id, run_id=context.run.run_id
        )
        built = build_course(store, known, embed, pair.course)
        with store.database.transaction() as connection:
            missing, chunks = count_lacks(connection, known, pair.course_id)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": chunks,
            "made": built.made,
            "model": known.model,
            "dimensions": known.dims,
            "chunker": known.chunker,
            "live": pair.live,
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="every_chunk_has_a_vector",
                passed=missing == 0,
                metadata={"chunks": chunks, "without_vector": missing},
            )
        ],
    )


@dg.asset(
    partitions_def=sets_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python"},
    deps=[set_embeddings, dg.AssetDep(search_index, partition_mapping=dg.AllPartitionMapping())],
    code_version=EVALUATION_VERSION,
    check_specs=[
        dg.AssetCheckSpec(
            "no_worse_than_the_live_set",
            asset="evaluation",
            description="recall@5 and MRR@10 of the course's questions are not worse with all of their paired 95 % "
            "intervals; every chunk has a vector; searches take no longer than SEARCH_BUDGET_MS.",
            blocking=True,
        )
    ],
)
def evaluation(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """How well a course's questions are answered in one of its sets, beside the set that searches read."""
    with pair_of(context, stores.open) as pair:
        compared = compare_sets(stores.open, pair.course, pair.set_name)
    said = verdict(compared)
    return dg.MaterializeResult(
        metadata={"verdict": said, **report(compared)},
        check_results=[
            dg.AssetCheckResult(
                check_name="no_worse_than_the_live_set",
                passed=not compared.reasons,
                description=said,
                metadata={"live_set": compared.live.name, "reasons": " ".join(compared.reasons) or "none"},
            )
        ],
    )


@dg.asset(
    partitions_def=sets_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres"},
    deps=[evaluation],
    code_version=EVALUATION_VERSION,
    check_specs=[dg.AssetCheckSpec("the_course_is_searched_in_it", asset="promotion")],
)
def promotion(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """The set a course is searched in from now on. Compared once more: what was right last week may be no more."""
    store = stores.open
    with pair_of(context, store) as pair:
        compared = promote_set(store, pair.course, pair.set_name)
        if compared.reasons:
            raise PermanentError(" ".join(compared.reasons), code="set_is_worse")
        with store.database.transaction() as connection:
            live = course_set(connection, pair.course_id)
    searched = live is not None and live.name == pair.set_name
    return dg.MaterializeResult(
        metadata={
            "verdict": f"{pair.course_name} is searched in {pair.set_name}, and no more in {compared.live.name}.",
            **report(compared),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="the_course_is_searched_in_it",
                passed=searched,
                description=f"{pair.course_name} is searched in {live.name if live is not None else 'no set'}.",
            )
        ],
    )


def verdict(compared: Comparison) -> str:
    """What came of a comparison, in a sentence or more."""
    if compared.reasons:
        return " ".join(compared.reasons)
    if compared.candidate.id == compared.live.id:
        return f"{compared.course.name} is searched in this set."
    return f"No worse than {compared.live.name}, which {compared.course.name} is searched in."


def report(compared: Comparison) -> dict[str, Any]:
    """What the UI shows of a comparison: both sets, the candidate's figures, and which sets they are."""
    figures, live = compared.evaluation.figures, compared.live_evaluation.figures
    same = compared.candidate.id == compared.live.id
    sets = {f"{compared.live.name} (live)": live} | ({} if same else {compared.candidate.name: figures})
    about = {"set": compared.candidate.name, "model": compared.candidate.model, "live set": compared.live.name}
    return {**shown(compared.course.name, sets, figures), **about}
