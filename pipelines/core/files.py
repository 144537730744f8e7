"""The content-addressed file store: bytes are named by their sha256, never by what a person called them.

Behind fsspec, so FILES_URL may be a folder or an S3 URL. A file is either there whole or not there: bytes go to a
temporary name first and are moved into place.
"""

import errno
import hashlib
import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from pipelines.core.errors import NotFoundError, StorageUnavailableError, UnreadableFileError
from pipelines.core.file_cache import FileCache
from pipelines.core.partial.files import PartialFiles
from pipelines.core.settings import Settings

BLOCK = 1 << 20
NO_LINKS = frozenset({errno.EPERM, errno.EXDEV, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})
"""What file systems say that have no links."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What a write answers: name, size in bytes, and whether the store already had these bytes."""

    sha256: str
    byte_count: int
    existed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """One stored file: its name, its size, and when it was stored, in seconds since 1970."""

    sha256: str
    byte_count: int
    modified_at: float


class IncomingFile:
    """Bytes on their way into the store, under a temporary name. What is not finished leaves nothing behind.

    Raises:
        StorageUnavailableError: from any method: disk full, or the store is out of reach.
    """

    def __init__(self, store: "FileStore", fs: Any, folder: str, max_bytes: int | None) -> None:
        self._store, self._fs, self._max_bytes = store, fs, max_bytes
        self._temporary = f"{folder}/{secrets.token_hex(16)}"
        self._digest, self._size = hashlib.sha256(), 0
        self._out: Any = None
        try:
            fs.makedirs(folder, exist_ok=True)
            self._out = fs.open(self._temporary, "wb")
        except OSError as error:
            self.close()
            raise _unavailable(error) from None

    def write(self, block: bytes) -> None:
        """Add bytes.

        Raises:
            UnreadableFileError: they are more than there may be (code `too_large`).
        """
        self._size += len(block)
        if self._max_bytes is not None and self._size > self._max_bytes:
            raise UnreadableFileError(f"The file is larger than {self._max_bytes // 1_000_000} MB.", code="too_large")
        self._digest.update(block)
        try:
            self._out.write(block)
        except OSError as error:
            raise _unavailable(error) from None

    def finish(self) -> StoredFile:
        """The file is whole: it is in the store under its name when this returns.

        Raises:
            UnreadableFileError: it is empty (code `empty_file`).
        """
        if self._size == 0:
            raise UnreadableFileError("The file is empty (0 bytes).", code="empty_file")
        sha256 = self._digest.hexdigest()
        try:
            self._store._sync(self._out)
            self._out.close()
            existed = self._store._take(self._temporary, sha256)
        except OSError as error:
            raise _unavailable(error) from None
        return StoredFile(sha256, self._size, existed)

    def close(self) -> None:
        """Drop what was not finished; closing twice is fine."""
        try:
            if self._out is not None and not self._out.closed:
                self._out.close()
        except OSError:
            pass  # a full disk fails again on close; the cause is on its way up already
        if self._fs.exists(self._temporary):
            self._fs.rm_file(self._temporary)

    def __enter__(self) -> "IncomingFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FileStore:
    """Files by content hash under one root.

    Args:
        home: folder for what must lie on a disk of this machine, where the root does not: files that come in pieces,
            and copies of stored ones.
        copies_bytes: what the copies may take.
    """

    def __init__(self, url: str, *, home: Path | None = None, copies_bytes: int = 0) -> None:
        import fsspec  # here: much needs the names of this module, and a search has no files

        self._fs, self._root = fsspec.core.url_to_fs(url)
        self._local = "file" in (self._fs.protocol if isinstance(self._fs.protocol, tuple) else (self._fs.protocol,))
        here = Path(self._root) if self._local else home or Path(tempfile.gettempdir())
        self.partial = PartialFiles(here / "partial")
        self.copies = FileCache(here / "copies", copies_bytes)

    @classmethod
    def open(cls, settings: Settings) -> "FileStore":
        """The store FILES_URL names; a folder of the home when it is unset."""
        copies_bytes = round(settings.file_cache_gb * 10**9)
        return cls(settings.files_url or str(settings.home / "files"), home=settings.home, copies_bytes=copies_bytes)

    def add(self, source: IO[bytes], *, max_bytes: int | None = None) -> StoredFile:
        """Copy a stream into the store.

        Raises:
            UnreadableFileError: more than `max_bytes` bytes (code `too_large`) or none at all (code `empty_file`).
            StorageUnavailableError: disk full or store out of reach; nothing is left behind.
        """
        with self.begin(max_bytes=max_bytes) as incoming:
            try:
                while block := source.read(BLOCK):
                    incoming.write(block)
            except OSError as error:
                raise _unavailable(error) from None
            return incoming.finish()

    def add_whole(self, path: Path) -> StoredFile:
        """Store a file of `partial` that is whole; it stays where it is. On one disk both share their bytes.

        Raises:
            StorageUnavailableError: disk full or store out of reach; nothing is left behind.
        """
        try:
            with path.open("rb") as source:
                sha256, byte_count = hashlib.file_digest(source, "sha256").hexdigest(), source.tell()
            existed = self.has(sha256)
            if self._local and not existed:
                self._fs.makedirs(self._folder(sha256), exist_ok=True)
                with suppress(FileExistsError):
                    os.link(path, self._path(sha256))
            if self._local or existed:
                return StoredFile(sha256, byte_count, existed)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise _unavailable(error) from None
        with path.open("rb") as source:
            return self.add(source)

    def begin(self, *, max_bytes: int | None = None) -> "IncomingFile":
        """A file that comes in pieces; use it as a context manager, or `close` it.

        Raises:
            StorageUnavailableError: disk full or store out of reach.
        """
        return IncomingFile(self, self._fs, f"{self._root}/incoming", max_bytes)

    def has(self, sha256: str) -> bool:
        """Is this content stored?"""
        return bool(self._fs.exists(self._path(sha256)))

    def open_read(self, sha256: str) -> IO[bytes]:
        """A seekable stream of the stored bytes.

        Raises:
            NotFoundError: the store has no such content.
        """
        try:
            return self._fs.open(self._path(sha256), "rb")  # type: ignore[no-any-return]
        except FileNotFoundError:
            raise NotFoundError("A stored file is missing from the file store.") from None
        except OSError as error:
            raise _unavailable(error) from None

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        """A path on this machine with the stored bytes: the file itself, or a copy that stays until this ends.

        Raises:
            NotFoundError: the store has no such content.
            StorageUnavailableError: the store is out of reach, or this machine has no room for a copy.
        """
        path = Path(self._path(sha256))
        if not self._local:
            with self.copies.held(sha256, lambda: self.open_read(sha256)) as copy:
                yield copy
            return
        if not path.exists():
            raise NotFoundError("A stored file is missing from the file store.")
        yield path

    def remove(self, sha256: str) -> None:
        """Remove content; removing what is not there is fine."""
        self.copies.remove(sha256)
        try:
            self._fs.rm_file(self._path(sha256))
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unavailable(error) from None

    def list_stored(self) -> Sequence["ListedFile"]:
        """Everything stored.

        Raises:
            StorageUnavailableError: the store cannot be listed.
        """
        return [
            ListedFile(sha256=name, byte_count=int(info.get("size") or 0), modified_at=_modified_at(info))
            for path, info in self._find(self._root).items()
            if _SHA256.fullmatch(name := path.rpartition("/")[2])
        ]

    def remove_remains(self, *, older_than_s: float) -> int:
        """Remove what uploads that died left behind, where no byte has come for so long; how many. Copies of this
        machine that are old go too.

        Raises:
            StorageUnavailableError
        """
        self.copies.trim()
        before = time.time() - older_than_s
        remains = [path for path, info in self._find(f"{self._root}/incoming").items() if _modified_at(info) <= before]
        for path in remains:
            with suppress(FileNotFoundError):
                self._fs.rm_file(path)
        return len(remains)

    def _find(self, folder: str) -> dict[str, dict[str, Any]]:
        try:
            self._fs.invalidate_cache()  # other processes write too
            found = self._fs.find(folder, detail=True)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _unavailable(error) from None
        return {str(path): info for path, info in dict(found).items()}

    def _take(self, temporary: str, sha256: str) -> bool:
        """Give a file that is whole its name; whether these bytes were there already."""
        existed = self.has(sha256)
        if not existed:
            self._fs.makedirs(self._folder(sha256), exist_ok=True)
            self._fs.mv(temporary, self._path(sha256))
        return existed

    def _sync(self, out: IO[bytes]) -> None:
        out.flush()
        if self._local:
            os.fsync(out.fileno())

    def _folder(self, sha256: str) -> str:
        if not _SHA256.fullmatch(sha256):
            raise NotFoundError("A stored file is missing from the file store.")
        return f"{self._root}/{sha256[:2]}"

    def _path(self, sha256: str) -> str:
        return f"{self._folder(sha256)}/{sha256}"


def _modified_at(info: dict[str, Any]) -> float:
    """When a listed file was written; now for a store that does not say, so that nothing is taken for old."""
    said = (info.get(name) for name in ("mtime", "LastModified", "created"))
    found = next((when for when in said if when is not None), time.time())
    return found.timestamp() if isinstance(found, datetime) else float(found)


def _unavailable(error: OSError) -> StorageUnavailableError:
    reason = error.strerror or type(error).__name__
    return StorageUnavailableError(f"The file store cannot be used now ({reason}); nothing was saved.")
