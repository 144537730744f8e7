"""ASGI middleware around an application that knows no sign-in of its own, such as Dagster's UI."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from pipelines.http.rules import (
    OWN_NAMES,
    REFUSALS,
    Refusal,
    changes_state,
    has_foreign_body,
    header,
    is_json,
    is_same_origin,
    refused,
)
from pipelines.http.sign_in import LocalSignIn

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

BODY_BYTES = 8_000_000
"""Largest request body."""

SIGN_IN = Refusal(
    401, "Sign in first: open the address that `studybuddy up` or `studybuddy status` prints; it holds the token."
)
BY_POST = Refusal(405, "That is asked by POST with a JSON body.")
NO_LENGTH = Refusal(411, "The request must say how long its body is.")
TOO_LARGE = Refusal(413, "The request is too large.")
_SAFER = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""No other page, on another port of this machine either, frames, embeds or guesses what is served."""


class LocalGate:
    """Lets the local user through and nobody else, before the application sees anything.

    Args:
        executing: paths that do what they are sent (GraphQL): by POST with JSON alone, or by WebSocket.
        names: names this server answers under.
    """

    def __init__(
        self,
        app: App,
        *,
        sign_in: LocalSignIn,
        executing: frozenset[str] = frozenset(),
        names: frozenset[str] = OWN_NAMES,
    ) -> None:
        self._app = app
        self._sign_in = sign_in
        self._executing = executing
        self._names = names

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                taken = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(each for each in _SAFER if each[0] not in taken)]
            await send(message)

        if (code := refused(scope, self._names)) is not None:
            await _refuse(scope, receive, sending, REFUSALS[code])
        elif self._asks_to_sign_in(scope):
            await _redirect(sending, scope["path"], self._sign_in.set_cookie(secure=scope.get("scheme") == "https"))
        elif (refusal := self._refusal(scope)) is not None:
            await _refuse(scope, receive, sending, refusal)
        else:
            await self._app(scope, receive, sending)

    def _asks_to_sign_in(self, scope: MutableMapping[str, Any]) -> bool:
        return scope["type"] == "http" and scope["method"] == "GET" and self._sign_in.asked_by_address(scope)

    def _refusal(self, scope: MutableMapping[str, Any]) -> Refusal | None:
        if not self._sign_in.has_token(scope):
            if not self._sign_in.has_cookie(scope):
                return SIGN_IN
            if changes_state(scope) and not is_same_origin(scope):
                return REFUSALS["foreign_origin"]
        executes = scope["type"] == "http" and scope["path"].rstrip("/") in self._executing
        if executes and scope["method"] != "POST":
            return BY_POST if scope["query_string"] else None
        if scope["type"] == "http" and (has_foreign_body(scope) or (executes and not is_json(scope))):
            return REFUSALS["not_json"]
        return _too_long(scope)


def _too_long(scope: MutableMapping[str, Any]) -> Refusal | None:
    length = header(scope, b"content-length")
    if length is None:
        return NO_LENGTH if header(scope, b"transfer-encoding") is not None else None
    return TOO_LARGE if int(length) > BODY_BYTES else None


async def _refuse(scope: MutableMapping[str, Any], receive: Receive, send: Send, refusal: Refusal) -> None:
    if scope["type"] == "websocket":
        await receive()  # the handshake, which must be taken before it can be refused
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.message})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]  # no body was read
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await _answer(send, refusal.status, headers, f"{refusal.message}\n".encode())


async def _redirect(send: Send, path: str, cookie: str) -> None:
    """On to the same page without the token in its address, so that neither history nor a Referer keeps it."""
    place = "/" + path.lstrip("/\\")  # `//evil.example` would be another site
    headers = [
        (b"location", "".join(c if c.isascii() and c.isprintable() and c != " " else "_" for c in place).encode()),
        (b"set-cookie", cookie.encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
    ]
    await _answer(send, 303, headers, b"")


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
