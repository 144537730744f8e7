"""The beginning and the end of every asset: its partition's upload, and what is told when it fails."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from socket import gethostname
from uuid import UUID

import dagster as dg

from pipelines.core.errors import PermanentError, StudyBuddyError, SupersededError, TransientError
from pipelines.core.partitions import partition_upload
from pipelines.core.postgres import Connection
from pipelines.core.stores import Stores
from pipelines.core.tracing.spans import span
from pipelines.core.uploads import Upload, begin_run, begin_stage, end_stage, fail_upload, note_stage
from pipelines.core.weak_sandboxes import note_sandbox
from pipelines.defs.failures import told_to_dagster
from pipelines.defs.parsing import accepted_weakness

OWNERS = ["team:course-materials"]
UPLOADS_GROUP = "uploads"

FILE_TAG = "studybuddy/file"
SANDBOX_TAG = "studybuddy/sandbox"
"""Only on runs that read files without a required guard (`ACCEPT_WEAK_SANDBOX`)."""


@contextmanager
def upload_of(
    context: dg.AssetExecutionContext,
    stores: Stores,
    *,
    asset: dg.AssetSpec,
    get: Callable[[Connection, UUID], Upload],
    root: str,
    after: Sequence[str] = (),
) -> Iterator[Upload]:
    """Gives the partition's upload, and tells failures to Dagster and to the teacher.

    The run holds this asset of the upload until another run begins on it: what it writes after that is refused, so a
    run that was cut off, given up and tried again changes nothing when it comes back.

    Args:
        asset: the uploads of this kind; where a run begins at the root, it is told that this one came.
        root: the asset at which a run of the whole graph begins.
        after: stages that are made again after this asset.

    Raises:
        dagster.Failure, dagster.RetryRequested: as `told_to_dagster` says.
    """
    found: list[Upload] = []

    def remember(error: StudyBuddyError) -> None:
        if found and not isinstance(error, SupersededError):  # a superseded upload has nothing to say
            with stores.database.transaction() as connection:
                passing = isinstance(error, TransientError)
                fail_upload(connection, found[-1], code=error.code, message=error.message, passing=passing)

    def wait(error: StudyBuddyError) -> None:
        if found:
            with suppress(StudyBuddyError), stores.database.transaction(lasting=False) as connection:
                note_stage(connection, found[-1], error.message, waiting=True)

    stage, run_id = context.asset_key.to_user_string(), context.run.run_id
    weakness = accepted_weakness(stores.settings) if stage == root else None
    with told_to_dagster(context, on_failure=remember, on_wait=wait):
        with stores.database.transaction() as connection:
            upload = get(connection, partition_upload(connection, context.partition_key))
            if stage == root:
                begin_run(connection, upload, run_id=run_id)
                note_sandbox(connection, gethostname(), missing=weakness)
            upload = begin_stage(
                connection, upload, stage=stage, run_id=run_id, whole=_is_whole(context, root), after=after
            )
            _refuse_if_given_up(context)
        found.append(upload)
        if stage == root:  # the list of runs shows people which file each was about
            tags = {FILE_TAG: upload.file_name}
            if weakness is not None:
                tags[SANDBOX_TAG] = f"weak, missing: {weakness}"
                context.log.warning(f"Files are read in a weak sandbox; missing: {weakness}.")
            context.instance.add_run_tags(run_id, tags)
            context.log_event(_arrival(asset, context.partition_key, upload))
        try:
            with span(stage, upload=upload.id, generation=upload.generation, dagster_run=run_id):
                yield upload
        except StudyBuddyError:
            raise
        except Exception as error:  # a bug: Dagster shows it with its trace, and whoever waits is told that it is over
            with suppress(StudyBuddyError):
                remember(PermanentError(f"Something went wrong in {stage} ({type(error).__name__}).", code="internal"))
            raise
        with stores.database.transaction(lasting=False) as connection:
            end_stage(connection, upload)


def _is_whole(context: dg.AssetExecutionContext, root: str) -> bool:
    """Whether this run makes the upload from its root on, rather than some of its assets again."""
    if dg.AssetKey(root) not in context.job_def.asset_layer.executable_asset_keys:
        return False
    chosen = context.run.asset_selection
    if chosen:
        return dg.AssetKey(root) in chosen
    steps = context.run.step_keys_to_execute
    return steps is None or root in steps


def _refuse_if_given_up(context: dg.AssetExecutionContext) -> None:
    """Refuse a run that Dagster holds for ended: its machine was cut off, and others have gone on without it.

    Raises:
        SupersededError
    """
    run = context.instance.get_run_by_id(context.run.run_id)
    if run is None or run.is_finished:
        raise SupersededError("This run was given up before; what it would have made is left to the run after it.")


def _arrival(asset: dg.AssetSpec, partition_key: str, upload: Upload) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        asset.key,
        partition=partition_key,
        metadata={"file": upload.source_name, "bytes": upload.byte_count, "generation": upload.generation},
    )
