"""`studybuddy daemon`, `webserver` and `healthy`: one role of a deployment in the foreground, and whether it is well.

For containers and units of systemd, where something else starts and watches each role; `up` runs all on one machine.
"""

import socket
from enum import StrEnum
from typing import Annotated

import typer

from pipelines.cli.output import console, told
from pipelines.core.errors import SettingsError, TransientError
from pipelines.core.home import prepare_home
from pipelines.core.postgres import Database
from pipelines.core.settings import Settings, get_settings
from pipelines.runtime import services

DEFINITIONS = services.DEFINITIONS
PING_S = 5.0
"""How long a worker may take to say that it is there."""


class Role(StrEnum):
    """What a machine may be there for."""

    API = "api"
    DAEMON = "daemon"
    WEBSERVER = "webserver"
    WORKER = "worker"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (daemon, webserver, healthy):
        app.command()(command)


def daemon() -> None:
    """Run Dagster's daemon alone, in the foreground: it looks for uploads and starts their runs."""
    settings = get_settings()
    with told():
        _run(settings, role="daemon")


def webserver(
    host: Annotated[
        str, typer.Option(help="Address to bind; it answers to loopback names and with the token only.")
    ] = services.LOOPBACK,
) -> None:
    """Run Dagster's UI alone, in the foreground."""
    settings = get_settings()
    with told():
        _run(settings, role="dagster", host=host)


def healthy(
    role: Annotated[Role, typer.Argument(help="What runs on this machine.")],
    name: Annotated[str | None, typer.Option(help="The worker's name; its host name if unset.")] = None,
) -> None:
    """Say whether a role of this machine answers, for health checks; ends with 1 where it does not."""
    settings = get_settings()
    with told():
        if role is Role.API:
            _ask_api(settings)
        elif role is Role.WORKER:
            _ask_worker(settings, name or socket.gethostname())
        else:
            _ask_services(settings, role)
    console.print(f"{role} answers.")


def _run(settings: Settings, **what: str) -> None:
    """Supervise one role until SIGTERM.

    Raises:
        SettingsError: the databases are not named, so that no other role could share them.
        StorageUnavailableError, MigrationError
    """
    if settings.database_url is None or settings.dagster_database_url is None:
        raise SettingsError(
            "A role of its own needs DATABASE_URL and DAGSTER_DATABASE_URL, the same as every other; `studybuddy up`"
            " runs all of them on one machine without."
        )
    from pipelines.runtime.supervisor import supervise

    prepare_home(settings.home)
    Database.open(settings).close()  # migrates
    services.environment(settings)  # says which setting is missing
    supervise(settings, definitions=DEFINITIONS, **what)


def _ask_api(settings: Settings) -> None:
    host = {"0.0.0.0": services.LOOPBACK, "::": "::1"}.get(settings.api_host, settings.api_host)  # noqa: S104  not bound
    shown = f"[{host}]" if ":" in host else host
    status = services.http_status(f"http://{shown}:{settings.api_port}", "/readyz")
    if status != 200:
        said = "does not answer" if status is None else f"is not ready ({status})"
        raise TransientError(f"The API at port {settings.api_port} {said}.", code="not_ready")


def _ask_services(settings: Settings, role: Role) -> None:
    name = "dagster" if role is Role.WEBSERVER else role.value
    found = services.running(settings)
    service = next((each for each in (found.services if found else ()) if each.name == name), None)
    if service is None or not service.answers:
        raise TransientError(f"The {role} of {settings.home} does not answer.", code="not_ready")


def _ask_worker(settings: Settings, machine: str) -> None:
    if settings.broker_url is None:
        raise SettingsError("A worker is asked through the broker: set BROKER_URL.")
    from pipelines.fleet.tasks import AWAY, make_worker_app

    broker = settings.broker_url.get_secret_value()
    try:
        answers = make_worker_app(broker, broker).control.ping([f"worker@{machine}"], timeout=PING_S)
    except AWAY as error:
        raise TransientError(f"The broker cannot be asked ({type(error).__name__}).", code="not_ready") from None
    if not answers:
        raise TransientError(f"The worker {machine} does not answer.", code="not_ready")
