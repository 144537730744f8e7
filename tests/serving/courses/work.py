"""The work of a request: the statements that the service runs for it, so that the work of two can be compared.

How long an answer takes tells whether a thing is there as well as its words do. A clock finds that only on an idle
machine; the statements are the same wherever they run.
"""

import concurrent.futures
import itertools
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import Any

import httpx
import psycopg
import pytest

from serving.gate import Gate

HEADER = "x-work"
_request: ContextVar[str] = ContextVar("request", default="")
_numbers = itertools.count(1)


class Works:
    """Keeps the statements of requests, from now on until `monkeypatch` ends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._kept: dict[str, list[str]] = {}
        for cursor in (psycopg.Cursor, psycopg.AsyncCursor):
            for name in ("execute", "executemany"):
                monkeypatch.setattr(cursor, name, self._keeping(getattr(cursor, name)))
        monkeypatch.setattr(Gate, "__call__", self._naming(Gate.__call__))
        submit = concurrent.futures.ThreadPoolExecutor.submit
        monkeypatch.setattr(
            concurrent.futures.ThreadPoolExecutor,
            "submit",
            lambda pool, work, *more, **named: submit(pool, copy_context().run, work, *more, **named),
        )

    def of(self, client: httpx.Client, ask: Callable[[], tuple[int, str]]) -> tuple[int, str, tuple[str, ...]]:
        """(status, body, statements) of one request that `ask` makes with `client`."""
        client.headers[HEADER] = name = str(next(_numbers))
        self._kept[name] = []
        try:
            status, text = ask()
        finally:
            del client.headers[HEADER]
        return status, text, tuple(self._kept.pop(name))

    def _keeping(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def execute(cursor: Any, query: Any, *more: Any, **named: Any) -> Any:
            kept = self._kept.get(_request.get())
            if kept is not None:
                kept.append(str(query))
            return original(cursor, query, *more, **named)

        return execute

    def _naming(self, original: Callable[..., Any]) -> Callable[..., Any]:
        async def call(gate: Gate, scope: Any, receive: Any, send: Any) -> None:
            said = dict(scope.get("headers", ())).get(HEADER.encode(), b"")
            _request.set(said.decode())
            await original(gate, scope, receive, send)

        return call
