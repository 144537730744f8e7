"""`studybuddy sets`: embedding sets beside the live one, and which of them each course is searched in."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from pipelines.answering.cutting import build_course
from pipelines.answering.promoting import Comparison, promote_set
from pipelines.cli.output import console, errors, fail, foreign, print_json, told
from pipelines.core.courses import find_course, list_courses
from pipelines.core.embeddings.embedders import set_embedder
from pipelines.core.embeddings.pointers import roll_back
from pipelines.core.embeddings.sets import CHUNKERS, add_set, find_set, list_course_sets, list_sets, retire_set
from pipelines.core.errors import NotFoundError, StudyBuddyError
from pipelines.core.models.payers import find_local_person
from pipelines.core.records import Course
from pipelines.core.stores import Stores

Name = Annotated[str, typer.Argument(help="Name of the set.")]
OneCourse = Annotated[str, typer.Option("--course", help="Name of the course.")]
OrAll = Annotated[str | None, typer.Option("--course", help="Name of the course; without it all courses, one by one.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]

sets = typer.Typer(
    help="Build embedding sets beside the live one, promote the better, and roll back.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(sets, name="sets")


@sets.command("add")
def add(
    name: Name,
    *,
    model: Annotated[str, typer.Option(help="Embedding model: one that came along, or a model of --base-url.")],
    dims: Annotated[int, typer.Option(help="Dimensions of its vectors.")],
    base_url: Annotated[
        str | None,
        typer.Option(help="OpenAI-compatible URL for its embeddings, no key; without it where the settings say."),
    ] = None,
    chunker: Annotated[str, typer.Option(help=f"Rules that chunks are cut by: {', '.join(CHUNKERS)}.")] = "standard",
    text: Annotated[
        str, typer.Option(help="What is embedded of a chunk: its text behind deck and section (context), or alone.")
    ] = "context",
) -> None:
    """Add a set. Nothing is built yet, and every search stays as it is."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        made = add_set(connection, name, model=model, dims=dims, base_url=base_url, chunker=chunker, text=text)
    console.print(foreign(f"{made.name} is there; `studybuddy sets build {made.name} --course C` makes its vectors."))


@sets.command("build")
def build(name: Name, course: OneCourse) -> None:
    """Make the vectors that a course lacks in a set. Searches go on in the live one."""
    with told(), Stores.open() as stores:
        with stores.database.transaction() as connection:
            known, found = find_set(connection, name), find_course(connection, course)
        embed = set_embedder(stores, known, find_local_person, "embedding", course_id=found.id)
        with errors.status("Making vectors ...") as status:
            built = build_course(
                stores,
                known,
                embed,
                found,
                progress=lambda done, of: status.update(f"Making vectors: {done} of {of} uploads ..."),
            )
    console.print(foreign(f"{built.made} vectors made; all {built.chunks} chunks of {found.name} are in {name}."))


@sets.command("promote")
def promote(name: Name, course: OrAll = None) -> None:
    """Search a course in a set from now on, unless its questions say that it is worse. Ends with 1 where one does."""
    with told(), Stores.open() as stores:
        refused = 0
        for found in _courses(stores, course):
            try:
                with errors.status(f"Comparing {name} with the live set ..."):
                    compared = promote_set(stores, found, name)
            except StudyBuddyError as error:
                if course is not None:
                    raise
                refused += 1
                errors.print(foreign(f"{found.name}: {error.message}"))
                continue
            _show(compared)
            refused += bool(compared.reasons)
    if refused:
        fail(f"{name} did not go live for {course or f'{refused} courses'}; what was live still is.")


@sets.command("rollback")
def rollback(course: OneCourse) -> None:
    """Search a course in the set it was searched in before the last promotion."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        found = find_course(connection, course)
        back = roll_back(connection, found)
    console.print(foreign(f"{found.name} is searched in {back.name} again."))


@sets.command("list")
def list_all(
    course: Annotated[
        str | None, typer.Option(help="Name of the course; without it the sets as all courses share them.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show the sets, and which one is live."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        if course is not None:
            rows = [asdict(known) for known in list_course_sets(connection, find_course(connection, course).id)]
        else:
            wanted = ("name", "model", "dims", "chunker", "live")
            rows = [{each: asdict(known)[each] for each in wanted} for known in list_sets(connection)]
    if json:
        print_json(rows)
        return
    if not rows:
        console.print("There is no set yet: the first upload makes one.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in rows[0]:
        table.add_column(column, justify="left" if column in ("name", "model", "chunker") else "right", overflow="fold")
    for row in rows:
        table.add_row(
            *(("yes" if value else "") if isinstance(value, bool) else foreign(str(value)) for value in row.values())
        )
    console.print(table)


@sets.command("retire")
def retire(name: Name) -> None:
    """End a set that no course is searched in, and remove its vectors."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        retire_set(connection, name)
    console.print(foreign(f"{name} is retired; its vectors are gone."))


def _courses(stores: Stores, name: str | None) -> list[Course]:
    with stores.database.transaction() as connection:
        found = [find_course(connection, name)] if name is not None else list_courses(connection)
    if not found:
        raise NotFoundError("There is no course yet.")
    return found


def _show(compared: Comparison) -> None:
    """Both sets' figures, and the reasons against the new one."""
    table = Table()
    for column in ("set", "kind", "questions", "recall@5", "MRR@10", "p95"):
        table.add_column(column, justify="left" if column in ("set", "kind") else "right", overflow="fold")
    live = (f"{compared.live.name} (live)", compared.live_evaluation.figures)
    for name, figures in (live, (compared.candidate.name, compared.evaluation.figures)):
        for kind in ("slide", "speech"):
            row = figures[kind]
            if row["n"]:
                shown = [
                    f"{row[measure]:.3f} ({low:.2f}-{high:.2f})"
                    for measure, (low, high) in row["interval"].items()
                    if measure in ("recall@5", "mrr@10")
                ]
                table.add_row(foreign(name), kind, str(row["n"]), *shown, f"{figures['latency_ms']['p95']:.0f} ms")
    console.print(foreign(compared.course.name))
    console.print(table)
    for reason in compared.reasons:
        console.print(foreign(reason))
    if not compared.reasons:
        console.print(foreign(f"{compared.course.name} is searched in {compared.candidate.name} now."))
