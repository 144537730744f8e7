"""Promotion of embedding sets: a course is searched in another set only when its own questions say it is no worse."""

from dataclasses import dataclass
from typing import Any

from pipelines.answering.evaluating import Evaluation, course_questions, evaluate_set
from pipelines.core.embeddings.pointers import course_set, point
from pipelines.core.embeddings.sets import count_lacks, find_set, note_used
from pipelines.core.errors import PermanentError
from pipelines.core.records import Course, EmbeddingSet
from pipelines.core.stores import Stores
from pipelines.steps.scoring import KINDS, measured
from pipelines.steps.statistics import compare

JUDGED = ("recall@5", "mrr@10")
"""Measures that may not be worse: whether the right place is shown at all, and how far up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A set beside the live one, over the same questions.

    `missing` of the course's `chunks` have no vector in it. `reasons` say why it may not go live; empty: it may.
    `differences` are those of `steps/statistics.compare`, by kind and for `all` questions together.
    """

    course: Course
    candidate: EmbeddingSet
    live: EmbeddingSet
    evaluation: Evaluation
    live_evaluation: Evaluation
    missing: int
    chunks: int
    differences: dict[str, dict[str, dict[str, Any]]]
    reasons: tuple[str, ...]


def compare_sets(stores: Stores, course: Course, name: str) -> Comparison:
    """Evaluate the set of this name, and the one the course is searched in, on the course's questions.

    Raises:
        NotFoundError: no such set, or the course has no questions.
        PermanentError: the set was retired, the course has no material, or none of its questions has an answer.
        what `evaluate_set` raises.
    """
    with stores.database.transaction() as connection:
        candidate, live = find_set(connection, name), course_set(connection, course.id)
        note_used(connection, candidate)
        missing, chunks = count_lacks(connection, candidate, course.id)
        if live is None or not chunks:
            raise PermanentError(
                f"{course.name} has nothing to search yet: ingest materials first.", code="empty_course"
            )
        questions = course_questions(connection, course)
    if all(question.kind == "none" for question in questions):
        raise PermanentError(f"No question of {course.name} has an answer to look for.", code="bad_question")
    now = evaluate_set(stores, course, questions, live)
    new = evaluate_set(stores, course, questions, candidate) if candidate.id != live.id else now
    differences = _differences(now, new)
    return Comparison(
        course=course,
        candidate=candidate,
        live=live,
        evaluation=new,
        live_evaluation=now,
        missing=missing,
        chunks=chunks,
        differences=differences,
        reasons=judge(
            differences,
            missing=missing,
            chunks=chunks,
            p95_ms=new.figures["latency_ms"]["p95"],
            budget_ms=stores.settings.search_budget_ms,
        ),
    )


def promote_set(stores: Stores, course: Course, name: str) -> Comparison:
    """Search a course in the set of this name, where the comparison has no reason against it.

    Returns:
        The comparison; it has `reasons`: nothing has changed.

    Raises:
        PermanentError: it is live already (`set_is_live`), or what `compare_sets` and `pointers.point` raise.
    """
    compared = compare_sets(stores, course, name)
    if compared.candidate.id == compared.live.id:
        raise PermanentError(f"{course.name} is searched in {name} already.", code="set_is_live")
    if not compared.reasons:
        with stores.database.transaction() as connection:
            point(connection, course, find_set(connection, name), compared=compared.live)
    return compared


def judge(
    differences: dict[str, dict[str, dict[str, Any]]], *, missing: int, chunks: int, p95_ms: float, budget_ms: float
) -> tuple[str, ...]:
    """Why a set may not go live, a sentence each.

    Args:
        differences: from the live set to this one, by kind.
    """
    reasons = [
        f"{kind} {name} is worse by more than chance: {found['after']:.3f}, and {found['before']:.3f} in the live set "
        f"(95 % interval of the difference {found['interval'][0]:.2f} to {found['interval'][1]:.2f})."
        for kind, measures in differences.items()
        for name, found in measures.items()
        if name in JUDGED and found["interval"][1] < 0
    ]
    if missing:
        reasons.append(f"{missing} of {chunks} chunks have no vector in it: build it first.")
    if p95_ms > budget_ms:
        reasons.append(f"A search takes {p95_ms:.0f} ms (95th percentile), more than SEARCH_BUDGET_MS={budget_ms:.0f}.")
    return tuple(reasons)


def _differences(before: Evaluation, after: Evaluation) -> dict[str, dict[str, dict[str, Any]]]:
    ranks = [{row["id"]: row["rank"] for row in each.figures["questions"]} for each in (before, after)]
    kinds = {row["id"]: row["kind"] for row in after.figures["questions"] if row["kind"] in KINDS}
    found = {}
    for kind in (*KINDS, "all"):
        asked = [question for question, of in kinds.items() if kind in (of, "all")]
        old, new = (measured({question: each[question] for question in asked}) for each in ranks)
        found[kind] = compare(old, new)
    return found
