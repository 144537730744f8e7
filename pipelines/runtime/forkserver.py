"""A process that has everything imported and forks a run worker on request, in milliseconds instead of seconds.

Importing Dagster and the definitions takes 4 s and more; a fork of a process that has done so takes 10 ms. The other
end is in `forkclient.py`. They speak JSON lines over a socket: `{"start": KEY, "payload": TEXT}` is answered by
`{"started": KEY, "pid": N, "stale": BOOL}` and, when the worker is gone, by `{"ended": KEY, "status": N}` (exit status,
or minus the signal).

Nobody outlives its purpose: the server ends when its last client is gone, and workers end when their server is gone,
however it went, because each watches a pipe whose other end only the server holds. They are asked with SIGTERM, which
Dagster turns into a failed run that is tried again, and killed after `GRACE_S`.
"""

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, cast

GRACE_S = 20.0
"""Seconds a worker may take to end in order after it was asked to."""

ENDING = {signal.SIGTERM, signal.SIGINT}

Work = Callable[[str], int]
"""What a worker does with its payload; returns its exit status."""


class ForkServer:
    """The preloaded side. Single-threaded on purpose: a fork copies one thread only.

    Args:
        work: called in the child with the payload of the request.
        stay: keep running without clients (a supervisor) or end with the last one.
        stale: whether what was imported is older than what is on disk; clients are told.
    """

    def __init__(self, work: Work, *, stay: bool = False, stale: Callable[[], bool] = lambda: False) -> None:
        self._work = work
        self._stay = stay
        self._stale = stale
        self._selector = selectors.DefaultSelector()
        self._buffers: dict[socket.socket, bytes] = {}
        self._workers: dict[int, tuple[str, socket.socket | None]] = {}
        self._alive_r, self._alive_w = os.pipe()
        self._stopping = False
        self._wake_r, self._wake_w = socket.socketpair()
        self._wake_r.setblocking(False)
        self._wake_w.setblocking(False)
        self._selector.register(self._wake_r, selectors.EVENT_READ)
        signal.set_wakeup_fd(self._wake_w.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for signum in ENDING:
            signal.signal(signum, self._stop)

    def add_client(self, client: socket.socket) -> None:
        """Serve requests that arrive on this socket until its other end closes."""
        client.setblocking(True)
        self._buffers[client] = b""
        self._selector.register(client, selectors.EVENT_READ)

    def fork(self, action: Callable[[], int]) -> int:
        """Run `action` in a child that has none of the server's sockets, signals or group; returns its pid."""
        sys.stdout.flush()
        sys.stderr.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # until the child has left the server's handlers behind
        pid = os.fork()
        if pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
            return pid
        status = 70
        try:
            self._become_child()
            status = action()
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            with suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def serve(self, tick: Callable[[], None] | None = None, tick_s: float = 1.0) -> None:
        """Serve until stopped by SIGTERM, or until the last client is gone unless `stay`; then end all workers.

        `tick` is called about every `tick_s` seconds.
        """
        while not self._stopping and (self._stay or self._buffers):
            for key, _ in self._selector.select(tick_s):
                if key.fileobj is self._wake_r:
                    with suppress(BlockingIOError):
                        self._wake_r.recv(4096)
                else:
                    self._read(cast(socket.socket, key.fileobj))
            self._reap()
            if tick is not None:
                tick()
        self.ending()
        self._end_workers()

    def stop(self) -> None:
        """End at the next turn of `serve`."""
        self._stopping = True

    @property
    def working(self) -> bool:
        """Whether a run worker lives."""
        return bool(self._workers)

    @property
    def stopping(self) -> bool:
        """Whether it was told to end."""
        return self._stopping

    def reaped(self, pid: int, status: int) -> None:
        """A child that is no run worker ended; a supervisor overrides this."""

    def ending(self) -> None:
        """Called before the workers are ended; a supervisor overrides this."""

    def _read(self, client: socket.socket) -> None:
        try:
            data = client.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(client)
            del self._buffers[client]
            client.close()
            return
        *lines, rest = (self._buffers[client] + data).split(b"\n")
        self._buffers[client] = rest
        for line in lines:
            request = json.loads(line)
            key, payload = str(request["start"]), str(request["payload"])
            pid = self.fork(lambda payload=payload: self._work(payload))  # type: ignore[misc]
            self._workers[pid] = (key, client)
            _send(client, {"started": key, "pid": pid, "stale": self._stale()})

    def _reap(self) -> None:
        while True:
            try:
                pid, raw = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            status = os.waitstatus_to_exitcode(raw)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)  # what it started and left behind
            if pid not in self._workers:
                self.reaped(pid, status)
                continue
            key, client = self._workers.pop(pid)
            if client in self._buffers:
                _send(client, {"ended": key, "status": status})

    def _end_workers(self) -> None:
        for pid in self._workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        while self._workers and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.02)
        for pid in self._workers:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def _stop(self, _signum: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _become_child(self) -> None:
        os.setsid()  # its own group: it can be ended together with what it starts
        signal.set_wakeup_fd(-1)
        for signum in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(signum, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        for client in self._buffers:
            client.close()
        self._selector.close()
        self._wake_r.close()
        self._wake_w.close()
        os.close(self._alive_w)
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        watch_server(self._alive_r)


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


def _send(client: socket.socket, message: dict[str, Any]) -> None:
    with suppress(OSError):  # a client that is gone is noticed when its socket is read
        client.sendall(json.dumps(message).encode() + b"\n")


def preload(modules: Sequence[str]) -> None:
    """Import `modules`. One that cannot be imported is left to its run, which then says why."""
    gc.disable()  # nothing of an import is garbage
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as error:
            print(f"{module} was not preloaded: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
    gc.freeze()  # pages that the collector does not touch stay shared with the workers
    gc.enable()
