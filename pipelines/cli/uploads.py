"""Uploads from the command line: bytes into the store, rows into the database, and what became of them."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pipelines.cli.candidates import Candidate, language_of
from pipelines.cli.files import open_file
from pipelines.core.documents import get_document, put_document
from pipelines.core.errors import StorageUnavailableError
from pipelines.core.files import StoredFile
from pipelines.core.findings import FindingGroup, group_findings, list_findings
from pipelines.core.lecture_links import check_link, put_linked_lecture
from pipelines.core.lecture_slides import link_document
from pipelines.core.lectures import count_lecture, get_lecture, put_lecture
from pipelines.core.models.payers import find_local_person
from pipelines.core.postgres import Connection
from pipelines.core.records import OPERATOR
from pipelines.core.slides import count_document
from pipelines.core.stages import read_progress
from pipelines.core.stored_files import drop_unreferenced, hold_files
from pipelines.core.stores import Stores
from pipelines.steps.captions.records import MAX_BYTES as CAPTIONS_MAX_BYTES

MB = 1_000_000

MOST_ATTEMPTS = 3
"""Times a file is stored when its bytes are removed before they are recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command said about all its files. None: nothing. `replace`: files of a known name are new versions."""

    password: str | None = None
    language: str | None = None
    prefer_speech: bool | None = None
    replace: bool = False
    deck_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Uploaded:
    """An upload that is recorded: `outcome` says whether anything changed."""

    candidate: Candidate
    id: UUID
    outcome: str


@dataclass(frozen=True, slots=True)
class Given:
    """A file to store: where it is, `below` as for `open_file`, and how many bytes it may have."""

    path: Path
    below: Path | None
    max_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the tables say of an upload. `pages` 0 for lectures, `duration_ms` None for decks.

    `recognising`: as in `core.stages.Progress`.
    """

    source_name: str
    chunks: int
    searchable: bool
    failure_code: str | None
    failure: str | None
    pages: int = 0
    duration_ms: int | None = None
    recognising: bool = False
    findings: Sequence[FindingGroup] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """How one kind of upload is recorded and looked at afterwards, and the stages it goes through.

    `found`: the stage after which it can be searched. `all`: every stage, each named as its asset.
    """

    put: Callable[[Stores, UUID, Candidate, Options], Uploaded]
    look: Callable[[Stores, UUID], State]
    found: str
    all: frozenset[str]


def _put_deck(stores: Stores, course_id: UUID, candidate: Candidate, options: Options) -> Uploaded:
    """Store the file's bytes and record the document."""

    def record(connection: Connection, stored: Sequence[StoredFile]) -> Uploaded:
        document, outcome = put_document(
            connection,
            sealer=stores.sealer,
            course_id=course_id,
            title=candidate.path.stem,
            file_name=candidate.path.name,
            source_name=candidate.source_name,
            origin=_origin(candidate),
            replace=options.replace,
            sha256=stored[0].sha256,
            byte_count=stored[0].byte_count,
            password=options.password,
        )
        return Uploaded(candidate, document.id, outcome)

    return _stored(stores, [Given(candidate.path, candidate.below, stores.settings.pdf_max_mb * MB)], record)


def _put_lecture(stores: Stores, course_id: UUID, candidate: Candidate, options: Options) -> Uploaded:
    """The same for a recording, captions, or both; links it to the decks of the command."""
    if candidate.url is not None:
        return _put_link(stores, course_id, candidate, candidate.url, options)
    captions = candidate.path if candidate.is_captions else candidate.captions
    most = stores.settings.media_max_mb * MB
    paths = [] if candidate.is_captions else [Given(candidate.path, candidate.below, most)]
    if captions is not None:
        below = candidate.below if candidate.is_captions else candidate.captions_below
        paths.append(Given(captions, below, CAPTIONS_MAX_BYTES))

    def record(connection: Connection, stored: Sequence[StoredFile]) -> Uploaded:
        lecture, outcome = put_lecture(
            connection,
            course_id=course_id,
            title=candidate.path.stem,
            file_name=candidate.path.name,
            source_name=candidate.source_name,
            origin=_origin(candidate),
            replace=options.replace,
            byte_count=sum(file.byte_count for file in stored),
            media_sha256=None if candidate.is_captions else stored[0].sha256,
            captions_sha256=stored[-1].sha256 if captions is not None else None,
            captions_name=captions.name if captions is not None else None,
            language=options.language or (language_of(captions) if captions is not None else None),
            prefer_speech=options.prefer_speech,
        )
        linked = [link_document(connection, lecture.id, deck_id) for deck_id in options.deck_ids]
        same = outcome in ("unchanged", "duplicate")
        return Uploaded(candidate, lecture.id, "linked" if same and any(linked) else outcome)

    return _stored(stores, paths, record)


def _put_link(stores: Stores, course_id: UUID, candidate: Candidate, url: str, options: Options) -> Uploaded:
    """The same for a recording that its run fetches; the link is judged as one that comes over HTTP."""
    check_link(stores.settings, url)
    captions = candidate.captions
    paths = [] if captions is None else [Given(captions, candidate.captions_below, CAPTIONS_MAX_BYTES)]

    def record(connection: Connection, stored: Sequence[StoredFile]) -> Uploaded:
        lecture_id, outcome = put_linked_lecture(
            connection,
            course_id=course_id,
            owner_id=find_local_person(connection),
            url=url,
            file_name=candidate.path.name,
            published=True,
            captions_sha256=stored[0].sha256 if captions is not None else None,
            captions_name=captions.name if captions is not None else None,
            byte_count=sum(file.byte_count for file in stored),
            language=options.language or (language_of(captions) if captions is not None else None),
            prefer_speech=options.prefer_speech,
        )
        linked = [link_document(connection, lecture_id, deck_id) for deck_id in options.deck_ids]
        return Uploaded(candidate, lecture_id, "linked" if outcome == "unchanged" and any(linked) else outcome)

    return _stored(stores, paths, record)


def _origin(candidate: Candidate) -> str:
    return candidate.origin or candidate.path.absolute().as_posix()


def _stored(
    stores: Stores, paths: Sequence[Given], record: Callable[[Connection, Sequence[StoredFile]], Uploaded]
) -> Uploaded:
    """Store the bytes of files and record them in one transaction.

    Bytes that were not recorded, because that failed or because they are known already, do not stay.

    Raises:
        UnreadableFileError, StorageUnavailableError, NotFoundError: nothing was recorded.
    """
    for attempt in range(1, MOST_ATTEMPTS + 1):
        stored, upload = list[StoredFile](), None
        try:
            stored.extend(_store(stores, given) for given in paths)
            with stores.database.transaction() as connection:
                hold_files(connection, stores.files, [file.sha256 for file in stored])
                upload = record(connection, stored)
                break
        except StorageUnavailableError as error:
            if error.code != "removed" or attempt == MOST_ATTEMPTS:
                raise
        finally:
            new = [file.sha256 for file in stored if not file.existed]
            if upload is None or upload.outcome in ("duplicate", "linked", "unchanged"):
                with suppress(StorageUnavailableError):  # what stays is swept later
                    drop_unreferenced(stores.database, stores.files, new)
    assert upload is not None  # noqa: S101  the last attempt raises
    return upload


def _store(stores: Stores, given: Given) -> StoredFile:
    """The file's bytes in the store.

    Raises:
        UnreadableFileError, StorageUnavailableError: nothing was kept.
    """
    with open_file(given.path, below=given.below) as source:
        return stores.files.add(source, max_bytes=given.max_bytes)


def _look_at_deck(stores: Stores, document_id: UUID) -> State:
    with stores.database.transaction() as connection:
        document = get_document(connection, document_id, person=OPERATOR, sealer=stores.sealer)
        counts, findings = count_document(connection, document), list_findings(connection, document)
        recognising = read_progress(connection, [document_id])[document_id].recognising
    return State(
        source_name=document.source_name,
        chunks=counts.chunks,
        searchable=counts.searchable,
        failure_code=document.failure_code,
        failure=document.failure,
        pages=counts.slides,
        recognising=recognising,
        findings=group_findings(findings),
    )


def _look_at_lecture(stores: Stores, lecture_id: UUID) -> State:
    with stores.database.transaction() as connection:
        lecture = get_lecture(connection, lecture_id, person=OPERATOR)
        counts, findings = count_lecture(connection, lecture), list_findings(connection, lecture)
    return State(
        source_name=lecture.source_name,
        chunks=counts.chunks,
        searchable=counts.searchable,
        failure_code=lecture.failure_code,
        failure=lecture.failure,
        duration_ms=lecture.duration_ms,
        findings=group_findings(findings),
    )


DECKS = Graph(
    put=_put_deck,
    look=_look_at_deck,
    found="slide_embeddings",
    all=frozenset({"slides", "slide_images", "slide_descriptions", "slide_chunks", "slide_embeddings"}),
)
LECTURES = Graph(
    put=_put_lecture,
    look=_look_at_lecture,
    found="lecture_embeddings",
    all=frozenset(
        {"lecture_audio", "lecture_frames", "transcripts", "lecture_chunks", "lecture_embeddings", "lecture_slides"}
    ),
)
