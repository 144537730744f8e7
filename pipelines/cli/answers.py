"""`studybuddy answers`: the answers that a Dagster run reached, by what they cite."""

from typing import Annotated

import typer
from rich.table import Table

from pipelines.cli.output import clock, console, foreign, print_json, told
from pipelines.core.origins import CitedPlace, list_answers_of_run
from pipelines.core.stores import Stores

RUN_ID_MIN = 8
"""Characters of a run's id that Dagster's UI shows, and that tell one run from others."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(answers)


def answers(
    run_id: Annotated[str, typer.Argument(help="The Dagster run's id, or the 8 characters that Dagster shows.")],
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show which answers cite what a Dagster run has made. Questions, answers and people are not shown."""
    if len(run_id) < RUN_ID_MIN:
        raise typer.BadParameter(f"give at least {RUN_ID_MIN} characters of the run's id", param_hint="RUN_ID")
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        found = list_answers_of_run(connection, run_id)
    if json:
        print_json([_row(each) for each in found])
        return
    if not found:
        console.print("No answer cites what this run has made.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("answered", "answer", "course", "cites"):
        table.add_column(name, overflow="fold")
    for each in found:
        when = f"{each.answered_at:%Y-%m-%d %H:%M}"
        table.add_row(when, str(each.message_key)[:8], foreign(each.course or "(deleted)"), foreign(_place(each)))
    console.print(table)
    count = len({each.message_key for each in found})
    console.print(f"{count} {'answer cites' if count == 1 else 'answers cite'} what this run has made.")


def _place(each: CitedPlace) -> str:
    where = f"page {each.page}" if each.kind == "slide" else clock(each.start_ms)
    return f"[{each.handle}] {each.file_name}, {where}"


def _row(each: CitedPlace) -> dict[str, object]:
    place = {"handle": each.handle, "kind": each.kind, "file": each.file_name, "page": each.page}
    answer = {"message": each.message_key, "answered_at": each.answered_at, "course": each.course}
    return {**answer, **place, "start_ms": each.start_ms}
