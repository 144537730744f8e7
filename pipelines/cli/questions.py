"""`studybuddy questions`: the questions a course is evaluated with: imported, listed, drafted, and reviewed."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pipelines.answering.proposals import misplaced
from pipelines.cli import proposals
from pipelines.cli.output import console, foreign, print_json, told
from pipelines.core.courses import find_course
from pipelines.core.evaluations.question_sets import list_extents, list_question_sets, put_question_set
from pipelines.core.stores import Stores
from pipelines.steps.questions import bad_lines, parse_questions, read_lines

CourseOption = Annotated[str, typer.Option(help="Name of the course.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]

questions = typer.Typer(help="The questions a course is evaluated with.", no_args_is_help=True)
proposals.register(questions)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(questions, name="questions")


@questions.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="JSON lines, as `studybuddy evaluate` reads them.")],
    course: CourseOption,
    json: JsonOption = False,
) -> None:
    """Make a file's questions the newest version of a course's. Nothing is kept of a file with a bad line."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        found = find_course(connection, course)
        lines = read_lines(file)
        known = parse_questions(lines, name=file.name)
        wrong = misplaced(known, list_extents(connection, found.id))
        if wrong:
            raise bad_lines(file.name, wrong)
        kept = [line for line in lines if line.strip()]
        made = put_question_set(connection, found.id, file_name=file.name, lines=kept)
        version = made.version if made is not None else list_question_sets(connection, found.id)[0].version
    if json:
        print_json({"course": course, "version": version, "questions": len(known), "new": made is not None})
    elif made is None:
        console.print(foreign(f"Version {version} of {course} has these very questions."))
    else:
        console.print(foreign(f"{len(known)} questions are version {version} of {course}."))


@questions.command("list")
def list_all(course: CourseOption, json: JsonOption = False) -> None:
    """Show every version of a course's questions, newest first; the newest is asked."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        sets = list_question_sets(connection, find_course(connection, course).id)
    if json:
        rows = [{"version": s.version, "file": s.file_name, "questions": len(s.lines)} for s in sets]
        print_json([{**row, "imported_at": s.imported_at} for row, s in zip(rows, sets, strict=True)])
        return
    if not sets:
        console.print("There are no questions yet; `studybuddy questions import FILE --course NAME` brings some.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("version", "questions", "file", "imported"):
        table.add_column(name, justify="left" if name == "file" else "right", overflow="fold")
    for kept in sets:
        when = f"{kept.imported_at:%Y-%m-%d %H:%M}"
        table.add_row(str(kept.version), str(len(kept.lines)), foreign(kept.file_name), when)
    console.print(table)
