"""`studybuddy evaluate`: scores retrieval on a file of questions with the function the chat uses."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pipelines.cli.output import console, errors, print_json, told
from pipelines.core.courses import find_course
from pipelines.core.evaluation import ask_questions, list_material_files
from pipelines.core.providers import embedder
from pipelines.core.stores import Stores
from pipelines.steps.scoring import read_questions, score


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)


def evaluate(
    questions: Annotated[Path, typer.Argument(help="JSON lines: id, kind, file, question, pages or t_start/t_end.")],
    course: Annotated[str, typer.Option(help="Name of the course to search.")],
    json: Annotated[bool, typer.Option("--json", help="The whole result as JSON.")] = False,
) -> None:
    """Score retrieval: recall@1, @5, @10 and MRR@10, for slides and speech apart."""
    with told(), Stores.open() as stores:
        with stores.database.transaction() as connection:
            found = find_course(connection, course)
        asked = read_questions(questions)
        with errors.status(f"Asking {len(asked)} questions ..."):
            texts = [question.question for question in asked]
            hits = ask_questions(stores.database, found.id, texts, embed=embedder(stores.settings))
        result = score(asked, hits, files=list_material_files(stores.database, found.id))
    if json:
        print_json(result)
        return
    table = Table()
    for name in ("kind", "questions", "recall@1", "recall@5", "recall@10", "MRR@10"):
        table.add_column(name, justify="left" if name == "kind" else "right")
    for kind in ("slide", "speech"):
        row = result[kind]
        if row["n"]:
            figures = [f"{row[name]:.3f}" for name in ("recall@1", "recall@5", "recall@10", "mrr@10")]
            table.add_row(kind, str(row["n"]), *figures)
    console.print(table)
    missed = [item["id"] for item in result["questions"] if item["rank"] is None]
    if missed:
        console.print(f"Not among the first ten: {', '.join(missed)}")
