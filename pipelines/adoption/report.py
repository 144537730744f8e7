"""Report of what an adoption would bring or has brought: counts, reasons and examples."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pipelines.adoption.records import (
    AdoptedCourse,
    AdoptedPerson,
    Chat,
    Deck,
    LeftOut,
    Listing,
    Membership,
    Passages,
    Record,
    Talk,
    Unit,
)

CHUNKS_A_S, MESSAGES_A_S = 1_000, 4_000
CHUNK_BYTES, MESSAGE_BYTES = 2_500, 1_000
"""Of 60 words each, without vectors (`bench/adopt.py`)."""
CHARS_A_TOKEN = 4

EXAMPLES = 5
"""Keys told of each reason."""

_NAMES: dict[type[Record], str] = {
    AdoptedPerson: "people", AdoptedCourse: "courses", Membership: "user_courses", Deck: "documents", Talk: "lectures",
    Listing: "user_lectures", Chat: "chats",
}  # fmt: skip
TOKENS = "tokens_to_embed"
_COUNTED = (*_NAMES.values(), "messages", "sources", "slide_chunks", "speech_chunks", "vectors_kept", "vectors_missing")


@dataclass(slots=True, kw_only=True)
class Report:
    """Counts by former table and by what there is now. `changes`: what was written, removed, or left as somebody
    changed it here; empty for a dry run. `tokens_to_embed`: about, of passages that have no vector."""

    former: dict[str, int] = field(default_factory=dict)
    adopted: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(_COUNTED, 0)))
    not_adopted: dict[str, Counter[str]] = field(default_factory=dict)
    examples: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    noted: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    dims: int | None = None
    left_alone: list[str] = field(default_factory=list)
    tokens_to_embed: int = 0

    @property
    def seconds(self) -> int:
        """About how long an adoption of all of it takes on two slow cores."""
        return round(self._passages / CHUNKS_A_S + self.adopted["messages"] / MESSAGES_A_S) + 1

    @property
    def megabytes(self) -> int:
        """About how much room it takes in the database."""
        vectors = self.adopted["vectors_kept"] * 2.2 * (self.dims or 0)
        return round((self._passages * CHUNK_BYTES + self.adopted["messages"] * MESSAGE_BYTES + vectors) / 1e6) + 1

    @property
    def _passages(self) -> int:
        return self.adopted["slide_chunks"] + self.adopted["speech_chunks"]

    def add(self, item: Unit | LeftOut) -> None:
        """Count one item of the plan."""
        if isinstance(item, LeftOut):
            self.not_adopted.setdefault(item.row.table, Counter())[item.reason] += 1
            keys = self.examples.setdefault(item.row.table, {}).setdefault(item.reason, [])
            if len(keys) < EXAMPLES:
                keys.append(item.row.key)
        else:
            self._count(item, 1)

    def take_back(self, unit: Unit, reason: str) -> None:
        """Count a unit as left out after all."""
        self._count(unit, -1)
        for row in unit.rows:
            self.add(LeftOut(row=row, reason=reason))

    def _count(self, item: Unit, sign: int) -> None:
        for name, count in counts_of(item).items():
            self.count(name, sign * count)

    def count(self, name: str, count: int) -> None:
        """Count what `counts_of` names."""
        if name == TOKENS:
            self.tokens_to_embed += count
        elif name in _COUNTED:
            self.adopted[name] += count
        else:
            self.noted[name] += count

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Report":
        """A report as it was told, of a time from which on nothing was written or removed."""
        kept = {why: count for why, count in told["changes"].items() if why not in ("written", "removed")}
        return cls(
            former=told["former"],
            adopted=Counter(told["adopted"]),
            not_adopted={table: Counter(reasons) for table, reasons in told["not_adopted"].items()},
            examples=told["examples"],
            noted=Counter(told["noted"]),
            changes=Counter(kept),
            dims=told["vectors"]["dims"],
            left_alone=told["left_alone"],
            tokens_to_embed=told["vectors"].get("tokens_to_embed", 0),
        )

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "former": self.former,
            "adopted": dict(self.adopted),
            "not_adopted": {table: dict(reasons) for table, reasons in self.not_adopted.items()},
            "examples": self.examples,
            "noted": {name: count for name, count in sorted(self.noted.items()) if count},
            "changes": dict(self.changes),
            "vectors": {
                "dims": self.dims,
                "to_embed": self.adopted["vectors_missing"],
                "tokens_to_embed": self.tokens_to_embed,
            },
            "estimate": {"seconds": self.seconds, "megabytes": self.megabytes},
            "left_alone": self.left_alone,
        }


def counts_of(unit: Unit) -> Counter[str]:
    """What the report counts of a unit: by name what came over, tokens to embed, and what is worth a line."""
    record, counts = unit.record, Counter(unit.noted)
    if isinstance(record, AdoptedPerson) and not (unit.rows or unit.chats):
        return counts  # who only owns a deck: noted, and no row of theirs is counted
    if isinstance(record, Passages):
        vectors = sum(each.vector for each in record.items)
        counts[f"{record.kind}_chunks"] = len(record.items)
        counts["vectors_kept"], counts["vectors_missing"] = vectors, len(record.items) - vectors
        counts[TOKENS] = sum(len(each.text) // CHARS_A_TOKEN for each in record.items if not each.vector)
        return counts
    counts[_NAMES[type(record)]] = 1
    if isinstance(record, Chat):
        counts["messages"] = len(record.messages)
        counts["sources"] = sum(len(message.cited) for message in record.messages)
    return counts
