"""`studybuddy list`, `show`, `rename`, `delete` and `reprocess`: what a course holds, looked at and changed."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pipelines.cli.details import details_of
from pipelines.cli.ingest import process_again
from pipelines.cli.output import clock, console, errors, foreign, print_json, told
from pipelines.cli.purging import purge_deleted
from pipelines.core.courses import find_course
from pipelines.core.errors import NotFoundError
from pipelines.core.materials import Material, find_material, get_upload, list_materials
from pipelines.core.names import rename_upload
from pipelines.core.records import OPERATOR, Scope
from pipelines.core.stores import Stores
from pipelines.core.uploads import delete_upload, kind_of, reprocess_upload

CourseOption = Annotated[str, typer.Option(help="Name of the course.")]
FileArgument = Annotated[str, typer.Argument(help="The file's name as `studybuddy list` shows it, or its id.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]

COLOURS = {"ready": "green", "failed": "red", "empty": "yellow", "processing": "cyan", "waiting": "cyan"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_uploads)
    for command in (show, rename, delete, reprocess):
        app.command()(command)


def list_uploads(course: CourseOption, json: JsonOption = False) -> None:
    """Show the files of a course and how far each has come."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        scope = Scope(course_id=find_course(connection, course).id, person=OPERATOR)
        materials = list_materials(connection, scope)
    if json:
        print_json([as_json(material) for material in materials])
    elif not materials:
        console.print("The course has no files yet; `studybuddy ingest` puts some into it.")
    else:
        _show_list(materials)


def show(course: CourseOption, file: FileArgument, json: JsonOption = False) -> None:
    """Show one file: what was made of it, stage by stage and page by page, and why something failed."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        material = find_material(connection, find_course(connection, course), file, person=OPERATOR)
        details = details_of(
            connection, material, get_upload(connection, material, person=OPERATOR, sealer=stores.sealer)
        )
    if json:
        print_json({**as_json(material), **details.as_json()})
        return
    _show_head(material)
    details.show(console)


def rename(
    course: CourseOption,
    file: FileArgument,
    name: Annotated[str, typer.Argument(help="The new name; the ending may be left out.")],
    json: JsonOption = False,
) -> None:
    """Give a file another name, in the list, in searches and in citations of new answers."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        material = find_material(connection, find_course(connection, course), file, person=OPERATOR)
        new = rename_upload(connection, get_upload(connection, material, person=OPERATOR, sealer=stores.sealer), name)
    if json:
        print_json({"id": material.id, "from": material.source_name, "to": new})
    else:
        console.print(foreign(f"{material.source_name} is {new} now."))


def delete(
    course: CourseOption,
    file: FileArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Delete a file: it is gone from searches and chats at once, and its rows and bytes within a minute."""
    with told(), Stores.open() as stores:
        with stores.database.transaction() as connection:
            material = find_material(connection, find_course(connection, course), file, person=OPERATOR)
        if not yes:
            typer.confirm(f"Delete {material.source_name} from {course} for everybody?", abort=True, err=True)
        with stores.database.transaction() as connection:
            upload = get_upload(connection, material, person=OPERATOR, sealer=stores.sealer)
            if not delete_upload(connection, kind_of(upload), upload.id):
                raise NotFoundError(f"{material.source_name} was deleted meanwhile.")
        purge_deleted(stores)
    if json:
        print_json({"id": material.id, "name": material.source_name, "deleted": True})
    else:
        console.print(foreign(f"{material.source_name} is deleted."))


def reprocess(course: CourseOption, file: FileArgument, json: JsonOption = False) -> None:
    """Process a file again, as if it had just been uploaded; what was made of it can be found meanwhile."""
    with told(), Stores.open() as stores:
        with stores.database.transaction() as connection:
            found = find_course(connection, course)
            material = find_material(connection, found, file, person=OPERATOR)
            reprocess_upload(connection, get_upload(connection, material, person=OPERATOR, sealer=stores.sealer))
        process_again(stores, material)
        with stores.database.transaction() as connection:
            material = find_material(connection, found, str(material.id), person=OPERATOR)
    if json:
        print_json(as_json(material))
    elif material.state != "failed":
        end = f"{material.state}, {material.chunks} passages. {material.note}".rstrip()
        console.print(foreign(f"{material.source_name}: {end}"))
    if material.state == "failed":
        errors.print(foreign(f"{material.source_name}: {material.failure}"))
        raise typer.Exit(1)


def as_json(material: Material) -> dict[str, Any]:
    """One file of a course as programs get it."""
    return {
        "id": material.id,
        "kind": material.kind,
        "name": material.source_name,
        "file": material.file_name,
        "state": material.state,
        "pages": material.pages,
        "duration_ms": material.duration_ms,
        "chunks": material.chunks,
        "bytes": material.byte_count,
        "uploaded_at": material.uploaded_at.isoformat(),
        "code": material.failure_code,
        "message": material.failure,
        "findings": [group.as_json() for group in material.findings],
    }


def size(byte_count: int) -> str:
    """`812 B`, `35 kB` or `1.2 MB`, for people."""
    if byte_count < 1000:
        return f"{byte_count} B"
    return f"{byte_count / 1000:.0f} kB" if byte_count < 10**6 else f"{byte_count / 10**6:.1f} MB"


def _show_list(materials: list[Material]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("file", "state", "length", "passages", "size", "uploaded", "note"):
        right = name in ("length", "passages", "size")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for material in materials:
        table.add_row(
            foreign(material.source_name),
            f"[{COLOURS[material.state]}]{material.state}[/]",
            _length(material),
            str(material.chunks or ""),
            size(material.byte_count),
            _day(material.uploaded_at),
            foreign(material.note),
        )
    console.print(table)


def _show_head(material: Material) -> None:
    console.print(Text.assemble((material.source_name, "bold"), "  ", (material.state, COLOURS[material.state])))
    facts = [_length(material), f"{material.chunks} passages", size(material.byte_count), _day(material.uploaded_at)]
    console.print(f"{material.kind}, " + ", ".join(fact for fact in facts if fact))
    if material.failure is not None or material.state == "empty":
        console.print(foreign(material.note), style=COLOURS[material.state])
    else:
        for group in material.findings:
            console.print(foreign(group.text), style="yellow")


def _length(material: Material) -> str:
    if material.kind == "lecture":
        return clock(material.duration_ms)
    return f"{material.pages} p." if material.pages else ""


def _day(when: datetime) -> str:
    return when.astimezone().strftime("%Y-%m-%d %H:%M")
