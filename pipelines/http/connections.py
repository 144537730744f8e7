"""HTTP/1.1 connections whose every part ends: heads, bodies, and how many of them are open at once.

uvicorn's parser takes any number of header bytes, waits for ever for the rest of a request and opens connections until
the process has no file left. Belongs here: the one subclass of its protocol, and nothing that knows a route.
"""

import resource
import time
from asyncio import TimerHandle, Transport
from dataclasses import dataclass
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

KEPT_FILES = 64
"""File descriptors kept free for databases, models and files."""

WANTED_FILES = 8_192
"""Soft limit of open files asked of the system where its hard limit allows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Times are seconds, sizes bytes."""

    head_bytes: int = 65_536
    """Request line and headers, and whatever else comes between two pieces of a body."""

    headers: int = 100
    """Headers of one request; browsers send about twenty."""

    head_s: float = 10.0
    """From a connection's or a request's first byte to the end of its headers."""

    body_window_s: float = 20.0
    """A body is looked at once in this time, so one that stands still has ended after twice of it."""

    body_bytes_s: int = 1_000
    """Least bytes a second that a body brings in each window."""

    waiting: int = 16
    """Requests sent ahead on one connection while the first is answered."""

    connections: int = 2_000
    """Open connections, never more than half of the files the process may have: an answer may need one of its own."""

    @property
    def most_connections(self) -> int:
        """Connections this process may hold."""
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY:
            return self.connections
        return max(4, min(self.connections, (soft - KEPT_FILES) // 2))


def raise_file_limit() -> None:
    """Let this process open more files than the usual 1,024, as far as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def bounded(limits: ConnectionLimits | None = None) -> type["BoundedProtocol"]:
    """The protocol with these limits, for `uvicorn.Config(http=...)`; None takes the usual ones."""
    return type("Bounded", (BoundedProtocol,), {"limits": limits or ConnectionLimits()})


class BoundedProtocol(HttpToolsProtocol):
    """One connection. It is in the head of a request, in its body, or between requests (`_part` None)."""

    limits: ClassVar[ConnectionLimits] = ConnectionLimits()

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._part: str | None = "head"
        self._loose = 0  # bytes since the last piece of a body: what a parser may be holding
        self._headers_seen = 0
        self._header_bytes = 0
        self._body_seen = 0
        self._too_large = False
        self._timer: TimerHandle | None = None
        self._timed: str | None = None
        self._since = time.monotonic()

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Start the clock; make room by closing the connection that has been idle longest."""
        super().connection_made(transport)
        self._watch()
        if len(self.connections) > self.limits.most_connections:
            others = [each for each in self.connections if isinstance(each, BoundedProtocol) and each is not self]
            if idle := [each for each in others if each._idle and not each.transport.is_closing()]:
                min(idle, key=lambda each: each._since).transport.abort()
            else:
                self._refuse(503, "Too many connections are open.")

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_watching()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, unless what came is already more than a request may have."""
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._part = self._part or "head"
        self._loose += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._upgrade()
            return
        except httptools.HttpParserError:
            self._refuse(431 if self._too_large else 400, "The request cannot be read.")
            return
        if self._loose > self.limits.head_bytes:
            self._refuse(431 if self._part == "head" else 400, "The request has too many bytes of headers.")
            return
        self._watch()

    def on_message_begin(self) -> None:
        """A request starts."""
        super().on_message_begin()
        self._part = "head"
        self._headers_seen = self._header_bytes = self._body_seen = 0

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        self._count(url, headers=0)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, before the body or after it."""
        self._count(name, value, headers=1)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._part, self._loose = "body", 0
        if len(self.pipeline) >= self.limits.waiting:
            raise ValueError("requests were sent ahead of their answers")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._loose = 0
        self._body_seen += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._part, self._loose = None, 0
        self._since = time.monotonic()
        super().on_message_complete()

    @property
    def _idle(self) -> bool:
        """No answer is under way."""
        return self.cycle is None or self.cycle.response_complete

    def _count(self, *pieces: bytes, headers: int) -> None:
        self._headers_seen += headers
        self._header_bytes += sum(map(len, pieces))
        if self._headers_seen > self.limits.headers or self._header_bytes > self.limits.head_bytes:
            self._too_large = True
            raise ValueError("headers exceed their limit")  # ends the parser; `data_received` answers

    def _upgrade(self) -> None:
        if self._should_upgrade():
            self._stop_watching()
            self.handle_websocket_upgrade()
        elif self.cycle is not None:
            self.cycle.keep_alive = False  # what follows on this connection is no HTTP

    def _watch(self) -> None:
        """One timer for the part the connection is in; none between requests, where uvicorn's own runs."""
        if self._part == self._timed and self._timer is not None:
            return
        self._stop_watching()
        if self._part is not None and not self.transport.is_closing():
            self._timed = self._part
            seconds = self.limits.head_s if self._part == "head" else self.limits.body_window_s
            self._timer = self.loop.call_later(seconds, self._look, self._body_seen)

    def _stop_watching(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._timed = None

    def _look(self, seen: int) -> None:
        """Time is up: end what is late. A body the application does not take, and an answer, are not late."""
        self._timer = self._timed = None
        if self._part == "head":
            late = self._idle
        else:
            slow = self._body_seen - seen < self.limits.body_window_s * self.limits.body_bytes_s
            late = self._part == "body" and slow and not self.flow.read_paused
        if late and self._part == "head" and self._loose == 0:
            self.transport.close()  # a connection that was opened ahead and never used
        elif late:
            self._refuse(408, "The request did not come to its end in time.")
        else:
            self._watch()

    def _refuse(self, status: int, message: str) -> None:
        """Close the connection, with an answer where none has begun."""
        self._stop_watching()
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            body = f"{message}\n".encode()
            head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head % len(body) + body)
        self.transport.close()
