"""Migrations: `migrations/NNNN_what.sql` applied in order, under an advisory lock, checksums kept."""

import hashlib
from pathlib import Path

import psycopg

from pipelines.core.errors import MigrationError

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_301_925_001  # any fixed number; every process that migrates takes the same advisory lock
LOCK_TIMEOUT_S = 60


def migrate(url: str, folder: Path = MIGRATIONS) -> list[str]:
    """Bring the database at `url` to the newest schema.

    Returns:
        Names of the migrations applied now; empty when the schema was current.

    Raises:
        MigrationError: a file was edited after it was applied, a number is used twice, the database is newer than
            this code, or a statement failed (then that migration left nothing behind).
    """
    files = _files(folder)
    applied: list[str] = []
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"set lock_timeout = '{LOCK_TIMEOUT_S}s'")
        connection.execute("select pg_advisory_lock(%s::bigint)", [LOCK])
        connection.execute(
            "create table if not exists schema_migrations (version integer primary key, name text not null,"
            " checksum text not null, applied_at timestamptz not null default now())"
        )
        known = {
            version: (name, checksum)
            for version, name, checksum in connection.execute("select version, name, checksum from schema_migrations")
        }
        _compare(files, known)
        for version, path in sorted(files.items()):
            if version not in known:
                _apply(connection, version, path)
                applied.append(path.name)
    return applied


def _files(folder: Path) -> dict[int, Path]:
    files: dict[int, Path] = {}
    for path in sorted(folder.glob("*.sql")):
        version = int(path.name.partition("_")[0])
        if version in files:
            raise MigrationError(f"Two migrations have number {version}: {files[version].name} and {path.name}.")
        files[version] = path
    return files


def _compare(files: dict[int, Path], known: dict[int, tuple[str, str]]) -> None:
    for version, (name, checksum) in known.items():
        if version not in files:
            raise MigrationError(f"The database has migration {name}, which is newer than this code.")
        if _checksum(files[version]) != checksum:
            raise MigrationError(
                f"Migration {files[version].name} was edited after it was applied; put it back and add a new one."
            )


def _apply(connection: psycopg.Connection, version: int, path: Path) -> None:
    try:
        with connection.transaction():
            connection.execute(path.read_text(encoding="utf-8"))
            connection.execute(
                "insert into schema_migrations (version, name, checksum) values (%s::integer, %s::text, %s::text)",
                [version, path.name, _checksum(path)],
            )
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise MigrationError(
            f"Migration {path.name} failed and was rolled back: {error.diag.message_primary}."
        ) from None


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
