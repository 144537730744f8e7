"""`studybuddy doctor`: what is well, what is wrong, and the sentence that says what to do."""

import io
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from pipelines.cli import doctor
from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.settings import Settings
from pipelines.core.stores import Stores

MAIN = [sys.executable, "-c", "from pipelines.cli import main; main()"]


@pytest.fixture
def stores(settings):
    with Stores.open(settings) as stores:
        yield stores


def states(settings):
    return {each.name: each.state for each in doctor.examine(settings)}


def words(settings, name):
    return next(each.words for each in doctor.examine(settings) if each.name == name)


def upload(stores, words=b"deck"):
    stored = stores.files.add(io.BytesIO(words))
    with stores.database.transaction() as connection:
        course = ensure_course(connection, "Physics")
        document, _ = put_document(
            connection, sealer=stores.sealer, course_id=course.id, title="a", file_name="a.pdf", source_name="a.pdf",
            sha256=stored.sha256, byte_count=stored.byte_count,
        )  # fmt: skip
    return document


def test_where_all_is_well_only_that_nothing_runs_is_told(stores):
    found = states(stores.settings)
    assert found.pop("services") == "warning"
    assert set(found.values()) == {"well"}
    assert set(found) == {"home", "sandbox", "database", "Dagster's database", "schema", "secrets", "files", "uploads"}


def test_a_stored_file_that_is_missing_is_named(stores):
    document = upload(stores)
    stores.files.remove(document.sha256)
    assert states(stores.settings)["files"] == "wrong"
    assert document.sha256 in words(stores.settings, "files")


def test_an_upload_that_nobody_looks_for_is_told_after_a_while(stores):
    document = upload(stores)
    assert states(stores.settings)["uploads"] == "well"
    with psycopg.connect(stores.database.url) as connection:
        connection.execute("alter table documents disable trigger user")
        connection.execute("update documents set updated_at = now() - interval '1 hour' where id = %s", [document.id])
        connection.execute("alter table documents enable trigger user")
    assert states(stores.settings)["uploads"] == "wrong"
    assert "1 uploads wait" in words(stores.settings, "uploads")


def test_a_schema_that_is_behind_is_left_as_it_is(stores):
    with psycopg.connect(stores.database.url) as connection:
        connection.execute("delete from schema_migrations where version = (select max(version) from schema_migrations)")
    found = states(stores.settings)
    assert (found["schema"], "files" in found) == ("warning", False)
    with psycopg.connect(stores.database.url) as connection:
        row = "values (9999, 'later.sql', 'x', 9999)"
        connection.execute(f"insert into schema_migrations (version, name, checksum, needs) {row}")
    assert states(stores.settings)["schema"] == "wrong"


def test_a_master_key_that_was_lost_is_told(stores):
    with stores.database.transaction() as connection:
        put_document(
            connection, sealer=stores.sealer, course_id=ensure_course(connection, "P").id, title="b", file_name="b.pdf",
            source_name="b.pdf", sha256=uuid4().hex * 2, byte_count=1, password="sesame",
        )  # fmt: skip
    (stores.settings.home / "master.key").unlink()
    assert states(stores.settings)["secrets"] == "wrong"
    assert "master key is lost" in words(stores.settings, "secrets")


@pytest.mark.parametrize(("free", "state"), [(10**8, "wrong"), (2 * 10**9, "warning"), (10**11, "well")])
def test_little_room_is_told_before_uploads_fail(stores, monkeypatch, free, state):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 0, free))
    assert states(stores.settings)["home"] == state


def test_clocks_that_differ_are_told(stores, monkeypatch):
    now = datetime.now(UTC).timestamp()
    monkeypatch.setattr(doctor.time, "time", lambda: now + 3600)
    assert states(stores.settings)["database"] == "wrong"
    assert "differ by" in words(stores.settings, "database")


def test_a_database_that_is_away_ends_it_with_1_a_sentence_and_no_password(tmp_path):
    done = subprocess.run(
        [*MAIN, "doctor"],
        env=os.environ
        | {"STUDYBUDDY_HOME": str(tmp_path / "home"), "DATABASE_URL": "postgresql://u:canary-pass@127.0.0.1:1/d"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert (done.returncode, "Traceback" in said, "canary-pass" in said) == (1, False, False)
    assert "database cannot be reached" in said


def test_a_dagster_database_that_is_away_is_told_apart(settings):
    away = Settings(_env_file=None, dagster_database_url="postgresql://127.0.0.1:1/d").dagster_database_url
    found = states(settings.model_copy(update={"dagster_database_url": away}))
    assert (found["database"], found["Dagster's database"]) == ("well", "wrong")
