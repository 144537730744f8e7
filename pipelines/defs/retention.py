"""Retention of finished runs: old ones go with their events and logs, but for those the UI still needs."""

from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.tags import PARTITION_NAME_TAG

from pipelines.core.settings import get_settings
from pipelines.defs.jobs import documents_job, evaluation_job, lectures_job, promotion_job, recognition_job
from pipelines.defs.partitions import documents_partitions, lectures_partitions, sets_partitions

MOST_LOOKED_AT = 200
"""Runs of one tick: deleting one takes some milliseconds, and a tick has a minute."""

PARTITIONS = {
    documents_job.name: documents_partitions.name,
    recognition_job.name: documents_partitions.name,
    lectures_job.name: lectures_partitions.name,
    evaluation_job.name: sets_partitions.name,
    promotion_job.name: sets_partitions.name,
}
FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dg.sensor(minimum_interval_seconds=1800, default_status=dg.DefaultSensorStatus.RUNNING)
def old_runs_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Deletes finished runs older than RUN_RETENTION_DAYS, but for the last good one of every upload."""
    days = get_settings().run_retention_days
    if days == 0:
        return dg.SkipReason("RUN_RETENTION_DAYS is 0: all runs are kept.")
    before = datetime.now(UTC) - timedelta(days=days)
    cursor, deleted = delete_old_runs(context.instance, before=before, cursor=context.cursor)
    context.update_cursor(cursor or "")
    return dg.SkipReason(f"{deleted} old runs deleted.")


def delete_old_runs(
    instance: dg.DagsterInstance, *, before: datetime, cursor: str | None = None
) -> tuple[str | None, int]:
    """Delete some of the runs that ended before `before`, their events and what they printed, the oldest first.

    Kept, however old: the runs from which the UI reads what is materialized of an upload that still exists.

    Args:
        cursor: what the last call answered; None or empty begins with the oldest run.

    Returns:
        Where the next call goes on (None: from the start), and how many were deleted.
    """
    runs = instance.get_run_records(
        dg.RunsFilter(statuses=FINISHED, updated_before=before),
        limit=MOST_LOOKED_AT,
        cursor=cursor or None,
        ascending=True,
    )
    kept = [record.dagster_run for record in runs if _is_needed(instance, record.dagster_run)]
    needed = {run.run_id for run in kept}
    gone = [record.dagster_run.run_id for record in runs if record.dagster_run.run_id not in needed]
    for run_id in gone:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        instance.delete_run(run_id)
    more = len(runs) == MOST_LOOKED_AT
    return (kept[-1].run_id if kept else cursor) if more else None, len(gone)


def _is_needed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether no newer run has made all that this one made, of a partition that is still there."""
    key, partitions = run.tags.get(PARTITION_NAME_TAG), PARTITIONS.get(run.job_name)
    if run.status != dg.DagsterRunStatus.SUCCESS or key is None or partitions is None:
        return False
    if not instance.has_dynamic_partition(partitions, key):
        return False
    same = dg.RunsFilter(job_name=run.job_name, tags={PARTITION_NAME_TAG: key}, statuses=[dg.DagsterRunStatus.SUCCESS])
    for newer in instance.get_runs(same):  # the newest first
        if newer.run_id == run.run_id:
            return True
        made = newer.asset_selection
        if made is None or (run.asset_selection is not None and run.asset_selection <= made):
            return False
    return True
