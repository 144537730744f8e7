"""`studybuddy worker`: a machine of a fleet that executes runs, in the foreground until it is told to end."""

import gc
import os
import socket
from typing import Annotated

import typer

from pipelines.cli.output import told
from pipelines.core.errors import SettingsError
from pipelines.core.files import FileStore
from pipelines.core.home import prepare_home
from pipelines.core.settings import Settings, get_settings

DEFINITIONS = "pipelines.definitions"

FORGET_S = 60.0
"""Pause between two looks at copies of stored files that nobody reads any more."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(worker)


def worker(
    slots: Annotated[int, typer.Option(min=1, help="Runs at a time on this machine.")] = 1,
    queues: Annotated[str, typer.Option(help="Queues whose runs it takes, by commas (docs/fleet.md).")] = "dagster",
    name: Annotated[str | None, typer.Option(help="What the fleet calls this machine; its host name if unset.")] = None,
) -> None:
    """Execute runs of a fleet: what Dagster's daemon hands to the broker, as many at a time as there are slots."""
    settings = get_settings()
    with told():
        broker = prepare(settings)
        from pipelines.runtime.forkserver import preload
        from pipelines.runtime.worker import PRELOADED

        preload([*PRELOADED, DEFINITIONS])
        from pipelines.fleet.tasks import make_worker_app, now_and_then

        app = make_worker_app(broker, broker)
        now_and_then(FileStore.open(settings).copies.trim, every_s=FORGET_S)
        gc.freeze()
        machine = name or socket.gethostname()
        app.worker_main(
            ["worker", "--concurrency", str(slots), "--queues", queues, "--hostname", f"worker@{machine}",
             "--loglevel", "WARNING", "--without-mingle", "--without-gossip", "--disable-prefetch"]
        )  # fmt: skip


def prepare(settings: Settings) -> str:
    """Set what Dagster asks for in this process; the broker's URL.

    Raises:
        SettingsError: there is no fleet in these settings.
    """
    if settings.broker_url is None or settings.database_url is None or settings.dagster_database_url is None:
        raise SettingsError(
            "A worker of a fleet needs DATABASE_URL, DAGSTER_DATABASE_URL, BROKER_URL and FILES_URL, the same as every"
            " other machine (docs/fleet.md)."
        )
    if settings.files_url is None:
        raise SettingsError("A fleet's files lie where every machine reads them: set FILES_URL, such as s3://bucket.")
    from pipelines.runtime.services import environment

    prepare_home(settings.home)
    os.environ.update(environment(settings))
    return settings.broker_url.get_secret_value()
