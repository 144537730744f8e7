"""Pages and minutes that a question names: a slide by its number, a moment of a recording by its time."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from pipelines.core.search.tokens import words

_NUMBER = r"(?:(?:number|no\.?|nr\.?|nummer|n°)\s*)?(\d{1,4})(?![\d.,:]*\d)"
_PAGE = re.compile(
    r"(?<!\w)(?:pages?|pp?\.|slides?|seiten?|s\.|folien?|diapositives?|diapos?|p[aá]ginas?|diapositivas?)\s*"
    + _NUMBER
    + r"|第?\s*(\d{1,4})\s*[页頁]",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(?<![\d:.])(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)(?![\d:])")
_MINUTE = re.compile(
    r"(?<!\w)minuten?\s*(\d{1,3})(?!\d)|(?<!\w)(\d{1,3})(?:st|nd|rd|th|\.)\s+minute(?!\w)", re.IGNORECASE
)
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place that a question names.

    `page` is a physical or printed page number; `start_ms` and `end_ms` a stretch of time [start, end). What was not
    named is None; a place has one of the two.
    """

    page: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None


def named_place(question: str) -> Place | None:
    """The first page (`page 12`, `slide 3`, `Seite 4`) or moment (`12:30`, `1:02:03`, `minute 12`) a question names.

    Numbers of anything else (`chapter 3`, `12 pages`) are no places.
    """
    if page := _PAGE.search(question):
        return Place(page=int(page.group(1) or page.group(2)))
    if clock := _CLOCK.search(question):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        start = ((hours * 60 + minutes) * 60 + seconds) * 1000
        return Place(start_ms=start, end_ms=start + 1000)
    if minute := _MINUTE.search(question):
        start = int(minute.group(1) or minute.group(2)) * MINUTE_MS
        return Place(start_ms=start, end_ms=start + MINUTE_MS)
    return None


def named_sources(question: str, names: Iterable[Mapping[str, str | UUID]]) -> list[UUID]:
    """Which sources a question means by their names; empty when it names none, and then any may be meant.

    Args:
        names: of each source its `id`, `file_name` and `title`.

    Returns:
        Those whose names have most of the question's words, all with as many.
    """
    asked = set(words(question))
    shared: dict[UUID, int] = {}
    for name in names:
        own = set(words(f"{name['file_name']} {name['title']}".replace("_", " ").rpartition(".")[0]))
        own |= set(words(str(name["title"])))
        shared[name["id"]] = len(asked & own)  # type: ignore[index]
    most = max(shared.values(), default=0)
    return [source for source, count in shared.items() if count == most] if most else []
