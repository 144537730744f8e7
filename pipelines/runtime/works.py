"""The life of a forked worker: one work after another, and an end in order when its server is gone."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

GRACE_S = 20.0
"""Seconds a worker may take to end in order after it was asked to."""

WORKS = 50
"""Works one worker does at most: what they leave in its memory goes with it."""

SHORT_S = 60.0
"""A worker ends after work that took longer: long work takes much memory, and a fresh start is nothing beside it."""

TAKEN, NEARLY_DONE, DONE = b"+", b"~", b"-"
"""What a worker says: that it has taken up work it was handed, that this is as good as done, and that it is done and
waits for more."""

Work = Callable[[str], int]
"""What a worker does with a payload; returns its exit status. 0 also says that the process may take another."""


def work_on(work: Work, payload: str, orders: socket.socket) -> int:
    """Do this work and, saying that it is done, what then arrives on `orders`; returns the exit status.

    The other end of `orders` closes when there is no more.
    """
    global _orders  # noqa: PLW0603  a worker has one server
    _orders = orders
    with orders, orders.makefile("rb") as payloads:
        for _ in range(WORKS - 1):
            began = time.monotonic()
            status = work(payload)
            if status or time.monotonic() - began > SHORT_S or _has_children():
                return status
            signal.signal(signal.SIGTERM, signal.SIG_DFL)  # who waits has nothing to end in order
            try:
                orders.sendall(DONE)
                line = payloads.readline()
                if not line:
                    return 0
                orders.sendall(TAKEN)
            except ConnectionError:  # the server is gone
                return 0
            payload = str(json.loads(line))
    return work(payload)


_orders: socket.socket | None = None


def nearly_done() -> None:
    """Say, in a worker, that its work is about to end well: who waits for that may have the next work ready at once."""
    if _orders is not None:
        with suppress(OSError):  # closed: this worker takes no more
            _orders.sendall(NEARLY_DONE)


_alive: int | None = None


def alive_pipe() -> int | None:
    """In a child of a fork server: the pipe that closes with the server, to hand on where the child replaces itself."""
    return _alive


def watch_server(alive: int) -> None:
    """End this process in order, then by force, once the server is gone and the pipe `alive` closes with it."""
    global _alive  # noqa: PLW0603  a process has one server
    _alive = alive
    threading.Thread(target=_end_with, args=(alive,), daemon=True, name="watch-server").start()


def _end_with(alive: int) -> None:
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(os.getpid(), signal.SIGKILL)


def _has_children() -> bool:
    """Whether a child of this process lives; those that have ended are reaped."""
    with suppress(ChildProcessError):
        while True:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                return True
    return False
