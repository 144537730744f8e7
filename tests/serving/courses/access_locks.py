"""The two locks of access, either of them switched off: what the application asks, and row security."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pipelines.core import access, statements
from serving.accounts import access as serving_access

LOCKS = ("both", "statements", "row security")
"""Which of them hold."""

RULES = [
    name for name, each in vars(access).items()
    if callable(each) and each.__module__ == access.__name__ and not isinstance(each, type)
]  # fmt: skip
"""Rules in Python: each says yes or no."""

RULES_IN_SQL = """
    create or replace function role_in(course uuid, person uuid) returns text language sql stable as $$
        select 'owner' $$;
    create or replace function sees_upload(
        person uuid, role text, owner uuid, published boolean, offered_at timestamptz, release_at timestamptz
    ) returns boolean language sql stable as $$ select true $$;
    create or replace function searches_upload(
        person uuid, role text, owner uuid, published boolean, release_at timestamptz
    ) returns boolean language sql stable as $$ select true $$;
"""
"""The same for statements: everybody owns every course, and everything may be seen."""

ANY_COURSE = """
    select c.id, c.name, c.language, c.code, c.term, c.instructor, c.open, c.students_add_lectures,
           c.archived_at is not null as archived, 'owner' as role
    from courses c where c.id = %(course_id)s::uuid and c.deleted_at is null
"""

WHOSE = re.compile(r"\buser_id = %\((?:user|person)_id\)s::uuid")
"""A statement's question whose rows they are."""

OF_A_MEMBER = {"set_role", "delete_member", "end_browser_sessions"}
"""Statements whose person is not who asks, but whom they are about."""


def _unlocked(text: Mapping[str, str]) -> Mapping[str, str]:
    found = {
        name: each if name in OF_A_MEMBER else WHOSE.sub("user_id is not null", each) for name, each in text.items()
    }
    return {**found, "get_my_course": ANY_COURSE} if "get_my_course" in found else found


def forget_to_ask(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer yes wherever the application asks whether a person may: row security alone holds then."""
    read = statements.statements
    changed: dict[Path, Mapping[str, str]] = {}

    def unlocked(folder: Path) -> Mapping[str, str]:
        if folder not in changed:
            changed[folder] = _unlocked(read(folder))
        return changed[folder]

    monkeypatch.setattr(statements, "statements", unlocked)
    rules = {id(getattr(access, name)): lambda *_, **__: True for name in RULES}
    rules[id(serving_access.allowed)] = lambda _: None
    for module in [each for name, each in sys.modules.items() if name.startswith(("pipelines.", "serving."))]:
        for name, value in list(vars(module).items()):
            if id(value) in rules:
                monkeypatch.setattr(module, name, rules[id(value)])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(RULES_IN_SQL)


def without_row_security(url: str) -> None:
    """Switch row security off on every table: what the application asks alone holds then."""
    with psycopg.connect(url, autocommit=True) as connection:
        secured = connection.execute(
            "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relrowsecurity and c.relkind in ('r', 'p')"
        ).fetchall()
        for table in secured:
            connection.execute(sql.SQL("alter table {} disable row level security").format(sql.Identifier(*table)))
