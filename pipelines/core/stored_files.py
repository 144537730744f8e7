"""Stored bytes and the rows that refer to them: held while a row is written, removed when none refers to them any more.

Who stores bytes first and names them in a row afterwards must know that they are still there then: `hold_files` in the
transaction that writes the row says so, and whoever removes bytes waits for that transaction. The statement
`list_referenced_files` is the one list of columns that name stored bytes (a test looks for columns it lacks).
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pipelines.core.errors import StorageUnavailableError
from pipelines.core.files import FileStore
from pipelines.core.models.item_cache import sweep_items
from pipelines.core.partial.sweep import sweep_partial_uploads
from pipelines.core.postgres import Connection, Database
from pipelines.core.statements import statement

GRACE_S = 24 * 3600.0
"""How old bytes without a row must be before the system sweeps them by itself: far longer than any upload lasts."""

UPLOAD_S = 3600.0
"""An upload that has not brought a byte for so long has died; what it left behind has no name yet."""

BATCH = 100
"""Files looked at in one transaction, which keeps others from referring to them meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep removed: stored files, their bytes, and remains of uploads that died."""

    files: int = 0
    byte_count: int = 0
    remains: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesCheck:
    """How rows and stored bytes agree: names some row refers to that are missing, names no row refers to."""

    missing: tuple[str, ...]
    unreferenced: tuple[str, ...]


def hold_files(connection: Connection, files: FileStore, names: Sequence[str]) -> None:
    """Say in the transaction that will name them that these stored files are there and stay.

    Raises:
        StorageUnavailableError: one was removed since it was stored; store it again.
    """
    connection.execute(statement("hold_files"), {"names": list(names)})
    if not all(files.has(name) for name in names):
        raise StorageUnavailableError("A stored file was removed before it was recorded; try again.", code="removed")


def drop_unreferenced(database: Database, files: FileStore, names: Iterable[str]) -> list[str]:
    """Remove those of these files that no row refers to; their names. Safe beside uploads and other removals.

    While a backup is made nothing is removed: what stays goes with a later sweep.

    Raises:
        StorageUnavailableError: the database or the file store is away; what was removed by then is.
    """
    removed: list[str] = []
    for batch in _batches(names):
        with database.transaction() as connection:
            if not _may_remove(connection):
                break
            connection.execute(statement("lock_files"), {"names": batch})
            kept = _referenced(connection, batch)
            for name in batch:
                if name not in kept:
                    files.remove(name)
                    removed.append(name)
    return removed


def sweep_files(database: Database, files: FileStore, *, older_than_s: float = GRACE_S) -> Swept:
    """Remove stored files that no row refers to and that are older than this, and what dead uploads left behind, those
    in pieces that nobody goes on with too. Descriptions of pictures that no slide shows go likewise.

    Raises:
        StorageUnavailableError: the database or the file store is away; a store that cannot be listed keeps all. Or a
            backup is being made (`backup_under_way`).
    """
    with database.transaction() as connection:
        if not _may_remove(connection):
            raise StorageUnavailableError(
                "A backup is being made: no stored file is removed until it is done.", code="backup_under_way"
            )
    sweep_items(database, older_than_s=older_than_s)
    given_up = sweep_partial_uploads(database, files)
    before = time.time() - older_than_s
    old = {file.sha256: file.byte_count for file in files.list_stored() if file.modified_at <= before}
    with database.transaction() as connection:
        known = _referenced(connection, None)
    removed = drop_unreferenced(database, files, [name for name in old if name not in known])
    remains = files.remove_remains(older_than_s=max(older_than_s, UPLOAD_S))
    return Swept(files=len(removed), byte_count=sum(old[name] for name in removed), remains=remains + given_up)


def check_files(database: Database, files: FileStore) -> FilesCheck:
    """Compare rows and stored bytes; changes nothing.

    Raises:
        StorageUnavailableError
    """
    stored = {file.sha256 for file in files.list_stored()}
    with database.transaction() as connection:
        named = _referenced(connection, None)
    missing = sorted(name for name in named - stored if not files.has(name))  # an upload may have come meanwhile
    return FilesCheck(missing=tuple(missing), unreferenced=tuple(sorted(stored - named)))


def _may_remove(connection: Connection) -> bool:
    row = connection.execute(statement("may_remove_files")).fetchone()
    return row is not None and bool(row[0])


def _referenced(connection: Connection, names: list[str] | None) -> set[str]:
    return {row[0] for row in connection.execute(statement("list_referenced_files"), {"names": names})}


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(sorted(set(names)))
    while batch := list(islice(rest, BATCH)):
        yield batch
