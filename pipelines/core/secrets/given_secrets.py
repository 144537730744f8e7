"""Secrets given from outside, as a setting or in a file, so that the processes of several machines share them."""

from pathlib import Path

from pydantic import SecretStr

from pipelines.core.errors import SettingsError
from pipelines.core.settings import REPOSITORY

LONGEST = 65_536
"""Bytes of a file that are looked at."""


def given_secret(name: str, value: SecretStr | None, file: Path | None) -> str | None:
    """The secret without blanks around it; None: it was not given, so the home's own is used.

    Args:
        name: the setting's name; its file's is the same with `_FILE`.
        file: what a secret store mounts: its mode and owner are that store's business.

    Raises:
        SettingsError: both were given, or the file cannot be read or is empty.
    """
    if value is not None and file is not None:
        raise SettingsError(f"{name}: give the secret or its file, not both.")
    if file is None:
        return value.get_secret_value().strip() if value is not None else None
    try:
        with (REPOSITORY / file.expanduser()).open("rb") as source:
            found = source.read(LONGEST).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: its file {file} cannot be read ({type(error).__name__}).") from None
    if not found:
        raise SettingsError(f"{name}: its file {file} is empty.")
    return found
