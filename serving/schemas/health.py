"""Health of the service, as JSON."""

from pydantic import Field

from serving.schemas.base import Out


class ReadyOut(Out):
    """Whether the service can answer, and what of it can."""

    ready: bool
    checks: dict[str, bool] = Field(default_factory=dict)
    warnings: list[str] = Field(default_factory=list)
