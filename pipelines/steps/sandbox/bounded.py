"""The bounded child process: one function over one untrusted file, and a stream of what it yields.

A parser of strangers' files may loop, eat memory, crash or be taken over. So it never runs in a process that holds
keys or serves people: `run_bounded` starts a fresh interpreter for one file, hands it that file as an open descriptor
and nothing else, and stops it at the first limit. What comes back is JSON and bytes, never pickles, because a child
that was taken over could send anything. `child.py` is the other end; `guards.py` closes the doors there.

Not here: what to do with a file (the `worker.py` of each kind) and which limits an operator chose (settings).
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pipelines.core.errors import UnguardedError, UnreadableFileError
from pipelines.steps.sandbox.folder import private_folder
from pipelines.steps.sandbox.frames import END, ITEM, REFUSED, UNGUARDED
from pipelines.steps.sandbox.guards import missing_sentence
from pipelines.steps.sandbox.limits import Limits
from pipelines.steps.sandbox.pipe import Pipe

_CHILD = Path(__file__).with_name("child.py")
_EXIT_GRACE_S = 2.0


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
    readable: Sequence[Path] = (),
) -> Generator[Item, None, None]:
    """Yields what `target` yields, computed in a bounded child process.

    The child starts with the first `next()` and is gone (its whole process group killed) when the iterator ends,
    raises or is closed; it also dies with this process, however that dies. Consume it in one thread: Linux ties the
    child's life to the thread that started it.

    Args:
        target: `package.module:function`. The function is called as `function(source, **args)` and returns an
            iterable of `(JSON value, bytes)`; where the limits grant a folder, its path comes as `folder`. Its module
            must be light: heavy libraries load inside the function, after the doors are closed.
        source: file to read; opened here, seen by the function as an open binary file. None: it gets None.
        args: keyword arguments, JSON values only.
        limits: None means the defaults of `Limits`.
        subject: how sentences for people name the file, such as "This PDF".
        readable: files and folders of code that is not Python's, such as a program's libraries.

    Raises:
        UnreadableFileError: what the function raised, or `parser_limit` (a limit was reached), or `damaged`
            (the parser crashed).
        UnguardedError: this machine lacks a guard that is required, and nobody accepted that. Nothing was read.
        ChildBrokenError: an unexpected exception in the child.
        OSError: `source` cannot be opened.
    """
    limits = limits or Limits()
    with ExitStack() as stack:
        folder = stack.enter_context(private_folder()) if limits.folder_mb else None
        source_fd = None
        if source is not None:
            source_fd = stack.enter_context(source.open("rb")).fileno()
        read_fd, write_fd = os.pipe()
        stack.callback(os.close, read_fd)
        told_fd, tell_fd = os.pipe()
        told = stack.enter_context(os.fdopen(told_fd, "rb"))
        try:
            places = {"readable": [str(path) for path in readable], "folder": None if folder is None else str(folder)}
            fds = {"source_fd": source_fd, "write_fd": write_fd, "tell_fd": tell_fd}
            process = _start({"target": target, "args": dict(args or {}), **places}, fds, limits)
        finally:
            os.close(write_fd)
            os.close(tell_fd)
        stack.callback(_kill, process)
        pid = int(told.readline() or 0)  # 0: it died before it forked
        yield from _frames(Pipe(read_fd, limits, subject, pid or None, folder), process, subject)


def missing_guards() -> dict[str, str]:
    """Which guards (`guards.GUARDS`) this machine does not give the children, each with the reason."""
    limits = Limits(wall_s=30, accept_missing_guards=True)
    (item,) = run_bounded("pipelines.steps.sandbox.guards:report", limits=limits)
    return dict(item.value)


def _start(work: Mapping[str, Any], fds: Mapping[str, int | None], limits: Limits) -> subprocess.Popen[bytes]:
    """Starts the child with an empty environment and only the descriptors it needs."""
    order = {
        **work,
        **fds,
        "parent_pid": os.getpid(),
        "cpu_s": max(1, round(limits.total_s)),
        "memory_mb": limits.memory_mb,
        "open_files": limits.open_files,
        "folder_mb": limits.folder_mb,
        "network": limits.network,
        "background": limits.background,
        "accept_missing_guards": limits.accept_missing_guards,
    }
    process = subprocess.Popen(
        [sys.executable, "-I", "-B", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"LC_ALL": "C.UTF-8"},
        pass_fds=[fd for fd in fds.values() if fd is not None],
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


def _frames(pipe: Pipe, process: subprocess.Popen[bytes], subject: str) -> Iterator[Item]:
    """Yields items until the regular end; turns every other end into the error that explains it."""
    while True:
        frame = pipe.frame()
        if frame is None:
            _explain_death(process, subject)
        kind, value, blob = frame
        if kind == ITEM:
            pipe.count_item()
            yield Item(value, blob)
        elif kind == END:
            return
        elif kind == UNGUARDED:
            raise _unguarded(value)
        elif kind == REFUSED and isinstance(value, dict):
            raise UnreadableFileError(str(value.get("message"))[:500], code=str(value.get("code"))[:40])
        else:
            raise ChildBrokenError(str(value)[:10_000])


def _unguarded(missing: Any) -> UnguardedError:
    return UnguardedError(
        f"Nothing was read, because this machine cannot keep the parser in. Missing: {missing_sentence(missing)}. "
        "Use a kernel that has it (Linux 5.13 or newer, not forbidden by a container), or accept the risk with "
        "ACCEPT_WEAK_SANDBOX=true."
    )


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
