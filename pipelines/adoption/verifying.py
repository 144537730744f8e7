"""Verifying: the former rows, as they would come over now, beside what is here, unit by unit and value by value."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipelines.adoption.adopting import Progress, new_report
from pipelines.adoption.former import SQL, Former
from pipelines.adoption.ledger import Ledger, owner_of, set_of
from pipelines.adoption.materials import Known
from pipelines.adoption.neighbours import Sample
from pipelines.adoption.ours import read_ours
from pipelines.adoption.plan import Plan
from pipelines.adoption.records import LeftOut, Passages, Unit
from pipelines.adoption.values import fingerprint
from pipelines.core.postgres import Connection, Database
from pipelines.core.statements import statement

BATCH = 200
SAMPLED = 200
"""Decks and lectures of which one vector is compared number by number; of all passages, whether they have one."""
SAME = 0.999
"""Cosine of a vector and itself in half precision, at least."""
EXAMPLES = 20


@dataclass(slots=True, kw_only=True)
class Verification:
    """What differs: how often by what is wrong (`by_kind`: and of which kind the unit is, "" where it is about none),
    and examples. `vectors`: how many were compared number by number. `moved`: units of people who have moved here and
    changed them since, which is no difference."""

    compared: int = 0
    differences: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    moved: int = 0
    vectors: int = 0

    def found(self, what: str, which: str) -> None:
        """One more difference."""
        self.differences[what] += 1
        kind, unit, _ = which.partition(":")
        self.by_kind[what, kind if unit and " " not in kind else ""] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"{what}: {which}")

    def as_json(self) -> dict[str, Any]:
        """The result for programs."""
        return {
            "differences": self.differences.total(),
            "compared": self.compared,
            "kinds": dict(self.differences),
            "examples": self.examples,
            "moved": self.moved,
            "vectors_compared": self.vectors,
        }


def verify(database: Database, former: Former, progress: Progress = lambda _done, _of: None) -> Verification:
    """Compare both sides. Nothing is written.

    Raises:
        StorageUnavailableError
    """
    with database.transaction() as connection:
        ledger = Ledger(connection)
        known = set_of(connection, former.dims)
        rows = _counted(connection)
    set_id = known.id if known is not None else None
    result, seen, batch, plan = Verification(), set[str](), list[Unit](), Plan(former)
    planned: Counter[tuple[str, str, str]] = Counter()
    report, sample = new_report(former), Sample()
    total, done = sum(report.former.values()), 0
    for item in plan.items():
        if isinstance(item, LeftOut):
            planned[item.row.table, "left out", item.reason] += 1
            done += 1
            continue
        planned.update((row.table, "adopted", "") for row in item.rows)
        done += len(item.rows)
        seen.add(item.id)
        sample.add(item)
        batch.append(item)
        if len(batch) >= BATCH:
            _compare(database, ledger, set_id, batch, plan.known, result)
            _compare_vectors(database, former, set_id, batch, result)
            batch.clear()
            progress(done, total)
    _compare(database, ledger, set_id, batch, plan.known, result)
    _compare_vectors(database, former, set_id, batch, result)
    for key in sample.compare(database, former, ledger, set_id) if set_id is not None else ():
        result.found("other neighbours", f"passage {key}")
    for unit in ledger.units.keys() - seen:
        result.found("gone there, still here", unit)
    for table, count in report.former.items():
        accounted = sum(n for (name, _, _), n in planned.items() if name == table)
        if accounted != count:
            result.found("rows without an account", f"{table} has {count} rows, {accounted} accounted for")
    for row in sorted((planned - rows) + (rows - planned)):
        result.found("another account in the ledger", f"{row[0]}, {row[1]} {row[2]}: {rows[row]} for {planned[row]}")
    return result


def _compare(  # noqa: PLR0917
    database: Database, ledger: Ledger, set_id: int | None, units: Sequence[Unit], known: Known, result: Verification
) -> None:
    with database.transaction() as connection:
        ours = read_ours(connection, [unit.id for unit in units], set_id)
    for unit in units:
        result.compared += 1
        wanted, before = fingerprint(unit.record), ledger.units.get(unit.id)
        here = fingerprint(ours[unit.id]) if unit.id in ours else None
        if here == wanted == before:
            continue
        if owner_of(unit.record, known) in ledger.moved:
            result.moved += 1
        elif before is None:
            result.found("not brought over", unit.id)
        elif here is None:
            result.found("missing here", unit.id)
        else:
            result.found("changed there" if here == before else "changed here", unit.id)


def _compare_vectors(
    database: Database, former: Former, set_id: int | None, units: Sequence[Unit], result: Verification
) -> None:
    """Compare a vector of some decks and lectures."""
    for unit in units:
        if set_id is None or not unit.vectors or result.vectors >= SAMPLED or not isinstance(unit.record, Passages):
            continue
        key, place = next(iter(unit.vectors.items()))
        theirs = former.vectors(unit.record.kind, [place])
        with database.transaction() as connection:
            names = {"set_id": set_id, "ids": [key]}
            ours = dict(connection.execute(statement("our_vectors", SQL), names).fetchall())
        if key in ours and place in theirs:
            result.vectors += 1
            if float(np.dot(ours[key].to_numpy(), theirs[place].to_numpy().astype(np.float32))) < SAME:
                result.found("another vector", unit.id)


def _counted(connection: Connection) -> Counter[tuple[str, str, str]]:
    found = connection.execute(statement("count_rows", SQL))
    return Counter({(table, state, reason): count for table, state, reason, count in found})
