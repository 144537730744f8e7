"""Migrations: `migrations/NNNN_what.sql` applied in order, under an advisory lock, checksums kept.

A migration adds, so that versions before it live on beside it, or says in its first line that they cannot:
`-- contract after 0076: nobody reads chats.colour any more` is borne by code that knows migration 0076 (0037).
"""

import hashlib
import re
import time
from functools import cache
from pathlib import Path

import psycopg
from psycopg.errors import LockNotAvailable

from pipelines.core.errors import MigrationError, SettingsError
from pipelines.core.schemas import DEFAULT, Schemas, check_vectors, find_schemas, prepare_schemas
from pipelines.core.statements import statement

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_301_925_001  # any fixed number; every process that migrates takes the same advisory lock
LOCK_TIMEOUT_S = 60
"""How long a process waits for another one that migrates."""

CONTRACT = re.compile(r"-- contract after (\d{4}): \S.*")
"""First line of a migration that older versions cannot live with: the oldest migration that a version must know."""

TABLE_TIMEOUT_S = 2
"""How long a migration waits for a table: whoever asks for it meanwhile waits behind the migration."""

TABLE_TRIES = 10
TABLE_PAUSE_S = 1.0
"""Between tries: those who wait behind the migration have their turn."""

FAREWELL_S = 3.0
"""How long processes that were just stopped may take to be gone from the database's list of connections."""


def migrate(url: str, folder: Path = MIGRATIONS, *, schema: str = DEFAULT) -> list[str]:
    """Bring our tables in the database at `url` to their newest form.

    Args:
        schema: where they are (`schemas.py`).

    Returns:
        Names of the migrations applied now; empty when the schema was current.

    Raises:
        MigrationError: a file was edited after it was applied, a number is used twice, the database has what this
            version cannot live with (`older_code`), or is to get what running processes of an older version cannot
            (`older_version`), others hold a table for too long (`table_in_use`), or a statement failed; or as
            `prepare_schemas`. The migration that failed left nothing behind.
        SettingsError: `url` is a pooler's.
    """
    files = _files(folder)
    applied: list[str] = []
    with psycopg.connect(url, autocommit=True) as connection:
        _refuse_pooler(connection)
        connection.execute(f"set lock_timeout = '{LOCK_TIMEOUT_S}s'")
        connection.execute("select pg_advisory_lock(%s::bigint)", [LOCK])
        schemas = prepare_schemas(connection, schema)
        connection.execute(
            "create table if not exists schema_migrations (version integer primary key, name text not null,"
            " checksum text not null, applied_at timestamptz not null default now(), needs integer)"
        )
        if not _says_needs(connection):
            connection.execute("alter table schema_migrations add column needs integer")
        known = _applied(connection)
        _compare(files, known)
        if known and (pending := files.keys() - known.keys()):
            _refuse_older_version(connection, max(needs_of(files[version]) or 0 for version in pending))
        for version, path in sorted(files.items()):
            if version not in known:
                _apply(connection, version, path, schemas)
                applied.append(path.name)
                schemas = find_schemas(connection, schema)
        check_vectors(connection, schemas)
    return applied


def list_pending(url: str, folder: Path = MIGRATIONS, *, schema: str = DEFAULT) -> list[str]:
    """Names of migrations that are still to be applied; changes nothing.

    Raises:
        MigrationError: as `migrate`, of a database that is too new or whose migrations were edited.
    """
    files = _files(folder)
    with psycopg.connect(url) as connection:
        schemas = find_schemas(connection, schema)
        connection.execute(statement("look_in"), {"path": schemas.path, "transaction": True})
        there = connection.execute("select to_regclass('schema_migrations')").fetchone() != (None,)
        known = _applied(connection) if there else {}
    _compare(files, known)
    return [path.name for version, path in sorted(files.items()) if version not in known]


@cache
def newest_known() -> int:
    """Number of the newest migration that this code knows."""
    return max(_files(MIGRATIONS))


def connection_name(part: str) -> str:
    """What a process calls its connections: the part of the project that it is, and the newest migration it knows."""
    return f"{part} {newest_known()}"


def needs_of(migration: Path) -> int | None:
    """The oldest migration that a version must know to live with this one; None: it only adds.

    Raises:
        MigrationError: its first line begins as the mark does and cannot be read.
    """
    first = migration.read_text(encoding="utf-8").partition("\n")[0]
    if not first.startswith("-- contract"):
        return None
    if (found := CONTRACT.fullmatch(first)) is None or int(found[1]) > int(migration.name.partition("_")[0]):
        raise MigrationError(
            f"The first line of {migration.name} must be `-- contract after NNNN: why`, NNNN being the oldest migration"
            " that a version must know to live with it."
        )
    return int(found[1])


def _refuse_pooler(connection: psycopg.Connection) -> None:
    """Do nothing through a pooler: the lock would stay with one of its connections, and every later start wait for it.

    Raises:
        SettingsError: who answers is not the server's process that the connection was told.
    """
    if connection.execute("select pg_backend_pid()").fetchone() != (connection.info.backend_pid,):
        raise SettingsError(
            "The database answers through a pooler (such as PgBouncer): set DATABASE_DIRECT_URL to the server's own"
            " address, for migrations and for what wakes processes; DATABASE_URL may go on naming the pooler."
        )


def _says_needs(connection: psycopg.Connection) -> bool:
    """Whether the table of migrations has the column that versions before it did not write."""
    return connection.execute(statement("find_needs_column")).fetchone() is not None


def _applied(connection: psycopg.Connection) -> dict[int, tuple[str, str, int | None]]:
    """Name, checksum and needs of each migration that was applied, by its number."""
    rows = connection.execute(statement("list_applied"))
    return {version: (name, checksum, needs) for version, name, checksum, needs in rows}


def _files(folder: Path) -> dict[int, Path]:
    files: dict[int, Path] = {}
    for path in sorted(folder.glob("*.sql")):
        version = int(path.name.partition("_")[0])
        if version in files:
            raise MigrationError(f"Two migrations have number {version}: {files[version].name} and {path.name}.")
        files[version] = path
    return files


def _compare(files: dict[int, Path], known: dict[int, tuple[str, str, int | None]]) -> None:
    for version, (name, checksum, needs) in known.items():
        if version not in files:
            if needs is None or needs in files:
                continue  # a newer version's, which this one can live with
            raise MigrationError(
                f"The database has migration {name}, which this version of StudyBuddy cannot live with: it does not"
                f" know migration {needs:04}. Start the newer version here too.",
                code="older_code",
            )
        if _checksum(files[version]) != checksum:
            raise MigrationError(
                f"Migration {files[version].name} was edited after it was applied; put it back and add a new one."
            )


def _refuse_older_version(connection: psycopg.Connection, needs: int) -> None:
    """Leave the schema alone while processes are connected that could not live with it.

    Processes of this version connect under a name only after they have migrated, or waited for who does. Versions that
    do not say what they know refuse every newer schema when they start next, so nothing is done under them.

    Raises:
        MigrationError: some are, and stay.
    """
    deadline = time.monotonic() + FAREWELL_S
    while names := _older(connection, needs):
        if time.monotonic() > deadline:
            raise MigrationError(
                f"An older version of StudyBuddy is still running on this database ({', '.join(names)}): stop the older"
                " version first (`studybuddy down` with its home), then start this one.",
                code="older_version",
            )
        time.sleep(0.1)


def _older(connection: psycopg.Connection, needs: int) -> list[str]:
    """What this project's processes that use the database and do not know migration `needs` call themselves."""
    rows = connection.execute(statement("list_older"), {"needs": needs})
    return [name for (name,) in rows]


def _apply(connection: psycopg.Connection, version: int, path: Path, schemas: Schemas) -> None:
    for _ in range(TABLE_TRIES):
        try:
            _apply_once(connection, version, path, schemas)
        except LockNotAvailable:
            time.sleep(TABLE_PAUSE_S)
        else:
            return
    raise MigrationError(
        f"Migration {path.name} changed nothing: others held a table that it changes, {TABLE_TRIES} times for more than"
        f" {TABLE_TIMEOUT_S} s. Try again when uploads and long queries have ended.",
        code="table_in_use",
    )


def _apply_once(connection: psycopg.Connection, version: int, path: Path, schemas: Schemas) -> None:
    try:
        with connection.transaction():
            connection.execute(f"set local lock_timeout = {round(TABLE_TIMEOUT_S * 1000)}")
            connection.execute(schemas.place(path.read_text(encoding="utf-8")))
            connection.execute(
                "insert into schema_migrations (version, name, checksum, needs)"
                " values (%s::integer, %s::text, %s::text, %s::integer)",
                [version, path.name, _checksum(path), needs_of(path)],
            )
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise MigrationError(
            f"Migration {path.name} failed and was rolled back: {error.diag.message_primary}."
        ) from None


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
