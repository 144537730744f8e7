"""`studybuddy evaluate` and `evaluate-alignment`: scores on files of questions and of marked spans.

Retrieval is scored with the function the chat uses, the alignment as it stands in the tables.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pipelines.cli.output import clock, console, errors, foreign, print_json, told
from pipelines.cli.search import question_embedder
from pipelines.core.courses import find_course, list_courses
from pipelines.core.documents import list_documents
from pipelines.core.errors import NotFoundError
from pipelines.core.evaluation import ask_questions, list_material_files
from pipelines.core.lecture_slides import read_lecture_slides
from pipelines.core.lectures import find_lecture
from pipelines.core.postgres import Connection
from pipelines.core.records import OPERATOR, Course, Scope
from pipelines.core.stores import Stores
from pipelines.steps.alignment.scoring import FoundSpan, read_spans, score_spans
from pipelines.steps.scoring import read_questions, score


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(evaluate)
    app.command()(evaluate_alignment)


def evaluate(
    questions: Annotated[Path, typer.Argument(help="JSON lines: id, kind, file, question, pages or t_start/t_end.")],
    course: Annotated[str, typer.Option(help="Name of the course to search.")],
    json: Annotated[bool, typer.Option("--json", help="The whole result as JSON.")] = False,
) -> None:
    """Score retrieval: recall@1, @5, @10 and MRR@10, for slides and speech apart."""
    with told(), Stores.open() as stores:
        with stores.database.transaction() as connection:
            scope = Scope(course_id=find_course(connection, course).id, person=OPERATOR)
        asked = read_questions(questions)
        with errors.status(f"Asking {len(asked)} questions ..."):
            texts = [question.question for question in asked]
            hits = ask_questions(stores.database, scope, texts, embed=question_embedder(stores, scope.course_id))
        result = score(asked, hits, files=list_material_files(stores.database, scope))
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
        console.print(foreign(f"Not among the first ten: {', '.join(missed)}"))


def evaluate_alignment(
    spans: Annotated[
        Path,
        typer.Argument(help="JSON lines: lecture or captions, deck, pages, t_start, t_end in seconds, tolerance_s."),
    ],
    course: Annotated[
        str | None, typer.Option(help="Name of the course; without it every course is looked in.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The whole result as JSON.")] = False,
) -> None:
    """Score the alignment: for which share of the marked time the right page was named."""
    with told(), Stores.open() as stores:
        marked = read_spans(spans)
        with stores.database.transaction() as connection:
            courses = [find_course(connection, course)] if course is not None else list_courses(connection)
            found = {
                name: _found_spans(stores, connection, courses, name) for name in {span.lecture for span in marked}
            }
        result = score_spans(marked, found)
    if json:
        print_json(result)
        return
    table = Table()
    for name in ("lecture", "from", "deck", "pages", "right"):
        table.add_column(name, justify="left" if name in ("lecture", "deck") else "right", overflow="fold")
    for row in result["spans"]:
        pages = ", ".join(map(str, row["pages"])) or "none"
        start = clock(round(row["t_start"] * 1000))
        table.add_row(foreign(row["lecture"]), start, foreign(row["deck"]), pages, f"{row['accuracy']:.0%}")
    console.print(table)
    console.print(f"The right page for {result['accuracy']:.1%} of {clock(result['scored_ms'])}.")


def _found_spans(stores: Stores, connection: Connection, courses: list[Course], name: str) -> list[FoundSpan]:
    """What is known of the slides of a lecture; of the first of these courses that has one of this name.

    Raises:
        NotFoundError: none has.
    """
    for course in courses:
        scope = Scope(course_id=course.id, person=OPERATOR)
        try:
            lecture = find_lecture(connection, scope, name)
        except NotFoundError:
            continue
        decks = {deck.id: deck.file_name for deck in list_documents(connection, scope, sealer=stores.sealer)}
        return [
            FoundSpan(
                start_ms=span.start_ms,
                end_ms=span.end_ms,
                file=decks.get(span.document_id) if span.document_id else None,
                page=span.page,
            )
            for span in read_lecture_slides(connection, lecture)
        ]
    raise NotFoundError(f"No lecture is named {name}.")
