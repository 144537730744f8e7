"""Moving people from the former system to this one and back, how far an adoption has come, and forgetting it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from pipelines.adoption.former import CHUNKS, PUBLIC, SESSIONS, SOURCES, SQL
from pipelines.adoption.ledger import Ledger, vanishing_order
from pipelines.adoption.ours import read_ours
from pipelines.adoption.values import fingerprint
from pipelines.adoption.writing import remove_unit
from pipelines.core.postgres import Connection, Database
from pipelines.core.statements import statement

FORGOTTEN_AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far an adoption has come: people who came over, those who have signed in since, those who belong here; what
    came over by kind; rows by table, state and reason; when the last was written (None: nothing was)."""

    people: int
    claimed: int
    moved: int
    units: dict[str, int]
    rows: dict[str, dict[str, int]]
    written_at: datetime | None


def standing(connection: Connection) -> Standing:
    """How far it has come."""
    people, claimed, moved = connection.execute(statement("count_people", SQL)).fetchall()[0]
    units = connection.execute(statement("count_units", SQL)).fetchall()
    rows: dict[str, dict[str, int]] = {}
    for table, state, reason, count in connection.execute(statement("count_rows", SQL)):
        rows.setdefault(table, {})[reason or state] = count
    written = max((row[2] for row in units), default=None)
    return Standing(
        people=people,
        claimed=claimed,
        moved=moved,
        units={row[0]: row[1] for row in units},
        rows=rows,
        written_at=written,
    )


def cut_over(connection: Connection, *, person: UUID | None = None, course: UUID | None = None) -> list[UUID]:
    """From the end of the transaction on these people belong here: who moved. None and None: everybody."""
    return _move(connection, "move_people", person, course)


def go_back(connection: Connection, *, person: UUID | None = None, course: UUID | None = None) -> list[UUID]:
    """These people belong to the former system again: who moved back. What they wrote here stays here."""
    return _move(connection, "move_people_back", person, course)


def forget(database: Database, set_id: int | None) -> Counter[str]:
    """Remove what came over and was changed by nobody here, of people who have not moved; what became of it: removed,
    or left as people here have it.
    """
    with database.transaction() as connection:
        ledger = Ledger(connection)
    done: Counter[str] = Counter()
    units = iter(sorted(ledger.units, key=vanishing_order))
    while batch := list(islice(units, FORGOTTEN_AT_ONCE)):
        with database.transaction() as connection:
            ours = read_ours(connection, batch, set_id)
            for unit in batch:
                record = ours.get(unit)
                owner = getattr(record, "user_id", None) or getattr(record, "owner_id", None)
                untouched = record is not None and fingerprint(record) == ledger.units[unit]
                gone = untouched and owner not in ledger.moved and remove_unit(connection, unit)
                done["removed" if gone else "kept"] += 1
            connection.execute(statement("forget_units", SQL), {"units": batch})
    with database.transaction() as connection:
        parameters = {"tables": [key[0] for key in ledger.left_out], "keys": [key[1] for key in ledger.left_out]}
        connection.execute(statement("forget_left_out", SQL), parameters)
        connection.execute(statement("forget_runs", SQL))
    return done


def dropping(tables: list[str]) -> str:
    """The SQL that would drop the former tables; it is printed and never run."""
    theirs = [f"public.{name}" for name in reversed(PUBLIC) if name in tables]
    others = [f"ai.{name}" for name in (SOURCES, SESSIONS, *CHUNKS.values()) if name in tables]
    return "\n".join(f"drop table {name};" for name in [*others, *theirs])


def _move(connection: Connection, name: str, person: UUID | None, course: UUID | None) -> list[UUID]:
    rows = connection.execute(statement(name, SQL), {"user_id": person, "course_id": course})
    return [row[0] for row in rows]
