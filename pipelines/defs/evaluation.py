"""Evaluation of a course's embedding sets: built beside the live one, measured, and promoted while the check holds."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg

from pipelines.answering.cutting import build_course
from pipelines.answering.evaluating import Evaluation
from pipelines.answering.promoting import Comparison, compare_sets, promote_set
from pipelines.core.embeddings.embedders import set_embedder
from pipelines.core.embeddings.pairs import Pair, find_pair
from pipelines.core.embeddings.pointers import course_set
from pipelines.core.embeddings.sets import SEARCH_TEXT_VERSION, count_lacks, find_set
from pipelines.core.errors import PermanentError
from pipelines.core.models.payers import find_local_person
from pipelines.core.stores import Stores
from pipelines.defs.failures import told_to_dagster
from pipelines.defs.partitions import sets_partitions
from pipelines.defs.resources import StoresResource
from pipelines.defs.search_index import search_index
from pipelines.defs.uploads import OWNERS
from pipelines.steps.misses import misses
from pipelines.steps.plots import draw_recall
from pipelines.steps.scoring import KINDS, recall_by_depth

GROUP = "search"
EVALUATION_VERSION = "1"
DIGITS = 4
"""Decimals of a figure in the UI."""

TABLED = ("recall@1", "recall@5", "mrr@10")
"""Figures of the table that compares two sets; the width of the UI has room for three."""

SHOWN = ("recall@1", "recall@5", "recall@10", "ndcg@10", "mrr@10")


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
    """What the UI shows of a comparison: both sets as a table, a picture, and figures that it draws over time."""
    figures, live = compared.evaluation.figures, compared.live_evaluation.figures
    kinds = [kind for kind in KINDS if figures[kind]["n"]]
    same = compared.candidate.id == compared.live.id
    sets = {f"{compared.live.name} (live)": live} | ({} if same else {compared.candidate.name: figures})
    picture = draw_recall(
        f"{compared.course.name}: recall against k",
        {
            f"{kind}, {figures[kind]['n']} questions": {
                name: recall_by_depth(each["questions"], kind) for name, each in sets.items()
            }
            for kind in kinds
        },
    )
    drawn = dg.MetadataValue.md(f"![recall against k](data:image/png;base64,{base64.b64encode(picture).decode()})")
    none = figures["none"]
    return {
        "figures": dg.MetadataValue.md(_table(sets, kinds)),
        "recall against k": drawn,
        "not at the first place": dg.MetadataValue.md(_misses(compared.evaluation)),
        **{f"{kind} {name}": round(figures[kind][name], DIGITS) for kind in kinds for name in SHOWN},
        **{f"{kind} wrongly refused": round(figures[kind]["refused"], DIGITS) for kind in kinds},
        **({"not in the materials, refused": round(none["refused"], DIGITS)} if none["n"] else {}),
        "questions": len(figures["questions"]),
        "search p95 (ms)": figures["latency_ms"]["p95"],
        **({"reranked": figures["reranker"]["reranked"]} if "reranker" in figures else {}),
        "set": compared.candidate.name,
        "model": compared.candidate.model,
        "live set": compared.live.name,
    }


def _table(sets: Mapping[str, dict[str, Any]], kinds: Sequence[str]) -> str:
    lines = [f"| set | kind | questions | {' | '.join(TABLED)} |", "|---" * (len(TABLED) + 3) + "|"]
    for name, figures in sets.items():
        for kind in kinds:
            row = figures[kind]
            shown = [_with_interval(row[one], *row["interval"][one]) for one in TABLED]
            lines.append(f"| `{name}` | {kind} | {row['n']} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _with_interval(value: float, low: float, high: float) -> str:
    """On one line however narrow the column is."""
    return f"{value:.3f}\u00a0({low:.2f}\u2011{high:.2f})"


def _misses(evaluation: Evaluation) -> str:
    found = misses(evaluation.figures["questions"])
    if not found:
        return "Every right place came first."
    lines = ["| question | rank | answered at | came first |", "|---|---|---|---|"]
    for each in found:
        right = f"{each.expected} ({each.why or 'not found'})"
        first = f"{each.instead} ({each.why_instead})" if each.instead else "nothing"
        cells = (f"{each.id}: {each.question}", str(each.rank or "> 10"), right, first)
        lines.append("| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines)
