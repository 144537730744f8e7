"""Our tables beside another system's: in schemas of our own, and nothing of the other's changes."""

import asyncio
import itertools
from uuid import UUID, uuid4

import psycopg
import pytest

from pipelines.core.embeddings.vectors import ensure_embedding_set
from pipelines.core.errors import MigrationError, SettingsError
from pipelines.core.migrate import MIGRATIONS, migrate
from pipelines.core.postgres import Database, migrate_database
from pipelines.core.records import Person
from pipelines.core.schemas import Schemas, checked_name
from pipelines.core.settings import Settings
from serving.database import ServingDatabase, rows

FOREIGN = """
create schema ai;
create table users (id uuid primary key, created_at timestamptz);
create table courses (id uuid primary key, code text unique);
create table schema_migrations (version bigint primary key, dirty boolean not null);
create table ai.message_sources (id uuid primary key, message_id text);
create type document_status as enum ('uploaded', 'failed');
create function current_person() returns uuid language sql as 'select null::uuid';
insert into users values ('00000000-0000-4000-8000-000000000007', now());
insert into schema_migrations values (20240101, false);
"""
OF_THE_OTHER = """
select n.nspname || '.' || c.relname || c.relkind::text || coalesce(c.relacl::text, '')
from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('public', 'ai')
union all select n.nspname || coalesce(n.nspacl::text, '') from pg_namespace n where n.nspname in ('public', 'ai')
union all select n.nspname || '.' || p.proname || coalesce(p.proacl::text, '') from pg_proc p
join pg_namespace n on n.oid = p.pronamespace where n.nspname in ('public', 'ai')
union all select n.nspname || '.' || t.typname from pg_type t
join pg_namespace n on n.oid = t.typnamespace where n.nspname in ('public', 'ai')
union all select d.defaclacl::text from pg_default_acl d
where d.defaclnamespace in ('public'::regnamespace, 'ai'::regnamespace)
union all select x.xmin::text || x::text from public.users x
union all select x.xmin::text || x::text from public.schema_migrations x
order by 1
"""
_numbers = itertools.count(1)


@pytest.fixture
def make(server):
    """Makes a database of another system: its URL. Its pgvector is in this schema; None: it has none."""
    names = []

    def make(vectors=None):
        name = f"foreign_{next(_numbers)}"
        names.append(name)
        with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
            admin.execute(f"create database {name}")
        with psycopg.connect(server.url(name), autocommit=True) as inside:
            inside.execute(FOREIGN)
            if vectors:
                inside.execute(f'create schema if not exists "{vectors}"')
                inside.execute(f'create extension vector schema "{vectors}"')
        return server.url(name)

    yield make
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        for name in names:
            admin.execute(f"drop database {name} with (force)")


def settings_of(url, tmp_path, schema="studybuddy"):
    return Settings(_env_file=None, studybuddy_home=tmp_path, database_url=url, database_schema=schema)


def other(url):
    with psycopg.connect(url) as connection:
        return connection.execute(OF_THE_OTHER).fetchall()


def use(database):
    """What a search and an upload do with the tables, by the roles they do it with."""
    person, course, deck, chunk = uuid4(), uuid4(), uuid4(), uuid4()
    with database.transaction() as connection:
        known = ensure_embedding_set(connection, model="m", dims=3, search_text_version="1")
        connection.execute("insert into users (id, issuer, subject) values (%s, 'i', 's')", [person])
        connection.execute("insert into courses (id, name) values (%s, 'c')", [course])
        connection.execute(
            "insert into user_courses (user_id, course_id, role) values (%s, %s, 'owner')", [person, course]
        )
        connection.execute(
            "insert into documents (id, course_id, title, file_name, source_name, sha256, byte_count, owner_id)"
            " values (%s, %s, 't', 'f', 's', repeat('a', 64), 1, %s)",
            [deck, course, person],
        )
        connection.execute(
            "insert into chunk_embeddings (set_id, course_id, kind, source_id, chunk_id, embedding)"
            " values (%s, %s, 'slide', %s, %s, '[1,0,0]'::halfvec)",
            [known.id, course, deck, chunk],
        )
        connection.execute("select add_course_index(%s, %s, 3)", [known.id, course])
    seen = []
    for who in (person, uuid4()):
        with database.transaction(as_person=Person(id=who)) as connection:
            query = (
                "select -(embedding <#> '[1,0,0]'::halfvec) from chunk_embeddings where live_set(course_id) = set_id"
            )
            seen.append(connection.execute(query).fetchall())
    assert seen == [[(1.0,)], []]


@pytest.mark.parametrize("vectors", [None, "public", "Some Where"])
def test_our_tables_live_in_schemas_of_our_own_and_nothing_of_the_others_changes(make, tmp_path, vectors):
    url = make(vectors)
    if vectors not in (None, "public"):
        with pytest.raises(MigrationError, match='grant usage on schema "Some Where" to studybuddy_app'):
            Database.open(settings_of(url, tmp_path))
        with psycopg.connect(url) as connection:
            connection.execute('grant usage on schema "Some Where" to studybuddy_app, studybuddy_pipeline')
    before = other(url)
    with Database.open(settings_of(url, tmp_path)) as database:
        use(database)
        with psycopg.connect(url) as connection:
            ours = connection.execute(
                "select count(*) filter (where schemaname = 'studybuddy') > 20,"
                " count(*) filter (where schemaname = 'studybuddy_ai') > 5, count(*) filter (where schemaname = 'ai')"
                " from pg_tables"
            ).fetchone()
    assert ours == (True, True, 1)
    assert other(url) == before
    assert migrate_database(settings_of(url, tmp_path)) == []


def test_the_old_place_has_the_tables_it_had(database, database_url):
    use(database)
    with psycopg.connect(database_url) as connection:
        found = "select to_regclass('ai.chunk_embeddings') is not null and to_regclass('public.users') is not null"
        assert connection.execute(found).fetchone() == (True,)
        assert connection.execute("select count(*) from pg_namespace where nspname like 'studybuddy%'").fetchone() == (
            0,
        )


def test_the_service_finds_the_tables_where_they_are(make, tmp_path):
    async def look(database):
        async with (
            ServingDatabase(database.url, schemas=database.schemas) as serving,
            serving.transaction(as_person=Person(id=UUID(int=7))) as connection,
        ):
            return await rows(connection, "list_my_courses", user_id=UUID(int=7))

    with Database.open(settings_of(make("public"), tmp_path)) as database:
        assert asyncio.run(look(database)) == []


def test_in_the_old_place_another_systems_database_is_refused_and_left_as_it_was(make, tmp_path):
    url = make("public")
    before = other(url)
    with pytest.raises(
        MigrationError, match=r"another system \(courses, schema_migrations, users.*DATABASE_SCHEMA=studybuddy"
    ) as caught:
        migrate_database(settings_of(url, tmp_path, "public"))
    assert caught.value.code == "schema_taken"
    assert other(url) == before


def test_a_user_who_may_make_no_schemas_is_told_the_statements_and_then_comes_in(make, tmp_path, server):
    url, name = make("public"), f"tenant_{uuid4().hex[:8]}"
    theirs = psycopg.conninfo.make_conninfo(**{**psycopg.conninfo.conninfo_to_dict(url), "user": name})
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"create role {name} login")
        try:
            with pytest.raises(
                MigrationError, match=f"create schema studybuddy authorization {name}; create schema"
            ) as caught:
                migrate(theirs, schema="studybuddy")
            admin.execute(
                f"create schema studybuddy authorization {name}; create schema studybuddy_ai authorization {name}"
            )
            admin.execute(f"grant studybuddy_app, studybuddy_pipeline to {name}")
            assert len(migrate(theirs, schema="studybuddy")) == len(list(MIGRATIONS.glob("*.sql")))
            with psycopg.connect(theirs) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("select * from public.users")
        finally:
            admin.execute(f"drop owned by {name}")
            admin.execute(f"drop role {name}")
    assert caught.value.code == "no_schema"


@pytest.mark.parametrize("name", ["", "ai", "pg_mine", "Upper", "a-b", 'a"b', "x" * 61, "information_schema", "1a"])
def test_a_name_that_no_schema_of_ours_can_have_is_refused(name):
    with pytest.raises(SettingsError, match="DATABASE_SCHEMA"):
        checked_name(name)


def test_no_migration_names_the_old_schemas_once_it_is_placed():
    """PUBLIC, to whom rights are given and taken from whom, is no schema."""
    for path in MIGRATIONS.glob("*.sql"):
        text = path.read_text()
        assert Schemas().place(text) == text
        placed = (
            Schemas("elsewhere", "public").place(text).replace("elsewhere_ai", "").replace("elsewhere, public, pg", "")
        )
        assert "ai." not in placed.replace("openai.", ""), path.name
        assert not [line for line in placed.split("\n") if "public." in line or "schema public" in line], path.name
