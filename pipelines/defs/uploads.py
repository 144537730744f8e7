"""The beginning and the end of every asset: its partition's upload, and what is told when it fails."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

import dagster as dg

from pipelines.core.errors import StudyBuddyError, SupersededError
from pipelines.core.partitions import partition_upload
from pipelines.core.postgres import Connection
from pipelines.core.records import Document, Lecture
from pipelines.core.stores import Stores
from pipelines.defs.failures import told_to_dagster

OWNERS = ["team:course-materials"]

FILE_TAG = "studybuddy/file"

Upload = TypeVar("Upload", Document, Lecture)


@contextmanager
def upload_of(
    context: dg.AssetExecutionContext,
    stores: Stores,
    *,
    get: Callable[[Connection, UUID], Upload],
    begin: Callable[[Connection, Upload], None] | None,
    fail: Callable[[Connection, Upload, StudyBuddyError], None],
) -> Iterator[Upload]:
    """Gives the partition's upload, and tells failures to Dagster and to the teacher.

    Args:
        begin: called with the upload in the transaction that read it, where a run begins here; None elsewhere.
        fail: remembers an error that nothing will be tried again for.

    Raises:
        dagster.Failure, dagster.RetryRequested: as `told_to_dagster` says.
    """
    found: list[Upload] = []

    def remember(error: StudyBuddyError) -> None:
        if found and not isinstance(error, SupersededError):  # a superseded upload has nothing to say
            with stores.database.transaction() as connection:
                fail(connection, found[0], error)

    with told_to_dagster(context, on_failure=remember):
        with stores.database.transaction() as connection:
            upload = get(connection, partition_upload(connection, context.partition_key))
            found.append(upload)
            if begin is not None:
                begin(connection, upload)
        if begin is not None:  # the list of runs shows people which file each was about
            context.instance.add_run_tags(context.run.run_id, {FILE_TAG: upload.file_name})
        yield upload
