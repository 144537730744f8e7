"""Secrets at rest: AES-256-GCM, each bound to its row by associated data, under a key kept in the home.

A Fernet token moved to another row would still open; with associated data it does not.
"""

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipelines.core.errors import UnreadableFileError
from pipelines.core.settings import Settings

NONCE_BYTES = 12
VERSION = b"\x01"


class Sealer:
    """Seals and opens small secrets. `key` is 32 random bytes."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    @classmethod
    def open_home(cls, settings: Settings) -> "Sealer":
        """The sealer of this home; its key is made on first use, readable by its owner only."""
        path = settings.home / "master.key"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
        return cls(path.read_bytes())

    def seal(self, secret: bytes, *, context: str) -> bytes:
        """Ciphertext of `secret`, which opens only with the same `context` (what row and what purpose)."""
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._aead.encrypt(nonce, secret, VERSION + context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """The secret.

        Raises:
            UnreadableFileError: other key, other context, or changed bytes (code `sealed`).
        """
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, body, VERSION + context.encode())
        except (InvalidTag, ValueError):
            raise UnreadableFileError("A stored secret cannot be opened; enter it again.", code="sealed") from None


def _create(path: Path) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(AESGCM.generate_key(bit_length=256))
    try:
        os.link(temporary, path)  # whoever is first wins; a rename would replace a key already in use
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
