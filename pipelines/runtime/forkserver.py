"""A process that has everything imported and forks run workers on request, in milliseconds instead of seconds.

Importing Dagster and the definitions takes 4 s and more; a fork of a process that has done so takes 10 ms. The other
end is in `forkclient.py`. They speak JSON lines over a socket: `{"start": KEY, "payload": TEXT}` is answered by
`{"started": KEY, "pid": N, "stale": BOOL}` and, when the work is done or its worker gone, by
`{"ended": KEY, "status": N}` (exit status, or minus the signal).

A worker does one work at a time. One that did its work well and quickly waits a moment for more, with models and
connections warm; after anything else (a failure, a signal, a child left behind) it ends, so that no work sees what
another spoilt.

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
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, cast

from pipelines.runtime.works import DONE, GRACE_S, TAKEN, Work, watch_server, work_on

IDLE_S = 5.0
"""How long a worker waits for more work."""

ENDING = {signal.SIGTERM, signal.SIGINT}


@dataclass(slots=True)
class _Worker:
    """A child that works. `key` None: it waits for work, since `idle_since`; `client` None: nobody is told.

    `handed`: work that it was sent and has not taken up yet; where it dies first, another does it.
    """

    orders: socket.socket
    key: str | None
    client: socket.socket | None
    handed: str | None = None
    idle_since: float = 0.0


class ForkServer:
    """The preloaded side. Single-threaded on purpose: a fork copies one thread only.

    Args:
        work: called in a child with the payload of each request.
        stay: keep running without clients (a supervisor) or end with the last one.
        stale: whether what was imported is older than what is on disk; clients are told.
    """

    def __init__(self, work: Work, *, stay: bool = False, stale: Callable[[], bool] = lambda: False) -> None:
        self._work = work
        self._stay = stay
        self._stale = stale
        self._selector = selectors.DefaultSelector()
        self._buffers: dict[socket.socket, bytes] = {}
        self._workers: dict[int, _Worker] = {}
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
                elif isinstance(key.data, _Worker):
                    self._hear(key.data)
                else:
                    self._read(cast(socket.socket, key.fileobj))
            self._reap()
            self._dismiss_idle()
            if tick is not None:
                tick()
        self.ending()
        self._end_workers()

    def stop(self) -> None:
        """End at the next turn of `serve`."""
        self._stopping = True

    @property
    def working(self) -> bool:
        """Whether there is work under way."""
        return any(worker.key is not None for worker in self._workers.values())

    @property
    def stopping(self) -> bool:
        """Whether it was told to end."""
        return self._stopping

    def reaped(self, pid: int, status: int) -> None:
        """A child that is no run worker ended; a supervisor overrides this."""

    def ending(self) -> None:
        """Called before the workers are ended; a supervisor overrides this."""

    def life(self, works: Callable[[], int]) -> int:
        """A worker's whole life, in the worker: all its works, one after another; a supervisor overrides this."""
        return works()

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
            pid = self._begin(key, payload, client)
            _send(client, {"started": key, "pid": pid, "stale": self._stale()})

    def _begin(self, key: str, payload: str, client: socket.socket | None) -> int:
        pid = self._hand_on(payload) or self._fork_worker(payload)
        self._workers[pid].key, self._workers[pid].client = key, client
        return pid

    def _hand_on(self, payload: str) -> int | None:
        """Give the work to a worker that waits; its pid, None when there is none."""
        for pid, worker in self._workers.items():
            if worker.key is None:
                with suppress(OSError):  # closed, or dead and not reaped yet
                    worker.orders.sendall(json.dumps(payload).encode() + b"\n")
                    worker.handed = payload
                    return pid
        return None

    def _fork_worker(self, payload: str) -> int:
        ours, theirs = socket.socketpair()

        def work() -> int:
            ours.close()
            return self.life(lambda: work_on(self._work, payload, theirs))

        with theirs:
            pid = self.fork(work)
        worker = self._workers[pid] = _Worker(ours, None, None)
        self._selector.register(ours, selectors.EVENT_READ, worker)
        return pid

    def _hear(self, worker: _Worker) -> None:
        """A worker says that it has taken up its work, or that it is done and waits for more, or has closed its end."""
        said = b""
        with suppress(OSError):
            said = worker.orders.recv(1, socket.MSG_DONTWAIT)
        if said == TAKEN:
            worker.handed = None
        elif said == DONE:
            self._tell_ended(worker, 0)
            worker.idle_since = time.monotonic()
        else:
            self._dismiss(worker)

    def _dismiss_idle(self) -> None:
        for worker in self._workers.values():
            if worker.key is None and time.monotonic() - worker.idle_since > IDLE_S:
                self._dismiss(worker)

    def _dismiss(self, worker: _Worker) -> None:
        """Have no more work for a worker: it ends when it finds its orders closed."""
        if worker.orders.fileno() >= 0:
            self._selector.unregister(worker.orders)
            worker.orders.close()

    def _tell_ended(self, worker: _Worker, status: int) -> None:
        if worker.key is not None and worker.client is not None and worker.client in self._buffers:
            _send(worker.client, {"ended": worker.key, "status": status})
        worker.key = worker.client = None

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
            worker = self._workers.pop(pid)
            while worker.orders.fileno() >= 0:
                self._hear(worker)  # its last words
            if worker.handed is not None and worker.key is not None and worker.client in self._buffers:
                self._begin(worker.key, worker.handed, worker.client)
            else:
                self._tell_ended(worker, status)

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
        for other in (*self._buffers, *(worker.orders for worker in self._workers.values())):
            other.close()
        self._selector.close()
        self._wake_r.close()
        self._wake_w.close()
        os.close(self._alive_w)
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        watch_server(self._alive_r)


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
