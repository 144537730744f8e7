"""Secrets kept in files of the home: made once, checked whenever they are read, never half-written.

Belongs here: what makes a file fit to hold a secret. What the secrets are for belongs to `local_token.py` and
`crypto.py`.
"""

import fcntl
import logging
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.core.errors import SettingsError

LONGEST = 4_096
"""Bytes of a secret file that are looked at; every secret here is far shorter."""

_LOGGER = logging.getLogger(__name__)


def read_secret(path: Path, *, is_whole: Callable[[bytes], bool], make: Callable[[], bytes], replace: bool) -> bytes:
    """The secret in `path`; made where the file is missing.

    Args:
        is_whole: whether these bytes can be such a secret (length, alphabet).
        make: a fresh one.
        replace: make a fresh one in place of a bad one, and say so; False: a bad one is refused, because what was
            sealed with the good one could never be opened again.

    Raises:
        SettingsError: the file is no secret (cut, empty, readable for others, another person's, no plain file) and
            may not or cannot be replaced; the message says what to do.
    """
    try:
        found, fault = _look(path, is_whole)
        if found is not None:
            return found
        with _turn(path):
            found, fault = _look(path, is_whole)
            if found is not None:
                return found
            if fault is not None:
                if not replace:
                    raise SettingsError(f"{path} {fault}. Put back the right file, or move it away to start anew.")
                _LOGGER.warning("%s %s; a new one was made.", path, fault)
            return _write(path, make())
    except OSError as error:
        raise SettingsError(f"{path} cannot be used ({error.strerror}).") from None


def peek_secret(path: Path, *, is_whole: Callable[[bytes], bool]) -> bytes | None:
    """The secret in `path` as it is now; None: there is none that is fit for use. Nothing is made.

    Raises:
        SettingsError: it is not this user's, or cannot be read.
    """
    try:
        return _look(path, is_whole)[0]
    except OSError as error:
        raise SettingsError(f"{path} cannot be used ({error.strerror}).") from None


def change_secret(path: Path, *, is_whole: Callable[[bytes], bool], change: Callable[[bytes], bytes]) -> None:
    """Put what `change` makes of the secret in its place; a power cut leaves the one or the other.

    Raises:
        SettingsError: there is no whole secret to change, or the file cannot be written.
    """
    try:
        with _turn(path):
            found, fault = _look(path, is_whole)
            if found is None:
                raise SettingsError(f"{path} {fault or 'is not there'}. Put back the right file.")
            _write(path, change(found))
    except OSError as error:
        raise SettingsError(f"{path} cannot be used ({error.strerror}).") from None


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    """One process at a time: two must not disagree about what the secret is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path.with_name(f"{path.name}.turn"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _look(path: Path, is_whole: Callable[[bytes], bool]) -> tuple[bytes | None, str | None]:
    """The secret and nothing, or nothing and what is wrong; nothing twice where there is no file.

    Raises:
        SettingsError: it is not this user's to replace.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None, None
    if not stat.S_ISREG(status.st_mode):
        raise SettingsError(f"{path} is not a plain file; move it away.")
    if status.st_uid != os.geteuid():
        raise SettingsError(f"{path} belongs to another user of this machine; move it away, or run as its owner.")
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        status = os.fstat(file.fileno())
        content = file.read(LONGEST)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        raise SettingsError(f"{path} changed while it was read; try again.")
    if status.st_mode & 0o077:
        return None, f"may be read by others (mode {stat.S_IMODE(status.st_mode):04o})"
    return (content, None) if is_whole(content) else (None, "is empty, cut or damaged")


def _write(path: Path, secret: bytes) -> bytes:
    """Put the secret in place: on the disk before it has its name, so that a power cut leaves the old file or this."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as out:
            out.write(secret)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return secret
