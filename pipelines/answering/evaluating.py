"""Evaluation of a course's retrieval: questions asked as the chat asks them, and their figures.

The command, the notebook, the asset and a promotion all call `evaluate_set`: their figures are the same.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pipelines.answering.quoting import relevant_hits
from pipelines.core.embeddings.embedders import question_embedder, set_embedder
from pipelines.core.embeddings.pointers import course_set
from pipelines.core.errors import NotFoundError
from pipelines.core.evaluations.notebook_results import put_notebook_result
from pipelines.core.evaluations.question_sets import list_material_files, list_question_sets
from pipelines.core.models.payers import find_local_person
from pipelines.core.models.providers import Embedder
from pipelines.core.postgres import Connection, Database
from pipelines.core.records import OPERATOR, Course, EmbeddingSet, Hit, Scope
from pipelines.core.retrieval import RANKING, Ranking, ranking_for, retrieve_chunks
from pipelines.core.stores import Stores
from pipelines.steps.questions import Question, parse_questions
from pipelines.steps.scoring import DEPTH, score
from pipelines.steps.statistics import share


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of questions, in their order.

    `refused`: a reader without a language model is told that nothing was found. `ms`: milliseconds of each search, from
    the question's text to its hits; loading a model is in none of them.
    """

    hits: list[list[Hit]]
    refused: list[bool]
    ms: list[float]


def ask_questions(
    db: Database, scope: Scope, questions: Sequence[str], *, embed: Embedder, ranking: Ranking = RANKING
) -> Asked:
    """The first ten hits of each question within the scope.

    Args:
        ranking: the rules of every search (`ranking_for`), or others, to measure what each is worth.

    Raises:
        what `retrieve_chunks` raises.
    """
    asked = Asked(hits=[], refused=[], ms=[])
    if questions:
        retrieve_chunks(db, questions[0], scope=scope, embed=embed, limit=DEPTH, ranking=ranking)  # loads the models
    for question in questions:
        started = time.perf_counter()
        hits = retrieve_chunks(db, question, scope=scope, embed=embed, limit=DEPTH, ranking=ranking)
        asked.ms.append((time.perf_counter() - started) * 1000)
        asked.hits.append(hits)
        asked.refused.append(not relevant_hits(question, hits))
    return asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What an evaluation found: `figures` as `steps/scoring.score` tells them, and what came of each question."""

    figures: dict[str, Any]
    asked: Asked


def evaluate_set(
    stores: Stores, course: Course, questions: Sequence[Question], known: EmbeddingSet | None = None
) -> Evaluation:
    """Ask a course these questions in one of its sets, live or not, and score what comes.

    Args:
        known: None: the set the course is searched in.

    Raises:
        what `retrieve_chunks` raises; KeyMissingError: the local person and the operator pay for no vectors.
    """
    if known is None:
        embed, set_id = question_embedder(stores, course.id, find_local_person)
    else:
        embed, set_id = set_embedder(stores, known, find_local_person, "question", course_id=course.id), known.id
    scope = Scope(course_id=course.id, person=OPERATOR, set_id=set_id)
    ranking = ranking_for(stores, find_local_person, course_id=course.id)
    texts = [question.question for question in questions]
    asked = ask_questions(stores.database, scope, texts, embed=embed, ranking=ranking)
    files = list_material_files(stores.database, scope)
    figures = score(questions, asked.hits, refused=asked.refused, ms=asked.ms, files=files)
    if ranking.reranker is not None:
        figures["reranker"] = {"model": ranking.reranker.model, "reranked": share(reranked_of(asked.hits))}
    return Evaluation(figures=figures, asked=asked)


def reranked_of(results: Sequence[Sequence[Hit]]) -> list[bool]:
    """Of each question that found something, whether its hits stand in a reranker's order."""
    return [any(hit.rerank_score is not None for hit in hits) for hits in results if hits]


def course_questions(connection: Connection, course: Course) -> list[Question]:
    """The newest version of a course's questions.

    Raises:
        NotFoundError: it has none.
    """
    kept = list_question_sets(connection, course.id)
    if not kept:
        raise NotFoundError(f"{course.name} has no questions; `studybuddy questions import FILE` brings some.")
    return parse_questions(kept[0].lines, name=f"Version {kept[0].version} of {course.name}'s questions")


def save_result(
    stores: Stores,
    course: Course,
    evaluation: Evaluation,
    *,
    notebook: str,
    parameters: dict[str, Any],
    known: EmbeddingSet | None = None,
) -> UUID:
    """Save an evaluation made in a notebook: a Dagster run shows it beside those of the asset. The result's id.

    Args:
        parameters: what the notebook was run with.
        known: the set that was asked; None: the one the course is searched in.

    Raises:
        NotFoundError: nothing was embedded yet.
        StorageUnavailableError
    """
    with stores.database.transaction() as connection:
        asked = known or course_set(connection, course.id)
        if asked is None:
            raise NotFoundError(f"{course.name} has nothing to search yet: ingest materials first.")
        return put_notebook_result(
            connection,
            course.id,
            set_name=asked.name,
            notebook=notebook,
            parameters=parameters,
            figures=evaluation.figures,
        )
