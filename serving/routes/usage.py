"""Use of models: what the calls of a person or a course cost, as a list and as a table to keep, and caps on it."""

import csv
import io
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, TypedDict
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from pipelines.core.access import manages_course
from pipelines.core.models.ledger import (
    Call,
    Caps,
    DayOfCalls,
    Spending,
    find_spending,
    list_calls,
    list_days,
    put_course_cap,
    put_person_cap,
)
from pipelines.core.postgres import Connection
from serving.accounts.access import allowed, get_my_course
from serving.accounts.asking import Manager, Reader
from serving.accounts.people import Principal
from serving.guard import router as guarded
from serving.problems import documented
from serving.schemas.usage import CallOut, CapIn, DayOut, SpendingOut, UsageOut
from serving.state import State, state_of

router = guarded("/api", tag="usage")

ROWS = 5_000
"""Calls in one answer at most."""

EXPORTED = 1_000_000
"""Calls in one table at most."""

Course = Annotated[UUID | None, Query(alias="courseId", description="Everybody's calls in a course; for its owner.")]
Days = Annotated[int, Query(ge=1, le=3660, description="How many days back.")]


@router.get("/usage", operation_id="getUsage", responses=documented("not_found", "not_allowed", "invalid_request"))
async def usage(
    request: Request,
    person: Reader,
    course_id: Course = None,
    days: Days = 30,
    rows: Annotated[int, Query(ge=0, le=ROWS, description="How many calls to list.")] = ROWS,
) -> UsageOut:
    """What this person's calls to models cost, by day and by call; with `courseId` a course's, without who asked."""
    state = state_of(request)
    which = await _which(state, person, course_id, days=days)
    caps = Caps.of(state.settings)

    def read(connection: Connection) -> tuple[list[Call], list[DayOfCalls], Spending]:
        theirs, its = find_spending(connection, caps, person_id=person.user_id, course_id=course_id)
        calls = list_calls(connection, **which, limit=rows + 1)
        return calls, list_days(connection, **which), theirs if course_id is None else its

    calls, by_day, today = await state.core.run(person, read)
    return UsageOut(
        since=which["since"],
        total_usd=sum(day.cost_usd for day in by_day),
        today=SpendingOut.model_validate(today),
        days=[DayOut.model_validate(day) for day in by_day],
        rows=[CallOut.model_validate(call) for call in calls[:rows]],
        more=len(calls) > rows,
    )


@router.get(
    "/usage/export",
    operation_id="exportUsage",
    response_class=Response,
    responses=documented("not_found", "not_allowed", "invalid_request")
    | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_usage(request: Request, person: Reader, course_id: Course = None, days: Days = 366) -> Response:
    """The same as a table (CSV)."""
    state = state_of(request)
    which = await _which(state, person, course_id, days=days)
    calls = await state.core.run(person, partial(list_calls, **which, limit=EXPORTED))
    headers = {"content-disposition": 'attachment; filename="usage.csv"'}
    return Response(calls_csv(calls), media_type="text/csv; charset=utf-8", headers=headers)


@router.put("/usage/cap", status_code=204, operation_id="putCap", responses=documented("invalid_request"))
async def put_cap(request: Request, person: Manager, body: CapIn) -> Response:
    """Set the most that one's own calls may cost a day, whoever pays."""
    work = partial(put_person_cap, person_id=person.user_id, daily_usd=body.daily_usd)
    await state_of(request).core.run(person, work)
    return Response(status_code=204)


@router.put(
    "/courses/{course_id}/cap",
    status_code=204,
    operation_id="putCourseCap",
    responses=documented("not_found", "not_allowed", "invalid_request"),
)
async def put_cap_of_course(request: Request, person: Manager, course_id: UUID, body: CapIn) -> Response:
    """Set the most that a course may cost the operator a day."""
    state = state_of(request)
    await _owned(state, person, course_id)
    await state.core.run(person, partial(put_course_cap, course_id=course_id, daily_usd=body.daily_usd))
    return Response(status_code=204)


async def _owned(state: State, person: Principal, course_id: UUID) -> None:
    async with state.database.transaction(as_person=person.person) as connection:
        course = await get_my_course(connection, person, course_id)
    allowed(manages_course(course.role))


class _Which(TypedDict):
    """Which calls: of a person, or of a course."""

    person_id: UUID | None
    course_id: UUID | None
    since: datetime


async def _which(state: State, person: Principal, course_id: UUID | None, *, days: int) -> _Which:
    """The calls of a person, or those of a course they own, of so many days."""
    if course_id is not None:
        await _owned(state, person, course_id)
    since = datetime.now(UTC) - timedelta(days=days)
    return {"person_id": person.user_id if course_id is None else None, "course_id": course_id, "since": since}


def calls_csv(calls: list[Call]) -> str:
    """Calls as CSV, oldest last. No cell begins as a formula would, because a model's name is a stranger's word."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    names = list(CallOut.model_fields)
    table.writerow(names)
    for call in calls:
        cells = [str(getattr(call, name) if getattr(call, name) is not None else "") for name in names]
        table.writerow([f"'{cell}" if cell[:1] in "=+-@\t\r" and cell else cell for cell in cells])
    return text.getvalue()
