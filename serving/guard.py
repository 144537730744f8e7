"""The guard of each route, before a byte of its body is read: who may ask it, and what may be sent to it.

A route says who asks by a parameter of `accounts/asking.py`; one that does not cannot be written.
"""

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from fastapi import APIRouter, FastAPI, Request
from fastapi.params import Depends
from fastapi.responses import Response
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from pipelines.core.errors import StudyBuddyError
from pipelines.core.settings import Settings
from pipelines.http.rules import has_foreign_body, media_type
from serving.accounts.asking import Asking, AskingByLink, AskingNobody
from serving.accounts.people import CHAT, UPLOAD, Principal
from serving.limits import Limits
from serving.problems import ProblemError, code_of, respond, said_of

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that write nothing."""

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a route takes instead of JSON. `largest`: bytes, from the settings."""

    types: frozenset[str]
    largest: Callable[[Settings], int]


def takes(*types: str, largest: Callable[[Settings], int]) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint that takes bodies of these media types, up to so many bytes, and no JSON.

    The endpoint reads them as they come (`request.stream()`): its guard has looked at the headers alone.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["takes"] = Body(types=frozenset(types), largest=largest)
        return endpoint

    return mark


class GuardedRoute(APIRoute):
    """A route that says who may ask it.

    Raises:
        TypeError: its endpoint has no parameter that says so.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        self.asking = asking_of(endpoint)
        self.takes: Body | None = getattr(endpoint, "takes", None)
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler behind its guard."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                limit = self._admit(request)
            except ProblemError as problem:
                message = _where(request.app.state.settings) if problem.code == "not_moved" else None
                response = respond(
                    problem.code, scope=request.scope, retry_after_s=problem.retry_after_s, message=message
                )
                response.headers["connection"] = "close"  # the body was not read, so nothing may follow on this line
                return response
            body = _Counted(request.receive, limit)
            try:
                return await handler(Request(request.scope, body.receive, request._send))
            except HTTPException:
                if body.too_large:  # the framework takes what ends a body for a body that cannot be read
                    raise ProblemError("body_too_large") from None
                raise
            except (ProblemError, StudyBuddyError) as problem:
                if self.takes is None or body.ended:
                    raise
                told = {
                    "field": getattr(problem, "field", None),
                    "retry_after_s": getattr(problem, "retry_after_s", None),
                }
                response = respond(code_of(problem), scope=request.scope, message=said_of(problem), **told)
                response.headers["connection"] = "close"
                return response

        return guarded

    def _admit(self, request: Request) -> int:
        """Let this request in; how many bytes of body it may bring.

        Raises:
            ProblemError
        """
        if isinstance(self.asking, Asking):
            person: Principal | None = request.scope.get("person")
            if person is None or (request.scope["by_link"] and not isinstance(self.asking, AskingByLink)):
                raise ProblemError("not_authenticated")
            if person.former and _writes(request, self.asking.scope):
                raise ProblemError("not_moved")
            if self.asking.scope is not None and self.asking.scope not in person.scopes:
                raise ProblemError("scope_missing")
        limits: Limits = request.app.state.limits
        largest = limits.body_bytes if self.takes is None else self.takes.largest(request.app.state.settings)
        length = request.headers.get("content-length")
        if length is not None and (not length.isdigit() or int(length) > largest):
            raise ProblemError("body_too_large")
        if self.takes is None and has_foreign_body(request.scope):
            raise ProblemError("not_json")
        if self.takes is not None and media_type(request.scope) not in self.takes.types:
            raise ProblemError("wrong_body")
        return largest


def _writes(request: Request, scope: str | None) -> bool:
    """Whether a request would write what the former system writes still; one's account here is one's own."""
    courses = request.url.path.startswith("/api/courses")
    return request.method not in SAFE and (scope in (CHAT, UPLOAD) or courses)


def _where(settings: Settings) -> str | None:
    """The sentence for who writes elsewhere, with where that is; None: nobody has said."""
    if not settings.former_url:
        return None
    return f"You still write in the former system, at {settings.former_url}; here you can read."


class _Counted:
    """A request's body that ends the request when it grows past `limit` bytes, whatever its headers said."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit
        self.too_large = self.ended = False

    async def receive(self) -> Message:
        """The next message.

        Raises:
            ProblemError: `body_too_large`.
        """
        message = await self._receive()
        if message["type"] == "http.request":
            self.ended = not message.get("more_body", False)
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.too_large = True
                raise ProblemError("body_too_large")
        return message


def asking_of(endpoint: Callable[..., Any]) -> Asking | AskingNobody:
    """Who may ask this endpoint.

    Raises:
        TypeError: none of its parameters says so, or several do.
    """
    found = [
        each.dependency
        for hint in get_type_hints(endpoint, include_extras=True).values()
        if get_origin(hint) is Annotated
        for each in get_args(hint)[1:]
        if isinstance(each, Depends) and isinstance(each.dependency, Asking | AskingNobody)
    ]
    if len(found) != 1:
        raise TypeError(f"{endpoint.__name__}: one parameter must say who asks: see serving/accounts/asking.py.")
    return found[0]


def router(prefix: str = "", *, tag: str, route_class: type[GuardedRoute] = GuardedRoute) -> APIRouter:
    """A router all of whose routes are guarded."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=route_class)


def open_paths(app: FastAPI) -> frozenset[str]:
    """Paths that anybody may ask.

    Raises:
        TypeError: a route of this application is not guarded.
    """
    return frozenset(path for path, route in _routes(app) if isinstance(route.asking, AskingNobody))


def _routes(app: FastAPI) -> Iterator[tuple[str, GuardedRoute]]:
    for context in iter_route_contexts(app.routes):
        route, path = context.original_route, context.path
        if path is None or path == app.openapi_url:
            continue
        if not isinstance(route, GuardedRoute):
            raise TypeError(f"{path} is not guarded: make its router with serving.guard.router.")
        if isinstance(route.asking, AskingNobody) and "{" in path:
            raise TypeError(f"{path}: what anybody may ask has a fixed address.")
        yield path, route
