"""The way back: a backup is checked whole, then put into a home and a database that hold nothing yet."""

import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

from pipelines.core.backups.places import Manifest, Place, file_name
from pipelines.core.backups.programs import load
from pipelines.core.backups.writing import APPLICATION, DAGSTER, SECRETS, Told
from pipelines.core.database_address import libpq_address, parse_address
from pipelines.core.errors import PermanentError, SettingsError
from pipelines.core.files import FileStore
from pipelines.core.home import prepare_home
from pipelines.core.postgres import database_urls, direct_url, migrate_database
from pipelines.core.schemas import DEFAULT, Schemas
from pipelines.core.settings import Settings
from pipelines.core.statements import statement


def choose(place: Place, at: str | None = None) -> Manifest:
    """The backup of this time; None: the newest.

    Raises:
        PermanentError: there is none.
    """
    times = place.manifests()
    if not times:
        raise PermanentError(f"{place.shown} holds no whole backup: none was finished.")
    if at is not None and at not in times:
        raise PermanentError(f"{place.shown} holds no backup of {at}; there are {', '.join(times)}.")
    return place.read_manifest(at or times[-1])


def check_backup(place: Place, manifest: Manifest, *, told: Told = lambda *_: None) -> None:
    """Read everything a backup names and compare it with what was written.

    Raises:
        PermanentError: something is missing or was changed; it is named.
        StorageUnavailableError
    """
    parts = [(f"backups/{manifest.at}/{name}", each, name) for name, each in manifest.dumps.items()]
    parts += [(file_name(name), each, f"the file {name}") for name, each in manifest.files.items()]
    for number, (name, each, what) in enumerate(parts, start=1):
        place.check(name, each, what)
        told(number, len(parts))


def restore_backup(settings: Settings, place: Place, manifest: Manifest, *, told: Told = lambda *_: None) -> None:
    """Put a backup into a home and databases that are empty. What fails in the middle left no row behind, so that the
    same can be tried again.

    Raises:
        PermanentError: they are not empty, the backup is damaged, or its key is another one.
        SettingsError, StorageUnavailableError, MigrationError
    """
    if manifest.encrypted and not place.can_decrypt:
        raise SettingsError("The backup is encrypted: name the file of the secret key with --identity.")
    if manifest.schema != settings.database_schema:
        raise SettingsError(
            f"The backup is of tables in the schema {manifest.schema}: set DATABASE_SCHEMA={manifest.schema}."
        )
    prepare_home(settings.home)
    own, dagster = database_urls(settings)
    dagster = libpq_address(parse_address(dagster, name="DAGSTER_DATABASE_URL"))
    _refuse_tables(own, _schemas(settings))
    _refuse_tables(dagster, ["public"])
    check_backup(place, manifest, told=told)
    _copy_files(FileStore.open(settings), place, manifest, told)
    with tempfile.TemporaryDirectory(prefix="sb-restore-") as folder:
        for name in manifest.dumps:
            with Path(folder, name).open("wb") as out:
                place.get(f"backups/{manifest.at}/{name}", out, encrypted=manifest.encrypted)
        load(dagster, Path(folder, DAGSTER))
        _load_own(settings, Path(folder, APPLICATION), manifest)
        key = settings.home / SECRETS
        if SECRETS in manifest.dumps and settings.master_keys is None and settings.master_key_file is None:
            key.write_bytes(Path(folder, SECRETS).read_bytes())
            key.chmod(0o600)
    migrate_database(settings)


def _schemas(settings: Settings) -> list[str]:
    ours = Schemas(settings.database_schema)
    return [ours.main, ours.ai]


def _refuse_tables(url: str, schemas: list[str]) -> None:
    with psycopg.connect(url) as connection:
        (tables,) = connection.execute(statement("count_tables"), {"schemas": schemas}).fetchall()[0]
    if tables:
        raise PermanentError(
            "There is something here already: a backup is restored into a new home (STUDYBUDDY_HOME) or an empty"
            " database only. Nothing was changed.",
            code="not_empty",
        )


def _copy_files(files: FileStore, place: Place, manifest: Manifest, told: Told) -> None:
    for number, name in enumerate(manifest.files, start=1):
        if not files.has(name):
            with files.begin() as incoming:
                place.get(file_name(name), incoming, encrypted=manifest.encrypted)  # type: ignore[arg-type]
                if incoming.finish().sha256 != name:
                    raise PermanentError(f"The backup is damaged: the file {name} holds other bytes.")
        told(number, len(manifest.files))


def _load_own(settings: Settings, source: Path, manifest: Manifest) -> None:
    url, named = direct_url(settings), settings.database_schema != DEFAULT
    with psycopg.connect(url, autocommit=True) as connection:
        _make_roles(connection)
        if named:  # a dump of some schemas holds no extension, which has to be there between a schema and its tables
            _prepare(connection, _schemas(settings), manifest.vectors)
    load(url, source, without=["DEFAULT ACL", *(["SCHEMA -"] if named else [])])
    with psycopg.connect(url, autocommit=True) as connection:
        for schema in _schemas(settings):
            connection.execute(
                sql.SQL(
                    "alter default privileges in schema {} grant select, insert, update, delete on tables to"
                    " studybuddy_pipeline"
                ).format(sql.Identifier(schema))
            )


def _make_roles(connection: psycopg.Connection) -> None:
    for role, there, ours in connection.execute(statement("list_roles")).fetchall():
        if not there:
            connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
        if not ours:
            connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))


def _prepare(connection: psycopg.Connection, schemas: list[str], vectors: str) -> None:
    for schema in schemas:
        connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
    found = connection.execute(statement("find_vectors")).fetchone()
    if found is None:
        connection.execute(sql.SQL("create extension vector with schema {}").format(sql.Identifier(vectors)))
    elif found[0] != vectors:
        raise PermanentError(
            f"pgvector is in the schema {found[0]} here and was in {vectors} there: as an administrator run `alter"
            f" extension vector set schema {vectors}`, or restore into a database without it."
        )
