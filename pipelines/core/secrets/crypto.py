"""Secrets at rest: AES-256-GCM, each bound to its row by associated data, under keys given or kept in the home.

A Fernet token moved to another row would still open; with associated data it does not. What is sealed says which key
sealed it, so that keys can change while everything runs: the first seals, all open, and a process that meets a key it
does not know looks once more where keys are kept.
"""

import base64
import binascii
import os
from collections.abc import Callable, Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipelines.core.errors import SettingsError, UnreadableFileError
from pipelines.core.secrets.given_secrets import given_secret
from pipelines.core.secrets.secret_files import change_secret, peek_secret, read_secret
from pipelines.core.settings import Settings

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x02"
"""First byte of what is sealed; the name of the key follows."""
UNNAMED = b"\x01"
"""First byte of what earlier releases sealed: it does not say with which key."""
NAME_BYTES = 8
KEPT_KEYS = 3
"""Keys in the home's file at most: the one in use, the one before it for processes that have not looked yet, and one
more where a rotation is unfinished."""


class Sealer:
    """Seals small secrets with the first of `keys`; opens what was sealed with any. A key is 32 random bytes.

    Args:
        reload: the keys as they are kept now; None: they do not change while this process runs.
    """

    def __init__(self, *keys: bytes, reload: Callable[[], Sequence[bytes]] | None = None) -> None:
        self._reload = reload
        self._keys = _named(keys)

    @classmethod
    def open_home(cls, settings: Settings) -> "Sealer":
        """The sealer of this home: MASTER_KEYS, or a key that is made on first use, readable by its owner only.

        Raises:
            SettingsError: `master.key` is damaged, readable for others or another user's; it is never replaced. Or
                MASTER_KEYS holds something else than keys.
        """
        given = _given(settings)
        if given is not None:
            return cls(*given, reload=lambda: _given(settings) or ())
        path = settings.home / "master.key"
        found = read_secret(path, is_whole=_is_whole, make=_new_key, replace=False)
        return cls(*_split(found), reload=lambda: _split(peek_secret(path, is_whole=_is_whole) or b""))

    @property
    def mark(self) -> bytes:
        """The first bytes of everything that is sealed now: what begins otherwise is under an older key."""
        return VERSION + next(iter(self._keys))

    def marks(self) -> list[bytes]:
        """The first bytes of everything that the keys open which are kept now."""
        self._look_again()
        return [VERSION + name for name in self._keys]

    def seal(self, secret: bytes, *, context: str) -> bytes:
        """Ciphertext of `secret`, which opens only with the same `context` (what row and what purpose)."""
        self._look_again()  # a process that began before a rotation must not go on sealing with the old key
        nonce, mark = os.urandom(NONCE_BYTES), self.mark
        return mark + nonce + self._keys[mark[1:]].encrypt(nonce, secret, mark + context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """The secret.

        Raises:
            UnreadableFileError: other key, other context, or changed bytes (code `sealed`).
        """
        if sealed[:1] == UNNAMED:
            return self._open(list(self._keys.values()), UNNAMED, sealed[1:], context)
        mark = sealed[: 1 + NAME_BYTES]
        if mark[1:] not in self._keys:
            self._look_again()
        known = self._keys.get(mark[1:])
        return self._open([known] if known is not None else [], mark, sealed[len(mark) :], context)

    def _open(self, keys: Sequence[AESGCM], mark: bytes, sealed: bytes, context: str) -> bytes:
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        for key in keys:
            try:
                return key.decrypt(nonce, body, mark + context.encode())
            except (InvalidTag, ValueError):
                continue
        raise UnreadableFileError("A stored secret cannot be opened; enter it again.", code="sealed")

    def _look_again(self) -> None:
        """Take over the keys as they are kept now; where they cannot be read, those that are known stay."""
        if self._reload is None:
            return
        try:
            found = self._reload()
        except SettingsError:
            return
        if found:
            self._keys = _named(found)


def begin_rotation(settings: Settings) -> bool:
    """A new key in front of the home's own, which stay behind it. False: the keys are given from outside.

    Raises:
        SettingsError: see `Sealer.open_home`.
    """
    if _given(settings) is not None:
        return False
    path = settings.home / "master.key"
    change_secret(path, is_whole=_is_whole, change=lambda found: (_new_key() + found)[: KEPT_KEYS * KEY_BYTES])
    return True


def _given(settings: Settings) -> list[bytes] | None:
    given = given_secret("MASTER_KEYS", settings.master_keys, settings.master_key_file)
    return None if given is None else _keys(given)


def _named(keys: Sequence[bytes]) -> dict[bytes, AESGCM]:
    return {sha256(b"studybuddy master key" + key).digest()[:NAME_BYTES]: AESGCM(key) for key in keys}


def _new_key() -> bytes:
    return AESGCM.generate_key(bit_length=8 * KEY_BYTES)


def _is_whole(content: bytes) -> bool:
    return len(content) in range(KEY_BYTES, (KEPT_KEYS + 1) * KEY_BYTES, KEY_BYTES)


def _split(content: bytes) -> list[bytes]:
    return [content[at : at + KEY_BYTES] for at in range(0, len(content), KEY_BYTES)]


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
