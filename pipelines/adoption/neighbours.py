"""Neighbours of passages, compared: which are nearest to a few of them in their course, there and here.

Both sides are searched without an index, so that what differs is a vector. Here vectors are in half precision: who is
as near as the last of the nearest, within `TOLERANCE`, may be another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from typing import Any
from uuid import UUID

from pipelines.adoption.former import CHUNKS, SQL, Former
from pipelines.adoption.ledger import Ledger
from pipelines.adoption.records import Passages, Unit
from pipelines.adoption.values import made_id
from pipelines.core.postgres import Database
from pipelines.core.records import Kind
from pipelines.core.statements import statement

SAMPLED, NEAREST = 8, 5
TOLERANCE = 0.005
"""Of cosine distances."""

Near = Sequence[tuple[UUID, float]]
"""Passages and how far off they are, the nearest first."""


@dataclass(slots=True)
class Sample:
    """Passages with a vector, as if by chance and always the same: those of the lowest ids, which are hashes."""

    _kept: list[tuple[int, UUID, Kind, str]] = field(default_factory=list)

    def add(self, unit: Unit) -> None:
        """Consider the passages of a deck or lecture."""
        if isinstance(unit.record, Passages):
            for key, place in unit.vectors.items():
                if len(self._kept) < SAMPLED:
                    heappush(self._kept, (-key.int, unit.record.course_id, unit.record.kind, place))
                elif -key.int > self._kept[0][0]:
                    heappushpop(self._kept, (-key.int, unit.record.course_id, unit.record.kind, place))

    def compare(self, database: Database, former: Former, ledger: Ledger, set_id: int) -> list[UUID]:
        """The passages among these whose nearest here are others than there. What belongs to people who have moved here
        is nobody's neighbour."""
        found = []
        for number, course, kind, place in sorted(self._kept):
            vector = former.vectors(kind, [place])[place]
            names = {"course": str(course), "moved": [str(key) for key in ledger.moved], "most": NEAREST}
            there = _there(former, vector, names)
            with database.transaction() as connection:
                ours = {**names, "set_id": set_id, "vector": vector}
                here = connection.execute(statement("our_nearest", SQL), ours).fetchall()
            if not same(there, here):
                found.append(UUID(int=-number))
        return found


def _there(former: Former, vector: Any, names: Mapping[str, Any]) -> Near:
    found: list[tuple[UUID, float]] = []
    for kind, table in CHUNKS.items():
        made = former.vector_type(table)
        if made is not None:
            values = {**names, "name": table, "vector": vector.to_text(), "dims": former.dims}
            rows = former.ask("former_nearest", values, table=table, type=made)
            found += [(made_id(kind, key), far) for key, far in rows]
    return sorted(found, key=lambda each: each[1])[:NEAREST]


def same(there: Near, here: Near) -> bool:
    """Whether these are the same passages, or as near as the last of them."""
    return not (_nearer(there, here) or _nearer(here, there))


def _nearer(one: Near, other: Near) -> list[UUID]:
    """Those of `one` that are missing among the `other`, and nearer than the last there."""
    keys = {key for key, _ in other}
    last = other[-1][1] if len(other) >= NEAREST else float("inf")
    return [key for key, far in one if key not in keys and far < last - TOLERANCE]
