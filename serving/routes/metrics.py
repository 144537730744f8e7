"""`GET /metrics`: what Prometheus scrapes, for the operator's programs alone."""

import hmac

from fastapi import Request, Response

from pipelines.core.records import PIPELINE
from pipelines.http.rules import header
from serving.accounts.asking import Nobody
from serving.database import rows
from serving.guard import router as guarded
from serving.metrics import pool_gauges, render
from serving.problems import ProblemError
from serving.state import State

router = guarded(tag="health")
TEXT = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/metrics", include_in_schema=False, response_class=Response)
async def metrics(request: Request, _: Nobody) -> Response:
    """Metrics of this process and of the tables, to METRICS_TOKEN, to operators and to the local user.

    The gate lets everybody come here, because METRICS_TOKEN is nobody's; who may read is asked below.
    """
    state: State | None = getattr(request.app.state, "service", None)
    if state is None:
        raise ProblemError("not_ready", retry_after_s=2)
    if not _is_metrics_token(request, state):
        found = await state.accounts.authenticator.identify(request.scope)
        if found is None:
            raise ProblemError("not_authenticated")
        if not found[0].operator and not found[0].local:
            raise ProblemError("not_allowed")
    async with state.database.transaction(as_person=PIPELINE) as connection:
        said = await rows(connection, "metrics")
    told = [
        (each["name"], [label for label in each["labels"] if label is not None], float(each["value"])) for each in said
    ]
    now = [
        ("studybuddy_streams_open", "Answers that are being written here.", float(len(state.runs))),
        ("studybuddy_draining", "1 while no new answer is taken.", float(state.runs.draining)),
        *pool_gauges("service", state.database.stats()),
        *pool_gauges("search", state.core.stores.database.stats()),
    ]
    return Response(render(told, now), media_type=TEXT)


def _is_metrics_token(request: Request, state: State) -> bool:
    wanted = state.settings.metrics_token
    scheme, _, token = (header(request.scope, b"authorization") or "").partition(" ")
    return (
        wanted is not None
        and scheme.lower() == "bearer"
        and hmac.compare_digest(token.strip().encode(), wanted.get_secret_value().encode())
    )
