"""The local user's token: made once for each home, kept in a file only its owner can read.

Belongs here: nothing heavy. The command line reads the token to show it, without loading the service.
"""

import re
import secrets

from pipelines.core.errors import SettingsError
from pipelines.core.secrets.given_secrets import given_secret
from pipelines.core.secrets.secret_files import read_secret
from pipelines.core.settings import Settings

NAME = "api.token"
_TOKEN = re.compile(rb"[A-Za-z0-9_-]{43,128}\n?")
"""What `secrets.token_urlsafe(32)` makes, perhaps with the line end of an editor."""


def local_token(settings: Settings) -> str:
    """The bearer token of the one local user: API_TOKEN, or one that is made on first use.

    A restart keeps it, so a browser tab that waits for the service to come back still fits. Deleting the file
    (`run/api.token` in the home) makes a new one at the next start; so does a file that is damaged, empty or readable
    for others, with a line in the log.

    Raises:
        SettingsError: the file cannot be used and is not ours to replace, or API_TOKEN is no such token.
    """
    given = given_secret("API_TOKEN", settings.api_token, settings.api_token_file)
    if given is not None:
        if _TOKEN.fullmatch(given.encode()) is None:
            raise SettingsError("API_TOKEN: it must have 43 to 128 letters, digits, `-` and `_`.")
        return given
    found = read_secret(
        settings.home / "run" / NAME,
        is_whole=lambda content: _TOKEN.fullmatch(content) is not None,
        make=lambda: secrets.token_urlsafe(32).encode(),
        replace=True,
    )
    return found.decode("ascii").strip()
