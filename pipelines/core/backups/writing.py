"""Making a backup: the database as it is at one moment, then every stored file that it names.

Files are never changed and only ever removed, so a backup holds removals back (`hold_removals`) from before its view of
the database is taken until the last file is copied; uploads, chats and runs go on meanwhile.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from pipelines.core.backups.places import Manifest, Place, Stored, file_name
from pipelines.core.backups.programs import dump
from pipelines.core.database_address import libpq_address, parse_address
from pipelines.core.errors import NotFoundError, StorageUnavailableError
from pipelines.core.migrate import connection_name
from pipelines.core.overview import read_overview
from pipelines.core.postgres import database_urls
from pipelines.core.schemas import DEFAULT
from pipelines.core.statements import statement
from pipelines.core.stores import Stores

APPLICATION, DAGSTER, SECRETS = "application.dump", "dagster.dump", "master.key"
Told = Callable[[int, int], None]
"""Called as parts of a backup are copied or compared: how many are done, of how many."""


def make_backup(stores: Stores, place: Place, *, told: Told = lambda *_: None) -> tuple[Manifest, int]:
    """Write one backup; what it shares with earlier ones in the same place is not written again.

    Returns:
        What it holds, and how many files were copied now.

    Raises:
        SettingsError, StorageUnavailableError, PermanentError: what was written so far is no backup yet, and is used by
            the next try.
    """
    place.claim()
    known = _known(place)
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S.%fZ")
    with _removals_held(stores), tempfile.TemporaryDirectory(prefix="sb-backup-") as folder:
        names, counts = _dump_all(stores, Path(folder))
        dumps = {}
        key = stores.settings.home / SECRETS  # what it opens lies beside it, so it goes where all is encrypted
        for path in [*sorted(Path(folder).iterdir()), *([key] if place.encrypts and key.is_file() else [])]:
            with path.open("rb") as source:
                dumps[path.name] = place.put(f"backups/{at}/{path.name}", source)
        files, copied = {}, 0
        for number, name in enumerate(names, start=1):
            if name in known:
                files[name] = known[name]
            else:
                files[name] = _copy(stores, place, name)
                copied += 1
            told(number, len(names))
    manifest = Manifest(
        at=at,
        schema=stores.settings.database_schema,
        vectors=stores.database.schemas.vectors,
        encrypted=place.encrypts,
        counts=counts,
        dumps=dumps,
        files=files,
    )
    place.write_manifest(manifest)
    return manifest, copied


def drop_old(place: Place, keep: int) -> list[str]:
    """Remove all but the newest backups of a place, then the stored bytes that none of those left names.

    Returns:
        The times of the backups that went.
    """
    times = place.manifests()
    old, left = times[:-keep], times[-keep:]
    if not old:
        return []
    needed = {name for at in left for name in place.read_manifest(at).files}
    for at in old:
        place.remove(f"backups/{at}")
    for name in place.sizes():
        if name not in needed:
            place.remove(file_name(name))
    return old


def _known(place: Place) -> dict[str, Stored]:
    """Stored bytes that earlier backups of the same kind wrote and that still lie there in their full length."""
    there = place.sizes()
    known: dict[str, Stored] = {}
    for at in place.manifests():
        manifest = place.read_manifest(at)
        if manifest.encrypted == place.encrypts:
            known |= {name: each for name, each in manifest.files.items() if there.get(name) == each.byte_count}
    return known


def _copy(stores: Stores, place: Place, name: str) -> Stored:
    try:
        with stores.files.open_read(name) as source:
            return place.put(file_name(name), source)
    except NotFoundError:
        raise StorageUnavailableError(
            f"The stored file {name} is missing (`studybuddy files check` lists all that are); a backup without it"
            " would not be whole.",
            code="file_missing",
        ) from None


def _dump_all(stores: Stores, folder: Path) -> tuple[list[str], dict[str, object]]:
    """Dump both databases into `folder`; names of the stored files, and counts, of the same view."""
    own, dagster = stores.database.direct_url, database_urls(stores.settings)[1]
    schemas = stores.database.schemas
    only = () if schemas.main == DEFAULT else (schemas.main, schemas.ai)
    with psycopg.connect(own) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        (snapshot,) = connection.execute(statement("export_snapshot")).fetchall()[0]
        connection.execute(statement("look_in"), {"path": schemas.path, "transaction": True})
        rows = connection.execute(statement("list_referenced_files"), {"names": None})
        names = sorted({name for (name,) in rows})
        counts = asdict(read_overview(connection))
        dump(own, folder / APPLICATION, snapshot=snapshot, schemas=only)
    dump(libpq_address(parse_address(dagster, name="DAGSTER_DATABASE_URL")), folder / DAGSTER)
    return names, counts


@contextmanager
def _removals_held(stores: Stores) -> Iterator[None]:
    with psycopg.connect(
        stores.database.direct_url, application_name=connection_name("studybuddy backup")
    ) as connection:
        connection.execute(statement("hold_removals"))
        yield
