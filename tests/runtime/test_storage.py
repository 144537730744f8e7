"""Dagster's storage over a pool: the same storage, and a restart of the database is survived."""

import sys
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from dagster._core.events.log import EventLogEntry
from dagster._serdes import deserialize_value, serialize_value
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage
from sqlalchemy import text

from pipelines.runtime.event_log import _once
from pipelines.runtime.storage import FileComputeLogManager, PooledPostgresStorage


def psycopg2_url(url):
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)


def test_tables_are_made_once_and_found_again(database_url):
    url = psycopg2_url(database_url)
    PooledPostgresStorage(url).event_log_storage.add_dynamic_partitions("deck", ["a"])
    assert PooledPostgresStorage(url).event_log_storage.get_dynamic_partitions("deck") == ["a"]
    assert DagsterPostgresStorage(url).event_log_storage.get_dynamic_partitions("deck") == ["a"]


def test_a_lost_connection_is_replaced_before_it_is_used(database_url, monkeypatch):
    monkeypatch.setattr("pipelines.runtime.engines.TRUST_S", 0.0)
    storage = PooledPostgresStorage(psycopg2_url(database_url))
    assert storage.run_storage.get_runs() == []
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    assert storage.run_storage.get_runs() == []


def test_connections_are_kept(database_url):
    storage = PooledPostgresStorage(psycopg2_url(database_url))
    pids = set()
    for _ in range(5):
        with storage.run_storage.connect() as connection:
            pids.add(connection.execute(text("select pg_backend_pid()")).scalar())
    assert len(pids) == 1


@pytest.fixture
def asked(monkeypatch):
    """Counts the questions that reach the tables."""
    asked = []

    def counted(name, real):
        def count(*given, **more):
            asked.append(name)
            return real(*given, **more)

        return count

    for name in ("has_dynamic_partition", "_get_event_records"):
        monkeypatch.setattr(PostgresEventLogStorage, name, counted(name, getattr(PostgresEventLogStorage, name)))
    return asked


def test_a_partition_that_is_there_is_asked_for_once_in_a_while_and_one_that_is_not_every_time(database_url, asked):
    storage = PooledPostgresStorage(psycopg2_url(database_url)).event_log_storage
    assert [storage.has_dynamic_partition("deck", "a") for _ in range(2)] == [False, False]
    storage.add_dynamic_partitions("deck", ["a"])
    assert [storage.has_dynamic_partition("deck", "a") for _ in range(3)] == [True] * 3
    assert len(asked) == 3
    storage.delete_dynamic_partition("deck", "a")
    assert not storage.has_dynamic_partition("deck", "a")


def test_checks_are_told_their_assets_latest_materialization_unasked_and_never_get_an_older_one(database_url, asked):
    url = psycopg2_url(database_url)
    instance = dg.DagsterInstance.ephemeral()
    storage = instance._event_storage = PooledPostgresStorage(url).event_log_storage
    storage.register_instance(instance)
    mine = dg.AssetRecordsFilter(asset_key=dg.AssetKey("deck"), asset_partitions=["a"])

    def latest():
        (found,) = storage.fetch_materializations(mine, limit=1).records
        return found.asset_materialization.metadata["n"].value

    for number in range(3):
        made = dg.AssetMaterialization("deck", partition="a", metadata={"n": number})
        instance.report_runless_asset_event(made)
        assert [latest() for _ in range(4)] == [number] * 4
        checked = dg.AssetCheckEvaluation(asset_key=dg.AssetKey("deck"), check_name="sound", passed=True, metadata={})
        instance.report_runless_asset_event(checked)
        assert latest() == number
    assert "_get_event_records" not in asked
    instance.report_runless_asset_event(dg.AssetMaterialization("other"))
    assert [latest() for _ in range(4)] == [2] * 4
    assert asked.count("_get_event_records") == 1
    assert len(storage.fetch_materializations(mine, limit=5).records) == 3
    found = storage.get_latest_asset_check_execution_by_key([dg.AssetCheckKey(dg.AssetKey("deck"), "sound")])
    assert len(found) == 1
    assert PooledPostgresStorage(url).event_log_storage.fetch_materializations(mine, limit=1).records


def test_what_is_left_out_of_stored_events_is_nothing_that_dagster_misses(database_url):
    """Every event of a run, as the pooled storage keeps it and as Dagster's own would, reads the same."""

    @dg.asset(check_specs=[dg.AssetCheckSpec("sound", asset="deck")])
    def deck(context):
        context.log.info("a word")
        return dg.MaterializeResult(metadata={"n": 1}, check_results=[dg.AssetCheckResult(passed=True)])

    pooled = PooledPostgresStorage(psycopg2_url(database_url)).event_log_storage
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = dg.materialize([deck], instance=instance).run_id
        entries = instance.all_logs(run_id)
    assert len(entries) > 10
    for entry in entries:
        kept = deserialize_value(pooled._event_to_row(entry)["event"], EventLogEntry)
        assert kept == _once(entry)
        assert len(pooled._event_to_row(entry)["event"]) < len(serialize_value(entry))


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_what_is_printed_goes_to_the_file_the_ui_reads(tmp_path, stream, capfd):
    manager = FileComputeLogManager(base_dir=str(tmp_path))
    with manager.capture_logs(["run", "compute_logs", "key"]):
        getattr(sys, stream).write("said inside\n")
    getattr(sys, stream).write("said outside\n")
    assert getattr(manager.get_log_data(["run", "compute_logs", "key"]), stream) == b"said inside\n"
    assert manager.is_capture_complete(["run", "compute_logs", "key"])
    assert "inside" not in "".join(capfd.readouterr())
    assert {path.name for path in Path(tmp_path, "run", "compute_logs").iterdir()} == {
        "key.out",
        "key.err",
        "key.complete",
    }
