"""Questions whose right place did not come first: where they are answered, what came instead, and why it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """One of them.

    `rank` None: the right place is not among the first ten. `expected`: where it is answered, for people; `instead`:
    what came first ("": nothing did). `why`, `why_instead`: by which side each was found, and how far up.
    """

    id: str
    kind: str
    question: str
    rank: int | None
    expected: str
    instead: str
    why: str
    why_instead: str


def misses(rows: Sequence[Mapping[str, Any]]) -> list[Miss]:
    """Of the rows that `scoring.score` told, those that are no hit at the first place; the worst first."""
    found = [_miss(row) for row in rows if row["kind"] != "none" and row["rank"] != 1]
    return sorted(found, key=lambda each: -(each.rank or 1000))


def _miss(row: Mapping[str, Any]) -> Miss:
    first = next(iter(row["top"]), None)
    return Miss(
        id=row["id"],
        kind=row["kind"],
        question=row["question"],
        rank=row["rank"],
        expected=" or ".join(map(place_of, row["expected"])) + " (no such file)" * row.get("missing", False),
        instead=place_of(first) if first is not None else "",
        why=_why(row["found"]) if row["found"] is not None else "",
        why_instead=_why(first) if first is not None else "",
    )


def place_of(place: Mapping[str, Any]) -> str:
    """`week1.pdf, page 3`, `week1.pdf, pages 3, 4` or `talk.mp4, 0:08-0:20`."""
    if place["kind"] == "slide":
        pages = place.get("pages") or [place["page"]]
        return f"{place['file']}, page{'s' * (len(pages) > 1)} {', '.join(map(str, pages))}"
    return f"{place['file']}, {_clock(place['start_ms'])}-{_clock(place['end_ms'])}"


def _why(ranks: Mapping[str, Any]) -> str:
    sides = {"by meaning": ranks["dense_rank"], "by words": ranks["lexical_rank"]}
    return ", ".join(f"no. {rank} {side}" if rank is not None else f"not {side}" for side, rank in sides.items())


def _clock(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes}:{seconds:02}"
