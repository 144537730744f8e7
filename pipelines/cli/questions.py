"""`studybuddy questions`: the questions a course is evaluated with, imported from a file and listed."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer
from rich.table import Table

from pipelines.cli.output import console, foreign, print_json, told
from pipelines.core.courses import find_course
from pipelines.core.question_sets import Extent, list_extents, list_question_sets, put_question_set
from pipelines.core.stores import Stores
from pipelines.steps.questions import Place, Question, bad_lines, base_name, parse_questions, read_lines

CourseOption = Annotated[str, typer.Option(help="Name of the course.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]

questions = typer.Typer(help="Import and list the questions a course is evaluated with.", no_args_is_help=True)


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


def misplaced(known: Sequence[Question], extents: Sequence[Extent]) -> list[str]:
    """Faults of questions, each with its line: about files that the course lacks, about pages or times beyond them."""
    reaches: dict[tuple[str, str], int | None] = {}
    for extent in extents:
        key = (extent.kind, _known_as(extent.kind, extent.file_name))
        reaches[key] = max(filter(None, (reaches.get(key), extent.reach)), default=None)
    wrong = []
    for question in known:
        faults = [fault for place in question.places if (fault := _fault(place, reaches))]
        wrong += [f"line {question.line}: {fault}" for fault in faults[:1]]
    return wrong


def _fault(place: Place, reaches: dict[tuple[str, str], int | None]) -> str | None:
    key = (place.kind, _known_as(place.kind, place.file))
    if key not in reaches:
        return f"the course has no {'deck' if place.kind == 'slide' else 'lecture'} {place.file}"
    reach = reaches[key]
    if reach is None:
        return None
    if place.kind == "slide" and max(place.pages) > reach:
        return f"{place.file} has {reach} pages, and no page {max(place.pages)}"
    if place.kind == "speech" and place.start_s * 1000 >= reach:
        return f"{place.file} ends after {reach / 1000:.0f} s, before {place.start_s:.0f} s"
    return None


def _known_as(kind: str, file: str) -> str:
    """Captions are named like their recording."""
    name = base_name(file)
    return name if kind == "slide" else PurePosixPath(name).stem
