"""An upgrade without a pause: services of two versions and a pipeline of the older one work on one database."""

import os
import shutil

import psycopg
import pytest
from alembic.util import CommandError
from dagster import DagsterInstance, job, op
from dagster._core.instance import InstanceRef

from pipelines.core.database_address import parse_address, sqlalchemy_address
from pipelines.core.settings import REPOSITORY
from pipelines.runtime.storage import PooledPostgresStorage
from tests.deployments import Deployment, ask, environment

ADDED = "alter table documents add column colour text not null default 'blue'; create table colours (a int)"
TAKEN = "-- contract after 9001: nobody reads colours any more\ndrop table colours"
KEY = "ZmxlZXQtZmxlZXQtZmxlZXQtZmxlZXQtZmxlZXQtMTI="


@pytest.fixture
def versions(server, tmp_path):
    """The code as it is, and a copy of it that is to know more migrations, on one database."""
    copy = tmp_path / "newer"
    for name in ("pipelines", "serving"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dagster.yaml", "workspace.yaml"):
        (copy / name).symlink_to(REPOSITORY / name)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database versions_app template template_app")
        connection.execute("create database versions_dagster")
    urls, shared = [server.url("versions_app"), server.url("versions_dagster")], str(tmp_path / "files")
    yield tuple(
        Deployment(environment(*urls, tmp_path / f"{code.name}_home", FILES_URL=shared, MASTER_KEYS=KEY), code)
        for code in (REPOSITORY, copy)
    )
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database versions_app with (force)")
        connection.execute("drop database versions_dagster with (force)")


def said(done):
    """What a command printed, on one line."""
    return " ".join((done.stdout + done.stderr).split())


@pytest.mark.slow
def test_an_upgrade_needs_no_pause_and_what_the_older_version_cannot_bear_waits_for_its_end(versions):
    older, newer = versions
    migrations = newer.code / "pipelines" / "core" / "migrations"
    with older.serving() as old:
        (migrations / "9001_added.sql").write_text(ADDED)
        assert "applied 9001_added.sql" in said(newer.run("migrate")), "while the older version serves"
        older.ingest("Wind")
        with newer.serving() as new:
            for client in (old, new):
                assert '"type":"source-document"' in ask(client)
        (migrations / "9002_taken.sql").write_text(TAKEN)
        refused = newer.run("migrate")
        assert refused.returncode != 0
        assert "older version of StudyBuddy is still running" in said(refused)
        assert '"type":"source-document"' in ask(old), "nothing was done"
    assert "applied 9002_taken.sql" in said(newer.run("migrate"))
    refused = older.run("search", "power", "--course", "Wind")
    assert refused.returncode != 0
    assert "has migration 9002_taken.sql, which this version of StudyBuddy cannot live with" in said(refused)


@op
def nothing() -> None:
    """Nothing."""


@job
def one_run() -> None:
    """A run of one step."""
    nothing()


def test_dagster_works_on_the_schema_of_a_newer_dagster_and_only_cannot_migrate_it(server, tmp_path):
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database newer_dagster")
    url = sqlalchemy_address(parse_address(server.url("newer_dagster"), name="url"))
    PooledPostgresStorage(url)  # makes its tables
    with psycopg.connect(server.url("newer_dagster"), autocommit=True) as connection:
        connection.execute("update alembic_version set version_num = 'ffffffffffff'")  # no version of Dagster knows it
        connection.execute("alter table runs add column colour text")
        connection.execute("alter table event_logs add column colour text")
    storage = {"module": "pipelines.runtime.storage", "class": "PooledPostgresStorage", "config": {"postgres_url": url}}
    reference = InstanceRef.from_dir(os.fspath(tmp_path), overrides={"storage": {"custom": storage}})
    with DagsterInstance.from_ref(reference) as instance:
        done = one_run.execute_in_process(instance=instance)
        assert instance.get_run_by_id(done.run_id).is_success
        with pytest.raises(CommandError, match="Can't locate revision"):
            instance.upgrade(lambda _: None)
