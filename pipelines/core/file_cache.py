"""Copies on this machine of stored files that lie elsewhere, so that a run downloads its upload once.

Processes of a machine share the folder. Who reads a copy holds a shared lock on it, who downloads or removes one an
exclusive one: locks end with the process that has them, so one that is killed leaves nothing held. A copy is compared
with its name, which is its SHA-256, each time before it is read.
"""

import errno
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from pipelines.core.errors import StorageUnavailableError

KEEP_S = 3600.0
"""A copy that nobody has read for so long goes: its upload's runs are over, and a deleted file's copies go too."""

SPARE = 20
"""One part in so many of the disk stays free: what else is written there must not fail for the sake of copies."""

AGAIN_S = 0.1
"""Pause between two looks at a download of another process."""

BLOCK = 1 << 20
_PART = ".part"
_NAME = re.compile(rf"[0-9a-f]{{64}}({re.escape(_PART)})?")


class FileCache:
    """The copies in one folder of this machine.

    Args:
        max_bytes: what they may take; what was read longest ago goes first, what is being read never.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder, self._max_bytes = folder, max_bytes

    @contextmanager
    def held(self, sha256: str, read: Callable[[], IO[bytes]]) -> Iterator[Path]:
        """The path of a whole copy, which stays where it is until this ends.

        Args:
            read: opens the stored file, where there is no copy yet; seekable.

        Raises:
            StorageUnavailableError: it cannot be copied: no room, or its store is away or gave other bytes.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = self._obtained(sha256, read)
        except OSError as error:
            raise self._refused(error) from None
        try:
            yield self._folder / sha256
        finally:
            os.close(descriptor)
            self.trim()

    def remove(self, sha256: str) -> None:
        """Remove a copy, unless it is being read; then it goes when it is old."""
        with suppress(OSError):
            self._take_away(self._folder / sha256)

    def trim(self, *, room: int = 0) -> None:
        """Remove copies that are old, downloads that died and, from the longest unread on, what is over the bound.

        Args:
            room: bytes that are to come.
        """
        now, there = time.time(), list[tuple[float, int, Path]]()
        with suppress(OSError):
            for path in self._folder.iterdir():
                with suppress(FileNotFoundError):
                    if _NAME.fullmatch(path.name):
                        found = path.stat()
                        there.append((found.st_mtime, found.st_size, path))
        cached = sum(size for _, size, _ in there)
        total, most = cached + room, min(self._max_bytes, cached + self._free())
        for read_at, size, path in sorted(there):
            if total > most or now - read_at > KEEP_S or path.suffix == _PART:
                with suppress(OSError):
                    total -= size if self._take_away(path) else 0

    def _free(self) -> int:
        """Bytes of the disk that copies may still take; less than none where it is nearly full."""
        try:
            disk = shutil.disk_usage(self._folder)
        except OSError:
            return 0  # there is no folder yet
        return disk.free - disk.total // SPARE

    def _obtained(self, sha256: str, read: Callable[[], IO[bytes]]) -> int:
        """A whole copy, locked against its removal."""
        path, damaged = self._folder / sha256, list[int]()
        while True:
            descriptor = _locked(path, fcntl.LOCK_SH)
            if descriptor is None:
                self._download(path, read, instead_of=None)
                continue
            with _closing_on_error(descriptor):
                if _is_whole(descriptor, sha256):
                    os.utime(descriptor)
                    return descriptor
            damaged.append(os.fstat(descriptor).st_ino)
            os.close(descriptor)
            if len(damaged) > 1:
                self.remove(sha256)
                raise StorageUnavailableError("A stored file came damaged from the file store.")
            self._download(path, read, instead_of=damaged[0])

    def _download(self, path: Path, read: Callable[[], IO[bytes]], *, instead_of: int | None) -> None:
        """Give `path` the stored bytes, unless another process did so meanwhile.

        Args:
            instead_of: the copy (its inode) that is damaged; what reads it goes on with it.
        """
        part = path.with_name(path.name + _PART)
        while (descriptor := _locked(part, fcntl.LOCK_EX | fcntl.LOCK_NB, create=True)) is None:
            # Not in the lock: what is downloaded becomes the copy, which others then hold for hours.
            time.sleep(AGAIN_S)
        try:
            with suppress(FileNotFoundError):
                if path.stat().st_ino != instead_of:
                    part.unlink()
                    return
            with read() as source, os.fdopen(descriptor, "wb", closefd=False) as out:
                self.trim(room=source.seek(0, os.SEEK_END))
                source.seek(0)
                out.truncate(0)
                while block := source.read(BLOCK):
                    out.write(block)
            part.rename(path)
        except BaseException as error:
            part.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                self.trim(room=self._max_bytes)  # others fill the disk too: the next try has what can be had
            raise
        finally:
            os.close(descriptor)

    def _take_away(self, path: Path) -> bool:
        """Remove a file that nobody reads or writes; False: somebody does, or it is gone."""
        descriptor = _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if descriptor is None:
            return False
        try:
            path.unlink()
        finally:
            os.close(descriptor)
        return True

    def _refused(self, error: OSError) -> StorageUnavailableError:
        reason = error.strerror or type(error).__name__
        return StorageUnavailableError(
            f"A stored file cannot be copied to this machine ({reason}); it needs room in {self._folder}."
            if error.errno == errno.ENOSPC
            else f"A stored file cannot be read now ({reason})."
        )


def _locked(path: Path, how: int, *, create: bool = False) -> int | None:
    """A descriptor of what is at `path`, locked while it is open; None: nothing is there, or others have it."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if create else 0)
    while True:
        try:
            descriptor = os.open(path, flags, 0o600)
        except FileNotFoundError:
            return None
        with _closing_on_error(descriptor):
            try:
                fcntl.flock(descriptor, how)
                if os.fstat(descriptor).st_ino == path.stat().st_ino:
                    return descriptor
            except BlockingIOError:
                os.close(descriptor)
                return None
            except FileNotFoundError:
                pass
        os.close(descriptor)  # it was removed or replaced while we waited


@contextmanager
def _closing_on_error(descriptor: int) -> Iterator[None]:
    try:
        yield
    except BaseException:
        os.close(descriptor)
        raise


def _is_whole(descriptor: int, sha256: str) -> bool:
    with os.fdopen(os.dup(descriptor), "rb") as copy:
        copy.seek(0)
        return hashlib.file_digest(copy, "sha256").hexdigest() == sha256
