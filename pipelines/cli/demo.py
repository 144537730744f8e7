"""`studybuddy demo`: the sample course from nothing to a cited answer. A second run finds everything in place."""

from typing import Annotated

import typer

from pipelines.answering.asking import answer_question
from pipelines.cli.ask import CANDIDATES, show_answer
from pipelines.cli.ingest import ingest_files
from pipelines.cli.output import console, fail, told
from pipelines.cli.search import find_hits
from pipelines.core.settings import REPOSITORY, get_settings
from pipelines.core.stores import Stores

SAMPLE = REPOSITORY / "sample"
COURSE = "Sample course"
DECK, LECTURE = "wind-power.pdf", "wind-power-lecture.ogg"
QUESTIONS = (
    "What does the table on the slides compare?",
    "How long until a turbine has paid back the energy of its making?",  # only said, on no slide
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    question: Annotated[str | None, typer.Option(help="Ask this instead of the demo's own questions.")] = None,
) -> None:
    """Ingest the sample course and ask it a question."""
    with told(), Stores.open() as stores:
        results = ingest_files(stores, COURSE, [SAMPLE / LECTURE], decks=[SAMPLE / DECK])
        for result in results:
            if result.status == "failed":
                fail(f"{result.candidate.source_name}: {result.message}")
        for asked in (question,) if question else QUESTIONS:
            console.print(f"\n[bold]{asked}[/bold]\n")
            show_answer(answer_question(asked, find_hits(asked, course=COURSE, limit=CANDIDATES), get_settings()))
    console.print('\nAsk more: [bold].venv/bin/studybuddy ask --course "Sample course" "..."[/bold]')
