"""Ledger of an adoption: what was written as which unit, what was left out and why, and the runs that ended."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from pipelines.adoption.former import SQL
from pipelines.adoption.materials import Known
from pipelines.adoption.records import KINDS, Chat, Deck, LeftOut, Listing, Membership, Passages, Record, RowKey, Unit
from pipelines.adoption.report import EXAMPLES, Report, counts_of
from pipelines.core.embeddings.sets import list_sets
from pipelines.core.postgres import Connection
from pipelines.core.records import EmbeddingSet
from pipelines.core.statements import statement

SET_NAME = "former"


class Ledger:
    """What was written and left out before, in mind: one hash a unit, and one a row that was left out."""

    def __init__(self, connection: Connection) -> None:
        self.units: dict[str, bytes] = {row[0]: row[2] for row in connection.execute(statement("list_units", SQL))}
        self.left_out = {(row[0], row[1]): row[2] for row in connection.execute(statement("list_left_out", SQL))}
        self.moved: set[UUID] = {row[0] for row in connection.execute(statement("list_moved", SQL))}


def last_run(connection: Connection) -> tuple[str, dict[str, Any]] | None:
    """What the former rows were when an adoption came to its end, and what it told; None: none has."""
    found = connection.execute(statement("last_run", SQL)).fetchone()
    return (found[0], found[1]) if found is not None else None


def note_run(connection: Connection, signature: str, report: dict[str, Any]) -> None:
    """Remember that an adoption came to its end."""
    connection.execute(statement("note_run", SQL), {"signature": signature, "report": Jsonb(report)})


def note_rows(connection: Connection, rows: Sequence[tuple[RowKey, str, str, str]]) -> None:
    """Remember what became of these rows: each with its state, its reason and its unit."""
    if rows:
        names = ("states", "reasons", "units")
        columns = {name: [row[place] for row in rows] for place, name in enumerate(names, 1)}
        connection.execute(statement("put_rows", SQL), _keys([row[0] for row in rows]) | columns)


def note_units(connection: Connection, units: Sequence[tuple[Unit, bytes]]) -> None:
    """Remember that these units were written, each with its hash."""
    columns = {
        "ids": [unit.id for unit, _ in units],
        "kinds": [KINDS[type(unit.record)] for unit, _ in units],
        "hashes": [hash_ for _, hash_ in units],
        "counts": [_counts(unit) for unit, _ in units],
    }
    connection.execute(statement("put_units", SQL), columns)


def note_looked_at(connection: Connection, units: Sequence[Unit], left_out: Sequence[LeftOut]) -> None:
    """Remember that these mean what they meant: which versions of their rows, and what the report counts of them."""
    rows = [row for unit in units for row in unit.rows] + [item.row for item in left_out]
    connection.execute(statement("note_versions", SQL), _keys([row for row in rows if row.version is not None]))
    columns = {"ids": [unit.id for unit in units], "counts": [_counts(unit) for unit in units]}
    connection.execute(statement("note_counts", SQL), columns)


def report_of(connection: Connection, changed: Report) -> Report:
    """Report of all that has come over or was left out, where only changes were looked at."""
    report = Report(former=changed.former, dims=changed.dims, left_alone=changed.left_alone, changes=changed.changes)
    for name, count in connection.execute(statement("sum_counts", SQL)):
        report.count(name, count)
    for table, reason, count, keys in connection.execute(statement("sum_left_out", SQL), {"examples": EXAMPLES}):
        report.not_adopted.setdefault(table, Counter())[reason] = count
        report.examples.setdefault(table, {})[reason] = keys
    return report


def _keys(rows: Sequence[RowKey]) -> dict[str, list[Any]]:
    return {
        "tables": [row.table for row in rows],
        "keys": [row.key for row in rows],
        "versions": [row.version for row in rows],
    }


def _counts(unit: Unit) -> str:
    return json.dumps({name: count for name, count in counts_of(unit).items() if count})


def vanishing_order(unit: str) -> int:
    """In which order units are removed, so that nothing hangs on what goes."""
    order = ("chat", "slides", "speechs", "listing", "deck", "talk", "membership", "person", "course")
    return order.index(unit.partition(":")[0])


def set_of(connection: Connection, dims: int | None) -> EmbeddingSet | None:
    """The set of the former vectors; None: there is none yet."""
    return next((known for known in list_sets(connection) if known.name == f"{SET_NAME}-{dims}"), None)


def owner_of(record: Record, known: Known) -> UUID | None:
    """Whose it is; None: nobody's alone."""
    if isinstance(record, Passages):
        deck = known.decks.get(record.source_id)
        return deck.owner_id if deck is not None else None
    if isinstance(record, Deck):
        return record.owner_id
    return record.user_id if isinstance(record, Chat | Membership | Listing) else None
