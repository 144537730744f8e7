"""Partition keys: what an upload is called in Dagster, a name people can read that never changes.

The database makes them (migration 0012) when an upload is recorded; uploads older than that keep their id as key.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from pipelines.core.errors import SupersededError
from pipelines.core.postgres import Connection
from pipelines.core.statements import statement


def partition_keys(connection: Connection, upload_ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """The key of each of these decks and lectures, deleted ones too; an upload that is not there is left out."""
    rows = connection.execute(statement("list_partition_keys"), {"upload_ids": list(upload_ids)})
    return {row[0]: row[1] for row in rows}


def partition_upload(connection: Connection, partition_key: str) -> UUID:
    """The id of the deck or lecture that has this key.

    Raises:
        SupersededError: none has: it was deleted and cleaned up.
    """
    row = connection.execute(statement("find_partition_upload"), {"partition_key": partition_key}).fetchone()
    if row is None:
        raise SupersededError(f"The upload of partition {partition_key} was deleted.")
    upload_id: UUID = row[0]
    return upload_id
