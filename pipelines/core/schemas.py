"""Schemas that our tables live in: `public` and `ai`, or two of our own beside another system's tables.

Statements name tables without a schema, and each transaction says where they are (`Schemas.path`). Migrations were
written for `public` and `ai` and cannot change any more: `Schemas.place` puts the names in (docs/decisions/0025).
"""

import re
from dataclasses import dataclass

import psycopg
from psycopg import sql

from pipelines.core.errors import MigrationError, SettingsError
from pipelines.core.statements import statement

DEFAULT = "public"
OLDEST_VECTOR = (0, 7)
"""Of pgvector: the first that knows `halfvec` and `sparsevec`."""

_NAME = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,59}")
_TAKEN = {"ai", "information_schema", "pg_catalog", "pg_temp", "pg_toast"}
_FIXED_PATH = re.compile(r"\bpg_catalog, public, pg_temp\b")
_PUBLIC = re.compile(r"\bpublic\b(?=\.)|(?<!\bfrom )(?<!\bto )\bpublic\b")
"""The schema; rights given to all and taken `from public` are another thing."""
_AI = re.compile(r"\bai\b")
_MADE_ALREADY = re.compile(r"^create schema if not exists ai;$", re.MULTILINE)


@dataclass(frozen=True)
class Schemas:
    """Where our tables are, and where pgvector is (empty: it is not installed yet, and will come into `main`)."""

    main: str = DEFAULT
    vectors: str = ""

    @property
    def ai(self) -> str:
        """The schema of what searches read."""
        return "ai" if self.main == DEFAULT else f"{self.main}_ai"

    @property
    def path(self) -> str:
        """What `search_path` is in every transaction. Ours come first: no other system's name is taken for ours."""
        return ", ".join([self.main, self.ai, *self._elsewhere])

    @property
    def _elsewhere(self) -> list[str]:
        return [] if self.vectors in ("", self.main) else ['"' + self.vectors.replace('"', '""') + '"']

    def place(self, migration: str) -> str:
        """The text of a migration for these schemas. As it is where all is in its old place."""
        fixed = ", ".join(["pg_catalog", self.main, *self._elsewhere, "pg_temp"])
        if self.main == DEFAULT:
            return _FIXED_PATH.sub(lambda _: fixed, migration) if self._elsewhere else migration
        parts = _FIXED_PATH.split(_MADE_ALREADY.sub("", migration))
        return fixed.join(_AI.sub(self.ai, _PUBLIC.sub(self.main, part)) for part in parts)


IN_PUBLIC = Schemas()


def checked_name(name: str) -> str:
    """DATABASE_SCHEMA as it was given.

    Raises:
        SettingsError: it is no name for a schema of ours.
    """
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise SettingsError(
            "DATABASE_SCHEMA must be a name of small letters, digits and underscores (at most 60) that no schema of"
            " another system has, such as `studybuddy`; `public` is where tables were before there was this setting."
        )
    return name


def find_schemas(connection: psycopg.Connection, name: str) -> Schemas:
    """Where everything is in this database."""
    found = connection.execute(statement("find_vectors")).fetchone()
    return Schemas(name, found[0] if found else "")


def prepare_schemas(connection: psycopg.Connection, name: str) -> Schemas:
    """Make our schemas where they are missing, and find those of a database that is not ours alone.

    Raises:
        MigrationError: the tables of another system are in the way (`schema_taken`); pgvector is missing or too old
            (`no_vectors`); this user may not make schemas (`no_schema`). Nothing was changed.
    """
    if name == DEFAULT:
        _refuse_foreign(connection)
    found = connection.execute(statement("find_vectors")).fetchone()
    if found is None and not connection.execute(statement("find_available_vectors")).fetchone():
        raise MigrationError(
            "The database server has no pgvector. Install it (0.7 or newer; Debian: postgresql-NN-pgvector), then try"
            " again.",
            code="no_vectors",
        )
    if found is not None and tuple(int(part) for part in re.findall(r"\d+", found[1])[:2]) < OLDEST_VECTOR:
        raise MigrationError(
            f"The database has pgvector {found[1]}; 0.7 or newer is needed. As an administrator run"
            " `alter extension vector update`, then try again.",
            code="no_vectors",
        )
    schemas = Schemas(name, found[0] if found else "")
    for schema in (schemas.main, schemas.ai) if name != DEFAULT else ():
        _make(connection, schema)
    connection.execute(statement("look_in"), {"path": schemas.path, "transaction": False})
    return schemas


def check_vectors(connection: psycopg.Connection, schemas: Schemas) -> None:
    """Look whether row security's roles reach pgvector in a schema that is not ours, whose rights we leave alone.

    Raises:
        MigrationError: they do not.
    """
    elsewhere = schemas.vectors
    if elsewhere in ("", schemas.main) or connection.execute(
        statement("may_use_schema"), {"schema": elsewhere}
    ).fetchone() == (True,):
        return
    raise MigrationError(
        f"pgvector is in the schema {elsewhere}, which our roles may not use. As an administrator run:"
        f' grant usage on schema "{elsewhere}" to studybuddy_app, studybuddy_pipeline; then try again.',
        code="no_vectors",
    )


def _make(connection: psycopg.Connection, schema: str) -> None:
    there = connection.execute("select to_regnamespace(%s::text) is not null", [schema]).fetchone()
    if there == (True,):
        return
    try:
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    except psycopg.errors.InsufficientPrivilege:
        who, base = connection.info.user, schema.removesuffix("_ai")
        raise MigrationError(
            f"The database's user {who} may not make schemas. As an administrator run:"
            f" create schema {base} authorization {who}; create schema {base}_ai authorization {who}; then try again.",
            code="no_schema",
        ) from None


def _refuse_foreign(connection: psycopg.Connection) -> None:
    """Leave a database alone whose tables carry our names and are not ours."""
    if connection.execute(statement("find_our_migrations")).fetchone():
        ours = connection.execute("select exists (select from public.schema_migrations)").fetchone()
        if ours == (True,):
            return
    names = [name for (name,) in connection.execute(statement("find_foreign_tables"))]
    if names:
        raise MigrationError(
            f"This database holds tables of another system ({', '.join(names)}). Nothing was changed. To keep ours"
            " beside them, set DATABASE_SCHEMA, such as DATABASE_SCHEMA=studybuddy.",
            code="schema_taken",
        )
