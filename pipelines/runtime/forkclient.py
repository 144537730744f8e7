"""The launching side of the fork server: starts workers, hears how they ended, and starts a server where there is none.

Light on purpose: a command can start the server first and import Dagster while the server does the same.
"""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

LOG_BYTES = 10_000_000


def open_log(path: Path) -> BinaryIO:
    """Open a log to append to; one longer than `LOG_BYTES` is set aside first (one old one is kept)."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


@dataclass(frozen=True, slots=True)
class Connection:
    """A way to a fork server. `process` None: the server is not ours (the supervisor's)."""

    socket: socket.socket
    process: "subprocess.Popen[bytes] | None" = None


def start_server(modules: Sequence[str], log: Path) -> Connection:
    """Start a fork server of our own that imports `modules` and prints to `log`; it ends when its client is gone."""
    ours, theirs = socket.socketpair()
    with theirs, open_log(log) as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.runtime.worker", "serve", str(theirs.fileno()), *modules],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,  # Ctrl-C is for the client, which then ends its runs in order
        )
    return Connection(ours, process)


_offered: list[Connection] = []


def offer(connection: Connection) -> None:
    """Let the next launcher of this process use this connection instead of a server of its own."""
    _offered.append(connection)


def take_offered() -> Connection | None:
    """The connection that was offered, once; None when there is none (any more)."""
    return _offered.pop() if _offered else None


class ForkClient:
    """The launching side: one connection to a server, shared by the threads of this process.

    Args:
        connection: the way to a `ForkServer`.
        on_ended: called with (key, status) in this client's own thread when a worker is gone; status None when the
            server itself was lost, and with it the knowledge of how the worker ended.
    """

    def __init__(self, connection: Connection, on_ended: Callable[[str, int | None], None]) -> None:
        self._connection, self._process = connection.socket, connection.process
        self._on_ended = on_ended
        self._changed = threading.Condition()
        self._answers: dict[str, int] = {}
        self._running: set[str] = set()
        self._lost = self._closing = self._stale = False
        self._listener = threading.Thread(target=self._listen, daemon=True, name="fork-client")
        self._listener.start()

    @property
    def lost(self) -> bool:
        """Whether the server is gone; nothing can be started any more."""
        return self._lost

    @property
    def stale(self) -> bool:
        """Whether the server is our own and has older code than the disk: another one would start workers faster."""
        return self._stale and self._process is not None

    @property
    def running(self) -> tuple[str, ...]:
        """Keys of the workers started here that have not ended."""
        with self._changed:
            return tuple(self._running)

    def start(self, key: str, payload: str, *, timeout_s: float) -> int:
        """Start a worker and wait until it exists; returns its pid.

        Raises:
            ConnectionError: the server is gone.
            TimeoutError: it did not answer in time (while it still imports, requests wait).
        """
        with self._changed:
            try:
                self._connection.sendall(json.dumps({"start": key, "payload": payload}).encode() + b"\n")
            except OSError:
                raise ConnectionError("The fork server ended.") from None
            if not self._changed.wait_for(lambda: key in self._answers or self._lost, timeout_s):
                raise TimeoutError(f"The fork server did not answer within {timeout_s:.0f} s.")
            if key not in self._answers:
                raise ConnectionError("The fork server ended.")
            return self._answers.pop(key)

    def wait_ended(self, timeout_s: float) -> None:
        """Return when every worker started here has ended, or after `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running, timeout_s)

    def close(self) -> None:
        """Leave the server; one of our own ends its workers, which then say so themselves. Returns when it is gone."""
        self._closing = True
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._listener.join()
        if self._process is not None:
            self._process.wait()

    def _listen(self) -> None:
        with suppress(OSError), self._connection, self._connection.makefile("rb") as lines:
            for line in lines:
                self._heard(json.loads(line))
        with self._changed:
            self._lost = True
            orphans = [] if self._closing else list(self._running)
            self._changed.notify_all()
        for key in orphans:
            self._ended(key, None)

    def _heard(self, message: dict[str, Any]) -> None:
        if "started" in message:
            with self._changed:
                self._answers[message["started"]] = message["pid"]
                self._stale = message["stale"]
                self._running.add(message["started"])
                self._changed.notify_all()
        else:
            self._ended(message["ended"], message["status"])

    def _ended(self, key: str, status: int | None) -> None:
        try:
            self._on_ended(key, status)
        finally:
            with self._changed:
                self._running.discard(key)
                self._changed.notify_all()
