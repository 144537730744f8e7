"""The home: the folder of everything this project keeps, closed to every other account of the machine."""

import logging
import os
import resource
from contextlib import suppress
from pathlib import Path

from pipelines.core.errors import SettingsError

OWN_FILES = 0o077
"""Bits of a mode that let others in."""

DATABASE = "postgres"
"""Folder of the embedded database, which looks after its own files; run as root it has a user of its own."""

_LOGGER = logging.getLogger(__name__)


def stay_private() -> None:
    """Let this process, and those it starts, make files and folders for its own user alone, whatever the umask was, and
    leave no image of its memory when it dies: there are keys of people in it."""
    os.umask(OWN_FILES)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        # No limit binds a program that takes dumps.
        Path("/proc/self/coredump_filter").write_text("0", encoding="ascii")


def prepare_home(home: Path) -> Path:
    """Make the home where it is missing; close it where others could look into it, and say so.

    Run as root, a home with an embedded database stays traversable (`x` alone) for the database's own user.

    Raises:
        SettingsError: the folder cannot be made or closed.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = home.stat().st_mode & 0o777
        database_user = os.geteuid() == 0  # the embedded database's own, who passes through: `embedded.py`
        if mode & 0o066:
            home.chmod(mode & (0o711 if database_user else 0o700))
            closed = _close(home) + 1
            _LOGGER.warning("%s was open to others; %d files and folders in it were closed.", home, closed)
        elif mode & OWN_FILES and not database_user:
            home.chmod(mode & 0o700)
    except OSError as error:
        raise SettingsError(f"STUDYBUDDY_HOME: the folder {home} cannot be used ({error.strerror}).") from None
    return home


def _close(folder: Path) -> int:
    """Take every right of others from what is below; how many things had one. Links are left to what they point to."""
    closed = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink() or entry.name == DATABASE:
                continue
            mode = entry.stat(follow_symlinks=False).st_mode
            if mode & OWN_FILES:
                Path(entry.path).chmod(mode & 0o700)
                closed += 1
            if entry.is_dir(follow_symlinks=False):
                closed += _close(Path(entry.path))
    return closed
