"""`studybuddy up`, `down`, `status`, `serve` and `migrate`: the machine as a whole."""

from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from pipelines.cli.output import console, errors, print_json, told
from pipelines.core.database_address import parse_address, shown_address
from pipelines.core.overview import Overview, read_overview
from pipelines.core.postgres import migrate_database
from pipelines.core.secrets.local_token import local_token
from pipelines.core.secrets.lost import count_lost_secrets
from pipelines.core.settings import get_settings
from pipelines.core.stores import Stores
from pipelines.core.weak_sandboxes import list_weak_sandboxes
from pipelines.http.sign_in import sign_in_address
from pipelines.runtime import services

PACKAGES = ("studybuddy", "dagster", "fastapi", "pymupdf", "faster-whisper", "openai", "pgvector")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, down, status, serve, migrate):
        app.command()(command)


def up() -> None:
    """Start the database, Dagster and the API in the background, and print their addresses."""
    settings = get_settings()
    with told(), errors.status("Starting the database, Dagster and the API ..."):
        found = services.up(settings)
        token = local_token(settings)
    if found.already:
        console.print("Running already.")
    if found.outdated:
        console.print("The code has changed since: `studybuddy down` and `up` start the new one.")
    _show_addresses(found, token)


def down() -> None:
    """Stop everything `up` started."""
    with told(), errors.status("Stopping ..."):
        stopped = services.down(get_settings())
    console.print("Stopped." if stopped else "Nothing was running.")


def status(json: Annotated[bool, typer.Option("--json", help="As JSON, with the local API token.")] = False) -> None:
    """Addresses, versions, the embedding set and how much there is."""
    with told(), Stores.open() as stores:
        found = services.running(stores.settings)
        with stores.database.transaction() as connection:
            overview = read_overview(connection)
            warnings = [weak.warning for weak in list_weak_sandboxes(connection)]
            warnings += count_lost_secrets(connection, stores.sealer).warnings
            (server,) = connection.execute("show server_version").fetchall()[0]
        database = stores.database.url
        token = local_token(stores.settings)
    if json:
        shown = _as_json(found, overview, database=database, server=server, token=token)
        print_json(shown | {"warnings": warnings})
        return
    for warning in warnings:
        console.print(f"[yellow]warning[/yellow]: {escape(warning)}")
    if found is None:
        console.print("Nothing runs in the background; `studybuddy up` starts it.")
    else:
        _show_addresses(found, token)
    _show_counts(overview)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to bind; default API_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to bind; default API_PORT.")] = None,
) -> None:
    """Serve the API alone, in the foreground."""
    from serving.run import serve as run_api

    settings = get_settings()
    with told():
        run_api(settings, host=host or settings.api_host, port=settings.api_port if port is None else port)


def migrate() -> None:
    """Bring the database to the newest schema."""
    with told():
        applied = migrate_database(get_settings())
    console.print("\n".join(f"applied {name}" for name in applied) or "The schema is current.")


def _show_addresses(found: services.Services, token: str) -> None:
    """One line a service; an address stays on its line, or a terminal could not open it."""
    for service in found.services:
        address = _addresses(service, token) or f"process {service.process.pid}"
        state = "" if service.answers else "  [red]does not answer[/red]"
        console.print(f"  {service.name:<8} {address}{state}", soft_wrap=True)


def _addresses(service: services.Service, token: str) -> str | None:
    """What to open: for Dagster's UI the address that signs a browser in. None: it has none."""
    if service.url is None or service.name != "dagster":
        return service.url
    return sign_in_address(service.url, token)


def _show_counts(overview: Overview) -> None:
    table = Table(show_header=False, box=None)
    for name, value in asdict(overview).items():
        table.add_row(name.replace("_", " "), "-" if value is None else str(value))
    console.print(table)


def _as_json(
    found: services.Services | None, overview: Overview, *, database: str, server: str, token: str
) -> dict[str, Any]:
    counts = asdict(overview)
    embedding_set = {name: counts.pop(name) for name in ("model", "dims", "search_text_version")}
    return {
        "running": found is not None,
        "addresses": {
            "database": shown_address(parse_address(database, name="DATABASE_URL")),
            **{service.name: service.url for service in (found.services if found else ()) if service.url},
        },
        "token": token,
        "sign_in": {
            service.name: _addresses(service, token)
            for service in (found.services if found else ())
            if service.name == "dagster"
        },
        "versions": {"postgresql": server, **_versions()},
        "embedding_set": embedding_set,
        "counts": counts,
    }


def _versions() -> dict[str, str]:
    """Versions of the packages that matter most, as far as the installed extras bring them."""
    found = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
