"""Partial files: the bytes of uploads that come in pieces, as far as they have come. How many there are is the offset.

They lie on this machine's disk: an object store cannot add to an object.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from pipelines.core.errors import StorageUnavailableError, TransientError


class PartialFileBusyError(TransientError):
    """Another process writes to this partial file."""

    default_code = "upload_busy"


class PartialFile:
    """One partial file, opened and held: nobody else writes to it meanwhile.

    Raises:
        StorageUnavailableError: from any method: the disk is full or away.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @property
    def byte_count(self) -> int:
        """Bytes that have come."""
        return os.fstat(self._descriptor).st_size

    def append(self, block: bytes) -> None:
        """Add bytes at its end."""
        with _translated():
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def cut(self, byte_count: int) -> None:
        """Drop what is behind so many bytes."""
        with _translated():
            os.ftruncate(self._descriptor, byte_count)

    def sync(self) -> None:
        """Wait until the disk has it all."""
        with _translated():
            os.fsync(self._descriptor)


class PartialFiles:
    """The partial files in one folder, named by the ids of their uploads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def held(self, upload_id: UUID) -> Iterator[PartialFile]:
        """The partial file of an upload, made where there is none yet.

        Raises:
            PartialFileBusyError: another process has it.
            StorageUnavailableError
        """
        path = self._path(upload_id)
        with _translated():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise PartialFileBusyError("Another request sends to this upload.", retry_after_s=2) from None
            yield PartialFile(path, descriptor)
        finally:
            os.close(descriptor)

    def remove(self, upload_id: UUID) -> None:
        """Remove a partial file; removing what is not there is fine."""
        with suppress(FileNotFoundError), _translated():
            self._path(upload_id).unlink(missing_ok=True)

    def list_ids(self) -> list[UUID]:
        """Of which uploads there are partial files."""
        found: list[UUID] = []
        with suppress(FileNotFoundError):
            for path in self._folder.iterdir():
                with suppress(ValueError):
                    found.append(UUID(path.name))
        return found

    def _path(self, upload_id: UUID) -> Path:
        return self._folder / str(upload_id)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageUnavailableError(f"The upload cannot be written now ({reason}).") from None
