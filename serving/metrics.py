"""Metrics of one process of the service, as Prometheus reads them, and what the tables say for all of them.

Counters and histograms count what this process did; what begins with `studybuddy_upload`, `_stored` or `_model` is read
from the tables at each scrape and is the same in every process. No label holds a name, an id or a word of anybody.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "studybuddy_http_requests", "Requests by method and class of status.", ["method", "status"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "studybuddy_http_request_seconds", "From a request to its last byte; streams last as long as their answers.",
    buckets=SECONDS, registry=REGISTRY,
)  # fmt: skip
FIRST_TEXT_SECONDS = Histogram(
    "studybuddy_answer_first_text_seconds", "From a question to the first word of its answer.",
    buckets=SECONDS, registry=REGISTRY,
)  # fmt: skip
ANSWERS = Counter("studybuddy_answers", "Answers that ended, by how they did.", ["status"], registry=REGISTRY)
RETRIES = Counter(
    "studybuddy_model_retries", "Calls of chat models that were made again, by why.", ["code"], registry=REGISTRY
)
SEARCH_SECONDS = Histogram(
    "studybuddy_search_seconds", "Searches of a course, with the embedding of the question.",
    buckets=SECONDS, registry=REGISTRY,
)  # fmt: skip

GAUGES = {
    "studybuddy_uploads": ("Decks and lectures by state; adopted: without a file.", ("kind", "state")),
    "studybuddy_upload_oldest_wait_seconds": ("How long the oldest upload that no run was asked for has waited.", ()),
    "studybuddy_upload_runs": ("Newest runs of uploads by outcome.", ("kind", "outcome")),
    "studybuddy_upload_failures": ("Uploads that have failed, by code.", ("code",)),
    "studybuddy_sandbox_kills": ("Uploads whose parser was ended at a limit.", ()),
    "studybuddy_model_calls_today": ("Model calls since midnight UTC, by purpose.", ("purpose",)),
    "studybuddy_model_tokens_today": ("Tokens of them.", ("purpose", "direction")),
    "studybuddy_model_cost_usd_today": ("What they have cost.", ("purpose",)),
}
"""What the statement `metrics` gives: help and labels by name."""


def render(told: Sequence[tuple[str, Sequence[str], float]], now: Sequence[tuple[str, str, float]]) -> bytes:
    """The text of one scrape.

    Args:
        told: what the tables say: name (of `GAUGES`), values of its labels, value.
        now: what this process has open: name, help, value.
    """
    registry = CollectorRegistry()
    registry.register(_Told(told, now))
    return generate_latest(REGISTRY) + generate_latest(registry)


class _Told:
    """Gauges with the values they have now, as a collector."""

    def __init__(self, told: Iterable[tuple[str, Sequence[str], float]], now: Iterable[tuple[str, str, float]]) -> None:
        self._told, self._now = list(told), list(now)

    def collect(self) -> Iterable[Metric]:
        families = {name: GaugeMetricFamily(name, words, labels=labels) for name, (words, labels) in GAUGES.items()}
        for name, labels, value in self._told:
            families[name].add_metric(list(labels), value)
        yield from families.values()
        for name, words, value in self._now:
            yield GaugeMetricFamily(name, words, value=value)


def pool_gauges(name: str, stats: dict[str, Any]) -> list[tuple[str, str, float]]:
    """What a pool of connections says of itself (`get_stats` of psycopg's)."""
    words = {
        "pool_size": "Connections to the database.",
        "pool_available": "Of them idle.",
        "requests_waiting": "Callers that wait for one now.",
        "requests_queued": "Callers that had to wait, since the start.",
        "requests_wait_ms": "Milliseconds they waited, in all.",
        "requests_errors": "Callers that got none.",
    }
    return [
        (f"studybuddy_pool_{name}_{key.removeprefix('pool_')}", said, stats.get(key, 0)) for key, said in words.items()
    ]
