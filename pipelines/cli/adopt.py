"""`studybuddy adopt`: a former deployment's people, courses, materials and chats, brought over and compared."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import psycopg
import typer
from rich.progress import Progress as Bar
from rich.table import Table

from pipelines.adoption.adopting import BASE_URL, MODEL, Adoption, Progress, look
from pipelines.adoption.files import take_files
from pipelines.adoption.former import Former, open_former
from pipelines.adoption.ledger import set_of
from pipelines.adoption.moving import cut_over, dropping, forget, go_back, standing
from pipelines.adoption.verifying import verify as compare
from pipelines.cli.output import console, errors, fail, foreign, print_json, told
from pipelines.core.courses import find_course
from pipelines.core.errors import StorageUnavailableError
from pipelines.core.postgres import Database, direct_url
from pipelines.core.registry.people import find_person
from pipelines.core.schemas import checked_name, find_schemas
from pipelines.core.settings import get_settings
from pipelines.core.stores import Stores

JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
PersonOption = Annotated[str | None, typer.Option("--person", help="Their email, subject or name, or their id.")]
CourseOption = Annotated[str | None, typer.Option("--course", help="Name or id of a course: everybody who takes it.")]

WORKERS = 2

adopt = typer.Typer(
    help="Bring a former deployment's rows over; without an option say what would come.", invoke_without_command=True
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(adopt, name="adopt")


@adopt.callback()
def main(  # noqa: PLR0917  the command line's options
    context: typer.Context,
    apply: Annotated[bool, typer.Option("--apply", help="Bring everything over. Twice is once.")] = False,
    sync: Annotated[bool, typer.Option("--sync", help="Bring what has changed there since.")] = False,
    model: Annotated[str, typer.Option(help="Embedding model of the former vectors.")] = MODEL,
    base_url: Annotated[str, typer.Option(help="OpenAI-compatible URL where that model is asked.")] = BASE_URL,
    json: JsonOption = False,
) -> None:
    """Say what would come over (nothing is written), or bring it over."""
    if context.invoked_subcommand is not None:
        return
    with told(), _progress() as progress:
        if apply or sync:
            with (
                Database.open(get_settings()) as database,
                open_former(database.direct_url, database.schemas) as former,
            ):
                adoption = Adoption(database, former, model=model, base_url=base_url, workers=WORKERS)
                report = adoption.run(progress)
        else:
            with _former_alone() as former:
                report = look(former, progress)
    if json:
        print_json(report.as_json())
    else:
        _show(report.as_json(), done=apply or sync)


@adopt.command("verify")
def verify(json: JsonOption = False) -> None:
    """Compare both sides, value by value. Ends with 1 where they differ."""
    with (
        told(),
        _progress() as progress,
        Database.open(get_settings()) as database,
        open_former(database.direct_url, database.schemas) as former,
    ):
        result = compare(database, former, progress)
    found = result.as_json()
    if json:
        print_json(found)
    else:
        for example in result.examples:
            console.print(foreign(example))
    if found["differences"]:
        if json:
            raise typer.Exit(1)
        fail(
            f"{found['differences']} of {result.compared} things differ; `studybuddy adopt --sync` brings changes over."
        )
    if not json:
        console.print(
            foreign(f"{result.compared} things compared, none differs; {result.moved} changed by who has moved.")
        )


@adopt.command("files")
def files(
    folder: Annotated[Path, typer.Argument(help="The former backend's STORAGE_ROOT.", exists=True, file_okay=False)],
    json: JsonOption = False,
) -> None:
    """Take the former files of what came over: decks by their hash, recordings by their place. Nothing is processed."""
    with (
        told(),
        errors.status("Looking for files ..."),
        Stores.open() as stores,
        open_former(stores.database.direct_url, stores.database.schemas) as former,
    ):
        found = take_files(stores.database, stores.files, former, folder)
    if json:
        print_json(asdict(found))
        return
    console.print(f"{found.taken} files taken, {len(found.missing)} missing, {len(found.other)} of other bytes.")
    for what, names in (("missing", found.missing), ("other bytes", found.other)):
        for name in names:
            console.print(foreign(f"{what}: {name}"))


@adopt.command("status")
def status(json: JsonOption = False) -> None:
    """Show what came over, who has signed in since, and who has moved."""
    with told(), Database.open(get_settings()) as database, database.transaction() as connection:
        found = standing(connection)
    if json:
        print_json(asdict(found))
        return
    console.print(f"{found.people} people came over, {found.claimed} have signed in, {found.moved} have moved.")
    for name, count in found.units.items():
        console.print(f"{count:,} of the kind {name}")
    for table, reasons in found.rows.items():
        console.print(foreign(f"{table}: " + ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())))


@adopt.command("cut-over")
def cut_over_people(
    person: PersonOption = None, course: CourseOption = None, yes: YesOption = False, json: JsonOption = False
) -> None:
    """Let people write here from now on: one, those of a course, or all. Run --sync before."""
    _move(cut_over, person, course, yes, json, "belong here now", "belong here from now on")


@adopt.command("back")
def back(
    person: PersonOption = None, course: CourseOption = None, yes: YesOption = False, json: JsonOption = False
) -> None:
    """Let people write in the former system again. What they wrote here meanwhile stays here."""
    _move(go_back, person, course, yes, json, "belong to the former system again", "belong to the former system again")


@adopt.command("forget")
def forget_all(yes: YesOption = False, json: JsonOption = False) -> None:
    """Remove what came over and nobody has changed here; print the SQL that would drop the former tables."""
    _sure("Remove what came over and was changed by nobody here?", yes)
    with (
        told(),
        Database.open(get_settings()) as database,
        open_former(database.direct_url, database.schemas) as former,
    ):
        with database.transaction() as connection:
            known = set_of(connection, former.dims)
        done, text = forget(database, known.id if known is not None else None), dropping(former.tables)
    if json:
        print_json({**done, "sql": text})
        return
    console.print(f"{done['removed']:,} removed, {done['kept']:,} kept.")
    console.print("To drop the former tables, which nobody here does, run:")
    console.print(text)


def _move(  # noqa: PLR0917
    move: Callable[..., list[UUID]],
    person: str | None,
    course: str | None,
    yes: bool,
    json: bool,
    told_as: str,
    ask: str,
) -> None:
    with told(), Database.open(get_settings()) as database:
        with database.transaction() as connection:
            who = find_person(connection, person) if person is not None else None
            which = find_course(connection, course) if course is not None else None
        _sure(f"Shall {person or ('everybody of ' + course if course else 'everybody who came over')} {ask}?", yes)
        with database.transaction() as connection:
            ids = {"person": who.id if who else None, "course": which.id if which else None}
            moved = move(connection, **ids)
    if json:
        print_json({"people": moved})
    else:
        console.print(f"{len(moved)} people {told_as}.")


def _sure(question: str, yes: bool) -> None:
    if not yes and not typer.confirm(question, err=True):
        raise typer.Exit(1)


@contextmanager
def _former_alone() -> Iterator[Former]:
    """The former tables of a database in which nothing of ours need be."""
    settings = get_settings()
    url, name = direct_url(settings), checked_name(settings.database_schema)
    try:
        with psycopg.connect(url) as connection:
            schemas = find_schemas(connection, name)
    except psycopg.OperationalError as error:
        raise StorageUnavailableError(f"The database cannot be reached now ({type(error).__name__}).") from None
    with open_former(url, schemas) as former:
        yield former


@contextmanager
def _progress() -> Iterator[Progress]:
    with Bar(console=errors, transient=True) as bar:
        task = bar.add_task("Rows", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _show(report: dict[str, Any], *, done: bool) -> None:
    table = Table("what", "came over" if done else "would come over")
    for name, count in report["adopted"].items():
        table.add_row(name.replace("_", " "), f"{count:,}")
    console.print(table)
    for name, reasons in report["not_adopted"].items():
        for reason, count in reasons.items():
            keys = ", ".join(report["examples"][name][reason])
            console.print(foreign(f"left out of {name}: {count:,}, {reason} ({keys})"))
    for name, count in (report["noted"] | report["changes"]).items():
        console.print(foreign(f"{name}: {count:,}"))
    if report["left_alone"]:
        console.print(foreign(f"left alone: {', '.join(report['left_alone'])}"))
    missing = report["vectors"]
    if missing["to_embed"]:
        console.print(
            f"{missing['to_embed']:,} passages have no vector (about {missing['tokens_to_embed']:,} tokens): they are"
            " found by their words, and `studybuddy sets build` would make them."
        )
    if not done:
        about = report["estimate"]
        console.print(f"It takes about {about['seconds']:,} s on two slow cores, and {about['megabytes']:,} MB.")
        console.print("Nothing was written. `studybuddy adopt --apply` brings it over.")
