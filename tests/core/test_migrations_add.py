"""Migrations add: what a version before them reads, writes and calls stays, or their first line says otherwise.

Not their words are looked at but the database before and after.
"""

import shutil
from dataclasses import dataclass

import psycopg
import pytest

from pipelines.core.migrate import MIGRATIONS, migrate, needs_of
from tests.conftest import fresh_database

LAST_STOPPED = 75
GAPS = frozenset({13, 17, 24, 26, 27, 36, 38, 55, 56, 57, 63, 64, 65, 66, 68, 69, 73, 74})
"""Up to LAST_STOPPED migrations were applied with everything stopped, and may have taken something away. These numbers
below it were free then: what has one now adds, as every later one."""

STAYS = """
with ours as (
    select c.*, n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'ai')
),
fields as (
    select t.name, a.* from ours t join pg_attribute a on a.attrelid = t.oid
    where t.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped
),
keys as (
    select t.name, regexp_replace(pg_get_indexdef(i.indexrelid), '^.* USING ', 'key ') as what,
           (select array_agg(a.attname::text) from pg_attribute a
            where a.attrelid = t.oid and a.attnum = any(i.indkey)) as fields
    from ours t join pg_index i on i.indrelid = t.oid where i.indisunique
)
select 'stays', name, 'all of it', null::text[] from ours where relkind in ('r', 'p', 'v', 'm', 'S')
union all
select 'stays', name, 'column ' || attname || ' ' || format_type(atttypid, atttypmod), null from fields
union all
select 'stays', name, what, null from keys
union all
select 'stays', t.name, 'right of ' || r.grantee::regrole || ' to ' || r.privilege_type, null
from ours t, aclexplode(t.relacl) r
union all
select 'stays', p.proname, 'function of (' || pg_get_function_identity_arguments(p.oid) || ') that returns '
       || pg_get_function_result(p.oid), null
from pg_proc p where p.pronamespace in ('public'::regnamespace, 'ai'::regnamespace)
union all
select 'stays', e.enumtypid::regtype::text, 'value ' || e.enumlabel, null from pg_enum e
union all
select 'demands', name, 'a value of ' || attname, null from fields
where attnotnull and not atthasdef and attidentity = '' and attgenerated = ''
union all
select 'demands', name, 'no null in ' || attname, array[attname::text] from fields where attnotnull
union all
select 'demands', name, what, fields from keys
union all
select 'demands', t.name, 'constraint ' || c.conname, array(
    select a.attname::text from pg_attribute a where a.attrelid = t.oid and a.attnum = any(c.conkey))
from ours t join pg_constraint c on c.conrelid = t.oid where c.contype in ('c', 'f', 'x')
"""


@dataclass(frozen=True)
class Schema:
    """What older versions count on: what is there (by table or type), and what a table demands of those who write."""

    there: frozenset[tuple[str, str]]
    demands: dict[tuple[str, str], list[str] | None]

    @classmethod
    def of(cls, connection):
        rows = connection.execute(STAYS).fetchall()
        return cls(
            frozenset((name, what) for kind, name, what, _ in rows if kind == "stays"),
            {(name, what): fields for kind, name, what, fields in rows if kind == "demands"},
        )

    def has(self, table, fields):
        """Whether the table is there, and one of these columns (None: any)."""
        mine = {what.split()[1] for name, what in self.there if name == table and what.startswith("column ")}
        return bool(mine) if fields is None else bool(mine & set(fields))


def taken(before, after):
    """What an older version misses, or is now asked for."""
    gone = [f"{name}: {what} is gone" for name, what in before.there - after.there]
    new = {key: fields for key, fields in after.demands.items() if key not in before.demands}
    return gone + [f"{name} demands {what}" for (name, what), fields in new.items() if before.has(name, fields)]


@pytest.fixture(scope="module")
def url(server):
    with fresh_database(server) as url:
        yield url


@pytest.fixture
def one(url):
    """A connection to a database with a table that the made-up migrations change; nothing of it stays."""
    connection = psycopg.connect(url)
    connection.execute(
        "create type colour as enum ('red', 'blue'); create table one (a int primary key, b text,"
        " c int default 1 not null, d int unique); create view seen as select a from one;"
        " grant select on one to pg_monitor; create function twice(n int) returns int language sql as 'select 2 * n'"
    )
    yield connection
    connection.rollback()
    connection.close()


@pytest.mark.parametrize(
    ("migration", "said"),
    [
        ("drop table one cascade", "public.one: all of it is gone"),
        ("drop view seen", "public.seen: all of it is gone"),
        ("alter table one drop column b", "public.one: column b text is gone"),
        ("alter table one drop b", "public.one: column b text is gone"),
        ("alter table one rename b to e", "public.one: column b text is gone"),
        ("alter table one rename to two", "public.one: all of it is gone"),
        ("alter table one alter d type bigint", "public.one: column d integer is gone"),
        ("alter table one add e numeric(10, 2) not null", "public.one demands a value of e"),
        ("alter table one add column e text not null check (e in ('x', 'y'))", "public.one demands a value of e"),
        ("alter table one alter column b set not null", "public.one demands no null in b"),
        ("alter table one alter c drop default", "public.one demands a value of c"),
        ("alter table one add check (d > 0)", "public.one demands constraint one_d_check"),
        ("alter table one add unique (b)", "public.one demands key btree (b)"),
        ("alter table one drop constraint one_d_key", "public.one: key btree (d) is gone"),
        ("drop function twice(int)", "twice: function of (n integer) that returns integer is gone"),
        ("drop function twice(int); create function twice(n int, m int) returns int language sql as 'select n'",
         "twice: function of (n integer) that returns integer is gone"),
        ("alter type colour rename value 'red' to 'green'", "colour: value red is gone"),
        ("revoke select on one from pg_monitor", "public.one: right of pg_monitor to SELECT is gone"),
    ],
)  # fmt: skip
def test_what_takes_away_or_demands_more_is_seen_in_the_database(one, migration, said):
    before = Schema.of(one)
    one.execute(migration)
    assert said in taken(before, Schema.of(one))


def test_what_only_adds_is_free_to(one):
    before = Schema.of(one)
    one.execute(
        "alter table one add e text not null default '', add f int check (f > 0),"
        " add g bigint generated always as identity, alter c set default 2, alter d drop not null;"
        " create table two (a int not null, b int references one);"
        " create index on one (b); alter type colour add value 'green'; grant insert on one to pg_monitor;"
        " create or replace function twice(n int) returns int language sql as 'select n + n';"
        " create or replace view seen as select a, b from one"
    )
    assert taken(before, Schema.of(one)) == []


def test_every_migration_that_takes_something_away_says_so_in_its_first_line(server, tmp_path):
    files = {int(path.name[:4]): path for path in sorted(MIGRATIONS.glob("*.sql"))}
    held = [number for number in files if number > LAST_STOPPED or number in GAPS]
    for number in files.keys() - held:
        shutil.copy(files[number], tmp_path)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database adding")
    url = server.url("adding")
    migrate(url, tmp_path)
    for number in held:
        with psycopg.connect(url) as connection:
            before = Schema.of(connection)
        shutil.copy(files[number], tmp_path)
        migrate(url, tmp_path)
        with psycopg.connect(url) as connection:
            found = taken(before, Schema.of(connection))
        assert not found or needs_of(files[number]) is not None, f"{files[number].name} (CONTRIBUTING.md): {found}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database adding with (force)")
