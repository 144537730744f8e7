"""Adopting: our rows are brought to what the former rows say, in batches, and the ledger says what became of each row.

First time, again after a `kill -9`, and days later alike: what is here already is passed over, what is new or other is
written, what is gone there goes here too. What somebody changed here stays as they left it, and people who have moved
here are not written to any more. A batch and its entries in the ledger are one transaction.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import psycopg

from pipelines.adoption.arrays import take_arrays
from pipelines.adoption.batches import Batch, batches
from pipelines.adoption.changes import Changes, find_changes
from pipelines.adoption.counting import Counter, counting
from pipelines.adoption.former import CHUNKS, PUBLIC, SQL, TABLES, Former
from pipelines.adoption.ledger import (
    SET_NAME,
    Ledger,
    last_run,
    note_looked_at,
    note_rows,
    note_run,
    note_units,
    owner_of,
    report_of,
    set_of,
    vanishing_order,
)
from pipelines.adoption.ours import read_ours
from pipelines.adoption.plan import Plan
from pipelines.adoption.records import LeftOut, Passages, RowKey, Unit
from pipelines.adoption.report import Report
from pipelines.adoption.values import fingerprint
from pipelines.adoption.writing import Extras, remove_unit, write_units
from pipelines.core.embeddings.sets import add_set
from pipelines.core.errors import StorageUnavailableError
from pipelines.core.postgres import Connection, Database
from pipelines.core.records import EmbeddingSet
from pipelines.core.statements import statement

AHEAD = 2
"""Batches whose words are counted while others are written."""
RESTING = 1.0
"""After a batch the database is left alone for as long as the batch took to be written, so that who asks the former
system meanwhile waits little longer; words are counted meanwhile."""
MODEL, BASE_URL = "voyage-3-lite", "https://api.voyageai.com/v1"
"""The embedding model of the system that this one replaces, and where it is asked."""
VERSION = 2
"""Of what rows mean: raised when they mean something else, so that all of them are looked at again."""

MOVED, CHANGED = "its person has moved here", "changed here"
"""Why something is left as it is here."""

Progress = Callable[[int, int], None]
"""Former rows that were looked at, of all."""


class Adoption:
    """One adoption, into `database`.

    Args:
        model, base_url: of the former vectors, and where that model is asked.
        workers: processes that count words beside this one.

    Raises:
        PermanentError: another is running.
    """

    def __init__(
        self,
        database: Database,
        former: Former,
        *,
        model: str = MODEL,
        base_url: str | None = BASE_URL,
        workers: int = 0,
    ) -> None:
        former.adopt_alone()
        self._database, self._former, self._workers = database, former, workers
        with database.transaction() as connection:
            self._ledger, self._last = Ledger(connection), last_run(connection)
            self._set = _chosen_set(connection, former.dims, model, base_url)
        self._plan = Plan(former)
        self._report = new_report(former)
        self._seen: set[str] = set()
        self._seen_left: set[tuple[str, str]] = set()

    def run(self, progress: Progress = lambda _done, _of: None) -> Report:
        """Bring everything over; nothing is looked at twice where no row has changed since the last time.

        Raises:
            StorageUnavailableError: the database is gone or full; what was written stays, and a second run goes on.
        """
        signature = f"{self._rules}\n{sorted(self._ledger.moved)}\n{self._former.versions()}"
        if self._last is not None and self._last[0] == signature:
            return Report.from_json(self._last[1])
        self._plan = Plan(self._former, self._changes())
        self._bring(progress)
        self._remove_vanished()
        with self._database.transaction() as connection:
            if self._plan.only is not None:
                self._report = report_of(connection, self._report)
            note_run(connection, signature, self._report.as_json())
        return self._report

    @property
    def _rules(self) -> str:
        """What rows mean, and into which set vectors come."""
        return f"{VERSION}\n{self._former.dims}"

    def _changes(self) -> Changes | None:
        """What is looked at; None: everything, as rows mean something else than at the end of the last run, or none
        has come to its end."""
        if self._last is None or not self._last[0].startswith(self._rules + "\n"):
            return None
        return find_changes(self._former, self._ledger)

    def _bring(self, progress: Progress) -> None:
        """Write what is new or other: the words of a batch are counted while the one before is written."""
        total, done = sum(self._report.former.values()), 0
        chunks = sum(self._report.former.get(table, 0) for table in CHUNKS.values())
        waiting: deque[Batch] = deque()
        with counting(chunks, self._workers) as counter:
            for items in batches(self._plan.items()):
                for item in items:
                    self._report.add(item)
                    done += 1 if isinstance(item, LeftOut) else len(item.rows)
                waiting.append(self._compare(items, counter))
                if len(waiting) > AHEAD:
                    began = time.monotonic()
                    self._write(waiting.popleft())
                    time.sleep(RESTING * (time.monotonic() - began))
                progress(done, total)
            while waiting:
                self._write(waiting.popleft())

    def _compare(self, items: Sequence[Unit | LeftOut], counter: Counter) -> Batch:
        """What of these items is other than in the ledger."""
        left = [item for item in items if isinstance(item, LeftOut)]
        units = [(item, fingerprint(item.record)) for item in items if isinstance(item, Unit)]
        self._seen.update(unit.id for unit, _ in units)
        self._seen_left.update((item.row.table, item.row.key) for item in left)
        other = [(unit, hash_) for unit, hash_ in units if self._ledger.units.get(unit.id) != hash_]
        return Batch(
            units=other,
            left_out=[item for item in left if not self._is_known(item)],
            same=[unit for unit, hash_ in units if self._ledger.units.get(unit.id) == hash_],
            same_left_out=[item for item in left if self._is_known(item)],
            words={
                unit.id: counter.count([each.text for each in unit.record.items])
                for unit, _ in other
                if isinstance(unit.record, Passages)
            },
        )

    def _is_known(self, item: LeftOut) -> bool:
        return self._ledger.left_out.get((item.row.table, item.row.key)) == item.reason

    def _write(self, batch: Batch) -> None:
        """Write a batch: its statements together, or one unit after another where the database will not keep one."""
        if batch.same or batch.same_left_out:
            with self._database.transaction(pipelined=True) as connection:
                note_looked_at(connection, batch.same, batch.same_left_out)
        if not batch.units and not batch.left_out:
            return
        try:
            with self._database.transaction(pipelined=True) as connection:
                done = self._write_all(connection, batch, careful=False)
        except (
            psycopg.DataError, psycopg.IntegrityError, psycopg.errors.CardinalityViolation, StorageUnavailableError
        ):  # fmt: skip
            with self._database.transaction() as connection:
                done = self._write_all(connection, batch, careful=True)
        for unit, why_not in done:
            self._report.changes[why_not or "written"] += 1
            if why_not and unit.id not in self._ledger.units:
                self._report.take_back(unit, why_not)

    def _write_all(self, connection: Connection, batch: Batch, *, careful: bool) -> list[tuple[Unit, str]]:
        """Write a batch and its entries in the ledger: each unit with why it was not written ("": it was)."""
        ids = [unit.id for unit, _ in batch.units]
        connection.execute(statement("forget_rows_of_units", SQL), {"units": ids})
        rows: list[tuple[RowKey, str, str, str]] = []
        done = []
        judged = list(self._judged(connection, batch.units))
        written = [(unit, hash_) for unit, hash_, why_not in judged if not why_not]
        failed = self._write_carefully(connection, written, batch) if careful else {}
        if not careful:
            self._write_units(connection, written, batch)
        for unit, _, untouched in judged:
            why_not = untouched or failed.get(unit.id, "")
            left_out = why_not and unit.id not in self._ledger.units
            how = ("left out", why_not, "") if left_out else ("adopted", "", unit.id)
            looked_at = [replace(row, version=None) for row in unit.rows] if why_not else unit.rows
            rows += [(row, *how) for row in looked_at]
            done.append((unit, why_not))
        note_rows(connection, [*rows, *((item.row, "left out", item.reason, "") for item in batch.left_out)])
        return done

    def _write_carefully(
        self, connection: Connection, units: Sequence[tuple[Unit, bytes]], batch: Batch
    ) -> dict[str, str]:
        """Write units one by one; why those were not that the database will not keep: then nothing of them is written,
        and the others go on."""
        failed = {}
        for unit, hash_ in units:
            try:
                with connection.transaction():
                    self._write_units(connection, [(unit, hash_)], batch)
            except (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded) as error:
                failed[unit.id] = f"cannot be kept ({error.sqlstate})"
        return failed

    def _write_units(self, connection: Connection, units: Sequence[tuple[Unit, bytes]], batch: Batch) -> None:
        take_arrays(connection)
        write_units(connection, [unit for unit, _ in units], lambda unit: self._extras(unit, batch))
        note_units(connection, units)

    def _extras(self, unit: Unit, batch: Batch) -> Extras:
        words = batch.words[unit.id].words()
        if self._set is None or not unit.vectors or not isinstance(unit.record, Passages):
            return Extras(words=words)
        vectors = self._former.vector_array(unit.record.kind, list(unit.vectors.values()))
        return Extras(words=words, known=self._set, vectors=vectors)

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
        only = self._plan.only
        vanished = [
            unit for unit in self._ledger.units if unit not in self._seen and (only is None or only.looks_at(unit))
        ]
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
        gone = [
            key
            for key in self._ledger.left_out
            if key not in self._seen_left and (only is None or key in only.gone or key[0] in PUBLIC)
        ]
        with self._database.transaction() as connection:
            parameters = {"tables": [table for table, _ in gone], "keys": [key for _, key in gone]}
            connection.execute(statement("forget_left_out", SQL), parameters)


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
    return report


def _chosen_set(connection: Connection, dims: int | None, model: str, base_url: str | None) -> EmbeddingSet | None:
    """The set of the former vectors, made where it is missing; None: there are none, or none that a set could hold."""
    if dims is None:
        return None
    known = set_of(connection, dims)
    return known or add_set(connection, f"{SET_NAME}-{dims}", model=model, dims=dims, base_url=base_url, text="alone")
