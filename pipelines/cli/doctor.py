"""`studybuddy doctor`: looks at all that this deployment stands on, and says what is wrong and what to do."""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

import psycopg
import typer
from rich.table import Table

from pipelines.cli.output import console, errors, foreign, print_json
from pipelines.core.database_address import libpq_address, parse_address
from pipelines.core.errors import StudyBuddyError
from pipelines.core.home import prepare_home
from pipelines.core.migrate import list_pending
from pipelines.core.overview import read_overview
from pipelines.core.postgres import application_url, database_urls, direct_url
from pipelines.core.secrets.lost import count_lost_secrets
from pipelines.core.settings import Settings, get_settings
from pipelines.core.stages import somebody_looks
from pipelines.core.statements import statement
from pipelines.core.stored_files import check_files
from pipelines.core.stores import Stores
from pipelines.core.uploads import count_waiting
from pipelines.core.weak_sandboxes import list_weak_sandboxes
from pipelines.runtime import services
from pipelines.steps.sandbox.bounded import missing_guards
from pipelines.steps.sandbox.guards import missing_sentence

State = Literal["well", "warning", "wrong"]

CONNECT_S = 5
CLOCKS_S = 5.0
"""Seconds by which two clocks may differ: links are signed for minutes, and runs are timed by both."""

WAIT_S = 300.0
"""How long an upload may wait for a run before somebody should look."""

LEAST_FREE, LITTLE_FREE = 1_000_000_000, 5_000_000_000
"""Bytes free below which uploads will soon fail, and below which an operator should know."""

SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, how it is, and in words: what was seen and, where that is not well, what to do."""

    name: str
    state: State
    words: str


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Look at database, files, secrets, sandbox, disk and services; ends with 1 where something is wrong."""
    with errors.status("Looking ..."):
        found = list(examine(get_settings()))
    if json:
        print_json([asdict(each) for each in found])
    else:
        _show(found)
    if any(each.state == "wrong" for each in found):
        raise typer.Exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at one thing after the other. What cannot be looked at because something else is wrong is not told."""
    home = _tried("home", lambda: _home(settings))
    yield home
    if home.state == "wrong":
        return
    yield _tried("sandbox", lambda: _sandbox(settings))
    database = _tried("database", lambda: _database(settings))
    yield database
    if database.state == "wrong":
        return
    yield _tried("Dagster's database", lambda: _dagster(settings))
    schema = _tried("schema", lambda: _schema(settings))
    yield schema
    if schema.state != "well":
        return
    try:
        stores = Stores.open(settings)
    except StudyBuddyError as error:
        yield Finding(name="secrets", state="wrong", words=error.message)
        return
    with stores:
        looks: list[tuple[str, Callable[[Stores], Finding]]] = [
            ("secrets", _secrets), ("files", _files), ("services", _services), ("uploads", _uploads),
        ]  # fmt: skip
        for name, look in looks:
            yield _tried(name, lambda look=look: look(stores))  # type: ignore[misc]


def _tried(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except StudyBuddyError as error:
        return Finding(name=name, state="wrong", words=error.message)
    except OSError as error:
        return Finding(name=name, state="wrong", words=f"{error.filename or name}: {error.strerror}.")


def _home(settings: Settings) -> Finding:
    free = shutil.disk_usage(prepare_home(settings.home)).free
    said = f"{settings.home} has {free / 1e9:.1f} GB free"
    if free < LEAST_FREE:
        return Finding(name="home", state="wrong", words=f"{said}: uploads will fail. Free some space.")
    if free < LITTLE_FREE:
        return Finding(name="home", state="warning", words=f"{said}; uploads need room for a while.")
    return Finding(name="home", state="well", words=f"{said}.")


def _sandbox(settings: Settings) -> Finding:
    missing = missing_sentence(missing_guards())
    if missing is None:
        return Finding(name="sandbox", state="well", words="Strangers' files are parsed behind all required guards.")
    if settings.accept_weak_sandbox:
        words = f"ACCEPT_WEAK_SANDBOX lets files be read without: {missing}."
        return Finding(name="sandbox", state="warning", words=words)
    words = f"No upload can be read here; missing: {missing} (docs/operations.md, The parser's sandbox)."
    return Finding(name="sandbox", state="wrong", words=words)


def _database(settings: Settings) -> Finding:
    before, address = time.time(), "DATABASE_URL"
    try:
        with psycopg.connect(application_url(settings), connect_timeout=CONNECT_S) as connection:
            version, clock = connection.execute(statement("ask_server")).fetchall()[0]
        address = "DATABASE_DIRECT_URL"
        psycopg.connect(direct_url(settings), connect_timeout=CONNECT_S).close()
    except psycopg.OperationalError:
        words = (
            f"The database cannot be reached. See that its server runs and that {address} names it, its user and its"
            " password."
        )
        return Finding(name="database", state="wrong", words=words)
    off = max(before - clock, clock - time.time(), 0.0)
    if off > CLOCKS_S:
        words = f"The clocks here and at the database differ by {off:.0f} s: set both by a time server (NTP)."
        return Finding(name="database", state="wrong", words=words)
    return Finding(name="database", state="well", words=f"PostgreSQL {version} answers.")


def _dagster(settings: Settings) -> Finding:
    name = "Dagster's database"
    _, url = database_urls(settings)
    try:
        address = libpq_address(parse_address(url, name="DAGSTER_DATABASE_URL"))
        psycopg.connect(address, connect_timeout=CONNECT_S).close()
    except psycopg.OperationalError:
        words = "Dagster's database cannot be reached: no upload will be processed. See DAGSTER_DATABASE_URL."
        return Finding(name=name, state="wrong", words=words)
    return Finding(name=name, state="well", words="It answers.")


def _schema(settings: Settings) -> Finding:
    pending = list_pending(direct_url(settings), schema=settings.database_schema)
    if not pending:
        return Finding(name="schema", state="well", words="Every migration is applied.")
    words = f"{len(pending)} migrations are to be applied: `studybuddy migrate`, or `studybuddy up`, does it."
    return Finding(name="schema", state="warning", words=words)


def _secrets(stores: Stores) -> Finding:
    with stores.database.transaction() as connection:
        lost = count_lost_secrets(connection, stores.sealer).warnings
    if lost:
        return Finding(name="secrets", state="wrong", words=" ".join(lost))
    return Finding(name="secrets", state="well", words="Every secret opens.")


def _files(stores: Stores) -> Finding:
    found = check_files(stores.database, stores.files)
    if found.missing:
        named = ", ".join(found.missing[:SHOWN]) + (" ..." if len(found.missing) > SHOWN else "")
        words = (
            f"{len(found.missing)} stored files are missing ({named}): put them back from a backup, or upload what they"
            " were made of again. `studybuddy files check` lists all."
        )
        return Finding(name="files", state="wrong", words=words)
    loose = f"; {len(found.unreferenced)} that no row names go with the next sweeps" if found.unreferenced else ""
    return Finding(name="files", state="well", words=f"Every file that a row names is stored{loose}.")


def _services(stores: Stores) -> Finding:
    found = services.running(stores.settings)
    if found is None:
        with stores.database.transaction() as connection:
            elsewhere = somebody_looks(connection)
        if elsewhere:
            return Finding(name="services", state="well", words="Uploads are attended to on another machine.")
        words = "Nothing runs here: `studybuddy up` starts it."
        return Finding(name="services", state="warning", words=words)
    silent = [service.name for service in found.services if not service.answers]
    if silent:
        words = f"{', '.join(silent)} does not answer; see {stores.settings.home / 'logs'}."
        return Finding(name="services", state="wrong", words=words)
    if found.outdated:
        words = "The code has changed since they were started: `studybuddy down` and `up` start the new one."
        return Finding(name="services", state="warning", words=words)
    return Finding(name="services", state="well", words=f"{len(found.services)} run and answer.")


def _uploads(stores: Stores) -> Finding:
    with stores.database.transaction() as connection:
        waiting, seconds = count_waiting(connection)
        looks, overview = somebody_looks(connection), read_overview(connection)
        weak = [each.warning for each in list_weak_sandboxes(connection)]
    failed = overview.failed_documents + overview.failed_lectures
    if waiting and seconds > WAIT_S and not looks:
        words = f"{waiting} uploads wait and no daemon looks for them: `studybuddy up`."
        return Finding(name="uploads", state="wrong", words=words)
    said = f"{waiting} wait, the oldest for {seconds:.0f} s" if waiting else "None waits"
    if weak:
        return Finding(name="uploads", state="warning", words=" ".join([f"{said}.", *weak]))
    if failed:
        words = f"{said}; {failed} have failed (`studybuddy list --course C` says why)."
        return Finding(name="uploads", state="warning", words=words)
    return Finding(name="uploads", state="well", words=f"{said}.")


def _show(found: list[Finding]) -> None:
    table = Table(show_header=False, box=None)
    colours = {"well": "green", "warning": "yellow", "wrong": "red"}
    for each in found:
        table.add_row(f"[{colours[each.state]}]{each.state}[/]", each.name, foreign(each.words))
    console.print(table)
