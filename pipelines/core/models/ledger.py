"""Ledger of model calls: a row is written before each call, so that no number of calls at once passes a cap together.

Belongs here: what a call is expected to cost, and whether today's caps have room for it. Who makes calls goes through
`meter.py`. Caps are counted a day (UTC): a person's over all their calls, a course's over those the operator pays for.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import dict_row

from pipelines.core.errors import CapBusyError, CapReachedError
from pipelines.core.postgres import Connection, read_records, values_of
from pipelines.core.settings import Settings
from pipelines.core.statements import statement

UNKNOWN_USD = 0.5
"""What a call is expected to cost at most while no call of its model for its purpose has ended: an answer from 20,000
tokens of a dear model."""

LONGEST_S = 3600.0
"""A call that is under way for longer has died with its process, and counts no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The operator's caps in US dollars a day; None: no cap. One a person or a course wishes for counts where lower."""

    person_usd: float | None = None
    course_usd: float | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Caps":
        """Those of the settings."""
        return cls(person_usd=settings.person_daily_usd, course_usd=settings.course_daily_usd)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A call that is to be made. `person_id`, `course_id`, `run_id` None: of none; `own_key`: the person pays."""

    person_id: UUID | None
    course_id: UUID | None
    run_id: str | None
    purpose: str
    model: str
    own_key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that was made. `course_id` None: of no course, or it is gone; `run_id`: the answer's or Dagster's."""

    at: datetime
    purpose: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    own_key: bool
    failed: bool
    course_id: UUID | None
    run_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfCalls:
    """How many calls were made on a day (UTC), and what they cost in US dollars."""

    day: date
    calls: int
    cost_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What is spent today, and the cap on it: `cap_usd` holds, `own_cap_usd` was wished for. None: there is none."""

    spent_usd: float
    cap_usd: float | None
    own_cap_usd: float | None


def open_call(connection: Connection, planned: Planned, caps: Caps) -> UUID:
    """Write a call down that is about to be made, at what it is expected to cost at most; its id.

    The first call under way is let in while anything is left; others only where what they are expected to cost is left
    too. So a cap is passed by one call at most, and not by many at once.

    Raises:
        CapReachedError: nothing is left for today.
        CapBusyError: what is left may be used up by calls that are under way.
    """
    known = values_of(planned)
    connection.execute(statement("lock_spending"), known)
    limits = {"person_cap": caps.person_usd, "course_cap": caps.course_usd, "longest_s": LONGEST_S}
    with connection.cursor(row_factory=dict_row) as cursor:
        found: dict[str, Any] = cursor.execute(statement("find_spending"), known | limits).fetchone() or {}
        expected = found["expected_usd"] if found["expected_usd"] is not None else UNKNOWN_USD
        _check("your", found["person_cap"], found["person_usd"], found["person_open"], expected)
        _check("the course's", found["course_cap"], found["course_usd"], found["course_open"], expected)
    call_id = uuid4()
    connection.execute(statement("open_call"), known | {"id": call_id, "cost_usd": expected})
    return call_id


def close_call(
    connection: Connection,
    call_id: UUID,
    *,
    failed: bool,
    prompt_tokens: int,
    completion_tokens: int,
    cost_usd: float | None,
) -> None:
    """Note what came of a call. `cost_usd` None: it broke off, and costs about what such calls cost."""
    values = {"call_id": call_id, "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}
    values |= {"status": "failed" if failed else "done", "cost_usd": cost_usd}
    connection.execute(statement("close_call"), values)


def list_calls(
    connection: Connection, *, person_id: UUID | None, course_id: UUID | None, since: datetime, limit: int
) -> list[Call]:
    """Calls of a person, or (`person_id` None) of everybody in a course, newest first; those under way are left out."""
    values = {"person_id": person_id, "course_id": course_id, "since": since, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        return [Call(**row) for row in cursor.execute(statement("list_calls"), values)]


def list_days(
    connection: Connection, *, person_id: UUID | None, course_id: UUID | None, since: datetime
) -> list[DayOfCalls]:
    """The calls that `list_calls` lists, all of them, by day, oldest first; days without one are left out."""
    values = {"person_id": person_id, "course_id": course_id, "since": since}
    return read_records(connection, DayOfCalls, "list_days", values)


def find_spending(
    connection: Connection, caps: Caps, *, person_id: UUID | None, course_id: UUID | None
) -> tuple[Spending, Spending]:
    """What a person has spent today, and what a course has cost the operator; None: nobody, no course."""
    values = {"person_id": person_id, "course_id": course_id}
    values |= {"person_cap": caps.person_usd, "course_cap": caps.course_usd}  # type: ignore[dict-item]
    with connection.cursor(row_factory=dict_row) as cursor:
        found: dict[str, Any] = cursor.execute(statement("find_caps"), values).fetchone() or {}
    return (
        Spending(spent_usd=found["person_usd"], cap_usd=found["person_cap"], own_cap_usd=found["own_cap"]),
        Spending(spent_usd=found["course_usd"], cap_usd=found["course_cap"], own_cap_usd=found["course_own_cap"]),
    )


def put_person_cap(connection: Connection, person_id: UUID, daily_usd: float | None) -> None:
    """Set the most that a person wants to spend a day; None: no wish of their own."""
    connection.execute(statement("put_person_cap"), {"person_id": person_id, "daily_usd": daily_usd})


def put_course_cap(connection: Connection, course_id: UUID, daily_usd: float | None) -> None:
    """Set the most that a course may cost the operator a day; None: no wish of its own."""
    connection.execute(statement("put_course_cap"), {"course_id": course_id, "daily_usd": daily_usd})


def _check(whose: str, cap: float | None, spent: float, under_way: int, expected: float) -> None:
    if cap is None or (spent < cap and (not under_way or spent + expected <= cap)):
        return
    if under_way:
        raise CapBusyError(f"Calls under way may use up what is left of {whose} limit of {cap:.2f} USD for today.")
    raise CapReachedError(f"{whose[0].upper()}{whose[1:]} limit of {cap:.2f} USD for today is reached.")
