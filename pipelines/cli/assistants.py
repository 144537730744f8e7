"""`studybuddy mcp`: lets an assistant that starts programs search, read and ask, as one person."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.output import told
from pipelines.core.errors import SettingsError
from pipelines.core.secrets.given_secrets import given_secret
from pipelines.core.secrets.local_token import local_token
from pipelines.core.settings import Settings, get_settings
from pipelines.runtime import services


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(mcp)


def mcp(
    url: Annotated[str, typer.Option(help="Address of a StudyBuddy; not given: the one of this machine.")] = "",
    token_file: Annotated[Path | None, typer.Option(help="File with a personal access token; says who asks.")] = None,
) -> None:
    """Serve the Model Context Protocol on standard input and output; an assistant starts this, people do not."""
    settings = get_settings()
    with told():
        from serving.programs.stdio import bridge

        bridge(url or _url(settings), _token(settings, token_file, elsewhere=bool(url)))


def _url(settings: Settings) -> str:
    """The address of the API that runs for this home.

    Raises:
        SettingsError: none does.
    """
    found = services.running(settings)
    url = found.url("api") if found is not None else None
    if url is None:
        raise SettingsError("The API does not run here; start it with `studybuddy up`, or name one with --url.")
    return url


def _token(settings: Settings, file: Path | None, *, elsewhere: bool) -> str:
    """The token of who asks.

    Raises:
        SettingsError: nobody said who asks.
    """
    given = given_secret("--token-file", None, file.expanduser().absolute() if file is not None else None)
    if given is not None:
        return given
    if elsewhere or settings.oidc_issuer is not None:
        raise SettingsError("--token-file: name a file with a personal access token; it says who asks.")
    return local_token(settings)
