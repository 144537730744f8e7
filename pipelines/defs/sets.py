"""Times at which embedding sets are evaluated: after changes and every week; and their partitions."""

import json
import time
from collections.abc import Mapping
from uuid import UUID

import dagster as dg

from pipelines.core.embeddings.pairs import Pair, course_states, list_pairs
from pipelines.core.errors import TransientError
from pipelines.core.stores import Stores
from pipelines.defs.jobs import evaluation_job
from pipelines.defs.partitions import sets_partitions
from pipelines.defs.resources import lasting_stores

LOOKED_EVERY_S = 60

ASKED = " asked"
"""Behind a state in the cursor: its evaluation was requested."""


@dg.sensor(job=evaluation_job, minimum_interval_seconds=LOOKED_EVERY_S, default_status=dg.DefaultSensorStatus.RUNNING)
def sets_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Shows every course with questions and set in the graph, evaluates the live set of a course that changed, and
    notes in the history of `promotion` when a course went to another set, whichever way it did."""
    try:
        return look_at_sets(lasting_stores(), context.instance, context.cursor)
    except TransientError as error:
        return dg.SkipReason(error.message)


@dg.schedule(job=evaluation_job, cron_schedule="40 4 * * 0", default_status=dg.DefaultScheduleStatus.RUNNING)
def weekly_evaluation(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    """Every Sunday, for the set each course with questions is searched in."""
    try:
        return weekly_requests(lasting_stores(), context.instance) or dg.SkipReason("No course has questions.")
    except TransientError as error:
        return dg.SkipReason(error.message)


def weekly_requests(stores: Stores, instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    """An evaluation of each live set that is in the graph."""
    there = set(instance.get_dynamic_partitions(sets_partitions.name or ""))
    wanted = [pair.partition_key for pair in _known(stores)[0] if pair.live and pair.partition_key in there]
    return [dg.RunRequest(partition_key=partition_key) for partition_key in wanted]


def look_at_sets(stores: Stores, instance: dg.DagsterInstance, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    """One look: which partitions are missing or over, which courses stand still after a change, and which are searched
    in another set.

    Args:
        cursor: JSON of the last look: the courses' `states` (one that is the same again has been reached, and its live
            set is evaluated, once), and the `live` set of each.
    """
    pairs, states = _known(stores)
    keys = {pair.partition_key for pair in pairs}
    there = set(instance.get_dynamic_partitions(sets_partitions.name or ""))
    last: dict[str, dict[str, str]] = {"states": {}, "live": {}} | json.loads(cursor or "{}")
    live = {str(pair.course_id): pair for pair in pairs if pair.live}
    reached, requests = {}, []
    for course_id, state in ((str(course_id), state) for course_id, state in states.items()):
        before = last["states"].get(course_id)
        reached[course_id] = before if before == state + ASKED else state
        pair = live.get(course_id)
        if before == state and pair is not None and pair.partition_key in there:
            key = f"evaluation:{course_id}:{state}"
            requests.append(dg.RunRequest(run_key=key, partition_key=pair.partition_key))
            reached[course_id] = state + ASKED
    now = {"states": reached, "live": {course_id: pair.set_name for course_id, pair in live.items()}}
    if keys == there and now == last:
        return dg.SkipReason("No new set, and no course changed.")
    changes: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if keys - there:
        changes.append(sets_partitions.build_add_request(sorted(keys - there)))
    if there - keys:
        changes.append(sets_partitions.build_delete_request(sorted(there - keys)))
    return dg.SensorResult(
        run_requests=requests,
        dynamic_partitions_requests=changes,
        asset_events=[
            moved(pair, last["live"][key])
            for key, pair in live.items()
            if last["live"].get(key, pair.set_name) != pair.set_name and not _is_told(instance, pair)
        ],
        cursor=json.dumps(now),
    )


def _is_told(instance: dg.DagsterInstance, pair: Pair) -> bool:
    """Whether the run that moved the course has told so itself, since the last look or thereabouts."""
    of_pair = dg.AssetRecordsFilter(
        asset_key=dg.AssetKey("promotion"),
        asset_partitions=[pair.partition_key],
        after_timestamp=time.time() - 2 * LOOKED_EVERY_S,
    )
    return any(
        fetch(of_pair, limit=1).records for fetch in (instance.fetch_materializations, instance.fetch_observations)
    )


def moved(pair: Pair, before: str) -> dg.AssetObservation:
    """What the history of `promotion` is told of a course that went to another set."""
    return dg.AssetObservation(
        "promotion",
        partition=pair.partition_key,
        description=f"{pair.course_name} is searched in {pair.set_name}, and no more in {before}.",
        metadata={"live set": pair.set_name, "live set before": before},
    )


def _known(stores: Stores) -> tuple[list[Pair], Mapping[UUID, str]]:
    with stores.database.transaction() as connection:
        return list_pairs(connection), course_states(connection)
