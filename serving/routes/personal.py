"""A person's own: all of it as one file, its end, and the trail of what was done to it."""

import asyncio
from functools import partial
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response, StreamingResponse

from pipelines.core.partial.sweep import sweep_partial_uploads
from pipelines.core.personal.audit import list_events
from pipelines.core.personal.erasure import erase_person
from serving.accounts.asking import Manager, Reader
from serving.accounts.personal_data import archive, gather
from serving.guard import router as guarded
from serving.log import log
from serving.problems import ProblemError, documented
from serving.schemas.audit import AuditEventOut, AuditList
from serving.state import state_of

router = guarded("/api", tag="account")


@router.get(
    "/me/export",
    operation_id="exportMe",
    response_class=StreamingResponse,
    responses=documented() | {200: {"content": {"application/zip": {"schema": {"type": "string"}}}}},
)
async def export_me(request: Request, person: Manager) -> StreamingResponse:
    """Everything that is kept of this person, as a zip: profile, chats, uploads, what calls cost, and the rest."""
    state = state_of(request)
    data = await state.core.run(person, partial(gather, person_id=person.user_id), as_pipeline=True)
    headers = {"content-disposition": 'attachment; filename="studybuddy.zip"', "cache-control": "no-store"}
    return StreamingResponse(archive(data, state.files), media_type="application/zip", headers=headers)


@router.delete("/me", status_code=202, operation_id="deleteMe", responses=documented("only_person"))
async def delete_me(request: Request, person: Manager) -> Response:
    """Erase this person. What is theirs alone goes at once, their files within a minute; who comes again is new.

    What they published stays with its course, without their name. A course that they alone owned goes to who teaches it
    longest, or is deleted where nobody else belongs to it and nobody may join it.
    """
    state = state_of(request)
    if person.local:
        raise ProblemError("only_person")
    await state.core.run(person, partial(erase_person, person_id=person.user_id), as_pipeline=True)
    log("person_erased", person=str(person.user_id))
    state.accounts.authenticator.forget(person.user_id)
    state.runs.stop_person(person.user_id)
    await asyncio.to_thread(sweep_partial_uploads, state.core.stores.database, state.files)
    return Response(status_code=202)


@router.get("/audit", operation_id="listAudit", responses=documented("invalid_request"))
async def audit(
    request: Request,
    person: Reader,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**62, description="`nextBefore` of the page before.")] = None,
    mine: Annotated[bool, Query(description="Operators too see their own alone.")] = False,
) -> AuditList:
    """What was done by this person and to them: roles, keys, tokens, deletions, exports. Operators see everybody's."""
    everybody = person.operator and not mine
    whose = None if everybody else person.user_id
    work = partial(list_events, person_id=whose, before=before, limit=limit + 1)
    found = await state_of(request).core.run(person, work, as_pipeline=everybody)
    items = [AuditEventOut.model_validate(event) for event in found[:limit]]
    return AuditList(items=items, next_before=items[-1].id if len(found) > limit else None)
