"""Use of models as JSON: what calls cost, and the caps on it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from serving.schemas.base import In, Out


class CallOut(Out):
    """A call to a model. `ownKey`: the person's own key paid; otherwise the operator's.

    `costUsd`: as the provider said, 0 where it did not. `failed`: it gave no answer, or not a whole one.
    """

    at: datetime
    purpose: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    own_key: bool
    failed: bool
    course_id: UUID | None


class DayOut(Out):
    """The calls of a day (UTC) and what they cost together."""

    day: date
    calls: int
    cost_usd: float


class SpendingOut(Out):
    """US dollars spent today (UTC). `capUsd`: the most that may be, null: no cap; `ownCapUsd`: the most that was wished
    for, which counts where it is lower than the operator's, null: none was."""

    spent_usd: float
    cap_usd: float | None
    own_cap_usd: float | None


class UsageOut(Out):
    """What calls since `since` cost together, and on each day that had one, oldest first; the calls themselves, newest
    first. `more`: there were older ones than are listed.

    Of a course: everybody's calls, and today's are those the operator pays for.
    """

    since: datetime
    total_usd: float
    today: SpendingOut
    days: list[DayOut]
    rows: list[CallOut]
    more: bool


class CapIn(In):
    """The most that may be spent a day, in US dollars; null: as the operator says."""

    daily_usd: Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)] | None
