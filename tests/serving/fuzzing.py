"""Requests made from the OpenAPI document by chance: what they are made from, and what every answer is."""

import json

import schemathesis
from hypothesis import HealthCheck, Phase, settings

from serving.openapi import DOCUMENT
from serving.problems import PROBLEMS

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
schema = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text(encoding="utf-8")))

OF_THE_CONNECTION = {"413", "415", "431"}
"""What is said of a request before anybody knows what it is for."""


def by_chance(examples: int, *, edges: bool = True) -> settings:
    """So many requests of a route, always the same ones; `edges`: dozens at the edges of what it takes come first."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate] if edges else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def check_answer(case: schemathesis.Case, status: int, text: str) -> None:
    """Goes on where an answer is one that its route documents, and a refusal a sentence of the table.

    Raises:
        AssertionError
    """
    assert status < 500, text
    documented = set(case.operation.definition.raw["responses"])
    assert str(status) in documented | {"404", "405", "422", "400"} | OF_THE_CONNECTION, text
    if status >= 400 and case.method != "HEAD" and str(status) not in OF_THE_CONNECTION:
        problem = json.loads(text)["error"]
        if case.operation.path == "/mcp" and isinstance(
            problem["code"], int
        ):  # the protocol's own, as its library says
            return
        assert PROBLEMS[problem["code"]].status == status, text
        assert problem["message"].endswith((".", "”")), text
