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
from pathlib import Path
from types import FrameType
from typing import Any, cast

from pipelines.runtime.workers import Job, Worker
from pipelines.runtime.works import DONE, GRACE_S, NEARLY_DONE, TAKEN, Work, watch_server, work_on

IDLE_S = 5.0
"""How long a worker waits for more work."""

LOOK_S = 1.0
"""How often a server looks at the clock while it has workers."""

FOLLOW_S = 1.0
"""How long work waits for a worker that is nearly done, before a fresh one takes it."""

ENDING = {signal.SIGTERM, signal.SIGINT}


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
        self._workers: dict[int, Worker] = {}
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

        `tick` is called at least every `tick_s` seconds, while there are workers at least every `LOOK_S`.
        """
        while not self._stopping and (self._stay or self._buffers):
            for key, _ in self._selector.select(min(tick_s, LOOK_S) if self._workers else tick_s):
                if key.fileobj is self._wake_r:
                    with suppress(BlockingIOError):
                        self._wake_r.recv(4096)
                elif isinstance(key.data, Worker):
                    self._hear(key.data)
                else:
                    self._read(cast(socket.socket, key.fileobj))
            self._reap()
            self._look_at_clock()
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
        return any(worker.job is not None for worker in self._workers.values())

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
            job = Job(str(request["start"]), str(request["payload"]), client)
            pid = self._begin(job)
            _send(client, {"started": job.key, "pid": pid, "stale": self._stale()})

    def _begin(self, job: Job) -> int:
        return self._hand_on(job) or self._fork_worker(job)

    def _hand_on(self, job: Job) -> int | None:
        """Give the work to a worker that waits, or that is nearly done; its pid, None when there is none."""
        for pid, worker in self._workers.items():
            if worker.job is None and worker.hand(job):
                return pid
        for pid, worker in self._workers.items():
            if worker.nearly_done and worker.follows is None:
                worker.follows, worker.since = job, time.monotonic()
                return pid
        return None

    def _fork_worker(self, job: Job) -> int:
        ours, theirs = socket.socketpair()

        def work() -> int:
            ours.close()
            return self.life(lambda: work_on(self._work, job.payload, theirs))

        with theirs:
            pid = self.fork(work)
        worker = self._workers[pid] = Worker(ours, job)
        self._selector.register(ours, selectors.EVENT_READ, worker)
        return pid

    def _hear(self, worker: Worker) -> None:
        """A worker says that it has taken up its work, that it is nearly or really done, or has closed its end."""
        said = b""
        with suppress(OSError):
            said = worker.orders.recv(1, socket.MSG_DONTWAIT)
        if said == TAKEN:
            worker.taken = True
        elif said == NEARLY_DONE:
            worker.nearly_done = True
        elif said == DONE:
            self._tell_ended(worker, 0)
            worker.since, worker.nearly_done = time.monotonic(), False
            follows, worker.follows = worker.follows, None
            if follows is not None and not worker.hand(follows):
                self._begin(follows)
        else:
            self._dismiss(worker)

    def _look_at_clock(self) -> None:
        """End workers that have waited long enough, and have work wait no longer for one that is not done after all."""
        for worker in list(self._workers.values()):
            waited = time.monotonic() - worker.since
            if worker.job is None and waited > IDLE_S:
                self._dismiss(worker)
            elif worker.follows is not None and waited > FOLLOW_S:
                follows, worker.follows, worker.nearly_done = worker.follows, None, False
                self._fork_worker(follows)

    def _dismiss(self, worker: Worker) -> None:
        """Have no more work for a worker: it ends when it finds its orders closed."""
        if worker.orders.fileno() >= 0:
            self._selector.unregister(worker.orders)
            worker.orders.close()

    def _tell_ended(self, worker: Worker, status: int) -> None:
        job, worker.job = worker.job, None
        if job is not None and job.client in self._buffers:
            _send(job.client, {"ended": job.key, "status": status})

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
            left = None if worker.taken else worker.job
            if left is None:
                self._tell_ended(worker, status)
            for job in (left, worker.follows):
                if job is not None and job.client in self._buffers:
                    self._begin(job)

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
