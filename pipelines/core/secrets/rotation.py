"""Rotation of master keys while everything runs: what is sealed with an older key is sealed anew, batch by batch.

Nothing is lost by stopping in the middle: every key opens what it sealed, so going on later is doing the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from pipelines.core.errors import UnreadableFileError
from pipelines.core.models.keys import key_context
from pipelines.core.postgres import Connection
from pipelines.core.secrets.crypto import Sealer, begin_rotation
from pipelines.core.statements import statement
from pipelines.core.stores import Stores

BATCH = 200
"""Rows in one transaction: a few milliseconds, in which nobody waits for more than these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """What a rotation did.

    Args:
        resealed: secrets that are under the new key now.
        lost: secrets that no key opens; their owners connect or enter them again.
        busy: secrets that somebody held all the time; the next rotation takes them.
        new_key: a new key was made; False: the keys are given from outside, and the first of them is the new one.
    """

    resealed: int
    lost: int
    busy: int
    new_key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """Secrets of one kind: the statements that list and change them, and what each is sealed for."""

    listing: str
    change: str
    column: str
    context: Callable[[dict[str, Any]], str]


KINDS = (
    _Kind(
        listing="list_sealed_model_keys",
        change="reseal_model_key",
        column="sealed",
        context=lambda row: key_context(row["user_id"], row["provider"], row["id"]),
    ),
    _Kind(
        listing="list_sealed_passwords",
        change="reseal_password",
        column="password_sealed",
        context=lambda row: f"document|{row['sha256']}",
    ),
)


def rotate_keys(stores: Stores) -> Rotated:
    """Seal everything with a new master key; with the first of MASTER_KEYS where they are given.

    A rotation that was broken off is finished first, so that the home's file never needs more than its last keys.

    Raises:
        SettingsError: the keys cannot be read or written.
        StorageUnavailableError
    """
    first = _reseal(stores)
    if first.busy or not begin_rotation(stores.settings):
        return first
    second = _reseal(stores)
    resealed = max(first.resealed, second.resealed)
    return Rotated(resealed=resealed, lost=second.lost, busy=second.busy, new_key=True)


def _reseal(stores: Stores) -> Rotated:
    sealer = Sealer.open_home(stores.settings)
    resealed = lost = 0
    for kind in KINDS:
        after: UUID | None = UUID(int=0)
        while after is not None:
            with stores.database.transaction() as connection:
                after, done, failed = _batch(connection, sealer, kind, after)
            resealed, lost = resealed + done, lost + failed
    with stores.database.transaction() as connection:
        left = connection.execute(statement("count_sealed_otherwise"), {"mark": sealer.mark}).fetchone()
    busy = max(0, (left[0] if left is not None else 0) - lost)
    return Rotated(resealed=resealed, lost=lost, busy=busy, new_key=False)


def _batch(connection: Connection, sealer: Sealer, kind: _Kind, after: UUID) -> tuple[UUID | None, int, int]:
    """(where to go on, None at the end; sealed anew; lost) of some rows after an id."""
    parameters = {"mark": sealer.mark, "after": after, "limit": BATCH}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement(kind.listing), parameters).fetchall()
    lost = 0
    for row in rows:
        context = kind.context(row)
        try:
            secret = sealer.open(bytes(row[kind.column]), context=context)
        except UnreadableFileError:
            lost += 1
            continue
        connection.execute(statement(kind.change), {"id": row["id"], "sealed": sealer.seal(secret, context=context)})
    return (rows[-1]["id"] if rows else None), len(rows) - lost, lost
