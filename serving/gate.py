"""The gate every request passes before any route: a request id, the rules of all servers, who is asking.

All of it happens before a byte of the body is read: strangers cannot make the service take in anything. What a route
takes and of whom is said by the route (`guard.py`).
"""

import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.core.errors import StorageUnavailableError
from pipelines.core.tracing.spans import Span, span
from pipelines.http.rules import changes_state, header, is_same_origin, refused
from serving.accounts.doors import MCP, METADATA, Doors, page_origin
from serving.accounts.people import Principal
from serving.cors import cors_headers, is_preflight, preflight
from serving.log import log
from serving.metrics import REQUEST_SECONDS, REQUESTS
from serving.page import VERSION_HEADER, Page
from serving.problems import ProblemError, code_of, respond
from serving.state import State

PROBES = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked by machines every few seconds; nobody looks for them in a trace."""


class Gate:
    """Pure ASGI middleware: streams pass through it untouched.

    Args:
        open_paths: what anybody may ask of the API.
        page: what anybody may ask beside it.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        state: Callable[[], State | None],
        doors: Doors,
        open_paths: frozenset[str],
        page: Page,
    ) -> None:
        self._app = app
        self._state = state
        self._doors = doors
        self._open_paths = open_paths
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with span("request", silent=scope["path"] in PROBES) as this:
            await self._answer(scope, receive, send, this)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, this: Span) -> None:
        started, status = time.perf_counter(), 500
        more = [
            (b"x-request-id", this.trace_id.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (VERSION_HEADER, self._page.version.encode()),  # a page that is open learns that there is a newer one
            *cors_headers(scope, self._doors.origins),
        ]

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        try:
            if not await self._admit(scope):
                await preflight(scope, receive, sending)
            elif self._page.has(scope):
                await self._page(scope, receive, sending)
            else:
                await self._app(scope, receive, sending)
        except (ProblemError, StorageUnavailableError) as problem:
            response = respond(code_of(problem), scope=scope, retry_after_s=problem.retry_after_s)
            response.headers["connection"] = "close"  # the body was not read, so nothing may follow on this line
            if problem.code == "not_authenticated" and scope["path"] == MCP and self._doors.issuer is not None:
                told = f'Bearer resource_metadata="{page_origin(self._doors, scope)}{METADATA}"'
                response.headers["www-authenticate"] = told  # assistants sign their people in from there
            await response(scope, receive, sending)
        finally:
            route = scope.get("route")
            person: Principal | None = scope.get("person")
            took_s = time.perf_counter() - started
            REQUESTS.labels(scope["method"] if route is not None else "-", f"{status // 100}xx").inc()
            REQUEST_SECONDS.observe(took_s)
            said = {
                "method": scope["method"],
                "route": getattr(route, "path", None),
                "status": status,
                "user": str(person.user_id) if person else None,
            }
            this.name = f"{scope['method']} {said['route'] or '-'}"
            this.note(**said)
            log("request", **said, ms=round(took_s * 1000, 1))

    async def _admit(self, scope: Scope) -> bool:
        """Let this request in; False: it only asks whether another site's page may ask.

        Raises:
            ProblemError, StorageUnavailableError
        """
        doors = self._doors
        code = refused(scope, doors.names, public_origin=doors.public_origin, origins=doors.origins)
        if code is not None:
            raise ProblemError(code)
        if is_preflight(scope, doors.origins):
            return False
        scope["person"], scope["by_link"] = None, False
        if scope["path"] in self._open_paths or self._page.has(scope):
            return True
        state = self._state()
        if state is None:
            raise ProblemError("not_ready", retry_after_s=2)
        person = scope["person"] = await self._person(scope, state)
        await state.accounts.requests.admit(person.user_id)
        return True

    async def _person(self, scope: Scope, state: State) -> Principal:
        signed = b"sig=" in scope["query_string"] and scope["method"] in ("GET", "HEAD")
        if signed and header(scope, b"authorization") is None:
            user_id = state.links.check(scope["path"], scope["query_string"])
            person = await state.accounts.authenticator.by_link(user_id) if user_id is not None else None
            if person is None:
                raise ProblemError("link_expired")
            scope["by_link"] = True
            return person
        found = await state.accounts.authenticator.identify(scope)
        if found is None:
            raise ProblemError("not_authenticated")
        person, by_cookie = found
        if by_cookie and changes_state(scope) and not is_same_origin(scope, self._doors.public_origin):
            raise ProblemError("foreign_origin")  # browsers send cookies along with what any page makes them send
        return person
