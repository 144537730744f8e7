"""`studybuddy costs`: what a course's model calls have cost, and what describing the rest of its slides would."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from pipelines.cli.output import console, foreign, print_json, told
from pipelines.core.courses import find_course
from pipelines.core.models.estimates import estimate_descriptions, list_costs
from pipelines.core.stores import Stores


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(costs)


def costs(
    course: Annotated[str, typer.Argument(help="Name of the course.")],
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show what a course's model calls have cost, and what describing its undescribed slides would cost."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        found = find_course(connection, course)
        spent = list_costs(connection, found.id)
        rest = estimate_descriptions(connection, found.id, model=stores.settings.vision_model)
    if json:
        print_json({"course": found.name, "spent": [asdict(each) for each in spent], "descriptions": asdict(rest)})
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("purpose", "model", "calls", "USD"):
        table.add_column(name, justify="right" if name in ("calls", "USD") else "left", overflow="fold")
    for each in spent:
        table.add_row(each.purpose, foreign(each.model), str(each.calls), f"{each.cost_usd:.4f}")
    console.print(table if spent else "No call to a model is known for this course.")
    if rest.pages and rest.cost_usd is None:
        console.print(f"{rest.pages} slides have no description; what one costs is known once one is made.")
    elif rest.pages:
        console.print(
            f"{rest.pages} slides have no description; describing them would cost about {rest.cost_usd:.2f} USD."
        )
