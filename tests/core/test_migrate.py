import psycopg
import pytest

from pipelines.core.errors import MigrationError
from pipelines.core.migrate import MIGRATIONS, migrate


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


def test_a_database_newer_than_the_code_is_refused(database_url, tmp_path):
    with pytest.raises(MigrationError, match="newer than this code"):
        migrate(database_url, tmp_path)
