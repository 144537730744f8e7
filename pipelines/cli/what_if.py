"""`studybuddy what-if`: what searching a course in another set would change and cost, before anything is spent."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from pipelines.answering.foreseeing import Foreseen, foresee
from pipelines.cli.output import clock, console, errors, foreign, print_json, told
from pipelines.core.courses import find_course
from pipelines.core.findings import name_pages
from pipelines.core.stores import Stores

MOST_STRETCHES = 3
"""Begins of a lecture's changed stretches that the table names; --json has all."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("what-if")(what_if)


def what_if(
    name: Annotated[str, typer.Option("--set", help="Name of the set (`studybuddy sets add`), built or not.")],
    course: Annotated[str, typer.Option(help="Name of the course.")],
    json: Annotated[bool, typer.Option("--json", help="As JSON, with every place.")] = False,
) -> None:
    """Tell what searching a course in a set would change (chunks, sources of questions), and what building it costs."""
    with told(), Stores.open() as stores:
        with stores.database.transaction() as connection:
            found = find_course(connection, course)
        with errors.status(f"Looking at {name} beside the live set ..."):
            foreseen = foresee(stores, found, name)
    if json:
        print_json(asdict(foreseen))
    else:
        _show(foreseen)


def _show(foreseen: Foreseen) -> None:
    console.print(foreign(f"{foreseen.course}: {foreseen.set} in place of {foreseen.live}. Nothing has been changed."))
    if foreseen.files:
        table = Table()
        for column in ("file", "chunks now", "then", "the same", "others at"):
            table.add_column(column, justify="left" if column in ("file", "others at") else "right", overflow="fold")
        for each in foreseen.files:
            begins = [clock(start) for start, _ in each.stretches]
            more = f" and {len(begins) - MOST_STRETCHES} more" if len(begins) > MOST_STRETCHES else ""
            places = name_pages(each.pages) or ", ".join(begins[:MOST_STRETCHES]) + more
            table.add_row(foreign(each.file), str(each.now), str(each.then), str(each.kept), places)
        console.print(table)
    else:
        console.print("No chunk changes.")
    _show_questions(foreseen)
    if not foreseen.vectors:
        console.print("Its vectors are all there: promoting it costs nothing.")
        return
    unknown = "not known before this model has embedded something here"
    usd = f"{foreseen.usd:.4f} USD" if foreseen.usd is not None else f"money: {unknown}"
    seconds = f"about {foreseen.seconds:.0f} s" if foreseen.seconds is not None else f"time: {unknown}"
    console.print(f"To build: {foreseen.vectors} vectors of {foreseen.tokens} tokens; {usd}; {seconds}.")


def _show_questions(foreseen: Foreseen) -> None:
    by = (
        "by words alone; what its vectors change is known once it is built" if foreseen.basis == "words" else "as asked"
    )
    if not foreseen.asked:
        console.print("The course has no questions to compare; `studybuddy questions import` brings some.")
        return
    console.print(f"{len(foreseen.questions)} of {foreseen.asked} questions get other sources ({by}).")
    if not foreseen.questions:
        return
    table = Table()
    for column in ("question", "no longer", "new", "right one"):
        table.add_column(column, overflow="fold")
    for each in foreseen.questions:
        ranks = f"{each.rank_now or '-'} → {each.rank_then or '-'}"
        table.add_row(foreign(each.id), _lines(each.lost), _lines(each.new), ranks)
    console.print(table)


def _lines(places: tuple[str, ...]) -> Text:
    return Text("\n").join(map(foreign, places))
