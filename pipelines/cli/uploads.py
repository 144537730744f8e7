"""Finds what to upload among files and folders, and puts it into the store: the first half of `studybuddy ingest`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import UUID

from pipelines.core.documents import CLAIM_S, put_document
from pipelines.core.errors import PermanentError, UnreadableFileError
from pipelines.core.records import Document
from pipelines.core.stores import Stores

FileKind = Literal["deck", "recording", "captions", "other"]

DECK_SUFFIXES = frozenset({".pdf"})
RECORDING_SUFFIXES = frozenset({".mp3", ".m4a", ".wav", ".flac", ".ogg", ".opus", ".mp4", ".mkv", ".mov", ".webm"})
CAPTION_SUFFIXES = frozenset({".vtt", ".srt", ".sbv"})
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """One file on disk. `source_name` identifies it inside its course: its path below the folder that was named."""

    path: Path
    source_name: str
    kind: FileKind
    named: bool = field(default=True)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """An upload that is recorded: `outcome` says whether anything changed."""

    candidate: Candidate
    document: Document
    outcome: str


def find_candidates(paths: Iterable[Path]) -> list[Candidate]:
    """Every file below `paths`, in order; a file of another kind stays in the list as `other`.

    Raises:
        PermanentError: a path does not exist, or two different files would have the same name in the course.
    """
    found: dict[str, Candidate] = {}
    for path in paths:
        for candidate in _below(path):
            other = found.setdefault(candidate.source_name, candidate)
            if other.path.resolve() != candidate.path.resolve() and candidate.kind != "other":
                raise PermanentError(
                    f"Two files are named {candidate.source_name}: {other.path} and {candidate.path}. "
                    "Rename one, or ingest the folder above both.",
                    code="same_name",
                )
    return list(found.values())


def upload_deck(stores: Stores, course_id: UUID, candidate: Candidate, *, password: str | None) -> Uploaded:
    """Store the file's bytes and record the document; the caller runs it, so the sensor is kept away for a while.

    Raises:
        UnreadableFileError, StorageUnavailableError: nothing was recorded.
    """
    try:
        with candidate.path.open("rb") as source:
            stored = stores.files.add(source, max_bytes=stores.settings.pdf_max_mb * MB)
    except PermissionError:
        raise UnreadableFileError("The file may not be read by this user.", code="unreadable") from None
    with stores.database.transaction() as connection:
        document, outcome = put_document(
            connection,
            sealer=stores.sealer,
            course_id=course_id,
            title=candidate.path.stem,
            file_name=candidate.path.name,
            source_name=candidate.source_name,
            sha256=stored.sha256,
            byte_count=stored.byte_count,
            password=password,
            claim_s=CLAIM_S,
        )
    return Uploaded(candidate, document, outcome)


def _below(path: Path) -> Iterator[Candidate]:
    if path.is_dir():
        for child in sorted(path.rglob("*")):
            relative = child.relative_to(path)
            if child.is_file() and not any(part.startswith(".") for part in relative.parts):
                yield Candidate(child, relative.as_posix(), _kind(child), named=False)
    elif path.is_file():
        yield Candidate(path, path.name, _kind(path))
    else:
        raise PermanentError(f"There is no file or folder {path}.", code="no_such_file")


def _kind(path: Path) -> FileKind:
    suffix = path.suffix.lower()
    if suffix in DECK_SUFFIXES:
        return "deck"
    if suffix in RECORDING_SUFFIXES:
        return "recording"
    return "captions" if suffix in CAPTION_SUFFIXES else "other"
