"""The life of an upload, deck or lecture alike: begun on, fenced, failed, deleted, purged.

What differs between the two, their rows and how they are recorded, is in `documents.py` and `lectures.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal, TypeVar
from uuid import UUID

from pipelines.core.errors import SupersededError
from pipelines.core.files import FileStore
from pipelines.core.models.item_cache import forget_items
from pipelines.core.postgres import Connection, Database
from pipelines.core.records import Document, Lecture
from pipelines.core.statements import statement
from pipelines.core.stored_files import drop_unreferenced

Upload = TypeVar("Upload", Document, Lecture)

Outcome = Literal["created", "replaced", "unchanged", "duplicate"]

AGAIN = (
    (timedelta(minutes=10), "It is tried again by itself in ten minutes."),
    (timedelta(hours=1), "It is tried again by itself in an hour."),
    (timedelta(hours=6), "It is tried again by itself in six hours."),
    (timedelta(days=1), "It is tried again by itself for the last time in a day."),
)
"""After which waits an upload that failed for a reason that may pass is made again, and what people are told of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadKind:
    """One kind of upload: its noun, its table, its columns that hold the sha256 (or the link) of what a person gave, as
    an array, and the statement that removes its rows and answers its files."""

    noun: Literal["document", "lecture"]
    table: str
    contents: str
    purge: str

    def statement(self, name: str) -> str:
        """A statement of `uploads.sql` for this kind's table."""
        return statement(name).replace("{uploads}", self.table).replace("{contents}", self.contents)


DOCUMENT = UploadKind(noun="document", table="documents", contents="array[nullif(sha256, '')]", purge="purge_document")
LECTURE = UploadKind(
    noun="lecture", table="lectures", contents="array[media_sha256, captions_sha256, media_url]", purge="purge_lecture"
)
KINDS = (DOCUMENT, LECTURE)


def kind_of(upload: Document | Lecture) -> UploadKind:
    """Which kind of upload a record is."""
    return DOCUMENT if isinstance(upload, Document) else LECTURE


def list_unrequested(connection: Connection, kind: UploadKind, *, limit: int = 200) -> list[tuple[UUID, int]]:
    """(id, generation) of uploads that no run was started for, oldest first."""
    rows = connection.execute(kind.statement("list_unrequested_uploads"), {"limit": limit})
    return [(row[0], row[1]) for row in rows]


def traces_of(connection: Connection, kind: UploadKind, upload_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The trace in which each of these uploads came (`tracing/spans.py`), as far as one is known."""
    rows = connection.execute(kind.statement("list_traces"), {"ids": list(upload_ids)})
    return {row[0]: row[1] for row in rows}


def begin_run(connection: Connection, upload: Document | Lecture, *, run_id: str | None = None) -> None:
    """A run begins on this generation: the sensor need not ask for one, an old failure is forgotten, and stages that
    other runs were making are theirs no more.

    Args:
        run_id: Dagster's id of the run; None for one that Dagster does not know.

    Raises:
        SupersededError: the upload was replaced or deleted meanwhile.
    """
    _fence(connection, "begin_run", upload, run_id=run_id)


def begin_stage(
    connection: Connection, upload: Upload, *, stage: str, run_id: str, whole: bool, after: Sequence[str] = ()
) -> Upload:
    """A run begins to make one stage of this generation; what it writes is fenced by the record that comes back.

    Args:
        stage: name of the asset that is made.
        whole: the run makes everything, so it was refused its next stage when another run has begun meanwhile.
        after: stages that are made again after this one, and count as not begun until then.

    Raises:
        SupersededError: the upload was replaced or deleted meanwhile, or another run has taken it over.
    """
    _fence(connection, "begin_stage", upload, stage=stage, run_id=run_id, whole=whole, after=list(after))
    return replace(upload, stage=stage, run_id=run_id)


def end_stage(connection: Connection, upload: Document | Lecture) -> None:
    """The stage that `begin_stage` began is made."""
    connection.execute(kind_of(upload).statement("end_stage"), _key(upload))


def note_stage(
    connection: Connection,
    upload: Document | Lecture,
    note: str,
    *,
    waiting: bool = False,
    counted: tuple[int, int] | None = None,
) -> None:
    """Say of the stage that `begin_stage` began how far it has come, or why it is `waiting` to be tried again.

    Args:
        counted: the same for programs: how many pages, pictures, milliseconds or megabytes of how many; None:
            nothing is counted.
    """
    done, total = counted or (None, None)
    values = {"note": note, "waiting": waiting, "done": done, "total": total}
    connection.execute(kind_of(upload).statement("note_stage"), {**_key(upload), **values})


def lock_upload(connection: Connection, upload: Document | Lecture) -> None:
    """Fence before a write: nothing is written for an upload that was replaced or deleted meanwhile, nor by a run whose
    stage another run has taken over (it was given up, and came back after its retry).

    Raises:
        SupersededError: it was.
    """
    _fence(connection, "lock_upload", upload)


def fail_upload(
    connection: Connection, upload: Document | Lecture, *, code: str, message: str, passing: bool = False
) -> None:
    """Remember why this generation has no result; a newer generation, and what a later run made, are left alone.

    Args:
        passing: the reason may pass, so the upload is made again by itself (`AGAIN`), which the message then says.
    """
    again = AGAIN if passing else ()
    values = {
        "code": code, "message": message, "waits": [wait for wait, _ in again], "again": [said for _, said in again],
    }  # fmt: skip
    connection.execute(kind_of(upload).statement("fail_upload"), {**_key(upload), **values})


def ask_again(connection: Connection, kind: UploadKind) -> None:
    """Make new generations of failed uploads whose wait is over, as `list_unrequested` then tells."""
    connection.execute(kind.statement("ask_again"))


def delete_upload(connection: Connection, kind: UploadKind, upload_id: UUID) -> bool:
    """Delete at once what can be retrieved and set the tombstone; rows and files go with `purge_upload`.

    Returns:
        False when there was no such upload.
    """
    if connection.execute(kind.statement("delete_upload"), {"id": upload_id}).fetchone() is None:
        return False
    connection.execute(statement("delete_chunks"), {"source_id": upload_id})
    return True


def count_waiting(connection: Connection) -> tuple[int, float]:
    """How many uploads no run was asked for yet, and seconds that the oldest of them has waited (0: none waits)."""
    rows = [connection.execute(kind.statement("count_waiting_uploads")).fetchall()[0] for kind in (DOCUMENT, LECTURE)]
    return sum(number for number, _ in rows), max(seconds or 0.0 for _, seconds in rows)


def list_deleted(connection: Connection, kind: UploadKind, *, limit: int = 200) -> list[UUID]:
    """Ids of uploads deleted and not purged yet."""
    return [row[0] for row in connection.execute(kind.statement("list_deleted_uploads"), {"limit": limit})]


def purge_upload(database: Database, files: FileStore, kind: UploadKind, upload_id: UUID) -> None:
    """Remove a deleted upload's rows, then its files that nothing else uses and what was paid for about such pictures,
    and with its last upload a deleted course.

    Running it twice is fine. What a store that is away keeps goes with the next sweep.

    Raises:
        StorageUnavailableError: the rows are gone, the database or the file store is away.
    """
    with database.transaction() as connection:
        rows = connection.execute(statement(kind.purge), {"id": upload_id}).fetchall()
        for course_id in {row[0] for row in rows}:
            connection.execute(statement("purge_course"), {"course_id": course_id})
    names = [row[1] for row in rows if row[1] is not None]
    forget_items(database, names)
    drop_unreferenced(database, files, names)


def reprocess_upload(connection: Connection, upload: Document | Lecture) -> None:
    """Have the same bytes processed again; what readers see of them stays until then.

    Raises:
        SupersededError: the upload was deleted.
    """
    row = connection.execute(kind_of(upload).statement("reprocess_upload"), {"id": upload.id}).fetchone()
    if row is None:
        raise SupersededError(f"{upload.source_name} was deleted.")


def _fence(connection: Connection, name: str, upload: Document | Lecture, **parameters: Any) -> None:
    """Run a statement that answers a row only while the upload is still the caller's to write."""
    if connection.execute(kind_of(upload).statement(name), {**_key(upload), **parameters}).fetchone() is None:
        raise SupersededError(
            f"{upload.file_name} was replaced or deleted, or another run took it over, while it was being worked on."
        )


def _key(upload: Document | Lecture) -> dict[str, Any]:
    return {"id": upload.id, "generation": upload.generation, "stage": upload.stage, "run_id": upload.run_id}
