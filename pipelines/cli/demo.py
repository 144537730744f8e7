"""`studybuddy demo`: the sample course from nothing to a cited answer. A second run finds everything in place."""

from typing import Annotated

import typer
from rich.text import Text

from pipelines.cli.ask import answer_question, show_answer
from pipelines.cli.ingest import ingest_files
from pipelines.cli.output import console, fail, told
from pipelines.core.control_characters import escape_controls
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
        results = ingest_files(stores, COURSE, [SAMPLE / LECTURE], decks=[SAMPLE / DECK], everything=True)
        for result in results:
            if result.status == "failed":
                fail(f"{result.candidate.source_name}: {result.message}")
        for asked in (question,) if question else QUESTIONS:
            console.print(Text.assemble("\n", (escape_controls(asked), "bold"), "\n"))
            answered = answer_question(asked, course=COURSE, settings=get_settings())
            show_answer(answered)
            if answered.error is not None:
                raise answered.error
    console.print('\nAsk more: [bold].venv/bin/studybuddy ask --course "Sample course" "..."[/bold]')
