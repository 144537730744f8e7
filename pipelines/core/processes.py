"""Processes that are known across restarts: by number *and* start time, because the kernel gives numbers out again.

Belongs here: naming a process, asking whether it lives, ending it with its children. Which processes there are, and
why, belongs to those who start them.
"""

import os
import signal
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessName:
    """One process of one machine.

    `started` changes whenever the number is used again: boot id and clock ticks on Linux (a corrected wall clock does
    not move them), the start time elsewhere.
    """

    host: str
    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> "ProcessName | None":
        """The name of the process that has this number now; None when there is none."""
        started = _started(pid)
        return None if started is None else cls(host=socket.gethostname(), pid=pid, started=started)

    @classmethod
    def own(cls) -> "ProcessName":
        """The name of this process."""
        name = cls.of(os.getpid())
        assert name is not None  # noqa: S101  a running process has a start time
        return name

    @property
    def alive(self) -> bool:
        """Whether this very process still runs on this machine; one that ended but was not yet waited for does not."""
        return self.host == socket.gethostname() and _started(self.pid) == self.started

    def send(self, signum: int, *, group: bool = False) -> bool:
        """Send a signal to it (or to its whole process group); False when it is gone already."""
        if not self.alive:
            return False
        try:
            (os.killpg if group else os.kill)(self.pid, signum)
        except ProcessLookupError:
            return False
        return True


def end(names: Iterable[ProcessName], *, grace_s: float) -> None:
    """End processes and everything they started: ask first, force after `grace_s` seconds.

    Returns when all are gone. A process that is gone already is no error.
    """
    trees = [name for root in names if root.alive for name in _tree(root)]
    for name in trees:
        name.send(signal.SIGTERM)
    for _ in range(round(grace_s / POLL_S)):  # looks are counted, not seconds: on a machine that stood still all wait
        if not any(name.alive for name in trees):
            return
        time.sleep(POLL_S)
    for name in trees:
        name.send(signal.SIGKILL)
    while any(name.alive for name in trees):
        time.sleep(POLL_S)


def _tree(root: ProcessName) -> list[ProcessName]:
    import psutil  # here, as below: most who name a process never need it, and a search would wait for it

    pids = [root.pid]
    with suppress(psutil.Error):
        pids += [child.pid for child in psutil.Process(root.pid).children(recursive=True)]
    return [name for name in map(ProcessName.of, pids) if name is not None]


def _started(pid: int) -> str | None:
    if BOOT_ID.exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces; see proc_pid_stat(5)
        return None if fields[0] in "ZX" else f"{BOOT_ID.read_text(encoding='ascii').strip()}:{fields[19]}"
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return None
