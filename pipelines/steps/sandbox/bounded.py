"""The bounded child process: one function over one untrusted file, and a stream of what it yields.

A parser of strangers' files may loop, eat memory, crash or be taken over. So it never runs in a process that holds
keys or serves people: `run_bounded` starts a fresh interpreter for one file, hands it that file as an open descriptor
and nothing else, and stops it at the first limit. What comes back is JSON and bytes, never pickles, because a child
that was taken over could send anything. `sandbox_child` is the other end; `sandbox_guards` closes the doors there.

Not here: what to do with a file (`pdf_worker`, the media decoder) and which limits an operator chose (settings).
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.sandbox.frames import END, HEADER, ITEM, REFUSED

_CHILD = Path(__file__).with_name("child.py")
_READ_BYTES = 1 << 20
_EXIT_GRACE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one child may use; reaching any of them ends it.

    `wall_s` counts only while the caller waits for the child, so a slow consumer is not held against the file.
    `item_s` is added to `wall_s` and `cpu_s` for every item that arrived (a long deck may take long, one page may
    not). `memory_mb` is address space in MiB, `output_mb` all bytes that come back, in MiB.
    """

    wall_s: float = 300.0
    cpu_s: int = 120
    item_s: float = 0.0
    memory_mb: int = 4096
    output_mb: int = 200
    open_files: int = 64


@dataclass(frozen=True, slots=True)
class Item:
    """One thing the child yielded: a JSON value and bytes (empty when it sent none). Check both: it is not trusted."""

    value: Any
    blob: bytes


class ChildBrokenError(RuntimeError):
    """Our own code in the child failed in a way no file should cause; the text is the child's traceback."""


def run_bounded(
    target: str,
    *,
    source: Path | None = None,
    args: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    subject: str = "This file",
) -> Generator[Item, None, None]:
    """Yields what `target` yields, computed in a bounded child process.

    The child starts with the first `next()` and is gone (its whole process group killed) when the iterator ends,
    raises or is closed; it also dies with this process, however that dies. Consume it in one thread: Linux ties the
    child's life to the thread that started it.

    Args:
        target: `package.module:function`. The function is called as `function(source, **args)` and returns an
            iterable of `(JSON value, bytes)`. Its module must be light: heavy libraries load inside the function,
            after the doors are closed.
        source: file to read; opened here, seen by the function as an open binary file. None: it gets None.
        args: keyword arguments, JSON values only.
        limits: None means the defaults of `Limits`.
        subject: how sentences for people name the file, such as "This PDF".

    Raises:
        UnreadableFileError: what the function raised, or `parser_limit` (a limit was reached), or `damaged`
            (the parser crashed).
        ChildBrokenError: an unexpected exception in the child.
        OSError: `source` cannot be opened.
    """
    limits = limits or Limits()
    with ExitStack() as stack:
        source_fd = None
        if source is not None:
            source_fd = stack.enter_context(source.open("rb")).fileno()
        read_fd, write_fd = os.pipe()
        stack.callback(os.close, read_fd)
        try:
            process = _start(target, source_fd, write_fd, dict(args or {}), limits)
        finally:
            os.close(write_fd)
        stack.callback(_kill, process)
        yield from _frames(_Pipe(read_fd, limits, subject), process, subject)


def guards() -> dict[str, str | None]:
    """Which protections this machine gives the children: name -> None when in force, else the reason it is not.

    Names: `limits` (memory, CPU, files), `seccomp` (no sockets, no programs), `landlock` (no files but the program's
    own), `network` (an empty network namespace), `parent` (dies with its parent).
    """
    items = list(run_bounded("pipelines.steps.sandbox.guards:report", limits=Limits(wall_s=30)))
    return dict(items[0].value)


def _start(
    target: str, source_fd: int | None, write_fd: int, args: dict[str, Any], limits: Limits
) -> subprocess.Popen[bytes]:
    """Starts the child with an empty environment and only the two descriptors it needs."""
    order = {
        "target": target,
        "args": args,
        "source_fd": source_fd,
        "write_fd": write_fd,
        "parent_pid": os.getpid(),
        "cpu_s": limits.cpu_s,
        "item_s": limits.item_s,
        "memory_mb": limits.memory_mb,
        "open_files": limits.open_files,
    }
    process = subprocess.Popen(
        [sys.executable, "-I", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"LC_ALL": "C.UTF-8"},
        pass_fds=[fd for fd in (source_fd, write_fd) if fd is not None],
        start_new_session=True,
    )
    # The order goes over stdin, not the command line: it may hold a password, and `ps` shows command lines.
    assert process.stdin is not None  # noqa: S101  (Popen was asked for a pipe)
    try:
        process.stdin.write(json.dumps(order).encode())
        process.stdin.close()
    except BrokenPipeError:
        pass  # It died at birth; reading its pipe will say so.
    return process


class _Pipe:
    """The reading end: exact reads under the wall and output limits."""

    def __init__(self, fd: int, limits: Limits, subject: str) -> None:
        self._fd = fd
        self._limits = limits
        self._subject = subject
        self._buffer = bytearray()
        self._left_s = limits.wall_s
        self._left_bytes = limits.output_mb << 20
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN | select.POLLHUP)

    def read(self, size: int) -> bytes | None:
        """Exactly `size` bytes, or None when the child closed its end before they came."""
        if size > self._left_bytes + len(self._buffer):
            self._limit(f"gives more than {self._limits.output_mb} MiB of results")
        while len(self._buffer) < size:
            started = time.monotonic()
            ready = self._poll.poll(max(0.0, self._left_s) * 1000)
            self._left_s -= time.monotonic() - started
            if not ready:
                self._limit(f"takes longer than {self._limits.wall_s:g} seconds to read")
            piece = os.read(self._fd, _READ_BYTES)
            if not piece:
                return None
            self._left_bytes -= len(piece)
            self._buffer += piece
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def frame(self) -> tuple[int, Any, bytes] | None:
        """The next frame, or None when the child died before finishing one."""
        head = self.read(HEADER.size)
        if head is None:
            return None
        kind, json_bytes, blob_bytes = HEADER.unpack(head)
        body = self.read(json_bytes + blob_bytes)
        if body is None:
            return None
        try:
            return kind, json.loads(body[:json_bytes]), body[json_bytes:]
        except (ValueError, RecursionError):
            raise UnreadableFileError(f"{self._subject} upset its reader.", code="damaged") from None

    def more_time(self) -> None:
        """An item arrived: what comes next may take its own share."""
        self._left_s += self._limits.item_s

    def _limit(self, what: str) -> NoReturn:
        raise UnreadableFileError(f"{self._subject} {what}, so it was given up.", code="parser_limit")


def _frames(pipe: _Pipe, process: subprocess.Popen[bytes], subject: str) -> Iterator[Item]:
    """Yields items until the regular end; turns every other end into the error that explains it."""
    while True:
        frame = pipe.frame()
        if frame is None:
            _explain_death(process, subject)
        kind, value, blob = frame
        if kind == ITEM:
            pipe.more_time()
            yield Item(value, blob)
        elif kind == END:
            return
        elif kind == REFUSED and isinstance(value, dict):
            raise UnreadableFileError(str(value.get("message"))[:500], code=str(value.get("code"))[:40])
        else:
            raise ChildBrokenError(str(value)[:10_000])


def _explain_death(process: subprocess.Popen[bytes], subject: str) -> NoReturn:
    """The child is gone without a word: its wait status says whether a limit or a crash ended it."""
    deadline = time.monotonic() + _EXIT_GRACE_S
    while (status := os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is None:
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    signalled = status is not None and status.si_code != os.CLD_EXITED
    if status is not None and signalled and status.si_status in (signal.SIGXCPU, signal.SIGKILL):
        # SIGKILL that is not ours comes from the hard CPU limit or from a machine out of memory.
        raise UnreadableFileError(
            f"{subject} needs more computing time or memory than one file may use, so it was given up.",
            code="parser_limit",
        )
    if status is not None and not signalled:
        raise ChildBrokenError(f"the child ended with status {status.si_status} before it could report")
    raise UnreadableFileError(f"{subject} is damaged: reading it crashed its reader.", code="damaged")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the child's whole group and reaps it. Until it is reaped its group number cannot belong to others."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
    process.wait()
