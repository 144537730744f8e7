"""Chapters of a lecture, made from the headings of the slides that were up."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from pipelines.core.reading.readers import ShownPage

LEAST_MS, LEAST_SHARE = 30_000, 1 / 20
"""A shorter chapter is a glance at another slide: nobody looks for it in a list. Of a short recording it is a share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A part of a lecture from `start_ms` until the next; the page is the first of its slides."""

    start_ms: int
    title: str
    document_id: UUID
    page: int


def chapters_of(pages: Iterable[ShownPage], duration_ms: int) -> list[Chapter]:
    """The chapters of a lecture in order; empty where no slide with a heading was up.

    One begins where the heading changes; pages without a heading belong to the chapter they stand in. What lasts less
    than half a minute, or than a twentieth of a recording of less than ten minutes, belongs to the chapter before it,
    and at the very beginning to the one after it.

    Args:
        pages: in order of time.
        duration_ms: of the lecture; where it is not known, the end of the last page.
    """
    least_ms = min(LEAST_MS, duration_ms * LEAST_SHARE)
    found: list[Chapter] = []
    for shown in pages:
        title = " ".join(shown.title.split())
        if not title or (found and _same(found[-1].title, title)):
            continue
        if found and shown.start_ms - found[-1].start_ms < least_ms:
            glance = found.pop()
            if found and _same(found[-1].title, title):
                continue
            start_ms = shown.start_ms if found else glance.start_ms
        else:
            start_ms = shown.start_ms
        found.append(Chapter(start_ms=start_ms, title=title, document_id=shown.document_id, page=shown.page))
    if len(found) > 1 and duration_ms - found[-1].start_ms < least_ms:
        found.pop()
    return found


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
