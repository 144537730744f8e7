import threading
import time

import psycopg
import pytest

from pipelines.core import migrate as module
from pipelines.core.errors import MigrationError
from pipelines.core.migrate import MIGRATIONS, connection_name, list_pending, migrate


def test_a_second_migration_run_changes_nothing(database_url):
    assert migrate(database_url) == []


def test_an_edited_migration_is_refused_by_name(database_url, tmp_path):
    for path in MIGRATIONS.glob("*.sql"):
        (tmp_path / path.name).write_text(path.read_text() + "-- edited\n")
    with pytest.raises(MigrationError, match="0001_course_materials.sql was edited after it was applied"):
        migrate(database_url, tmp_path)


def test_a_failing_migration_leaves_nothing_behind(server, tmp_path):
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database half")
    (tmp_path / "0001_half.sql").write_text("create table kept (a int); select 1/0;")
    with pytest.raises(MigrationError, match="0001_half.sql failed and was rolled back: division by zero"):
        migrate(server.url("half"), tmp_path)
    with psycopg.connect(server.url("half")) as connection:
        assert connection.execute("select to_regclass('kept')").fetchone() == (None,)


def test_nothing_is_migrated_under_an_older_version_that_runs_and_its_sentence_says_what_to_do(server, tmp_path):
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database shared")
    url = server.url("shared")
    (tmp_path / "0001_one.sql").write_text("create table one (a int)")
    with psycopg.connect(url, application_name="studybuddy daemon"):
        assert migrate(url, tmp_path) == ["0001_one.sql"], "an empty database has no older version"
        (tmp_path / "0002_two.sql").write_text("drop table one")
        with pytest.raises(
            MigrationError, match=r"still running .* \(studybuddy daemon\): stop the older version first"
        ):
            migrate(url, tmp_path)
        (tmp_path / "0002_two.sql").rename(tmp_path / "two")
        assert migrate(url, tmp_path) == [], "with nothing to change nobody is in the way"
    (tmp_path / "two").rename(tmp_path / "0002_two.sql")
    assert migrate(url, tmp_path) == ["0002_two.sql"]
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database shared")


@pytest.fixture
def busy(server, tmp_path):
    """A database with a table and a migration that changes it: its address, and the folder of migrations."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database busy")
    (tmp_path / "0001_one.sql").write_text("create table one (a int)")
    migrate(server.url("busy"), tmp_path)
    (tmp_path / "0002_two.sql").write_text("alter table one add column b int")
    yield server.url("busy"), tmp_path
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database busy with (force)")


def test_a_migration_waits_for_a_table_in_short_turns_so_that_nobody_waits_long_behind_it(busy, monkeypatch):
    url, folder = busy
    monkeypatch.setattr(module, "TABLE_TIMEOUT_S", 1)
    applied: list[str] = []
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as reader:
        holder.execute("select count(*) from one")  # held until its transaction ends
        migrating = threading.Thread(target=lambda: applied.extend(migrate(url, folder)))
        migrating.start()
        waiting = "select count(*) from pg_locks where not granted"
        for _ in range(2):  # in two of its turns
            while not reader.execute(waiting).fetchone()[0]:
                time.sleep(0.02)
            reader.execute("select count(*) from one")
        assert not applied
    migrating.join(60)
    assert applied == ["0002_two.sql"]


def test_a_table_that_is_never_free_is_said_and_nothing_is_changed(busy, monkeypatch):
    url, folder = busy
    monkeypatch.setattr(module, "TABLE_TIMEOUT_S", 0.05)
    monkeypatch.setattr(module, "TABLE_PAUSE_S", 0.01)
    with psycopg.connect(url) as holder:
        holder.execute("select count(*) from one")
        with pytest.raises(MigrationError, match=r"0002_two.sql changed nothing: others held a table") as caught:
            migrate(url, folder)
    assert caught.value.code == "table_in_use"
    assert migrate(url, folder) == ["0002_two.sql"]


@pytest.fixture
def two_versions(server, tmp_path):
    """A database, the migrations of a version, and those of the version after it (not applied yet)."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database versions")
    older, newer = tmp_path / "older", tmp_path / "newer"
    for folder in (older, newer):
        folder.mkdir()
        (folder / "0001_one.sql").write_text("create table one (a int, b int)")
    migrate(server.url("versions"), older)
    yield server.url("versions"), older, newer
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database versions with (force)")


def test_a_version_lives_with_what_the_next_one_added_and_is_refused_by_what_it_took_away(two_versions):
    url, older, newer = two_versions
    (newer / "0002_added.sql").write_text("alter table one add column c int")
    with psycopg.connect(url, application_name="studybuddy-api 1"):
        assert migrate(url, newer) == ["0002_added.sql"], "what only adds waits for nobody"
        assert migrate(url, older) == [] == list_pending(url, older)
        (newer / "0003_taken.sql").write_text("-- contract after 0002: nobody reads b\nalter table one drop column b")
        with pytest.raises(MigrationError, match=r"still running .* \(studybuddy-api 1\)") as caught:
            migrate(url, newer)
        assert caught.value.code == "older_version"
    with psycopg.connect(url, application_name="studybuddy-api 2"):  # the version that added stopped using it
        assert migrate(url, newer) == ["0003_taken.sql"]
    for refused in (migrate, list_pending):
        with pytest.raises(MigrationError, match=r"has migration 0003_taken.sql, .* Start the newer version") as caught:
            refused(url, older)
        assert caught.value.code == "older_code"
    (older / "0002_added.sql").write_text((newer / "0002_added.sql").read_text())
    assert migrate(url, older) == [], "the version between knows what is needed"


def test_a_table_of_migrations_without_the_marks_gets_them(two_versions):
    url, older, _ = two_versions
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("alter table schema_migrations drop column needs")  # as versions before left it
        assert list_pending(url, older) == []
        assert migrate(url, older) == []
        assert connection.execute("select needs from schema_migrations").fetchall() == [(None,)]


@pytest.mark.parametrize("mark", ["-- contract: b goes", "-- contract after 0009: b goes", "-- contract after 0001:"])
def test_a_mark_that_cannot_be_read_is_refused_before_anything_is_done(two_versions, mark):
    url, _, newer = two_versions
    (newer / "0002_taken.sql").write_text(f"{mark}\nalter table one drop column b")
    with pytest.raises(MigrationError, match="first line of 0002_taken.sql must be `-- contract after NNNN: why`"):
        migrate(url, newer)
    with psycopg.connect(url) as connection:
        connection.execute("select b from one")


def test_connections_say_what_their_process_knows():
    assert connection_name("studybuddy") == f"studybuddy {max(int(path.name[:4]) for path in MIGRATIONS.glob('*.sql'))}"
