"""Paid work kept per item: a second run pays only for what changed."""

import hashlib
from collections.abc import Iterable
from typing import Any

from psycopg.types.json import Jsonb

from pipelines.core.postgres import Connection, Database
from pipelines.core.statements import statement


def item_key(*parts: str) -> bytes:
    """The key of an item: content hash, model, prompt version, in that order. Never a file name or a date."""
    return hashlib.sha256("\n".join(parts).encode()).digest()


def get_cached_items(connection: Connection, kind: str, keys: list[bytes]) -> dict[bytes, Any]:
    """Values of those `keys` that are known."""
    rows = connection.execute(statement("get_cached_items"), {"kind": kind, "keys": keys})
    return {bytes(row[0]): row[1] for row in rows}


def put_cached_item(
    connection: Connection, kind: str, key: bytes, value: dict[str, Any], *, picture_sha256: str
) -> None:
    """Keep one result; the first one for a key stays.

    Args:
        picture_sha256: the stored picture it is about, with which it ends.
    """
    values = {"kind": kind, "key": key, "value": Jsonb(value), "picture_sha256": picture_sha256}
    connection.execute(statement("put_cached_item"), values)


def forget_items(database: Database, pictures: Iterable[str]) -> None:
    """Forget what was paid for about those of these pictures that no slide shows any more.

    Raises:
        StorageUnavailableError: what stays goes with the next sweep.
    """
    with database.transaction() as connection:
        connection.execute(statement("forget_items"), {"pictures": list(pictures)})


def sweep_items(database: Database, *, older_than_s: float) -> int:
    """Forget what was paid for about pictures that no slide shows, and that is older than this; how many items.

    Raises:
        StorageUnavailableError
    """
    with database.transaction() as connection:
        return connection.execute(statement("sweep_items"), {"older_than_s": older_than_s}).rowcount
