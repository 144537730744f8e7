"""The service as an ASGI application. Making one opens nothing; its lifespan does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from pipelines.core.settings import Settings, get_settings
from serving import problems
from serving.accounts.doors import doors_of
from serving.gate import Gate
from serving.guard import open_paths
from serving.limits import Limits
from serving.page import Page
from serving.routes import (
    account,
    auth,
    chat,
    completions,
    corrections,
    courses,
    events,
    health,
    keys,
    materials,
    mcp,
    media,
    members,
    metrics,
    models,
    operator,
    personal,
    provenance,
    readers,
    resumable,
    sessions,
    uploads,
    usage,
)
from serving.state import State, opened

DESCRIPTION = """\
Ask about a course and get answers with citations that open the right page or minute.

Chat streams the AI SDK's UI message protocol (v1), for its versions 5, 6 and 7. Every error is
`{"error": {"code", "message"}}`, inside streams too; the codes are listed with each route.
"""


def create_app(settings: Settings | None = None, *, limits: Limits | None = None, host: str | None = None) -> FastAPI:
    """The service.

    Args:
        settings: None reads those of this process.
        limits: None takes the usual ones.
        host: the address that will be bound; None takes API_HOST.

    Raises:
        SettingsError: who may come in is not clear from the settings.
    """
    settings = settings or get_settings()
    limits = limits or Limits(drain_s=settings.drain_s)
    doors = doors_of(settings, host)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings, limits, doors) as state:
            app.state.service = state
            yield

    app = FastAPI(
        title="StudyBuddy",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    app.state.settings, app.state.limits = settings, limits
    for router in (
        chat.router, sessions.router, courses.router, members.router, events.router, uploads.router, resumable.router,
        materials.documents, materials.lectures, readers.router, corrections.router, media.router, auth.router,
        account.router, keys.router, models.router, personal.router, usage.router, operator.router, health.router,
        provenance.router, completions.router, mcp.router, mcp.about, metrics.router,
    ):  # fmt: skip
        app.include_router(router)
    problems.install(app)

    def state() -> State | None:
        found: State | None = getattr(app.state, "service", None)
        return found

    app.add_middleware(Gate, state=state, doors=doors, open_paths=open_paths(app), page=Page.read())
    return app
