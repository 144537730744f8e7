"""`studybuddy people`: lists people, suspends or erases them, makes operators of them, puts them into courses."""

import sys
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID

import typer
from rich.table import Table

from pipelines.cli.output import console, foreign, print_json, told
from pipelines.core.courses import find_course
from pipelines.core.errors import NotFoundError, PermanentError
from pipelines.core.personal.erasure import erase_person
from pipelines.core.registry.people import (
    KnownPerson,
    enrol,
    find_person,
    list_people,
    make_operator,
    remove,
    suspend,
)
from pipelines.core.stores import Stores

JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]
PersonArgument = Annotated[str, typer.Argument(help="Their email, subject or name, or their id.")]
CourseOption = Annotated[str, typer.Option("--course", "-c", help="Name or id of the course.")]

people = typer.Typer(help="List people, suspend or erase them, make operators of them, put them into courses.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(people, name="people")


@people.callback(invoke_without_command=True)
def people_or_list(context: typer.Context, json: JsonOption = False) -> None:
    """List people, suspend them, make operators of them, put them into courses; without more it lists them."""
    if context.invoked_subcommand is None:
        list_all("", json=json)


@people.command("list")
def list_all(
    words: Annotated[str, typer.Argument(help="Only those whose name, email or subject says this.")] = "",
    json: JsonOption = False,
) -> None:
    """Show people and how much hangs on each. They appear when they first sign in."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        found = list_people(connection, words)
    if json:
        print_json([asdict(person) for person in found])
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("name", "email", "subject", "courses", "uploads", "MB", ""):
        table.add_column(name, justify="right" if name in {"courses", "uploads", "MB"} else "left", overflow="fold")
    for person in found:
        counts = [str(person.courses or ""), str(person.uploads or ""), f"{person.byte_count / 1e6:.0f}"]
        names = [foreign(each or "") for each in (person.name, person.email, person.subject)]
        state = "[red]suspended[/red]" if person.suspended_at else "operator" if person.operator else ""
        table.add_row(*names, *counts, state)
    console.print(table)


@people.command("suspend")
def suspend_one(person: PersonArgument, json: JsonOption = False) -> None:
    """Let a person do nothing more: out at once, from answers that are being written too. Nothing of theirs is lost."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        found = find_person(connection, person)
        suspend(connection, found)
    _said(found, "suspended", json=json)


@people.command()
def readmit(person: PersonArgument, json: JsonOption = False) -> None:
    """Let a suspended person in again."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        found = find_person(connection, person)
        suspend(connection, found, suspended=False)
    _said(found, "let in", json=json)


@people.command()
def operator(
    person: PersonArgument,
    no: Annotated[bool, typer.Option("--no", help="They are not any more.")] = False,
    json: JsonOption = False,
) -> None:
    """Make an operator of a person, who may use what is for those who run the service."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        found = find_person(connection, person)
        make_operator(connection, found, operator=not no)
    _said(found, "no operator" if no else "an operator", json=json)


@people.command()
def erase(
    person: Annotated[str, typer.Argument(help="Their email, subject, name or id; - reads ids, one a line.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Erase a person, as they would themselves: what is theirs alone goes, what they published is the course's.

    With - it erases again, after a restore, who was erased since that backup; who is not there is passed over.
    """
    again = person == "-"
    with told(), Stores.open() as stores:
        ids = [str(UUID(each)) for each in sys.stdin.read().split()] if again else []
        whom = [each for each in ids if _is_here(stores, each)] if again else [person]
        for each in whom:
            _erase(stores, each, ask=not (again or yes))
    if json:
        print_json({"erased": len(whom)})
    else:
        console.print(f"Erased: {len(whom)}. Files that were theirs alone follow within a minute.")


def _is_here(stores: Stores, person_id: str) -> bool:
    with stores.database.transaction() as connection, suppress(NotFoundError):
        return str(find_person(connection, person_id).id) == person_id
    return False


def _erase(stores: Stores, person: str, *, ask: bool) -> None:
    with stores.database.transaction() as connection:
        found = find_person(connection, person)
        if found.issuer == "local":
            raise PermanentError("To erase all of this machine, remove its home folder.", code="only_person")
        if ask:
            typer.confirm(f"Erase {foreign(found.name or found.email or str(found.id))} for good?", abort=True)
        erase_person(connection, found.id)


@people.command("enrol")
def enrol_one(
    person: PersonArgument,
    course: CourseOption,
    role: Annotated[Literal["student", "teacher", "owner"], typer.Option("--role", help="As what.")] = "student",
    json: JsonOption = False,
) -> None:
    """Put a person into a course: the owner of one that came from the official list, for example."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        found, place = find_person(connection, person), find_course(connection, course)
        enrol(connection, found, place.id, role)
    _said(found, f"{role} of {place.name}", json=json)


@people.command("remove")
def remove_one(person: PersonArgument, course: CourseOption, json: JsonOption = False) -> None:
    """Take a person out of a course. What was theirs alone stays theirs."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        found, place = find_person(connection, person), find_course(connection, course)
        remove(connection, found, place.id)
    _said(found, f"no member of {place.name}", json=json)


def _said(person: KnownPerson, now: str, *, json: bool) -> None:
    called = person.name or person.email or person.subject or str(person.id)
    if json:
        print_json({"id": person.id, "name": called, "now": now})
    else:
        console.print(foreign(f"{called} is {now} now."))
