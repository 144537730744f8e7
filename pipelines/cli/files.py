"""Files as people name them: folders walked without leaving them, and only regular files opened.

A folder may hold anything, put there by anybody: links to a process's environment, pipes that never end, devices. What
is found is looked at when it is found, and once more when it is open, because it may have changed in between.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipelines.core.errors import UnreadableFileError

_PSEUDO = frozenset((
    "proc", "sysfs", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "configfs", "devpts", "devtmpfs",
    "mqueue", "pstore", "bpf", "binfmt_misc",
))  # fmt: skip
"""File systems whose files are the kernel speaking, not somebody's material."""

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One entry below a folder that was named, or what was named itself.

    `name` is its path below that folder, as text whatever its bytes are. `why_not` says why it cannot be taken, None:
    it can. `must_fail` True: it is a file somebody may miss, so it is not merely skipped.
    """

    path: Path
    name: str
    why_not: str | None = None
    must_fail: bool = False


def shown(path: str | Path) -> str:
    """A name as text: bytes that are not UTF-8 as `\\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def same_file(one: Path, other: Path) -> bool:
    """Whether both names lead to one place."""
    return os.path.realpath(one) == os.path.realpath(other)


def look_at(path: Path) -> Found:
    """What was named as a file.

    Raises:
        FileNotFoundError: there is nothing of this name.
    """
    path.lstat()
    why_not = _why_not(path)
    sentence = _odd_name(path.name) or (f"This is {why_not}." if why_not else None)
    return Found(path, shown(path.name), sentence, must_fail=sentence is not None)


def walk(folder: Path) -> Iterator[Found]:
    """Every entry below `folder` that is not a folder, hidden ones left out, in order of their names.

    Links are followed where they lead to a file inside `folder`; folders that are links are not entered.
    """
    problems: list[OSError] = []
    for base, folders, files in os.walk(folder, onerror=problems.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if (Path(base) / name).is_symlink()]
        for name in sorted([*files, *links]):
            if not name.startswith("."):
                yield _entry(Path(base) / name, folder)
    for problem in problems:
        yield Found(Path(problem.filename), _below(problem.filename, folder), "The folder cannot be read.", True)


def _entry(path: Path, folder: Path) -> Found:
    name = _below(path, folder)
    if odd := _odd_name(os.path.relpath(path, folder)):
        return Found(path, name, odd, must_fail=True)
    if path.is_symlink() and not _inside(path, folder):
        return Found(path, name, "a link that leads out of the folder")
    return Found(path, name, _why_not(path))


def _below(path: str | Path, folder: Path) -> str:
    return shown(os.path.relpath(path, folder))


def _inside(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _odd_name(name: str) -> str | None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return "Its name is not UTF-8 text. Rename it."
    return None


def _why_not(path: Path) -> str | None:
    """Why the file cannot be taken, by what its name leads to."""
    try:
        found = path.stat()
    except OSError:  # PermissionError is met again at opening, where it has a sentence
        return "a link that leads nowhere" if path.is_symlink() else None
    return _no_file(found)


def _no_file(found: os.stat_result) -> str | None:
    if not stat.S_ISREG(found.st_mode):
        return f"{_KINDS.get(stat.S_IFMT(found.st_mode), 'no file')}, not a regular file"
    if _is_pseudo(found.st_dev):
        return "a file of the kernel, not of a disk"
    return None


def _is_pseudo(device: int) -> bool:
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux: there is no /proc to read from either
        return False
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        if before.split()[2] == wanted:
            return after.split()[0] in _PSEUDO
    return False


def open_file(path: Path, *, below: Path | None = None) -> BinaryIO:
    """The regular file of this name, open for reading; the caller closes it.

    Args:
        below: the folder it was found in and must not lead out of. None: a person named the file itself.

    Raises:
        UnreadableFileError: `unreadable` (this user may not read it, or it is gone), `not_a_file`.
    """
    real = Path(os.path.realpath(path))
    try:
        # Without waiting: opening a pipe would wait for somebody to write. The last part is no link any more.
        fd = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except PermissionError:
        raise UnreadableFileError("The file may not be read by this user.", code="unreadable") from None
    except OSError as error:
        raise UnreadableFileError(f"The file cannot be opened: {error.strerror}.", code="unreadable") from None
    source = os.fdopen(fd, "rb")
    try:
        opened = os.fstat(fd)
        if why_not := _no_file(opened):
            raise UnreadableFileError(f"This is {why_not}.", code="not_a_file")
        if below is not None and not (_inside(path, below) and _is_same(path, opened)):
            raise UnreadableFileError("This is a link that leads out of the folder.", code="not_a_file")
    except BaseException:
        source.close()
        raise
    return source


def _is_same(path: Path, opened: os.stat_result) -> bool:
    """Whether the name leads to the open file still."""
    try:
        return os.path.samestat(path.stat(), opened)
    except OSError:
        return False
