"""Dagster's storage over a pool: the same storage, and a restart of the database is survived."""

import sys
from pathlib import Path

import psycopg
import pytest
from dagster_postgres import DagsterPostgresStorage
from sqlalchemy import text

from pipelines.runtime.storage import FileComputeLogManager, PooledPostgresStorage


def psycopg2_url(url):
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)


def test_tables_are_made_once_and_found_again(database_url):
    url = psycopg2_url(database_url)
    PooledPostgresStorage(url).event_log_storage.add_dynamic_partitions("deck", ["a"])
    assert PooledPostgresStorage(url).event_log_storage.get_dynamic_partitions("deck") == ["a"]
    assert DagsterPostgresStorage(url).event_log_storage.get_dynamic_partitions("deck") == ["a"]


def test_a_lost_connection_is_replaced_before_it_is_used(database_url, monkeypatch):
    monkeypatch.setattr("pipelines.runtime.storage.TRUST_S", 0.0)
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
