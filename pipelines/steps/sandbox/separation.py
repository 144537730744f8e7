"""The child apart from everybody else: its own network, processes and IPC objects, and another user where it was root.

Namespaces of processes hold those that are forked afterwards, so the child forks once more. The first process touches
no stranger's byte: it waits, and ends the way the second one ends, so that its parent sees what happened.

Sources: pid_namespaces(7), user_namespaces(7), capabilities(7), prctl(2).
"""

import os
import select
import signal
import struct
from collections.abc import Iterable
from pathlib import Path

from pipelines.steps.sandbox.kernel import PR_SET_KEEPCAPS, PR_SET_PDEATHSIG, call, libc, prctl

NOBODY = 65534
"""The user and group without a file of their own, on every Linux."""

_NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x08000000, 0x10000000, 0x20000000, 0x40000000
_CAPABILITIES_3 = 0x20080522
_READ_ALL = 1 << 2  # CAP_DAC_READ_SEARCH


def leave_namespaces(*, network: bool = False) -> None:
    """New network, IPC and process namespaces, empty; the last for processes forked from now on. `network`: the
    machine's network stays.

    Raises:
        OSError: the kernel or the container refused.
    """
    # A user namespace is what allows other users to make the rest. Root needs none, and is a user of its own after.
    call(
        "unshare",
        libc.unshare,
        _NEWIPC | _NEWPID | (0 if network else _NEWNET) | (0 if os.geteuid() == 0 else _NEWUSER),
    )


def die_with(parent_pid: int) -> None:
    """Asks the kernel to kill this process when its parent dies, and leaves at once when it already has.

    Raises:
        OSError: the kernel refused.
    """
    prctl("pdeathsig", PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(0)


class Guardian:
    """What the second process holds of the first: a pipe that hangs up when the first is dead."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        os.read(fd, 1)  # nothing is done before the parent was told of this process

    def die_with(self) -> None:
        """As the function `die_with`; across process namespaces a parent's number is always 0 and says nothing."""
        prctl("pdeathsig", PR_SET_PDEATHSIG, signal.SIGKILL)
        poll = select.poll()
        poll.register(self._fd, 0)
        if poll.poll(0):
            os._exit(0)
        os.close(self._fd)


def fork_away(*, tell: int, close: Iterable[int]) -> Guardian:
    """Returns in a new process. The calling one closes what it holds, waits, and ends as the new one ends.

    Args:
        tell: where the number of the new process is written, as text and a line end.
        close: descriptors that only the new process needs.
    """
    held, holding = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(holding)
        os.close(tell)
        return Guardian(held)
    os.close(held)
    os.write(tell, b"%d\n" % pid)
    for fd in (tell, *close):
        os.close(fd)
    os.write(holding, b"\0")
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


def be_nobody(code: Iterable[Path]) -> None:
    """From root to the user nobody, without any capability but reading, and that only if `code` lies in closed folders.

    Where this process is not root it is done already. Run `shut_files` before: it says what can be read.

    Raises:
        OSError: the kernel or the container refused.
    """
    if os.geteuid() != 0:
        return
    prctl("keepcaps", PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    _keep(0, permitted=_READ_ALL)
    closed = not all(os.access(folder, os.R_OK | os.X_OK) for folder in code)
    _keep(_READ_ALL if closed else 0)


def _keep(effective: int, *, permitted: int | None = None) -> None:
    """Drops every capability but these."""
    permitted = effective if permitted is None else permitted
    header, words = struct.pack("Ii", _CAPABILITIES_3, 0), struct.pack("6I", effective, permitted, 0, 0, 0, 0)
    call("capset", libc.capset, header, words)
