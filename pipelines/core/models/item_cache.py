"""Paid work kept per item: a second run pays only for what changed."""

import hashlib
from typing import Any

from psycopg.types.json import Jsonb

from pipelines.core.postgres import Connection
from pipelines.core.statements import statement


def item_key(*parts: str) -> bytes:
    """The key of an item: content hash, model, prompt version, in that order. Never a file name or a date."""
    return hashlib.sha256("\n".join(parts).encode()).digest()


def get_cached_items(connection: Connection, kind: str, keys: list[bytes]) -> dict[bytes, Any]:
    """Values of those `keys` that are known."""
    rows = connection.execute(statement("get_cached_items"), {"kind": kind, "keys": keys})
    return {bytes(row[0]): row[1] for row in rows}


def put_cached_item(connection: Connection, kind: str, key: bytes, value: dict[str, Any]) -> None:
    """Keep one result; the first one for a key stays."""
    connection.execute(statement("put_cached_item"), {"kind": kind, "key": key, "value": Jsonb(value)})
