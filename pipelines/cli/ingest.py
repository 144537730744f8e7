"""`studybuddy ingest`: uploads files, runs the graph for each, waits, and says what became of every one."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from pipelines.cli.output import console, errors, fail, print_json, told
from pipelines.cli.progress import RunProgress
from pipelines.cli.uploads import Candidate, Uploaded, find_candidates, upload_deck
from pipelines.core.courses import ensure_course
from pipelines.core.documents import CLAIM_S, claim_documents, get_document
from pipelines.core.errors import StudyBuddyError
from pipelines.core.records import Course
from pipelines.core.slides import count_document
from pipelines.core.stores import Stores

if TYPE_CHECKING:
    from pipelines.defs.runs import RunResult  # Dagster takes seconds to import: only where a run is needed


@dataclass(slots=True, kw_only=True)
class FileResult:
    """What became of one file. `status`: ingested, replaced, unchanged, duplicate, skipped or failed."""

    candidate: Candidate
    status: str
    id: UUID | None = None
    pages: int = 0
    chunks: int = 0
    seconds: float = 0.0
    message: str = ""
    code: str | None = None

    def as_json(self) -> dict[str, Any]:
        """This result as programs get it."""
        return {
            "file": self.candidate.path.name,
            "source_name": self.candidate.source_name,
            "kind": self.candidate.kind,
            "status": self.status,
            "id": str(self.id) if self.id else None,
            "pages": self.pages,
            "chunks": self.chunks,
            "seconds": round(self.seconds, 2),
            "code": self.code,
            "message": self.message,
        }


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ingest)


def ingest(
    paths: Annotated[list[Path], typer.Argument(help="PDF files, or folders of them.")],
    course: Annotated[str, typer.Option(help="Name of the course; made if it is new.")],
    password: Annotated[str | None, typer.Option(help="Opens PDFs that are protected.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The results as JSON.")] = False,
) -> None:
    """Put files into a course and wait until they can be found."""
    with told(), Stores.open() as stores:
        results = ingest_files(stores, course, paths, password=password)
    ok = not any(result.status == "failed" for result in results)
    if json:
        print_json({"course": course, "ok": ok, "files": [result.as_json() for result in results]})
    else:
        _show(results)
    if not ok:
        raise typer.Exit(1)


def ingest_files(
    stores: Stores, course_name: str, paths: list[Path], *, password: str | None = None
) -> list[FileResult]:
    """Upload and run; one result a file, in the order of the files.

    Raises:
        StudyBuddyError: nothing could be done at all. What is wrong with one file is in its result.
    """
    candidates = find_candidates(paths)
    with stores.database.transaction() as connection:
        course = ensure_course(connection, course_name)
    results = {candidate.source_name: _first_result(candidate) for candidate in candidates}
    decks = [candidate for candidate in candidates if candidate.kind == "deck"]
    if decks:
        _put_decks(stores, course, decks, results, password)
    return list(results.values())


def _first_result(candidate: Candidate) -> FileResult:
    if candidate.kind != "other":
        return FileResult(candidate=candidate, status="failed", message="It was not reached.")
    if candidate.named:
        message = "This is neither a PDF nor a recording nor captions."
        return FileResult(candidate=candidate, status="failed", code="unknown_kind", message=message)
    return FileResult(candidate=candidate, status="skipped", message="another kind of file")


def _put_decks(
    stores: Stores, course: Course, decks: list[Candidate], results: dict[str, FileResult], password: str | None
) -> None:
    """Upload every deck, run those that are new or not searchable, and note what the tables say afterwards."""
    uploads: dict[str, Uploaded] = {}
    with RunProgress(errors, total=len(decks), name_of=lambda key: uploads[key].candidate.source_name) as progress:
        for candidate in decks:
            name = candidate.source_name
            try:
                upload = upload_deck(stores, course.id, candidate, password=password)
            except StudyBuddyError as error:
                results[name] = FileResult(candidate=candidate, status="failed", code=error.code, message=error.message)
                progress.finished(name, error.message)
                continue
            results[name] = _after(stores, upload)
            if upload.outcome in ("unchanged", "duplicate") and results[name].status != "failed":
                progress.finished(name, None)
            else:
                uploads[str(upload.document.id)] = upload
        runs = _run(stores, uploads, progress) if uploads else {}
    for key, upload in uploads.items():
        result = results[upload.candidate.source_name] = _after(stores, upload)
        if key in runs:
            result.seconds = runs[key].seconds
            if not runs[key].succeeded:
                result.status = "failed"
                result.message = result.message or runs[key].failure or "The run failed."


def _run(stores: Stores, uploads: dict[str, Uploaded], progress: RunProgress) -> "dict[str, RunResult]":
    """One run a deck, a few at a time. Claims are renewed meanwhile, or the sensor would start runs of its own."""
    from pipelines.defs.instance import open_instance
    from pipelines.defs.runs import RunNews, run_partitions

    renewed = time.monotonic()

    def heard(news: RunNews) -> None:
        nonlocal renewed
        progress.heard(news)
        if time.monotonic() - renewed > CLAIM_S / 3:
            renewed = time.monotonic()
            with stores.database.transaction() as connection:
                claim_documents(connection, [upload.document.id for upload in uploads.values()])

    instance = open_instance(stores.settings)
    try:
        return run_partitions(
            instance,
            job_name="process_document",
            partition_keys=list(uploads),
            max_concurrent=stores.settings.max_concurrent_runs,
            on_news=heard,
        )
    finally:
        instance.dispose()


def _after(stores: Stores, upload: Uploaded) -> FileResult:
    """What the tables say about an upload now."""
    result = FileResult(candidate=upload.candidate, status="failed", id=upload.document.id)
    try:
        with stores.database.transaction() as connection:
            document = get_document(connection, upload.document.id, sealer=stores.sealer)
            counts = count_document(connection, document)
    except StudyBuddyError as error:
        result.code, result.message = error.code, error.message
        return result
    result.pages, result.chunks = counts.slides, counts.chunks
    if document.failure is not None:
        result.code, result.message = document.failure_code, document.failure
    elif counts.searchable:
        result.status = "ingested" if upload.outcome == "created" else upload.outcome
        result.message = {
            "unchanged": "the same bytes are in the course already",
            "duplicate": f"the course has these bytes as {document.source_name}",
        }.get(upload.outcome, "")
    return result


def _show(results: list[FileResult]) -> None:
    if not results:
        fail("There are no files here.")
    table = Table()
    for name in ("file", "result", "pages", "chunks", "seconds", "note"):
        right = name in ("pages", "chunks", "seconds")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    colours = {"failed": "red", "skipped": "dim", "unchanged": "cyan", "duplicate": "cyan"}
    for result in results:
        colour = colours.get(result.status, "green")
        numbers = [str(value) if value else "" for value in (result.pages, result.chunks)]
        seconds = f"{result.seconds:.1f}" if result.seconds else ""
        table.add_row(
            result.candidate.source_name, f"[{colour}]{result.status}[/{colour}]", *numbers, seconds, result.message
        )
    console.print(table)
    failed = sum(result.status == "failed" for result in results)
    if failed:
        console.print(f"[red]{failed} of {len(results)} files failed[/red]; the others are in the course.")
