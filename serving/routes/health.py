"""Health: is the service alive, and can it answer? Open to anybody; nothing but yes and no."""

import asyncio
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from pipelines.core.errors import StudyBuddyError
from pipelines.core.records import PIPELINE
from pipelines.core.statements import statement
from serving.accounts.asking import Nobody
from serving.database import row
from serving.guard import router as guarded
from serving.problems import ErrorBody
from serving.schemas.health import ReadyOut
from serving.state import State

router = guarded(tag="health")

PROBE_S = 1.0
WARNINGS = {"weak_sandbox": "weak_sandbox", "lost_master_key": "lost"}
"""Names of warnings, and the fields of what the database says."""


@router.get("/livez", operation_id="livez", responses={421: {"model": ErrorBody}}, response_class=Response)
async def livez(_: Nobody) -> Response:
    """The process turns."""
    return Response("ok", media_type="text/plain")


@router.get(
    "/readyz",
    operation_id="readyz",
    response_model=ReadyOut,
    responses={421: {"model": ErrorBody}, 503: {"model": ReadyOut, "description": "Not now."}},
)
async def readyz(request: Request, _: Nobody) -> JSONResponse:
    """The database answers and the service is not shutting down.

    Warnings do not make it unready: `weak_sandbox` means that files are read without a required guard, because
    ACCEPT_WEAK_SANDBOX allows it (`studybuddy status` says where and which); `lost_master_key` that secrets were sealed
    with a key that is not here, so their owners are asked to connect or enter them again.
    """
    state: State | None = getattr(request.app.state, "service", None)
    found = None if state is None else await _look(state)
    checks = {
        "open": state is not None,
        "staying": state is not None and not state.runs.draining,
        "database": found is not None and found["version"] is not None,
    }
    ready = all(checks.values())
    warnings = [name for name, field in WARNINGS.items() if found is not None and found[field]]
    return JSONResponse({"ready": ready, "checks": checks, "warnings": warnings}, 200 if ready else 503)


async def _look(state: State) -> dict[str, Any] | None:
    """What the database says; None when it does not answer."""
    try:
        marks = await asyncio.to_thread(state.core.stores.sealer.marks)
        async with asyncio.timeout(PROBE_S), state.database.transaction(as_person=PIPELINE) as connection:
            lost = await connection.execute(statement("count_lost_secrets"), {"marks": marks})
            found = await row(connection, "ready")  # asked for before the first answer is waited for
            return {**(found or {}), "lost": any((await lost.fetchone() or {}).values())}
    except (StudyBuddyError, TimeoutError):
        return None
