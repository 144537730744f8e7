"""The gate every request passes before any route: a request id, the rules of all servers, who is asking, the body.

All of it happens before a byte of the body is read: strangers cannot make the service take in anything.
"""

import time
from collections.abc import Callable
from secrets import token_hex

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.http.rules import OWN_NAMES, has_foreign_body, refused
from serving.accounts.auth import Principal
from serving.log import log, request_id
from serving.problems import ProblemError, respond
from serving.state import State

OPEN_PATHS = frozenset({"/livez", "/readyz"})
"""What anybody may ask."""


class Gate:
    """Pure ASGI middleware: streams pass through it untouched. `hosts` are the names this service answers under."""

    def __init__(self, app: ASGIApp, *, state: Callable[[], State | None], hosts: frozenset[str]) -> None:
        self._app = app
        self._state = state
        self._hosts = hosts | OWN_NAMES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        given = token_hex(8)
        mark = request_id.set(given)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", given.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"cross-origin-resource-policy", b"same-origin"),
                ]
            await send(message)

        try:
            body = self._admit(scope)
            await self._app(scope, _capped(receive, body), sending)
        except ProblemError as problem:
            response = respond(problem.code, retry_after_s=problem.retry_after_s)
            response.headers["connection"] = "close"  # the body was not read, so nothing may follow on this line
            await response(scope, receive, sending)
        finally:
            route = scope.get("route")
            person: Principal | None = scope.get("person")
            log(
                "request",
                method=scope["method"],
                route=getattr(route, "path", None),
                status=status,
                ms=round((time.perf_counter() - started) * 1000, 1),
                user=str(person.user_id) if person else None,
            )
            request_id.reset(mark)

    def _admit(self, scope: Scope) -> int:
        """Let this request in; how many bytes of body it may bring.

        Raises:
            ProblemError
        """
        if (code := refused(scope, self._hosts)) is not None:
            raise ProblemError(code)
        headers = Headers(scope=scope)
        if scope["path"] in OPEN_PATHS:
            return 0
        state = self._state()
        if state is None:
            raise ProblemError("not_ready", retry_after_s=2)
        scope["person"] = _person(scope, headers, state)
        length = headers.get("content-length")
        if length is not None and (not length.isdigit() or int(length) > state.limits.body_bytes):
            raise ProblemError("body_too_large")
        if has_foreign_body(scope):
            raise ProblemError("not_json")
        return state.limits.body_bytes


def _person(scope: Scope, headers: Headers, state: State) -> Principal:
    if b"sig=" in scope["query_string"] and scope["method"] in ("GET", "HEAD") and "authorization" not in headers:
        user_id = state.links.check(scope["path"], scope["query_string"])
        person = state.authenticator.principal(user_id) if user_id is not None else None
        if person is None:
            raise ProblemError("link_expired")
        return person
    person = state.authenticator.authenticate(headers.get("authorization"))
    if person is None:
        raise ProblemError("not_authenticated")
    return person


def _capped(receive: Receive, limit: int) -> Receive:
    """`receive` that ends the request when its body grows past `limit` bytes, whatever its headers said."""
    seen = 0

    async def receiving() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise ProblemError("body_too_large")
        return message

    return receiving
