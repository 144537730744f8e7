"""Scores of retrieval on questions whose true place is known, computed by `ir_measures`.

A slide hit counts when one of its pages is right, a speech hit when it overlaps the seconds. One right place is enough
for a reader, so a question has one relevant result: the first hit at any of its places. Asking the questions is
`answering/evaluating.py`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from pipelines.core.records import Hit, Kind
from pipelines.steps.questions import Place, Question, QuestionKind, base_name
from pipelines.steps.statistics import interval, share

DEPTH = 10
"""Hits of a question that are looked at; a right one after them is a miss."""
TOLD = 5
"""Hits of a question that are told, right or wrong."""
KINDS: tuple[Kind, ...] = ("slide", "speech")
RIGHT = "right"


def score(
    questions: Sequence[Question],
    results: Sequence[Sequence[Hit]],
    *,
    refused: Sequence[bool] | None = None,
    ms: Sequence[float] | None = None,
    files: frozenset[str] | None = None,
) -> dict[str, Any]:
    """The figures of a run, as `studybuddy evaluate --json` prints them.

    Args:
        results: the hits of each question, best first.
        refused: of each question, whether a reader is told that nothing was found. None: not known, nothing of it told.
        ms: milliseconds each search took. None: not measured.
        files: base names of the course's material; a question about another file is a miss marked `"missing": true`.
            None: not known.

    Returns:
        `slide` and `speech`, each `n`, `recall@1`, `recall@5`, `recall@10`, `ndcg@10`, `mrr@10` (0.0 where n is 0),
        `interval` (of each of them the 95 % bootstrap interval, empty where n is 0) and `refused` (a share);
        `none`: `n` and `refused`; `latency_ms`: `p50` and `p95`; `questions`: `id`, `kind`, `rank` (1-based; None: not
        among the first ten), `question`, `expected` (its places), `refused`, and `top`, the first five places, each
        with its rank by meaning and by words (None: that side did not bring it) and whether it is `right`; `found`:
        the right one of the first ten, None where there is none.
    """
    rows: list[dict[str, Any]] = []
    for n, (question, hits) in enumerate(zip(questions, results, strict=True)):
        right = [answers(hit, question) for hit in hits[:DEPTH]]
        row: dict[str, Any] = {
            "id": question.id,
            "kind": question.kind,
            "rank": right.index(True) + 1 if True in right else None,
            "question": question.question,
            "expected": [_expected(place) for place in question.places],
            "found": _place(hits[right.index(True)]) if True in right else None,
            "top": [_place(hit) | {"right": fits} for hit, fits in zip(hits[:TOLD], right, strict=False)],
        }
        if refused is not None:
            row["refused"] = refused[n]
        if files is not None and question.file is not None and question.file not in files:
            row["missing"] = True
        rows.append(row)
    result: dict[str, Any] = {kind: figures(rows, kind) for kind in KINDS}
    none = [row for row in rows if row["kind"] == "none"]
    result["none"] = {"n": len(none)}
    for kind in (*KINDS, "none") if refused is not None else ():
        result[kind]["refused"] = share([row["refused"] for row in rows if row["kind"] == kind])
    if ms is not None:
        result["latency_ms"] = {f"p{q}": round(float(np.percentile(ms, q)), 1) if ms else 0.0 for q in (50, 95)}
    return {**result, "questions": rows}


def figures(rows: Sequence[Mapping[str, Any]], kind: QuestionKind) -> dict[str, Any]:
    """`n`, the means of the measures and their intervals, over the rows of one kind that `score` told."""
    of_kind = {str(row["id"]): row["rank"] for row in rows if row["kind"] == kind}
    values = measured(of_kind)
    means = {name: share(each) for name, each in values.items()}
    intervals = {name: interval(each) for name, each in values.items()} if of_kind else {}
    return {"n": len(of_kind), **means, "interval": intervals}


def recall_by_depth(rows: Sequence[Mapping[str, Any]], kind: QuestionKind) -> list[dict[str, float]]:
    """`k` from 1 to 10, `recall` at it, `low` and `high` of its 95 % interval; empty where no row is of the kind."""
    import ir_measures

    of_kind = {str(row["id"]): row["rank"] for row in rows if row["kind"] == kind}
    values = measured(of_kind, {str(k): ir_measures.R @ k for k in range(1, DEPTH + 1)})
    found = [(int(k), share(each), *interval(each)) for k, each in values.items() if each]
    return [{"k": k, "recall": recall, "low": low, "high": high} for k, recall, low, high in found]


def measured(ranks: Mapping[str, int | None], measures: Mapping[str, Any] | None = None) -> dict[str, list[float]]:
    """Of each measure its value for each question, in their order.

    Args:
        ranks: by question the rank of its first right hit; None: a miss.
        measures: of `ir_measures`, by what they are to be called; None: those of `figures`.
    """
    import ir_measures

    measures = measures or _measures()
    qrels = {question: {RIGHT: 1} for question in ranks}
    run = {
        question: {RIGHT if n == rank else f"{n:02}": float(DEPTH - n) for n in range(1, DEPTH + 1)}
        for question, rank in ranks.items()
    }
    found: dict[str, dict[str, float]] = defaultdict(dict)
    if ranks:
        for metric in ir_measures.iter_calc(list(measures.values()), qrels, run):
            found[str(metric.measure)][metric.query_id] = metric.value
    return {name: [found[str(measure)][question] for question in ranks] for name, measure in measures.items()}


@cache
def _measures() -> dict[str, Any]:
    import ir_measures  # loads C code; only who scores needs it

    recall = {f"recall@{k}": ir_measures.R @ k for k in (1, 5, 10)}
    return {**recall, "ndcg@10": ir_measures.nDCG @ DEPTH, "mrr@10": ir_measures.RR @ DEPTH}


def answers(hit: Hit, question: Question) -> bool:
    """Does this hit stand at one of the question's places?"""
    return any(_stands_at(hit, place) for place in question.places)


def _stands_at(hit: Hit, place: Place) -> bool:
    if hit.kind != place.kind:
        return False
    name = base_name(hit.file_name)
    if hit.kind == "slide":
        return name == place.file and not place.pages.isdisjoint(hit.pages)
    if PurePosixPath(name).stem != PurePosixPath(place.file).stem:  # captions are named like their recording
        return False
    assert hit.start_ms is not None and hit.end_ms is not None  # noqa: S101  speech always has both
    return hit.start_ms < place.end_s * 1000 and hit.end_ms > place.start_s * 1000


def _expected(place: Place) -> dict[str, Any]:
    if place.kind == "slide":
        return {"kind": "slide", "file": place.file, "pages": sorted(place.pages)}
    times = {"start_ms": round(place.start_s * 1000), "end_ms": round(place.end_s * 1000)}
    return {"kind": "speech", "file": place.file, **times}


def _place(hit: Hit) -> dict[str, Any]:
    where = {"page": hit.page} if hit.kind == "slide" else {"start_ms": hit.start_ms, "end_ms": hit.end_ms}
    ranks = {"dense_rank": hit.dense_rank, "lexical_rank": hit.lexical_rank}
    return {"kind": hit.kind, "file": hit.file_name, **where, "score": round(hit.score, 4), **ranks}
