"""A course to measure: a deck of a topic a page, a question a topic, and embedders that are right or wrong."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.defs.graphs import opened
from tests.defs.test_documents_graph import Graph, pdf

COURSE = "Optimisation"
LIVE = "local/all-MiniLM-L6-v2-int8:384"

TOPICS = (
    "momentum", "entropy", "kernels", "gradients", "pooling", "dropout", "attention", "clustering", "boosting",
    "regression", "sampling", "variance",
)  # fmt: skip
DIMS = len(TOPICS) + 1
PAGES = [f"{topic.title()} is explained on this page." for topic in TOPICS]
QUESTIONS = [
    {"id": topic, "kind": "slide", "file": "week1.pdf", "question": f"What is {topic}?", "pages": [page]}
    for page, topic in enumerate(TOPICS, 1)
]
LINES = [json.dumps(question) for question in QUESTIONS]


def right(texts: list[str], shift: int = 0) -> Any:
    """The vector of a text is that of its last topic, since the first is the deck's; of a question `shift` further."""
    vectors = []
    for text in texts:
        found = sorted((text.lower().rfind(topic), n) for n, topic in enumerate(TOPICS) if topic in text.lower())
        at = (found[-1][1] + (shift if text.endswith("?") else 0)) % len(TOPICS) if found else DIMS - 1
        vectors.append([float(n == at) for n in range(DIMS)])
    return vectors


def wrong(texts: list[str]) -> Any:
    """Every question is nearest to the page after the right one."""
    return right(texts, shift=1)


@contextmanager
def measured_graph(folder: Path, url: str, patch: pytest.MonkeyPatch) -> Iterator[Graph]:
    """The deck, in the set that is live for all."""
    patch.setenv("MULTILINGUAL_SEARCH", "false")
    patch.setenv("SEARCH_BUDGET_MS", "60000")  # how fast this machine is now is not what is tested
    with opened(folder, url, patch) as given:
        graph = Graph(*given)
        assert graph.run(graph.upload(pdf(*PAGES))).success
        yield graph
