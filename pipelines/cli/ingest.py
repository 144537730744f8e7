"""`studybuddy ingest`: records files and links, waits until the tables say what became of every one, and shows it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text

from pipelines.cli.archives import Archives
from pipelines.cli.candidates import Candidate, FileKind, beside, find_candidates, is_link
from pipelines.cli.files import shown
from pipelines.cli.output import clock, console, errors, fail, foreign, print_json, told, traced_command
from pipelines.cli.passwords import read_password
from pipelines.cli.progress import StageProgress
from pipelines.cli.uploads import DECKS, LECTURES, Graph, Options, State, Uploaded
from pipelines.cli.waiting import Waiting, wait_for_alignments
from pipelines.core.courses import ensure_course
from pipelines.core.errors import PermanentError, StudyBuddyError
from pipelines.core.materials import Material
from pipelines.core.records import Course
from pipelines.core.stages import retry_upload
from pipelines.core.stores import Stores
from pipelines.runtime.attending import Attendance

GRAPHS: dict[FileKind, Graph] = {"deck": DECKS, "lecture": LECTURES}
"""In the order they run: a lecture is aligned with decks that are there."""

SAME = ("unchanged", "duplicate")


@dataclass(slots=True, kw_only=True)
class FileResult:
    """What became of one file. `status`: ingested, replaced, linked, unchanged, duplicate, skipped or failed."""

    candidate: Candidate
    status: str
    id: UUID | None = None
    state: State | None = None
    seconds: float = 0.0
    message: str = ""
    code: str | None = None

    @property
    def source_name(self) -> str:
        """Its name in the course, which may say a folder more than the file's own."""
        recorded = self.state is not None and self.status != "duplicate"
        return self.state.source_name if self.state is not None and recorded else self.candidate.source_name

    def as_json(self) -> dict[str, Any]:
        """This result as programs get it."""
        state, captions = self.state, self.candidate.captions
        return {
            "file": shown(self.candidate.path.name),
            "url": self.candidate.url,
            "captions": captions.name if captions else None,
            "source_name": self.source_name,
            "kind": self.candidate.kind,
            "status": self.status,
            "id": str(self.id) if self.id else None,
            "pages": state.pages if state else 0,
            "duration_ms": state.duration_ms if state else None,
            "chunks": state.chunks if state else 0,
            "seconds": round(self.seconds, 2),
            "code": self.code,
            "message": self.message,
            "findings": [group.as_json() for group in state.findings] if state else [],
        }


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ingest)


def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Decks (PDF, office files, pictures, texts), recordings, captions, folders or zips of them; or the "
            "address of a recording, a stream (HLS, DASH) or a podcast's feed (# and an item's id or title)."
        ),
    ],
    *,
    course: Annotated[str, typer.Option(help="Name of the course; made if it is new.")],
    password_file: Annotated[
        Path | None, typer.Option(help="File whose first line opens PDFs that are protected; - reads standard input.")
    ] = None,
    ask_password: Annotated[bool, typer.Option("--ask-password", help="Ask for that password here.")] = False,
    captions: Annotated[Path | None, typer.Option(help="Captions of the one recording that is named.")] = None,
    deck: Annotated[list[Path] | None, typer.Option(help="A deck the lectures go through; may be repeated.")] = None,
    language: Annotated[str | None, typer.Option(help="Language spoken in the lectures, such as `en`.")] = None,
    prefer_speech: Annotated[
        bool | None, typer.Option(help="Recognise the speech of recordings that have captions too.")
    ] = None,
    replace_known: Annotated[
        bool, typer.Option("--replace", help="Files of a known name are new versions, also from another folder.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The results as JSON.")] = False,
) -> None:
    """Put files into a course and wait until they can be found."""
    with told(), traced_command("ingest"), Stores.open() as stores:
        password = read_password(password_file, ask=ask_password)
        results = ingest_files(
            stores,
            course,
            [Path(each) for each in paths if not is_link(each)],
            links=[each for each in paths if is_link(each)],
            captions=captions,
            decks=deck or (),
            options=Options(password=password, language=language, prefer_speech=prefer_speech, replace=replace_known),
        )
    ok = not any(result.status == "failed" for result in results)
    if json:
        print_json({"course": course, "ok": ok, "files": [result.as_json() for result in results]})
    else:
        _show(results)
    if not ok:
        raise typer.Exit(1)


def ingest_files(
    stores: Stores,
    course_name: str,
    paths: Sequence[Path],
    *,
    links: Sequence[str] = (),
    captions: Path | None = None,
    decks: Sequence[Path] = (),
    options: Options | None = None,
    everything: bool = False,
) -> list[FileResult]:
    """Record, have processed, and wait; one result a file, in the order of the files.

    Args:
        everything: wait for pictures and alignments too. Where services run that stay, they follow by themselves.
        links: addresses from which recordings are fetched.
        captions: the captions of the one recording among `paths` and `links`.
        decks: the decks its lectures go through; they are uploaded too.

    Raises:
        StudyBuddyError: nothing could be done at all. What is wrong with one file is in its result.
    """
    with Archives(stores.settings) as archives:
        candidates = find_candidates([*decks, *paths], links=links, captions=captions, members_of=archives.members_of)
        if options is not None and options.replace:
            _refuse_namesakes(candidates)
        linked = {os.path.realpath(path) for path in decks}
        if not linked <= {_real(candidate) for candidate in candidates if candidate.kind == "deck"}:
            raise PermanentError("--deck goes with decks: PDFs, office files, pictures or texts.", code="unknown_kind")
        return _ingest(stores, course_name, candidates, linked=linked, options=options, everything=everything)


def _ingest(
    stores: Stores,
    course_name: str,
    candidates: Sequence[Candidate],
    *,
    linked: set[str],
    options: Options | None,
    everything: bool,
) -> list[FileResult]:
    """As `ingest_files`; `linked` are the real paths of the decks that all lectures go through."""
    with stores.database.transaction() as connection:
        course = ensure_course(connection, course_name)
    results = {candidate: _first_result(candidate) for candidate in candidates}
    deck_files = [candidate for candidate in candidates if candidate.kind == "deck"]
    lectures = [candidate for candidate in candidates if candidate.kind == "lecture"]

    def options_of(candidate: Candidate) -> Options:
        """A lecture goes through the decks that were named, or else through the one beside it with its name."""
        goes_with: list[Candidate] = []
        if candidate.kind == "lecture":
            named = [deck for deck in deck_files if _real(deck) in linked]
            goes_with = named if linked else beside(candidate, deck_files, rivals=lectures)
        ids = [results[deck].id for deck in goes_with]
        return replace(options or Options(), deck_ids=tuple(deck_id for deck_id in ids if deck_id is not None))

    with Attendance(stores) as attendance:
        for kind, graph in GRAPHS.items():
            asked = [candidate for candidate in candidates if candidate.kind == kind]
            if asked:
                _put_all(
                    stores, course, graph, asked, results=results, options_of=options_of, attendance=attendance,
                    everything=everything,
                )  # fmt: skip
        if everything or attendance.temporary:
            for name in wait_for_alignments(stores, attendance):
                errors.print(Text.assemble(("✓", "green"), " ", foreign(name), ", aligned again"))
    return list(results.values())


def _refuse_namesakes(candidates: Sequence[Candidate]) -> None:
    """Two files of one name cannot both be the new version of what has it.

    Raises:
        PermanentError: there are two.
    """
    known: dict[str, Candidate] = {}
    for candidate in candidates:
        other = known.setdefault(candidate.source_name, candidate)
        if other is not candidate and candidate.kind != "other" and candidate.url is None:
            raise PermanentError(
                f"--replace takes one file of a name, and two are named {candidate.source_name}: {shown(other.path)} "
                f"and {shown(candidate.path)}.",
                code="same_name",
            )


def _real(candidate: Candidate) -> str:
    return os.path.realpath(candidate.path)


def _first_result(candidate: Candidate) -> FileResult:
    if candidate.kind != "other":
        return FileResult(candidate=candidate, status="failed", message="It was not reached.")
    if candidate.code is not None:
        return FileResult(candidate=candidate, status="failed", code=candidate.code, message=candidate.note)
    if candidate.named:
        message = "This is neither a document that can be read (see README) nor a recording nor captions."
        return FileResult(candidate=candidate, status="failed", code="unknown_kind", message=message)
    return FileResult(candidate=candidate, status="skipped", message=candidate.note or "another kind of file")


def _put_all(
    stores: Stores,
    course: Course,
    graph: Graph,
    candidates: Sequence[Candidate],
    *,
    results: dict[Candidate, FileResult],
    options_of: Callable[[Candidate], Options],
    attendance: Attendance,
    everything: bool,
) -> None:
    """Record all of one kind, wait for those that are new or not searchable, and note what the tables say then."""
    uploads: dict[UUID, list[Uploaded]] = {}  # the same bytes under two names are one upload
    with StageProgress(
        errors, total=len(candidates), name_of=lambda key: uploads[key][0].candidate.source_name
    ) as progress:
        for candidate in candidates:
            name = candidate.source_name
            try:
                upload = graph.put(stores, course.id, candidate, options_of(candidate))
            except StudyBuddyError as error:
                results[candidate] = FileResult(
                    candidate=candidate, status="failed", code=error.code, message=error.message
                )
                progress.finished(name, error.message)
                continue
            results[candidate] = _after(stores, graph, upload)
            if upload.outcome in SAME and results[candidate].status != "failed":
                progress.finished(name, None)
            else:
                _try_again(stores, upload.id)
                uploads.setdefault(upload.id, []).append(upload)
                attendance.ensure()
        everything = everything or attendance.temporary
        waited = Waiting(stores, graph, attendance, progress, everything=everything).until_done(uploads)
    for upload_id, group in uploads.items():
        for upload in group:
            result = results[upload.candidate] = _after(stores, graph, upload)
            result.seconds = waited[upload_id]


def _try_again(stores: Stores, upload_id: UUID) -> None:
    """The same bytes again after they had failed mean: try again."""
    with stores.database.transaction() as connection:
        retry_upload(connection, upload_id)


def process_again(stores: Stores, material: Material) -> None:
    """Wait until a new generation of a file's bytes is processed or has failed."""
    with (
        Attendance(stores) as attendance,
        StageProgress(errors, total=1, name_of=lambda _: material.source_name) as progress,
    ):
        attendance.ensure()
        everything = attendance.temporary
        Waiting(stores, GRAPHS[material.kind], attendance, progress, everything=everything).until_done([material.id])


def _after(stores: Stores, graph: Graph, upload: Uploaded) -> FileResult:
    """What the tables say about an upload now."""
    result = FileResult(candidate=upload.candidate, status="failed", id=upload.id)
    try:
        state = result.state = graph.look(stores, upload.id)
    except StudyBuddyError as error:
        result.code, result.message = error.code, error.message
        return result
    if state.failure is not None:
        result.code, result.message = state.failure_code, state.failure
    elif state.searchable or state.recognising:
        result.status = "ingested" if upload.outcome == "created" else upload.outcome
        same = "the same bytes are in the course already"
        if upload.candidate.url is not None:
            same = "the course has this link already; what it has been given with it stays"
        known = {
            "unchanged": same,
            "duplicate": f"the course has these bytes as {state.source_name}",
        }.get(upload.outcome)
        if upload.outcome == "created" and state.source_name != upload.candidate.source_name:
            known = f"kept as {state.source_name}: the course has another {upload.candidate.source_name}"
        result.message = "; ".join(part for part in (known, *(group.text for group in state.findings)) if part)
    return result


def _show(results: list[FileResult]) -> None:
    if not results:
        fail("There are no files here.")
    table = Table()
    for name in ("file", "result", "length", "chunks", "seconds", "note"):
        right = name in ("length", "chunks", "seconds")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    colours = {"failed": "red", "skipped": "dim", "unchanged": "cyan", "duplicate": "cyan"}
    for result in results:
        colour = colours.get(result.status, "green")
        seconds = f"{result.seconds:.1f}" if result.seconds else ""
        table.add_row(
            foreign(result.source_name),
            f"[{colour}]{result.status}[/{colour}]",
            *_size(result.state),
            seconds,
            foreign(result.message),
        )
    console.print(table)
    failed = sum(result.status == "failed" for result in results)
    if failed:
        console.print(f"[red]{failed} of {len(results)} files failed[/red]; the others are in the course.")


def _size(state: State | None) -> tuple[str, str]:
    """Length (pages, or minutes and seconds) and chunks; empty where there are none."""
    if state is None:
        return "", ""
    length = f"{state.pages} p." if state.pages else clock(state.duration_ms)
    return length, str(state.chunks or "")
