"""Dagster's event log written a batch at a time: same log, same answers, and nobody waits to see progress."""

import contextlib

import dagster as dg
import psycopg
import pytest
import sqlalchemy
from dagster_postgres import PostgresEventLogStorage

from pipelines.runtime.event_log import EventLogStorage
from pipelines.runtime.storage import PooledPostgresStorage
from tests.runtime.test_storage import psycopg2_url

KEY = dg.AssetKey("deck")
CHECKS = ("sound", "whole")
pages = dg.DynamicPartitionsDefinition(name="deck")


@contextlib.contextmanager
def kept_in(storage):
    """An instance whose event log is this storage."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance._event_storage = storage
        storage.register_instance(instance)
        instance.add_dynamic_partitions("deck", ["a"])
        yield instance


def deck(during=lambda context: None):
    """An asset with checks; `during` is its code."""

    @dg.asset(name="deck", partitions_def=pages, check_specs=[dg.AssetCheckSpec(name, asset="deck") for name in CHECKS])
    def made(context):
        during(context)
        results = [dg.AssetCheckResult(check_name=name, passed=name == "sound") for name in CHECKS]
        return dg.MaterializeResult(metadata={"n": 1}, tags={"kind": "slides"}, check_results=results)

    return made


def answers(instance):
    """What Dagster's pages ask of a log, without ids and times."""
    (record,) = instance.get_asset_records([KEY])
    newest = record.asset_entry.last_materialization
    keys = [dg.AssetCheckKey(KEY, name) for name in CHECKS]
    checks = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    found = instance.fetch_materializations(KEY, limit=5).records
    assert record.asset_entry.last_materialization_storage_id == found[0].storage_id
    return {
        "metadata": newest.asset_materialization.metadata,
        "run": newest.run_id == record.asset_entry.last_run_id,
        "partitions": instance.get_materialized_partitions(KEY),
        "tags": {k: v for one in instance.get_event_tags_for_asset(KEY) for k, v in one.items() if k == "kind"},
        "materializations": len(found),
        "checks": {
            key.name: (check.status, check.event.dagster_event.asset_check_evaluation_data.passed)
            for key, check in checks.items()
        },
        "of_this": [
            check.event.dagster_event.asset_check_evaluation_data.target_materialization_data.storage_id
            == found[0].storage_id
            for check in checks.values()
        ],
    }


def words(instance, run_id):
    """The events of a run that say what was done, in their order."""
    told = [entry.dagster_event for entry in instance.all_logs(run_id) if entry.is_dagster_event]
    return [(one.event_type_value, one.step_key) for one in told]


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_reads_as_if_every_event_had_been_written_by_itself(database_url, fails):
    def broken(context):
        context.log.info("a word")
        if fails:
            raise dg.Failure("It broke.", allow_retries=False)

    found = []
    for kind in (PostgresEventLogStorage, EventLogStorage):
        PooledPostgresStorage(psycopg2_url(database_url))  # makes the tables
        storage = kind(psycopg2_url(database_url), should_autocreate_tables=False)
        with kept_in(storage) as instance:
            run = dg.materialize([deck(broken)], instance=instance, partition_key="a", raise_on_error=False)
            assert run.success != fails
            found.append((words(instance, run.run_id), None if fails else answers(instance)))
            storage.wipe()
    (one_by_one, asked), (together, asked_too) = found
    assert one_by_one[-1][0] == ("PIPELINE_FAILURE" if fails else "PIPELINE_SUCCESS")
    assert asked == asked_too
    of_checks = [at for at, event in enumerate(one_by_one) if event[0] == "STEP_OUTPUT"][1:]
    assert len(of_checks) == (0 if fails else len(CHECKS))
    assert together == [event for at, event in enumerate(one_by_one) if at not in of_checks]


def test_what_a_step_does_while_it_goes_on_is_seen_at_once(database_url):
    seen = []

    def look(context):
        context.log_event(dg.AssetObservation(KEY, partition="a", description="1 of 2 minutes"))
        context.log_event(dg.AssetMaterialization("index"))
        context.log.info("a word")
        with psycopg.connect(database_url) as other:
            seen.extend(other.execute("select dagster_event_type from event_logs order by id").fetchall())

    with kept_in(PooledPostgresStorage(psycopg2_url(database_url)).event_log_storage) as instance:
        dg.materialize([deck(look)], instance=instance, partition_key="a")
    assert [kind for (kind,) in seen][-4:] == ["STEP_START", "ASSET_OBSERVATION", "ASSET_MATERIALIZATION", None]


def test_the_end_of_a_step_is_two_writes_and_the_plan_of_a_run_one(database_url, monkeypatch):
    """A materialization is written before its checks, which name it."""
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "1000")
    written = []
    storage = PooledPostgresStorage(psycopg2_url(database_url)).event_log_storage

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if "INTO event_logs" in statement:
            written.append(str(parameters))

    sqlalchemy.event.listen(storage._engine, "before_cursor_execute", note)
    with kept_in(storage) as instance:
        dg.materialize([deck()], instance=instance, partition_key="a")
    plans = [rows for rows in written if "PLANNED" in rows]
    ends = [rows for rows in written if "STEP_OUTPUT" in rows or "STEP_SUCCESS" in rows]
    assert len(plans) == 1
    assert plans[0].count("intends") == 1 + len(CHECKS)
    assert len(ends) == 2
    assert "ASSET_MATERIALIZATION" in ends[0]
    assert ends[1].count("'ASSET_CHECK_EVALUATION'") == len(CHECKS)


def test_an_event_that_no_step_ends_with_is_there_for_others_at_once(database_url):
    with kept_in(PooledPostgresStorage(psycopg2_url(database_url)).event_log_storage) as instance:
        instance.report_runless_asset_event(dg.AssetCheckEvaluation(KEY, check_name="sound", passed=True))
        with psycopg.connect(database_url) as other:
            assert other.execute("select count(*) from asset_check_executions").fetchone() == (1,)
