"""Passwords of PDFs from a prompt, a file or standard input: every process of the machine sees a command line."""

import sys
from pathlib import Path

import typer

from pipelines.core.errors import PermanentError

LONGEST = 1_000
"""Bytes of a password that are read; PDF allows 127."""


def read_password(file: Path | None, *, ask: bool) -> str | None:
    """The password; None where neither a file nor a prompt was asked for.

    Args:
        file: its first line is the password; `-` reads standard input.
        ask: prompt for it without showing it.

    Raises:
        PermanentError: the file cannot be read, or holds none; or both ways were asked for.
    """
    if ask and file is not None:
        raise PermanentError("Give the password once: by --password-file or by --ask-password.", code="bad_password")
    if ask:
        return str(typer.prompt("Password of the PDFs", hide_input=True, err=True))
    if file is None:
        return None
    try:
        if str(file) == "-":
            content = sys.stdin.buffer.readline(LONGEST)
        else:
            with file.open("rb") as source:
                content = source.readline(LONGEST)
        password = content.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise PermanentError(f"The password cannot be read from {file} ({why}).", code="bad_password") from None
    if not password:
        raise PermanentError(f"There is no password in {file}.", code="bad_password")
    return password
