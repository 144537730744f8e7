"""The list of what is kept of a person: whole, and true to what the database does when they are erased."""

from pipelines.core.personal.kept import KEPT

REFERENCES = """
    select c.relname, a.attname, k.confdeltype
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
    where k.contype = 'f' and k.confrelid = 'users'::regclass
"""
NAMED = """
    select table_name, column_name from information_schema.columns
    join information_schema.tables using (table_schema, table_name)
    where table_schema in ('public', 'ai') and table_type = 'BASE TABLE'
      and (column_name ~ '(^|_)(user|person|owner|actor|subject)_id$' or column_name like '%created_by')
"""
BELONGING = """
    select distinct c.relname
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where k.contype = 'f' and k.confdeltype = 'c' and k.confrelid = any(%s::regclass[])
"""


def test_every_column_that_holds_a_person_is_declared_and_does_what_is_declared(database):
    declared = {(kept.table, kept.column): kept.fate for kept in KEPT if kept.column and kept.table != "users"}
    with database.transaction() as connection:
        fates = {(table, column): {"c": "goes", "n": "stays"}.get(action, action)
                 for table, column, action in connection.execute(REFERENCES)}  # fmt: skip
        named = {(table, column) for table, column in connection.execute(NAMED)}
    assert fates == declared
    assert named <= set(declared)


def test_whatever_belongs_to_a_chat_is_declared_too(database):
    with database.transaction() as connection:
        found, tables = set(), ["chat_sessions"]
        while tables:
            more = {row[0] for row in connection.execute(BELONGING, [tables])} - found
            found |= more
            tables = list(more)
    assert found == {kept.table for kept in KEPT if kept.column is None}


def test_every_condition_and_every_hidden_column_is_one_of_its_table(database):
    with database.transaction() as connection:
        for kept in KEPT:
            text = f"select t.* from {kept.table} t where {kept.theirs}"  # noqa: S608  the list's own words
            cursor = connection.execute(text, {"person_id": "00000000-0000-4000-8000-000000000001"})
            names = {column.name for column in cursor.description}
            assert set(kept.hidden) <= names and (kept.column is None or kept.column in names)
            secret = {name for name in names if name.endswith(("hash", "sealed"))} - {"sha256"}
            assert not kept.exported or secret <= set(kept.hidden), kept.table
