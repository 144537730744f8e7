"""Old runs go with their events and logs; what the UI needs to show an upload as made stays."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.storage.tags import PARTITION_NAME_TAG

from pipelines.defs import retention
from pipelines.defs.retention import delete_old_runs

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("documents", ["here"])
        yield instance


def ended(instance, key, status=dg.DagsterRunStatus.SUCCESS, assets=None):
    run = dg.DagsterRun(
        job_name="process_document", status=dg.DagsterRunStatus.STARTED, tags={PARTITION_NAME_TAG: key},
        asset_selection=None if assets is None else frozenset(map(dg.AssetKey, assets)),
    )  # fmt: skip
    instance.add_run(run)
    event = {dg.DagsterRunStatus.SUCCESS: "PIPELINE_SUCCESS", dg.DagsterRunStatus.FAILURE: "PIPELINE_FAILURE"}[status]
    instance.report_dagster_event(dg.DagsterEvent(event, "process_document"), run.run_id)
    return run.run_id


def left(instance):
    return {run.run_id for run in instance.get_runs()}


def test_only_the_runs_that_still_say_what_is_made_are_kept(instance):
    first = ended(instance, "here")
    whole = ended(instance, "here")
    failed = ended(instance, "here", dg.DagsterRunStatus.FAILURE)
    part = ended(instance, "here", assets=["slide_images"])
    gone = ended(instance, "deleted upload")
    assert delete_old_runs(instance, before=LATER) == (None, 3)
    assert left(instance) == {whole, part}
    assert instance.all_logs(first) == instance.all_logs(failed) == instance.all_logs(gone) == []
    assert instance.all_logs(whole)


def test_young_runs_and_runs_under_way_are_left_alone(instance):
    young = ended(instance, "deleted upload")
    assert delete_old_runs(instance, before=datetime.now(UTC) - timedelta(days=1)) == (None, 0)
    going = dg.DagsterRun(job_name="process_document", status=dg.DagsterRunStatus.STARTED)
    instance.add_run(going)
    assert delete_old_runs(instance, before=LATER) == (None, 1)
    assert left(instance) == {going.run_id}
    assert young not in left(instance)


def test_many_runs_are_gone_through_in_turns(instance, monkeypatch):
    monkeypatch.setattr(retention, "MOST_LOOKED_AT", 3)
    instance.add_dynamic_partitions("documents", ["a", "b"])
    kept = {ended(instance, key) for key in ("a", "b", "here")}
    for _ in range(5):
        ended(instance, "deleted upload")
    cursor, deleted = None, 0
    for _ in range(3):
        cursor, count = delete_old_runs(instance, before=LATER, cursor=cursor)
        deleted += count
    assert (cursor, deleted) == (None, 5)
    assert left(instance) == kept
