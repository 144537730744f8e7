"""The signing key: what signs the addresses and sign-ins that this home's processes must know again."""

import hmac
import secrets
from hashlib import sha256

from pipelines.core.errors import SettingsError
from pipelines.core.secrets.given_secrets import given_secret
from pipelines.core.secrets.secret_files import read_secret
from pipelines.core.settings import Settings

SHORTEST = 32
"""Characters: what cannot be guessed."""


def signing_key(settings: Settings, purpose: str) -> bytes:
    """The key for one purpose; keys of two purposes say nothing about each other.

    A new key ends every signed link and every sign-in under way.

    Raises:
        SettingsError: what was given is too short, or the home's file cannot be used.
    """
    given = given_secret("SIGNING_KEY", settings.signing_key, settings.signing_key_file)
    if given is not None and len(given) < SHORTEST:
        raise SettingsError(f"SIGNING_KEY: it must have at least {SHORTEST} characters.")
    root = given.encode() if given is not None else _own(settings)
    return hmac.new(root, purpose.encode(), sha256).digest()


def _own(settings: Settings) -> bytes:
    found = read_secret(
        settings.home / "signing.key",
        is_whole=lambda content: len(content.strip()) >= SHORTEST,
        make=lambda: secrets.token_urlsafe(32).encode(),
        replace=True,
    )
    return found.strip()
