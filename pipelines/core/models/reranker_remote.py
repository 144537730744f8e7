"""The reranker behind a `/rerank`, as Cohere, Jina, vLLM and llama.cpp have it; nothing it answers is believed.

It is asked once: who waits for an answer gets the order as it was rather than a second try.
"""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from pipelines.core.models.meter import Meter, Used
from pipelines.core.models.provider_faults import garbage, raise_error_body, translated
from pipelines.core.models.weights import readable

if TYPE_CHECKING:
    import openai


class RemoteReranker:
    """One model behind one URL. `meter` None: nobody counts the calls."""

    def __init__(
        self, client: "openai.OpenAI", *, model: str, depth: int, budget_ms: float, meter: Meter | None = None
    ) -> None:
        self._client = client.with_options(timeout=budget_ms / 1000, max_retries=0)
        self._meter = meter
        self.model = model
        self.depth = depth
        self.budget_ms = budget_ms

    def load(self) -> None:
        """Nothing: the client is here."""

    def score(self, question: str, passages: Sequence[str]) -> list[float]:
        """How well each passage answers the question, in their order.

        Raises:
            ProviderRefusedError: bad key, no credit, bad request, or an answer that makes no sense.
            ProviderUnavailableError: 429, 5xx, timeout, no connection.
            CapReachedError, CapBusyError: it would cost more than may be spent today.
        """
        body = {
            "model": self.model,
            "query": readable(question),
            "documents": [readable(passage) for passage in passages],
        }
        with self._meter.call() if self._meter is not None else nullcontext(Used()) as used:
            with translated(self.model):
                answer: Any = self._client.post("/rerank", cast_to=object, body=body)
            if not isinstance(answer, dict):
                raise garbage(self.model)
            raise_error_body(self.model, answer)
            used.take(_usage(answer.get("usage")))
        return self._checked(answer.get("results", answer.get("data")), len(passages))

    def _checked(self, rows: Any, count: int) -> list[float]:
        """The scores by index: each passage has one, in whatever order they came."""
        scores: dict[int, float] = {}
        for row in rows if isinstance(rows, list) and len(rows) == count else ():
            known = row if isinstance(row, dict) else {}
            index, score = known.get("index"), known.get("relevance_score")
            if type(index) is int and isinstance(score, int | float) and math.isfinite(score):
                scores[index] = float(score)
        if sorted(scores) != list(range(count)):
            raise garbage(self.model)
        return [scores[index] for index in range(count)]


def _usage(usage: Any) -> dict[str, Any]:
    """As models of language tell it; rerankers that only know a total read, and write nothing."""
    known = usage if isinstance(usage, dict) else {}
    return {**known, "prompt_tokens": known.get("prompt_tokens", known.get("total_tokens"))}
