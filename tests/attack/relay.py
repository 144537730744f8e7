"""Relay before PostgreSQL that kills a client with SIGKILL at a chosen commit, whatever program and driver it is.

It listens on a unix socket, reads the messages that pass, and knows its client's process from the socket. So every
commit of a process can be its last, and nobody has to name them or to patch the program.
"""

import os
import re
import signal
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

Moment = Literal["before", "after"]
"""Where a process dies: its commit never reaches the server, or is done and never answered."""

SOCKET_NAME = ".s.PGSQL.5432"
HEADER = 4
COMMIT = b"COMMIT\0"
WRITING = re.compile(rb"\b(?:insert|update|delete|merge|copy|create|alter|drop|truncate)\b", re.IGNORECASE)
"""Words of a statement that may write."""


class Relay:
    """A relay to the server of `url`, in threads. Use as a context manager.

    `commits` counts those that came since `arm`. A commit of a transaction that only read is none.
    """

    def __init__(self, url: str) -> None:
        self._upstream = str(Path(parse_qs(urlsplit(url).query)["host"][0]) / SOCKET_NAME)
        self._lock = threading.Lock()
        self._fatal: tuple[int, Moment] | None = None
        self._listener = socket.socket(socket.AF_UNIX)
        self._every = False
        self.commits = 0

    def __enter__(self) -> "Relay":
        self._folder = tempfile.TemporaryDirectory(prefix="relay-")
        self._listener.bind(str(Path(self._folder.name, SOCKET_NAME)))
        self._listener.listen(50)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits for a client
        self._listener.close()
        self._folder.cleanup()

    def url(self, database: str) -> str:
        """Connection URL of a database by way of this relay."""
        return f"postgresql://postgres:@/{database}?host={self._folder.name}"

    def arm(self, number: int | None, moment: Moment = "before", *, every: bool = False) -> None:
        """Kill who sends the `number`-th commit from now on (1: the next); None: nobody.

        Args:
            every: commits of transactions that only read count too, for work that changes files alone.
        """
        with self._lock:
            self._every = every
            self.commits = 0
            self._fatal = None if number is None else (number, moment)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._upstream)
            connection = _Connection(client, server, self._at_commit)
            for turn in (connection.forth, connection.back):
                threading.Thread(target=turn, daemon=True).start()

    def _at_commit(self, wrote: bool) -> Moment | None:
        with self._lock:
            if not wrote and not self._every:
                return None
            self.commits += 1
            return self._fatal[1] if self._fatal is not None and self._fatal[0] == self.commits else None


class _Connection:
    """One client's connection, both directions."""

    def __init__(
        self, client: socket.socket, server: socket.socket, at_commit: Callable[[bool], Moment | None]
    ) -> None:
        self._client, self._server, self._at_commit = client, server, at_commit
        self._writing: set[bytes] = set()  # names of prepared statements that write
        self._wrote = False
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        self._pid = struct.unpack("3i", credentials)[0]
        self._dies_when_answered = False

    def forth(self) -> None:
        """Client to server, until either is gone."""
        with suppress(OSError):
            self._server.sendall(self._startup())
            for kind, message in _messages(self._client):
                self._wrote |= self._writes(kind, message)
                if _is_commit(kind, message):
                    wrote, self._wrote = self._wrote, False
                    moment = self._at_commit(wrote)
                    if moment == "before":
                        return self._die()
                    self._dies_when_answered = moment == "after"
                self._server.sendall(message)
        self._hang_up()
        return None

    def back(self) -> None:
        """Server to client; `Z` says that the server has done what it was asked."""
        with suppress(OSError):
            for kind, message in _messages(self._server):
                if self._dies_when_answered and kind == b"Z":
                    return self._die()
                self._client.sendall(message)
        self._hang_up()
        return None

    def _writes(self, kind: bytes, message: bytes) -> bool:
        """Whether this message carries a statement that may write, or the name of one that was prepared."""
        if kind == b"B":
            return message[5:].split(b"\0", 2)[1] in self._writing
        if kind in (b"Q", b"P") and WRITING.search(message):
            self._writing |= {message[5:].split(b"\0", 1)[0]} if kind == b"P" else set()
            return True
        return False

    def _startup(self) -> bytes:
        head = _exactly(self._client, HEADER)
        return head + _exactly(self._client, int.from_bytes(head) - HEADER)

    def _die(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        self._hang_up()

    def _hang_up(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _is_commit(kind: bytes, message: bytes) -> bool:
    """A simple query or, in pipeline mode, an unnamed statement that says nothing but COMMIT."""
    return (kind == b"Q" and message[5:] == COMMIT) or (kind == b"P" and message[5:].startswith(b"\0" + COMMIT))


def _messages(end: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    """(type, whole message) of everything that arrives."""
    buffer = bytearray()
    while data := end.recv(1 << 16):
        buffer += data
        while len(buffer) > HEADER and len(buffer) > (size := int.from_bytes(buffer[1 : 1 + HEADER])):
            yield bytes(buffer[:1]), bytes(buffer[: size + 1])
            del buffer[: size + 1]


def _exactly(end: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = end.recv(count - len(data))
        if not piece:
            raise ConnectionError
        data += piece
    return data
