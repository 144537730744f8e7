"""Secrets at rest: AES-256-GCM, each bound to its row by associated data, under keys given or kept in the home.

A Fernet token moved to another row would still open; with associated data it does not.
"""

import base64
import binascii
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipelines.core.errors import SettingsError, UnreadableFileError
from pipelines.core.secrets.given_secrets import given_secret
from pipelines.core.secrets.secret_files import read_secret
from pipelines.core.settings import Settings

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x01"


class Sealer:
    """Seals small secrets with `key`; opens what was sealed with it or `older` ones. A key is 32 random bytes."""

    def __init__(self, key: bytes, *older: bytes) -> None:
        self._keys = [AESGCM(each) for each in (key, *older)]

    @classmethod
    def open_home(cls, settings: Settings) -> "Sealer":
        """The sealer of this home: MASTER_KEYS, or a key that is made on first use, readable by its owner only.

        Raises:
            SettingsError: `master.key` is damaged, readable for others or another user's; it is never replaced. Or
                MASTER_KEYS holds something else than keys.
        """
        given = given_secret("MASTER_KEYS", settings.master_keys, settings.master_key_file)
        if given is not None:
            return cls(*_keys(given))
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
        return VERSION + nonce + self._keys[0].encrypt(nonce, secret, VERSION + context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """The secret.

        Raises:
            UnreadableFileError: other key, other context, or changed bytes (code `sealed`).
        """
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        for key in self._keys:
            try:
                return key.decrypt(nonce, body, VERSION + context.encode())
            except (InvalidTag, ValueError):
                continue
        raise UnreadableFileError("A stored secret cannot be opened; enter it again.", code="sealed")


def _keys(given: str) -> list[bytes]:
    try:
        keys = [base64.b64decode(each, validate=True) for each in given.replace(",", " ").split()]
    except binascii.Error:
        keys = []
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise SettingsError(
            f"MASTER_KEYS: each key must be {KEY_BYTES} bytes in base64, such as `openssl rand -base64 32`."
        )
    return keys
