"""Times at which embedding sets are evaluated: after changes and every week; and their partitions."""

import json
from collections.abc import Mapping
from uuid import UUID

import dagster as dg

from pipelines.core.embeddings.pairs import Pair, course_states, list_pairs
from pipelines.core.errors import TransientError
from pipelines.core.stores import Stores
from pipelines.defs.jobs import evaluation_job
from pipelines.defs.partitions import sets_partitions
from pipelines.defs.resources import lasting_stores

ASKED = " asked"
"""Behind a state in the cursor: its evaluation was requested."""


@dg.sensor(job=evaluation_job, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def sets_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Shows every course with questions and set in the graph, and evaluates the live set of a course that changed."""
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
    """One look: which partitions are missing or over, and which courses stand still after a change.

    Args:
        cursor: JSON of the courses' states at the last look: one that is the same again has been reached, and its live
            set is evaluated, once.
    """
    pairs, states = _known(stores)
    keys = {pair.partition_key for pair in pairs}
    there = set(instance.get_dynamic_partitions(sets_partitions.name or ""))
    before, now, requests = json.loads(cursor or "{}"), {}, []
    live = {pair.course_id: pair.partition_key for pair in pairs if pair.live and pair.partition_key in there}
    for course_id, state in states.items():
        last = before.get(str(course_id))
        now[str(course_id)] = last if last == state + ASKED else state
        if last == state and course_id in live:
            requests.append(dg.RunRequest(run_key=f"evaluation:{course_id}:{state}", partition_key=live[course_id]))
            now[str(course_id)] = state + ASKED
    if keys == there and now == before:
        return dg.SkipReason("No new set, and no course changed.")
    changes: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if keys - there:
        changes.append(sets_partitions.build_add_request(sorted(keys - there)))
    if there - keys:
        changes.append(sets_partitions.build_delete_request(sorted(there - keys)))
    return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=changes, cursor=json.dumps(now))


def _known(stores: Stores) -> tuple[list[Pair], Mapping[UUID, str]]:
    with stores.database.transaction() as connection:
        return list_pairs(connection), course_states(connection)
