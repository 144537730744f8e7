"""A database with rows of an older version is brought up to date, migration by migration, and loses nothing of them."""

import shutil
from collections import Counter
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from pipelines.core.documents import get_document
from pipelines.core.migrate import MIGRATIONS, migrate
from pipelines.core.partitions import partition_keys, partition_upload
from pipelines.core.postgres import Database
from pipelines.core.records import OPERATOR
from pipelines.core.secrets.crypto import Sealer

BASELINE = 9
ROWS = Path(__file__).parent / "baseline_0009.sql"
NOT_KEPT = {("public", "schema_migrations")}
VERSIONS = sorted(int(path.name.partition("_")[0]) for path in MIGRATIONS.glob("*.sql"))

DROPPED = {("documents", "claimed_until"), ("lectures", "claimed_until"), ("transcripts", "warning")}
"""Columns a migration was meant to take away."""

RENAMED = {
    ("embedding_sets", "chunker_version"): "search_text_version",
    ("users", "display_name"): "name",
    ("documents", "created_by"): "owner_id",
    ("lectures", "created_by"): "owner_id",
}
"""Columns that have another name now."""

FILLED = {("documents", "created_by"), ("lectures", "created_by")}
"""Columns in which a migration was meant to say what was null."""


@pytest.fixture
def old_url(server):
    """A database as version bb68058 left it, with rows in every table."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database upgraded")
    yield server.url("upgraded")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database upgraded with (force)")


def migrate_to(url, version, folder):
    """Apply the migrations up to `version`, as code of that version would."""
    folder.mkdir(exist_ok=True)
    for path in MIGRATIONS.glob("*.sql"):
        if int(path.name.partition("_")[0]) <= version:
            shutil.copy(path, folder)
    return migrate(url, folder)


def content(url):
    """(schema, table) -> its rows, each a dict of column -> value."""
    tables = (
        "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('public', 'ai') and c.relkind in ('r', 'p') and not c.relispartition order by 1, 2"
    )
    with psycopg.connect(url) as connection:
        return {
            name: [
                row[0]
                for row in connection.execute(
                    sql.SQL("select to_jsonb(t) from {} as t").format(sql.Identifier(*name))
                ).fetchall()
            ]
            for name in connection.execute(tables).fetchall()
            if name not in NOT_KEPT
        }


def lost(before, after):
    """What of the rows before is not there after: (table, column or None for whole rows)."""
    missing = []
    for (schema, table), rows in before.items():
        now = after.get((schema, table), [])
        if len(now) < len(rows):
            missing.append((table, None))
            continue
        for column in rows[0]:
            name = RENAMED.get((table, column), column)
            if name not in now[0]:
                name = column  # not renamed yet
            values = Counter(repr(row.get(name)) for row in now)
            filled = (table, column) in FILLED
            kept = Counter(repr(row[column]) for row in rows if row[column] is not None or not filled)
            if kept - values and (table, column) not in DROPPED:
                missing.append((table, column))
    return missing


def test_rows_of_an_older_version_come_whole_through_every_later_migration(old_url, tmp_path):
    migrate_to(old_url, BASELINE, tmp_path / "migrations")
    with psycopg.connect(old_url) as connection:
        connection.execute(ROWS.read_text())  # type: ignore[arg-type]
    before = content(old_url)
    assert [name for name, rows in before.items() if not rows] == [], "the baseline has rows in every table"
    for version in (version for version in VERSIONS if version > BASELINE):
        assert len(migrate_to(old_url, version, tmp_path / "migrations")) == 1
        assert lost(before, content(old_url)) == [], f"by migration {version:04}"
    assert migrate(old_url) == []


def test_an_upload_of_an_older_version_keeps_its_id_as_partition_key_and_can_be_read(old_url, tmp_path, settings):
    migrate_to(old_url, BASELINE, tmp_path / "migrations")
    with psycopg.connect(old_url) as connection:
        connection.execute(ROWS.read_text())  # type: ignore[arg-type]
    migrate(old_url)
    deck = UUID("20000000-0000-4000-8000-000000000001")
    with Database(old_url) as database, database.transaction() as connection:
        assert partition_keys(connection, [deck]) == {deck: str(deck)}
        assert partition_upload(connection, str(deck)) == deck
        nobody = "select count(*) from documents where owner_id is null or not published"
        assert connection.execute(nobody).fetchone() == (0,), "what was there is the course's, and somebody's"
        assert get_document(connection, deck, person=OPERATOR, sealer=Sealer.open_home(settings)).title == "Momentum"


def test_descriptions_that_are_kept_learn_their_picture_and_those_of_pictures_that_are_gone_end(old_url, tmp_path):
    migrate_to(old_url, BASELINE, tmp_path / "migrations")
    with psycopg.connect(old_url) as connection:
        connection.execute(ROWS.read_text())  # type: ignore[arg-type]
        connection.execute("insert into item_cache (kind, key, value) values ('slide_description', '\\x01', '{}')")
    migrate(old_url)
    with psycopg.connect(old_url) as connection:
        assert connection.execute("select picture_sha256 from item_cache").fetchall() == [("c" * 64,)]
