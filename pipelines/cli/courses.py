"""`studybuddy courses`: lists, renames and deletes courses, and brings them to what an official list says."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from pipelines.cli.output import console, fail, foreign, print_json, told
from pipelines.cli.purging import purge_deleted
from pipelines.core.courses import delete_course, find_course, list_course_sizes, rename_course
from pipelines.core.errors import NotFoundError
from pipelines.core.registry.official_courses import Sync, fetch_list, sync_courses
from pipelines.core.settings import get_settings
from pipelines.core.stores import Stores
from pipelines.steps.course_lists import read_course_list

JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]
CourseArgument = Annotated[str, typer.Argument(help="Name of the course.")]

courses = typer.Typer(help="List, rename, delete and sync courses.", no_args_is_help=False)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(courses, name="courses")


@courses.callback(invoke_without_command=True)
def courses_or_list(context: typer.Context, json: JsonOption = False) -> None:
    """List, rename, delete and sync courses; without more it lists them."""
    if context.invoked_subcommand is None:
        list_all(json=json)


@courses.command("list")
def list_all(json: JsonOption = False) -> None:
    """Show every course and how much it holds."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        found = list_course_sizes(connection)
    if json:
        print_json([asdict(course) for course in found])
        return
    if not found:
        console.print("There is no course yet; `studybuddy ingest --course NAME FILES` makes one.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("course", "decks", "lectures", "failed"):
        table.add_column(name, justify="left" if name == "course" else "right", overflow="fold")
    for course in found:
        failed = f"[red]{course.failed}[/red]" if course.failed else ""
        table.add_row(foreign(course.name), str(course.decks or ""), str(course.lectures or ""), failed)
    console.print(table)


@courses.command()
def rename(
    course: CourseArgument, name: Annotated[str, typer.Argument(help="The new name.")], json: JsonOption = False
) -> None:
    """Give a course another name."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        renamed = rename_course(connection, find_course(connection, course), name)
    if json:
        print_json({"id": renamed.id, "from": course, "to": renamed.name})
    else:
        console.print(foreign(f"{course} is {renamed.name} now."))


@courses.command()
def delete(
    course: CourseArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Delete a course with all its files. Chats about it can still be read; their sources say what was removed."""
    with told(), Stores.open() as stores:
        with stores.database.transaction() as connection:
            found = find_course(connection, course)
            size = next(each for each in list_course_sizes(connection) if each.id == found.id)
        if not yes:
            count = size.decks + size.lectures
            held = f" with its {count} file{'s' if count > 1 else ''}" if count else ""
            typer.confirm(f"Delete the course {course}{held} for everybody?", abort=True, err=True)
        with stores.database.transaction() as connection:
            if not delete_course(connection, found.id):
                raise NotFoundError(f"{course} was deleted meanwhile.")
        purge_deleted(stores)
    if json:
        print_json({"id": found.id, "name": found.name, "deleted": True})
    else:
        console.print(foreign(f"The course {course} is deleted."))


@courses.command()
def sync(
    address: Annotated[
        str, typer.Argument(metavar="LIST", help="File or URL of the list; without it: OFFICIAL_COURSES.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what it would change.")] = False,
    accept_losses: Annotated[
        bool, typer.Option("--accept-losses", help="Take it although it lost more than a fifth of its courses.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Bring the courses to what an official list (CSV or JSON) says: shows what that changes, asks, and does it.

    Vanished courses are archived, never deleted. Courses that people made are left alone.
    """
    with told(), Stores.open() as stores:
        place = address or get_settings().official_courses
        if place is None:
            fail("Say where the list is: its file or URL, here or as OFFICIAL_COURSES.")
        listed = read_course_list(fetch_list(place))
        if not yes or dry_run:
            with stores.database.transaction() as connection:
                found = sync_courses(connection, listed, accept_losses=accept_losses, dry=True)
            _show(found, json=json and dry_run)
            if dry_run or not found.changes:
                return
            typer.confirm("Change the courses so?", abort=True, err=True)
        with stores.database.transaction() as connection:
            found = sync_courses(connection, listed, accept_losses=accept_losses)
        if yes or json:
            _show(found, json=json)


def _show(found: Sync, *, json: bool) -> None:
    if json:
        print_json(asdict(found))
        return
    for what in ("added", "changed", "restored", "vanished"):
        for name in getattr(found, what):
            console.print(foreign(f"{what:9} {name}"))
    console.print(f"{found.changes} courses change, {found.unchanged} stay as they are.")
