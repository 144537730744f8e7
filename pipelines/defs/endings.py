"""Runs that ended without a word: what became of their uploads is said in the tables, where people look.

An asset that fails says why itself. A process that was killed more often than Dagster tries again says nothing, nor
does a run that somebody cancelled.
"""

import time
from datetime import UTC, datetime
from uuid import UUID

import dagster as dg
from dagster._core.storage.tags import WILL_RETRY_TAG

from pipelines.core.stages import fail_upload_of_run
from pipelines.core.stores import Stores

UPLOAD_TAG = "studybuddy/upload"
"""Run tag of runs a sensor asked for: id and generation of the upload, `ID:GENERATION`, and maybe what for."""

UNDECIDED_S = 60.0
"""Dagster says a moment after a failure whether it will try again; after this long it will not."""

MOST_AT_ONCE = 100


def end_uploads(stores: Stores, instance: dg.DagsterInstance, cursor: str | None) -> tuple[str | None, list[str]]:
    """Fail the uploads whose run has ended since `cursor` and will not be tried again.

    Args:
        cursor: time of the last ending that was dealt with, in seconds; None for all there ever were.

    Returns:
        The next cursor, and the names of the files that have failed now.

    Raises:
        StorageUnavailableError: the database is away.
    """
    since = datetime.fromtimestamp(float(cursor), UTC) if cursor else None
    records = instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED], updated_after=since),
        limit=MOST_AT_ONCE,
        order_by="update_timestamp",
        ascending=True,
    )
    failed: list[str] = []
    for record in records:
        run, ended = record.dagster_run, record.update_timestamp.timestamp()
        if run.status == dg.DagsterRunStatus.FAILURE:
            decided = run.tags.get(WILL_RETRY_TAG)
            if decided is None and time.time() - ended < UNDECIDED_S:
                break  # the next look begins here
            if decided == "true":
                cursor = str(ended)
                continue
        with stores.database.transaction() as connection:
            failed += fail_upload_of_run(connection, run.run_id, upload=_upload_of(run), **_told(run))
        cursor = str(ended)
    return cursor, failed


def _upload_of(run: dg.DagsterRun) -> tuple[UUID, int] | None:
    upload_id, generation, *_ = [*run.tags.get(UPLOAD_TAG, "").split(":"), ""]
    return (UUID(upload_id), int(generation)) if generation else None


def _told(run: dg.DagsterRun) -> dict[str, str]:
    if run.status == dg.DagsterRunStatus.CANCELED:
        return {"code": "cancelled", "message": "Processing was cancelled. Upload the file again to start it anew."}
    return {
        "code": "process_died",
        "message": "Processing ended before it was done and was tried again in vain. Upload the file again, or see run "
        f"{run.run_id[:8]} in the Dagster UI.",
    }
