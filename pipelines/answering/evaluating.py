"""Questions asked for an evaluation: searched as the chat searches, and refused by the rule that answers refuse by."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.answering.quoting import relevant_hits
from pipelines.core.models.providers import Embedder
from pipelines.core.postgres import Database
from pipelines.core.records import Hit, Scope
from pipelines.core.retrieval import retrieve_chunks

DEPTH = 10
"""Hits asked for each question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of questions, in their order.

    `refused`: a reader without a language model is told that nothing was found. `ms`: milliseconds of each search, from
    the question's text to its hits; loading a model is in none of them.
    """

    hits: list[list[Hit]]
    refused: list[bool]
    ms: list[float]


def ask_questions(db: Database, scope: Scope, questions: Sequence[str], *, embed: Embedder) -> Asked:
    """The first ten hits of each question within the scope.

    Raises:
        what `retrieve_chunks` raises.
    """
    asked = Asked(hits=[], refused=[], ms=[])
    if questions:
        retrieve_chunks(db, questions[0], scope=scope, embed=embed, limit=DEPTH)  # the first one loads the model
    for question in questions:
        started = time.perf_counter()
        hits = retrieve_chunks(db, question, scope=scope, embed=embed, limit=DEPTH)
        asked.ms.append((time.perf_counter() - started) * 1000)
        asked.hits.append(hits)
        asked.refused.append(not relevant_hits(question, hits))
    return asked
