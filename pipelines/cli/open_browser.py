"""`studybuddy open`: opens StudyBuddy in a browser, signed in as the local user."""

import sys
import webbrowser
from html import escape
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.output import errors, told
from pipelines.core.errors import SettingsError
from pipelines.core.postgres import Database
from pipelines.core.secrets.sign_in_tickets import LIFE_S, make_ticket
from pipelines.core.settings import Settings, get_settings
from pipelines.runtime import services


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="open")(open_browser)


def open_browser(
    print_only: Annotated[bool, typer.Option("--print", help="Print the address and open nothing.")] = False,
) -> None:
    """Open StudyBuddy in a browser, signed in; the address is good once and for a minute."""
    settings = get_settings()
    with told():
        url = _url(settings)
        if settings.oidc_issuer is None:
            with Database.open(settings) as database, database.transaction() as connection:
                url = f"{url}#ticket={make_ticket(connection)}"
        if not print_only:
            _open(settings, url)
    sys.stdout.write(f"{url}\n")
    if settings.oidc_issuer is None:
        errors.print(f"Good once, for {LIFE_S:.0f} seconds.")


def _url(settings: Settings) -> str:
    """The address of the API that runs for this home.

    Raises:
        SettingsError: none does.
    """
    if settings.public_url is not None:
        return f"{settings.public_url.rstrip('/')}/"
    found = services.running(settings)
    url = found.url("api") if found is not None else None
    if url is None:
        raise SettingsError("The API does not run; start it with `studybuddy up`, then open it.")
    return f"{url}/"


def _open(settings: Settings, url: str) -> None:
    """Open a browser, where there is one.

    Every process of the machine sees a command line, so the browser is given a file of ours that leads on to the
    address, and not the address with its ticket.
    """
    page = settings.home / "run" / "open.html"
    page.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(page, f'<!doctype html><meta http-equiv="refresh" content="0;url={escape(url)}"><title>StudyBuddy</title>\n')
    webbrowser.open(page.as_uri())


def _write(page: Path, text: str) -> None:
    """Write a file that its owner alone can read, whatever stood there."""
    page.unlink(missing_ok=True)
    page.touch(mode=0o600)
    page.write_text(text, encoding="utf-8")
