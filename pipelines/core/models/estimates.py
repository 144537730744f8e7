"""Estimates of model calls before they are made, from what such calls have cost here, and sums of what was spent."""

from dataclasses import dataclass
from uuid import UUID

from pipelines.core.postgres import Connection, read_records


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a course's calls to one model for one purpose have cost, in US dollars."""

    purpose: str
    model: str
    calls: int
    cost_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What describing slides would cost, in US dollars; None: the model has described none yet, or none is set."""

    pages: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What the last embeddings of a model have cost a token; None: it has made none yet, or said no tokens."""

    usd_per_token: float | None
    seconds_per_token: float | None


def rate_of_embedding(connection: Connection, *, model: str) -> Rate:
    """What vectors of this model cost a token, in money and in time."""
    return read_records(connection, Rate, "rate_of_embedding", {"model": model})[0]


def list_costs(connection: Connection, course_id: UUID) -> list[Costs]:
    """What a course's calls have cost, dearest first; calls under way are left out."""
    return read_records(connection, Costs, "list_costs", {"course_id": course_id})


def estimate_descriptions(connection: Connection, course_id: UUID, *, model: str | None) -> Estimate:
    """How many slides of a course have no description, and what making them would cost with this model."""
    parameters = {"course_id": course_id, "model": model}
    return read_records(connection, Estimate, "estimate_descriptions", parameters)[0]
