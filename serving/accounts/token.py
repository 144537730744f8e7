"""The local user's token: made once for each home, kept in a file only its owner can read.

Belongs here: nothing heavy. The command line reads the token to show it, without loading the service.
"""

import os
import secrets

from pipelines.core.settings import Settings

NAME = "api.token"


def local_token(settings: Settings) -> str:
    """The bearer token of the one local user, made on first use.

    A restart keeps it, so a browser tab that waits for the service to come back still fits. Deleting the file
    (`run/api.token` in the home) makes a new one at the next start.
    """
    path = settings.home / "run" / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        temporary = path.with_name(f"{NAME}.{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(32))
        try:
            os.link(temporary, path)  # whoever is first wins: two processes must not disagree about the token
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text(encoding="ascii").strip()
