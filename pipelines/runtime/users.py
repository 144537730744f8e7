"""Locks that tell which commands need services nobody asked to stay; each ends with its process, however it ended."""

import fcntl
from pathlib import Path
from types import TracebackType
from typing import IO


class Users:
    """The lock of one home, seen by the services: are there commands left that need them?"""

    def __init__(self, home: Path) -> None:
        self._file = _open(home)

    def gone(self) -> bool:
        """Whether no command needs the services any more. Once it is true a new command waits until they have ended."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class Use:
    """One command's use of the services of a home; a context manager. Waits for services that are just ending."""

    def __init__(self, home: Path) -> None:
        self._file = _open(home)

    def __enter__(self) -> "Use":
        fcntl.flock(self._file, fcntl.LOCK_SH)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def others(home: Path) -> bool:
    """Whether commands use the services of a home, asked by one that has left. Services that are ending are none."""
    with _open(home) as file:
        for kind in (fcntl.LOCK_EX, fcntl.LOCK_SH):
            try:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return kind == fcntl.LOCK_SH  # shared only: others share it; not even that: the ending services have it
    return False


def _open(home: Path) -> IO[bytes]:
    path = home / "run" / "users"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path.open("ab")
