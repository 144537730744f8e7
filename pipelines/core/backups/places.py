"""Places of backups: folders and buckets. What is written there is whole or not there, and encrypted where asked.

`studybuddy-backup.json` says that a place is ours. `files/` holds stored bytes by their SHA-256, once for all backups;
`backups/TIME/` the dumps of one and its `manifest.json`, written last.
"""

import hashlib
import io
import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from pipelines.core.errors import PermanentError, SettingsError, StorageUnavailableError

FORMAT = 1
MARK = "studybuddy-backup.json"
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Bytes as they lie in the place, encrypted or not: how many, and their SHA-256."""

    byte_count: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What one backup holds. `at`: when its view of the database was taken, in UTC, as in the name of its folder.

    `dumps`: by file name. `files`: stored bytes by the SHA-256 of their content. `counts`: what the database held, for
    people. `schema`: DATABASE_SCHEMA of the dump; `vectors`: the schema that pgvector was in. `format` grows when an
    older program could not read it.
    """

    at: str
    schema: str
    vectors: str
    encrypted: bool
    counts: Mapping[str, Any]
    dumps: Mapping[str, Stored]
    files: Mapping[str, Stored]
    format: int = FORMAT

    def as_json(self) -> str:
        """One JSON document."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """What `as_json` gave.

        Raises:
            ValueError: it is none, or from a newer version.
        """
        said = json.loads(text)
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise ValueError("of another format")
        try:
            for name in ("dumps", "files"):
                said[name] = {key: Stored(**value) for key, value in said[name].items()}
            return cls(**said)
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError(str(error)) from None


class Place:
    """One place of backups.

    Args:
        address: a folder, or any fsspec address such as `s3://bucket/prefix`.
        recipients: age public keys (`age1...`) that can read what is written; none: it is not encrypted.
        identities: texts of age secret keys that read it; none where nothing is encrypted.

    Raises:
        SettingsError: the address or a key is none.
    """

    def __init__(self, address: str, *, recipients: Sequence[str] = (), identities: Sequence[str] = ()) -> None:
        import fsspec

        try:
            self._fs, self._root = fsspec.core.url_to_fs(address)
        except (ValueError, ImportError) as error:
            raise SettingsError(f"{address} is no folder and no address of files: {error}") from None
        self._local = "file" in (self._fs.protocol if isinstance(self._fs.protocol, tuple) else (self._fs.protocol,))
        self.shown = address
        self._recipients, self._identities = _keys(recipients, identities)

    @property
    def encrypts(self) -> bool:
        """Whether what is written is encrypted."""
        return bool(self._recipients)

    @property
    def can_decrypt(self) -> bool:
        """Whether a key to read what is encrypted was given."""
        return bool(self._identities)

    def claim(self) -> None:
        """Make the place ours.

        Raises:
            PermanentError: something else lies there.
            StorageUnavailableError
        """
        with self._reached():
            if self._fs.exists(f"{self._root}/{MARK}"):
                return
            if self._fs.exists(self._root) and self._fs.ls(self._root):
                raise PermanentError(f"{self.shown} holds something that is no backup; name an empty or a new place.")
            self._fs.makedirs(self._root, exist_ok=True)
            if self._local:
                Path(self._root).chmod(0o700)
            self._fs.pipe_file(f"{self._root}/{MARK}", json.dumps({"format": FORMAT}).encode())

    def manifests(self) -> list[str]:
        """Times of the backups that are here and whole, oldest first.

        Raises:
            PermanentError: this is no place of backups.
            StorageUnavailableError
        """
        with self._reached():
            self._fs.invalidate_cache()
            if not self._fs.exists(f"{self._root}/{MARK}"):
                raise PermanentError(f"{self.shown} holds no backup that `studybuddy backup` made.")
            found = self._fs.glob(f"{self._root}/backups/*/manifest.json")
        return sorted(str(path).rsplit("/", 2)[1] for path in found)

    def read_manifest(self, at: str) -> Manifest:
        """What the backup of this time holds.

        Raises:
            PermanentError: it is damaged, or a newer version made it.
            StorageUnavailableError
        """
        with self._reached():
            text = self._fs.cat_file(f"{self._root}/backups/{at}/manifest.json")
        try:
            return Manifest.from_json(text.decode())
        except (ValueError, UnicodeDecodeError):
            raise PermanentError(
                f"The manifest of the backup of {at} in {self.shown} cannot be read: it is damaged, or a newer version"
                " of StudyBuddy made it."
            ) from None

    def write_manifest(self, manifest: Manifest) -> None:
        """Write what a backup holds; only now it is one."""
        with self._reached():
            self._fs.pipe_file(f"{self._root}/backups/{manifest.at}/manifest.json", manifest.as_json().encode())

    def sizes(self) -> dict[str, int]:
        """Stored bytes that lie here by the SHA-256 of their content, with how many bytes they take here."""
        with self._reached():
            self._fs.invalidate_cache()
            found = self._fs.find(f"{self._root}/files", detail=True)
        return {path.rpartition("/")[2]: int(info.get("size") or 0) for path, info in dict(found).items()}

    def put(self, name: str, source: IO[bytes]) -> Stored:
        """Write a stream under a name below the place; it is there whole or not at all.

        Raises:
            StorageUnavailableError
        """
        path = f"{self._root}/{name}"
        temporary = f"{path}.{secrets.token_hex(8)}"
        try:
            with self._reached():
                self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
                with self._fs.open(temporary, "wb") as out:
                    hashing = _Hashing(out)
                    self._write(source, hashing)
                self._fs.mv(temporary, path)
        finally:
            with suppress(Exception):
                if self._fs.exists(temporary):
                    self._fs.rm_file(temporary)
        return Stored(byte_count=hashing.byte_count, sha256=hashing.digest.hexdigest())

    def check(self, name: str, stored: Stored, what: str) -> None:
        """Read what lies here and compare.

        Raises:
            PermanentError: it is missing or not what was written.
        """
        try:
            with self._reached(), self._fs.open(f"{self._root}/{name}", "rb") as source:
                found = hashlib.file_digest(source, "sha256").hexdigest()
        except FileNotFoundError:
            raise PermanentError(f"The backup is damaged: {what} is missing in {self.shown}.") from None
        if found != stored.sha256:
            raise PermanentError(f"The backup is damaged: {what} in {self.shown} is not what was written.")

    def get(self, name: str, out: IO[bytes], *, encrypted: bool) -> None:
        """Copy what lies here, decrypted, into a stream.

        Raises:
            PermanentError: no key that was given opens it.
            StorageUnavailableError
        """
        with self._reached(), self._fs.open(f"{self._root}/{name}", "rb") as source:
            if not encrypted:
                shutil.copyfileobj(source, out, BLOCK)
                return
            import pyrage

            try:
                pyrage.decrypt_io(source, _Hashing(out), self._identities)
            except (pyrage.DecryptError, OSError) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise
                raise PermanentError("The key that was given does not open this backup.") from None

    def remove(self, name: str) -> None:
        """Remove a file or a folder below the place; what is not there is fine."""
        with self._reached(), suppress(FileNotFoundError):
            self._fs.rm(f"{self._root}/{name}", recursive=True)

    def _write(self, source: IO[bytes], out: "_Hashing") -> None:
        if not self._recipients:
            shutil.copyfileobj(source, out, BLOCK)
            return
        import pyrage

        pyrage.encrypt_io(source, out, self._recipients)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StorageUnavailableError(f"{self.shown}: {error.strerror or type(error).__name__}.") from None


class _Hashing(io.RawIOBase):
    """A stream that counts and hashes what goes through it."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self.digest, self.byte_count = out, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, block: Any) -> int:
        self.digest.update(block)
        self.byte_count += len(block)
        self._out.write(block)
        return len(block)


def file_name(sha256: str) -> str:
    """Where stored bytes lie below a place."""
    return f"files/{sha256[:2]}/{sha256}"


def _keys(recipients: Sequence[str], identities: Sequence[str]) -> tuple[list[Any], list[Any]]:
    if not recipients and not identities:
        return [], []
    import pyrage

    try:
        return (
            [pyrage.x25519.Recipient.from_str(each) for each in recipients],
            [pyrage.x25519.Identity.from_str(each) for each in identities],
        )
    except (pyrage.RecipientError, pyrage.IdentityError):
        raise SettingsError(
            "A key for backups is none of age's: BACKUP_RECIPIENTS are public ones (age1...), the file of --identity"
            " holds secret ones (AGE-SECRET-KEY-1...), as `age-keygen` makes them."
        ) from None
