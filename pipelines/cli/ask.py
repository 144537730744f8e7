"""`studybuddy ask`: a cited answer, by the configured model or quoted from the materials."""

from typing import Annotated

import typer
from rich.markdown import Markdown

from pipelines.answering.asking import AskedAnswer, answer_question
from pipelines.cli.output import console, errors, print_json, told
from pipelines.cli.search import find_hits, hit_as_json, place
from pipelines.core.settings import get_settings

CANDIDATES = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ask)


def ask(
    question: str,
    course: Annotated[str, typer.Option(help="Name of the course to ask.")],
    json: Annotated[bool, typer.Option("--json", help="Text, sources and model as JSON.")] = False,
) -> None:
    """Answer a question about a course, with the pages and minutes it comes from."""
    with told(), errors.status("Looking it up ..."):
        answer = answer_question(question, find_hits(question, course=course, limit=CANDIDATES), get_settings())
    if json:
        sources = [{"handle": number, **hit_as_json(hit)} for number, hit in answer.sources.items()]
        print_json({"text": answer.text, "model": answer.model, "cost_usd": answer.cost_usd, "sources": sources})
    else:
        show_answer(answer)


def show_answer(answer: AskedAnswer) -> None:
    """The answer and, below it, where each citation stands."""
    console.print(Markdown(answer.text))
    for number, hit in answer.sources.items():
        console.print(f"  [{number}] {hit.file_name}, {place(hit)}", markup=False, style="cyan")
