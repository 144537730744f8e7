"""`studybuddy search`: retrieval as it is, for people and programs.

Most of a short command's time is imports: where a service answers, database, models and tables are not imported.
"""

from typing import Annotated, Any

import typer

from pipelines.cli.output import clock, console, errors, foreign, print_json, told
from pipelines.core.control_characters import escape_controls
from pipelines.core.records import Hit, Kind
from pipelines.core.search.door import ask_running
from pipelines.core.settings import get_settings

PREVIEW_CHARS = 160


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(search)


def search(
    question: str,
    course: Annotated[str, typer.Option(help="Name of the course to search.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many passages.")] = 10,
    kind: Annotated[str | None, typer.Option(help="Only `slide` or only `speech`.")] = None,
    json: Annotated[bool, typer.Option("--json", help="A JSON list instead of a table.")] = False,
) -> None:
    """Find the passages of a course that answer a question."""
    if kind not in (None, "slide", "speech"):
        raise typer.BadParameter("use slide or speech", param_hint="--kind")
    kinds: tuple[Kind, ...] = (kind,) if kind else ()  # type: ignore[assignment]
    with told():
        hits = ask_running(get_settings(), question, course=course, limit=limit, kinds=kinds)
        if hits is None:
            hits = _search(question, course=course, limit=limit, kinds=kinds)
    if json:
        print_json([hit_as_json(hit) for hit in hits])
    elif not hits:
        console.print("Nothing found: the course has no searchable material yet.")
    else:
        _show(hits)
        if hits[0].similarity is None:
            errors.print("Found by words alone: the model of this course's vectors cannot be asked now (see the log).")


def _search(question: str, *, course: str, limit: int, kinds: tuple[Kind, ...]) -> list[Hit]:
    """What this process finds by itself."""
    from pipelines.core.search.by_name import find_hits
    from pipelines.core.stores import Stores

    with Stores.open() as stores:
        return find_hits(stores, question, course=course, limit=limit, kinds=kinds, briefly=True)


def hit_as_json(hit: Hit) -> dict[str, Any]:
    """One hit as programs get it; `file` is the uploaded file's name."""
    return {
        "rank": hit.rank,
        "score": hit.score,
        "kind": hit.kind,
        "file": hit.file_name,
        "title": hit.title,
        "page": hit.page,
        "page_label": hit.page_label,
        "start_ms": hit.start_ms,
        "end_ms": hit.end_ms,
        "document_id": str(hit.document_id) if hit.document_id else None,
        "lecture_id": str(hit.lecture_id) if hit.lecture_id else None,
        "chunk_id": str(hit.chunk_id),
        "text": hit.text,
    }


def place(hit: Hit) -> str:
    """Where a hit is, for people: `p. 7 (printed 5 / 11), said at 3:07` or `3:07-4:12, slide p. 7`."""
    if hit.kind == "speech":
        slide = f", slide p. {hit.page}" if hit.page is not None else ""
        return f"{clock(hit.start_ms)}-{clock(hit.end_ms)}{slide}"
    printed = f" (printed {hit.page_label})" if hit.page_label and hit.page_label != str(hit.page) else ""
    said = f", said at {clock(hit.start_ms)}" if hit.start_ms is not None else ""
    return f"p. {hit.page}{printed}{said}"


def _show(hits: list[Hit]) -> None:
    from rich.table import Table

    table = Table(show_lines=False)
    for name in ("#", "where", "title", "passage"):
        table.add_column(name, justify="right" if name == "#" else "left", overflow="fold")
    for hit in hits:
        text = " ".join(hit.text.split())
        preview = text if len(text) <= PREVIEW_CHARS else text[:PREVIEW_CHARS].rsplit(" ", 1)[0] + " …"
        where = foreign(hit.file_name).append(f"\n{escape_controls(place(hit))}")
        table.add_row(str(hit.rank), where, foreign(hit.title), foreign(preview))
    console.print(table)
