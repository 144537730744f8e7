"""Secrets at rest: AES-256-GCM, each bound to its row by associated data, under a key kept in the home.

A Fernet token moved to another row would still open; with associated data it does not.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipelines.core.errors import UnreadableFileError
from pipelines.core.secret_files import read_secret
from pipelines.core.settings import Settings

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x01"


class Sealer:
    """Seals and opens small secrets. `key` is 32 random bytes."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    @classmethod
    def open_home(cls, settings: Settings) -> "Sealer":
        """The sealer of this home; its key is made on first use, readable by its owner only.

        Raises:
            SettingsError: `master.key` is damaged, readable for others or another user's; it is never replaced.
        """
        key = read_secret(
            settings.home / "master.key",
            is_whole=lambda content: len(content) == KEY_BYTES,
            make=lambda: AESGCM.generate_key(bit_length=8 * KEY_BYTES),
            replace=False,
        )
        return cls(key)

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
