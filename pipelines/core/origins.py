"""Origins of an upload's rows: which run made them, from which versions, and which answers a run reached.

Belongs here: reading it back for people who compare results. Writing it belongs to the modules named after each noun.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pipelines.core.errors import SupersededError
from pipelines.core.postgres import Connection, read_record, read_records
from pipelines.core.records import Document, Kind, Lecture


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentOrigin:
    """What made one document's rows; None where there are no such rows yet.

    `run_id` is the Dagster run that began on the newest upload. `description_model` and `prompt_version` name several,
    with commas between, when the descriptions were made by several.
    """

    run_id: str | None
    slides_version: str | None
    description_model: str | None
    prompt_version: str | None
    chunker_version: str | None
    embedding_model: str | None
    embedding_dims: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LectureOrigin:
    """What made one lecture's rows; None where there are no such rows yet. `core.transcripts.Transcript` says the rest.

    `run_id` is the Dagster run that began on the newest upload, `aligned_at` when its slides were looked for last.
    """

    run_id: str | None
    chunker_version: str | None
    aligned_at: datetime | None
    embedding_model: str | None
    embedding_dims: int | None


def read_document_origin(connection: Connection, document: Document) -> DocumentOrigin:
    """What made this document's rows.

    Raises:
        SupersededError: it was deleted, or never was.
    """
    origin = read_record(connection, DocumentOrigin, "document_origin", {"document_id": document.id})
    if origin is None:
        raise SupersededError("The document was deleted.")
    return origin


def read_lecture_origin(connection: Connection, lecture: Lecture) -> LectureOrigin:
    """What made this lecture's rows.

    Raises:
        SupersededError: it was deleted, or never was.
    """
    origin = read_record(connection, LectureOrigin, "lecture_origin", {"lecture_id": lecture.id})
    if origin is None:
        raise SupersededError("The lecture was deleted.")
    return origin


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedPlace:
    """A passage that an answer cites, without a word of the answer or its person. `course` None: it was deleted."""

    message_key: UUID
    answered_at: datetime
    course: str | None
    handle: int
    kind: Kind
    file_name: str
    page: int | None
    start_ms: int | None


def list_answers_of_run(connection: Connection, run_id: str) -> list[CitedPlace]:
    """Passages that answers cite and that a Dagster run has made, newest answer first; empty: no answer cites any.

    Args:
        run_id: the run's id, or how it begins.
    """
    return read_records(connection, CitedPlace, "list_answers_of_run", {"run_id": run_id})
