"""Sensors from rows to runs: an upload without a run becomes a partition and a run; a deletion takes it all away.

The tables are the truth. A sensor that ran twice, was killed in the middle or was away for a week asks for nothing
twice: run keys name the upload and its generation, and partitions go before the rows that say they must.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import dagster as dg

from pipelines.core.description_refusals import list_due_descriptions
from pipelines.core.embeddings.vectors import list_decks_without_second_vectors, list_lectures_without_second_vectors
from pipelines.core.errors import TransientError
from pipelines.core.lecture_slides import list_outdated_alignments
from pipelines.core.models.providers import wants_second_vectors
from pipelines.core.partitions import partition_keys
from pipelines.core.postgres import Connection
from pipelines.core.reading.corrections import list_due_deck_corrections, list_due_lecture_corrections
from pipelines.core.settings import Settings, get_settings
from pipelines.core.slides import list_due_recognitions
from pipelines.core.stages import announce_uploads
from pipelines.core.stored_files import sweep_files
from pipelines.core.stores import Stores
from pipelines.core.tracing.spans import TRACE_TAG
from pipelines.core.uploads import (
    DOCUMENT,
    LECTURE,
    UploadKind,
    ask_again,
    list_deleted,
    list_unrequested,
    purge_upload,
    traces_of,
)
from pipelines.defs.endings import UPLOAD_TAG, end_uploads
from pipelines.defs.jobs import documents_job, lectures_job, recognition_job
from pipelines.defs.partitions import documents_partitions, lectures_partitions
from pipelines.defs.recognised_slides import AFTER
from pipelines.defs.resources import lasting_stores
from pipelines.defs.retention import old_runs_sensor

MOST_PURGED = 50
"""Uploads purged in one tick: a tick has a minute, and removing files from a remote store takes a moment each."""


MOST_LISTED = 200
"""Uploads a look takes up at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """One kind of upload, its partitions, the job that makes all of it, and what is made of it later or again."""

    kind: UploadKind
    partitions: dg.DynamicPartitionsDefinition
    job: str
    late: "tuple[Late, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """Assets that have to be made when something else came later, and for which uploads: (id, a key of why).

    `wanted`: whether the settings ask for them. `job` None: a run of the job that makes all of the upload. `promised`:
    the upload is not done without them, so it has failed when their run dies; their keys begin with its generation.
    """

    assets: tuple[str, ...]
    list_outdated: Callable[[Connection], list[tuple[UUID, str]]]
    job: str | None = None
    promised: bool = False
    wanted: Callable[[Settings], bool] = lambda _: True


def _places_for_pictures() -> int:
    """Places for runs that may read pictures of text: all but two, where one deck's pages are still drawn and the text
    of the next one, which somebody waits for, is read."""
    return max(1, get_settings().max_concurrent_runs - 2)


DOCUMENTS = Uploads(
    kind=DOCUMENT,
    partitions=documents_partitions,
    job=documents_job.name,
    late=(
        Late(
            assets=("recognised_slides", *AFTER),
            list_outdated=lambda connection: list_due_recognitions(connection, limit=_places_for_pictures()),
            job=recognition_job.name,
            promised=True,
        ),
        Late(assets=("slide_descriptions", *AFTER), list_outdated=list_due_descriptions),
        Late(assets=AFTER, list_outdated=list_due_deck_corrections, promised=True),
        Late(
            assets=("slide_embeddings",), list_outdated=list_decks_without_second_vectors, wanted=wants_second_vectors
        ),
    ),
)

LECTURES = Uploads(
    kind=LECTURE,
    partitions=lectures_partitions,
    job=lectures_job.name,
    late=(
        Late(assets=("lecture_slides",), list_outdated=list_outdated_alignments),
        Late(
            assets=("lecture_chunks", "lecture_embeddings"), list_outdated=list_due_lecture_corrections, promised=True
        ),
        Late(
            assets=("lecture_embeddings",),
            list_outdated=list_lectures_without_second_vectors,
            wanted=wants_second_vectors,
        ),
    ),
)


@dg.sensor(
    jobs=[documents_job, recognition_job], minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING
)
def documents_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Starts a run for every uploaded deck, and removes what deleted decks left behind."""
    return _look(DOCUMENTS, context)


@dg.sensor(job=lectures_job, minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def lectures_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Starts a run for every uploaded lecture, and removes what deleted lectures left behind."""
    return _look(LECTURES, context)


@dg.sensor(minimum_interval_seconds=1, default_status=dg.DefaultSensorStatus.RUNNING)
def ended_runs_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Tells the teacher where a run ended without saying why: its process died too often, or it was cancelled."""
    try:
        cursor, failed = end_uploads(lasting_stores(), context.instance, context.cursor)
    except TransientError as error:
        return dg.SkipReason(error.message)
    if cursor != context.cursor:
        context.update_cursor(cursor)
    return dg.SkipReason(", ".join(failed) or "No run ended without a word.")


@dg.sensor(minimum_interval_seconds=3600, default_status=dg.DefaultSensorStatus.RUNNING)
def unreferenced_files_sensor() -> dg.SkipReason:
    """Removes stored bytes that no row has referred to for a day, and what dead uploads left behind."""
    try:
        swept = sweep_files(lasting_stores().database, lasting_stores().files)
    except TransientError as error:
        return dg.SkipReason(error.message)
    return dg.SkipReason(f"{swept.files} files and {swept.remains} remains of uploads removed.")


SENSORS = [documents_sensor, lectures_sensor, ended_runs_sensor, old_runs_sensor, unreferenced_files_sensor]


def _look(uploads: Uploads, context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    try:
        return look(uploads, lasting_stores(), context.instance, context.cursor)
    except TransientError as error:
        return dg.SkipReason(error.message)


def look(
    uploads: Uploads, stores: Stores, instance: dg.DagsterInstance, cursor: str | None
) -> dg.SensorResult | dg.SkipReason:
    """One look at the rows: which runs and partitions they ask for.

    Args:
        cursor: JSON list of the run keys asked for before and still waiting; None at the first look. It only saves
            asking again every second; without it Dagster drops the run keys it has seen.

    Raises:
        StorageUnavailableError: the database or the file store is away.
    """
    with stores.database.transaction() as connection:
        ask_again(connection, uploads.kind)
        waiting = list_unrequested(connection, uploads.kind, limit=MOST_LISTED)
        deleted = list_deleted(connection, uploads.kind, limit=MOST_PURGED)
        asks: list[tuple[UUID, str, Late | None]] = [(uid, str(generation), None) for uid, generation in waiting]
        late_ones = [late for late in uploads.late if late.wanted(stores.settings)]
        asks += [(uid, key, late) for late in late_ones for uid, key in late.list_outdated(connection)]
        names = partition_keys(connection, [*deleted, *(upload_id for upload_id, _, _ in asks)])
        traces = traces_of(connection, uploads.kind, list(names)) if asks else {}
    wanted = [
        _request(uploads, uid, names[uid], key, late=late, trace=traces.get(uid))
        for uid, key, late in asks
        if uid in names
    ]
    keys = {str(request.run_key) for request in wanted}
    asked = set(json.loads(cursor or "[]"))
    fresh = [request for request in wanted if request.run_key not in asked]
    stale = {uid: names[uid] for uid in deleted if uid in names and _has_partition(uploads, instance, names[uid])}
    for upload_id in deleted:
        if upload_id not in stale:  # its partition went at an earlier look
            purge_upload(stores.database, stores.files, uploads.kind, upload_id)
    if not fresh and not stale and keys == asked:
        return dg.SkipReason(f"No new {uploads.kind.noun}.")
    if stale or len(waiting) == MOST_LISTED:  # there is more to do as soon as this is done
        with stores.database.transaction() as connection:
            announce_uploads(connection)
    changes: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if fresh:
        changes.append(uploads.partitions.build_add_request(sorted({str(request.partition_key) for request in fresh})))
    if stale:
        changes.append(uploads.partitions.build_delete_request(list(stale.values())))
    return dg.SensorResult(
        run_requests=fresh,
        dynamic_partitions_requests=changes,
        cursor=json.dumps(sorted(keys)),
    )


def _request(
    uploads: Uploads, upload_id: UUID, partition_key: str, key: str, *, late: Late | None = None, trace: str | None
) -> dg.RunRequest:
    tags = {UPLOAD_TAG: f"{upload_id}:{key}"} if late is None or late.promised else {}
    if trace is not None:
        tags[TRACE_TAG] = trace
    return dg.RunRequest(
        run_key=f"{uploads.kind.noun}:{upload_id}:{key}",
        job_name=uploads.job if late is None or late.job is None else late.job,
        partition_key=partition_key,
        tags=tags or None,
        asset_selection=[dg.AssetKey(name) for name in late.assets] if late is not None else None,
    )


def _has_partition(uploads: Uploads, instance: dg.DagsterInstance, partition_key: str) -> bool:
    name = uploads.partitions.name
    assert name is not None  # noqa: S101  all of ours are named
    return instance.has_dynamic_partition(name, partition_key)
