"""PgBouncer in transaction mode stands between everything and the database but for migrations and what listens."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from pipelines.core.errors import SettingsError
from pipelines.core.migrate import migrate
from tests.deployments import Deployment, ask, environment, free_port

if shutil.which("pgbouncer") is None:
    pytest.skip("pgbouncer is not installed (apt-get install pgbouncer)", allow_module_level=True)


@pytest.fixture(scope="module")
def pooler(server):
    """Addresses of a database without our tables by the pooler and past it, and of one for Dagster."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database pooled_app")
        connection.execute("create database pooled_dagster")
    parts, port = conninfo_to_dict(server.url("pooled_app")), free_port()
    where = " ".join(f"{key}={parts[key]}" for key in ("host", "port", "user") if key in parts)
    folder = Path(tempfile.mkdtemp(prefix="sb-pooler-"))  # pytest's own is closed to the user it runs as
    folder.chmod(0o755)
    (folder / "users").write_text(f'"{parts["user"]}" ""\n')
    (folder / "pooler.ini").write_text(
        f"[databases]\npooled_app = {where} dbname=pooled_app\n[pgbouncer]\npool_mode = transaction\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\nauth_file = {folder}/users\ndefault_pool_size = 4\n"
    )
    owner = Path(parts["host"]).stat().st_uid  # the server's socket is its own user's
    user = ["--user", pwd.getpwuid(owner or pwd.getpwnam("nobody").pw_uid).pw_name] if os.geteuid() == 0 else []
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["pgbouncer", *user, folder / "pooler.ini"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    address = f"postgresql://{parts['user']}@127.0.0.1:{port}/pooled_app"
    try:
        _answers(address, process, folder / "log")
        yield address, server.url("pooled_app"), server.url("pooled_dagster")
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("drop database pooled_app with (force)")
            connection.execute("drop database pooled_dagster with (force)")


def _answers(address, process, log):
    for _ in range(8):
        assert process.poll() is None, log.read_text()
        with suppress(psycopg.OperationalError), psycopg.connect(address, connect_timeout=3):
            return
        time.sleep(0.05)
    raise AssertionError(f"pgbouncer does not answer: {log.read_text()[-800:]}")


def test_without_the_direct_address_nothing_is_done_and_its_name_is_said(pooler):
    for _ in range(2):  # the first leaves no lock that the second would wait for
        with pytest.raises(SettingsError, match="answers through a pooler .* set DATABASE_DIRECT_URL"):
            migrate(pooler[0])
    with psycopg.connect(pooler[1]) as connection:
        assert connection.execute("select to_regclass('schema_migrations')").fetchone() == (None,)


@pytest.mark.slow
def test_a_deck_is_ingested_and_asked_about_through_the_pooler(pooler, tmp_path):
    pooled, direct, dagster = pooler
    deployment = Deployment(environment(pooled, dagster, tmp_path / "home", DATABASE_DIRECT_URL=direct))
    migrated = deployment.run("migrate")
    assert "applied 0001_course_materials.sql" in migrated.stdout, migrated.stderr
    deployment.ingest("Wind")
    with deployment.serving() as client, psycopg.connect(direct, autocommit=True) as connection:
        for _ in range(12):  # each is of another of the server's connections
            assert '"type":"source-document"' in ask(client)
        found = connection.execute(
            "select application_name from pg_stat_activity where query like 'listen %' and datname = current_database()"
        ).fetchall()
        assert [name.rpartition(" ")[0] for (name,) in found] == ["studybuddy-api-listen"]
    found = deployment.run("doctor", "--json")
    assert '"state": "wrong"' not in found.stdout, found.stdout
