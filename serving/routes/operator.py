"""Operators' routes: the people of this service, and whether it is well."""

import asyncio
import platform
import shutil
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from pipelines.core.overview import Overview, read_overview
from pipelines.core.postgres import Connection
from pipelines.core.registry.people import KnownPerson, find_person, list_people, make_operator, suspend
from pipelines.core.secrets.lost import count_lost_secrets
from pipelines.core.statements import statement
from pipelines.core.weak_sandboxes import list_weak_sandboxes
from serving.accounts.access import allowed
from serving.accounts.asking import Manager
from serving.database import SQL
from serving.guard import router as guarded
from serving.problems import ProblemError, documented
from serving.schemas.base import Words
from serving.schemas.operator import LimitsOut, PersonList, PersonOut, PersonPatch, ServiceOut
from serving.state import State, state_of

router = guarded("/api/operator", tag="operator")

PROBE_S = 1.0


@router.get("/people", operation_id="listPeople", responses=documented("not_allowed", "invalid_request"))
async def people(
    request: Request,
    person: Manager,
    q: Annotated[Words, Query(max_length=200, description="Words of the name, email or subject.")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> PersonList:
    """The people of this service, who appear when they first sign in; for operators."""
    allowed(person.operator)
    state = state_of(request)
    found = await state.core.run(person, partial(list_people, words=q), as_pipeline=True)
    return PersonList(items=[_told(state, each) for each in found[:limit]], found=len(found))


@router.patch(
    "/people/{user_id}",
    status_code=204,
    operation_id="changePerson",
    responses=documented("not_allowed", "not_found", "own_account", "local_person", "invalid_request"),
)
async def change_person(request: Request, person: Manager, user_id: UUID, body: PersonPatch) -> Response:
    """Suspend a person, who is out at once and loses nothing, or let them in; make an operator of them, or end that."""
    allowed(person.operator)
    if user_id == person.user_id:
        raise ProblemError("own_account")

    def change(connection: Connection) -> None:
        found = find_person(connection, str(user_id))
        if body.suspended is not None:
            suspend(connection, found, suspended=body.suspended)
        if body.operator is not None:
            make_operator(connection, found, operator=body.operator)

    await state_of(request).core.run(person, change, as_pipeline=True)
    return Response(status_code=204)


@router.get("/service", operation_id="getService", responses=documented("not_allowed"))
async def service(request: Request, person: Manager) -> ServiceOut:
    """How the service is: versions, what works, warnings, how much there is, and what people may use; for operators."""
    allowed(person.operator)
    state = state_of(request)

    def look(connection: Connection) -> tuple[Overview, list[str], str, str]:
        ((server, schema),) = connection.execute(statement("versions", SQL)).fetchall()
        warnings = [each.warning for each in list_weak_sandboxes(connection)]
        warnings += count_lost_secrets(connection, state.core.stores.sealer).warnings
        return read_overview(connection), warnings, server, schema

    overview, warnings, server, schema = await state.core.run(person, look, as_pipeline=True)
    settings = state.settings
    checks = {"database": True, "staying": not state.runs.draining}
    if person.local:
        checks["dagster"] = await _listens(settings.dagster_port)
    room = await asyncio.to_thread(shutil.disk_usage, settings.studybuddy_home)
    return ServiceOut(
        versions={
            "studybuddy": version("studybuddy"),
            "schema": schema,
            "postgresql": server,
            "python": platform.python_version(),
        },
        checks=checks,
        warnings=warnings,
        counts={name: count for name, count in asdict(overview).items() if isinstance(count, int) and name != "dims"},
        limits=LimitsOut.model_validate(settings),
        free_bytes=room.free,
        answering=len(state.runs),
        dagster_url=f"http://127.0.0.1:{settings.dagster_port}",
    )


def _told(state: State, person: KnownPerson) -> PersonOut:
    named = person.subject is not None and person.subject in state.doors.operators
    return PersonOut.model_validate({**asdict(person), "named_operator": named})


async def _listens(port: int) -> bool:
    """Whether anybody takes connections at this port of this machine."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(PROBE_S):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return True
    return False
