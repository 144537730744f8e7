"""Adopting: our rows are brought to what the former rows say, in batches, and the ledger says what became of each row.

First time, again after a `kill -9`, and days later alike: what is here already is passed over, what is new or other is
written, what is gone there goes here too. What somebody changed here stays as they left it, and people who have moved
here are not written to any more. A batch and its entries in the ledger are one transaction.
"""

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

import psycopg

from pipelines.adoption.former import SQL, TABLES, Former
from pipelines.adoption.materials import Known
from pipelines.adoption.ours import read_ours
from pipelines.adoption.plan import Plan
from pipelines.adoption.records import (
    KINDS,
    Chat,
    Deck,
    LeftOut,
    Listing,
    Membership,
    Passages,
    Record,
    RowKey,
    Unit,
)
from pipelines.adoption.report import Report
from pipelines.adoption.values import fingerprint
from pipelines.adoption.writing import remove_unit, write_unit
from pipelines.core.embeddings.sets import add_set, list_sets
from pipelines.core.postgres import Connection, Database
from pipelines.core.records import EmbeddingSet
from pipelines.core.statements import statement

SET_NAME = "former"
BATCH_WEIGHT = 2000
"""Messages and passages of one transaction."""

MOVED, CHANGED = "its person has moved here", "changed here"
"""Why something is left as it is here."""

Progress = Callable[[int, int], None]
"""Former rows that were looked at, of all."""


class Ledger:
    """What was written and left out before, in mind: one hash a unit, and one a row that was left out."""

    def __init__(self, connection: Connection) -> None:
        self.units: dict[str, bytes] = {row[0]: row[2] for row in connection.execute(statement("list_units", SQL))}
        self.left_out = {(row[0], row[1]): row[2] for row in connection.execute(statement("list_left_out", SQL))}
        self.moved: set[UUID] = {row[0] for row in connection.execute(statement("list_moved", SQL))}


class Adoption:
    """One adoption, into `database`.

    Raises:
        PermanentError: another is running.
    """

    def __init__(self, database: Database, former: Former, *, model: str, base_url: str | None) -> None:
        former.adopt_alone()
        self._database, self._former = database, former
        with database.transaction() as connection:
            self._ledger = Ledger(connection)
            self._set = _chosen_set(connection, former.dims, model, base_url)
        self._plan = Plan(former, vectors=True)
        self._report = new_report(former)
        self._seen: set[str] = set()
        self._seen_left: set[tuple[str, str]] = set()

    def run(self, progress: Progress = lambda _done, _of: None) -> Report:
        """Bring everything over.

        Raises:
            StorageUnavailableError: the database is gone or full; what was written stays, and a second run goes on.
        """
        total, done = sum(self._report.former.values()), 0
        for batch in _batches(self._plan.items()):
            for item in batch:
                self._report.add(item)
                done += 1 if isinstance(item, LeftOut) else len(item.rows)
            self._write(batch)
            progress(done, total)
        self._remove_vanished()
        self._report.noted = self._plan.noted
        return self._report

    def _write(self, batch: Sequence[Unit | LeftOut]) -> None:
        left = [item for item in batch if isinstance(item, LeftOut)]
        units = [(item, fingerprint(item.record)) for item in batch if isinstance(item, Unit)]
        self._seen.update(unit.id for unit, _ in units)
        self._seen_left.update((item.row.table, item.row.key) for item in left)
        other = [(unit, hash_) for unit, hash_ in units if self._ledger.units.get(unit.id) != hash_]
        fresh_left = [item for item in left if self._ledger.left_out.get((item.row.table, item.row.key)) != item.reason]
        if not other and not fresh_left:
            return
        with self._database.transaction() as connection:
            connection.execute(statement("forget_rows_of_units", SQL), {"units": [unit.id for unit, _ in other]})
            for unit, hash_, judged in self._judged(connection, other):
                why_not = judged or self._write_one(connection, unit, hash_)
                self._report.changes[why_not or "written"] += 1
                left_out = why_not and unit.id not in self._ledger.units
                if left_out:
                    self._report.take_back(unit, why_not)
                how = ("left out", why_not, "") if left_out else ("adopted", "", unit.id)
                _note_rows(connection, [(row, *how) for row in unit.rows])
            _note_rows(connection, [(item.row, "left out", item.reason, "") for item in fresh_left])

    def _write_one(self, connection: Connection, unit: Unit, hash_: bytes) -> str:
        """Write a unit and its entry in the ledger; why that cannot be, where the database will not keep it: then
        nothing of it is written, and the others go on."""
        try:
            with connection.transaction():
                write_unit(connection, unit, self._set)
                key = {"id": unit.id, "kind": KINDS[type(unit.record)], "hash": hash_}
                connection.execute(statement("put_unit", SQL), key)
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded) as error:
            return f"cannot be kept ({error.sqlstate})"
        return ""

    def _judged(self, connection: Connection, units: Sequence[tuple[Unit, bytes]]) -> Iterator[tuple[Unit, bytes, str]]:
        """Each with why it is not written: somebody changed it here, or its person has moved; "": it is written."""
        known = [unit.id for unit, _ in units if unit.id in self._ledger.units]
        ours = read_ours(connection, known, self._set_id) if known else {}
        for unit, hash_ in units:
            before = self._ledger.units.get(unit.id)
            if owner_of(unit.record, self._plan.known) in self._ledger.moved:
                yield unit, hash_, MOVED
            elif before is None or (unit.id in ours and fingerprint(ours[unit.id]) == before):
                yield unit, hash_, ""
            else:
                yield unit, hash_, CHANGED

    @property
    def _set_id(self) -> int | None:
        return self._set.id if self._set is not None else None

    def _remove_vanished(self) -> None:
        """What is gone there goes here too, unless somebody changed it here; in the order in which nothing hangs."""
        vanished = [unit for unit in self._ledger.units if unit not in self._seen]
        for unit in sorted(vanished, key=vanishing_order):
            with self._database.transaction() as connection:
                found = read_ours(connection, [unit], self._set_id).get(unit)
                if found is not None and owner_of(found, self._plan.known) in self._ledger.moved:
                    self._report.changes[MOVED] += 1
                elif found is not None and fingerprint(found) != self._ledger.units[unit]:
                    self._report.changes[CHANGED] += 1
                elif found is not None:
                    self._report.changes["removed" if remove_unit(connection, unit) else CHANGED] += 1
                connection.execute(statement("forget_units", SQL), {"units": [unit]})
        gone = [key for key in self._ledger.left_out if key not in self._seen_left]
        with self._database.transaction() as connection:
            parameters = {"tables": [table for table, _ in gone], "keys": [key for _, key in gone]}
            connection.execute(statement("forget_left_out", SQL), parameters)


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


def new_report(former: Former) -> Report:
    """A report that knows how many rows there are."""
    counts = {table: former.count(table) for table in TABLES if table in former.tables}
    return Report(former=counts, dims=former.dims, left_alone=former.others)


def look(former: Former, progress: Progress = lambda _done, _of: None) -> Report:
    """What an adoption would bring. Nothing is written."""
    plan, report = Plan(former), new_report(former)
    total, done = sum(report.former.values()), 0
    for item in plan.items():
        report.add(item)
        done += 1 if isinstance(item, LeftOut) else len(item.rows)
        progress(done, total)
    report.noted = plan.noted
    return report


def _chosen_set(connection: Connection, dims: int | None, model: str, base_url: str | None) -> EmbeddingSet | None:
    """The set of the former vectors, made where it is missing; None: there are none, or none that a set could hold."""
    if dims is None:
        return None
    known = set_of(connection, dims)
    return known or add_set(connection, f"{SET_NAME}-{dims}", model=model, dims=dims, base_url=base_url, text="alone")


def _note_rows(connection: Connection, rows: Sequence[tuple[RowKey, str, str, str]]) -> None:
    if rows:
        names = ("states", "reasons", "units")
        columns = {name: [row[place] for row in rows] for place, name in enumerate(names, 1)}
        keys = {"tables": [row[0].table for row in rows], "keys": [row[0].key for row in rows]}
        connection.execute(statement("put_rows", SQL), keys | columns)


def _batches(items: Iterator[Unit | LeftOut]) -> Iterator[list[Unit | LeftOut]]:
    batch: list[Unit | LeftOut] = []
    weight = 0
    for item in items:
        batch.append(item)
        weight += max(1, len(item.rows)) if isinstance(item, Unit) else 1
        if isinstance(item, Unit) and isinstance(item.record, Chat):
            weight += len(item.record.messages)
        if weight >= BATCH_WEIGHT:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch
