"""Reranking of a search's first rows by a model that reads question and passage together, where one is configured.

It has its milliseconds and no more. Where it does not answer in them, or refuses, the order as it was stands, and the
log says so once a process and reason: a search never fails or waits because of it.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from os import getpid
from typing import Any

from pipelines.core.errors import ProviderUnavailableError, StudyBuddyError
from pipelines.core.models.reranker import Reranker

CALLS = 4
"""Questions reranked at once in a process; more wait, within their time. Calls that hang hold no more than these."""

_LOGGER = logging.getLogger(__name__)
_told: set[tuple[str, str]] = set()


def reranked(question: str, rows: Sequence[dict[str, Any]], reranker: Reranker) -> list[dict[str, Any]]:
    """The rows of a search, the first `depth` of them in the reranker's order; the others follow as they were.

    Rows that are `placed` (the question names their page or minute) stay first. Each reranked row says its
    `rerank_score`; `score` stays highest first, whoever ordered the rows.

    Raises:
        SettingsError: the reranker is not there, or is none.
    """
    placed = [row for row in rows if row["placed"]]
    rest = [row for row in rows if not row["placed"]]
    head, tail = rest[: reranker.depth], rest[reranker.depth :]
    if len(head) < 2:
        return list(rows)
    reranker.load()
    try:
        given = _in_time(question, [f"{row['title']}\n{row['content']}" for row in head], reranker)
    except StudyBuddyError as error:
        if (reranker.model, error.code) not in _told:
            _told.add((reranker.model, error.code))
            _LOGGER.warning("Searches are not reranked: %s Said once; the order of before stands.", error.message)
        return list(rows)
    scored = [row | {"rerank_score": score} for row, score in zip(head, given, strict=True)]
    scored.sort(key=lambda row: -row["rerank_score"])  # equals keep their order
    dealt = [row | {"score": was["score"]} for row, was in zip(scored, head, strict=True)]
    return [*placed, *dealt, *tail]


def _in_time(question: str, passages: list[str], reranker: Reranker) -> list[float]:
    call: Future[list[float]] = _threads(getpid()).submit(reranker.score, question, passages)
    try:
        return call.result(reranker.budget_ms / 1000)
    except TimeoutError:
        call.cancel()
        raise ProviderUnavailableError(
            f"{reranker.model} did not answer in {reranker.budget_ms:.0f} ms.", code="timeout"
        ) from None


@cache
def _threads(process: int) -> ThreadPoolExecutor:  # noqa: ARG001  threads survive no fork
    return ThreadPoolExecutor(CALLS, thread_name_prefix="rerank")
