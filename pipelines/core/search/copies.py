"""Copies of one slide among search results: the same deck scanned, printed four to a page, or uploaded by two teachers.

A reader wants one of them, not all. Kept is the copy that shows the slide by itself rather than among others, then the
one whose text came with the file rather than from recognition of its picture; it takes the best copy's place.
"""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from pipelines.core.search.lexical import distinct_terms

SAME_WORDS = 0.7
"""Two slides are copies when they share this part of all their words: recognition of pictures loses about a tenth, and
the next slide of a lecture on the same matter seldom shares half."""
HELD_WORDS = 0.85
"""A page holds a copy of a slide among others when it has this part of the slide's words ..."""
SHEET = 2.0
"""... and this many times as many words, and the slide has more than a few:"""
HELD_FEWEST_WORDS = 15
"""any long page has the words of a short title."""
FEWEST_WORDS = 8
"""Slides of fewer words say too little to be told apart: titles, or one formula."""


def without_copies(
    rows: list[dict[str, Any]], scanned: Callable[[list[UUID]], Collection[UUID]]
) -> list[dict[str, Any]]:
    """The rows of a search without copies, in their order.

    Args:
        rows: best first, with chunk_id, kind, source_id, content and score; slides of different decks are compared.
        scanned: which of some chunks were read from pictures; asked only where there are copies.
    """
    words = {row["chunk_id"]: distinct_terms(row["content"]) for row in rows if row["kind"] == "slide"}
    groups: list[list[dict[str, Any]]] = []
    for row in rows:
        own = words.get(row["chunk_id"], frozenset())
        alone = len(own) < FEWEST_WORDS
        group = None if alone else next((group for group in groups if _has_copy(group, row, own, words)), None)
        if group is None:
            groups.append([row])
        else:
            group.append(row)
    several = [row["chunk_id"] for group in groups if len(group) > 1 for row in group]
    pictures = scanned(several) if several else ()
    return [{**_best(group, words, pictures), "score": group[0]["score"]} for group in groups]


def _has_copy(
    group: list[dict[str, Any]], row: dict[str, Any], own: frozenset[int], words: dict[UUID, frozenset[int]]
) -> bool:
    source = row["source_id"]
    for other in group:
        if other["source_id"] == source:
            return False
    return any(_copies(own, words.get(other["chunk_id"], frozenset())) for other in group)


def _copies(one: frozenset[int], other: frozenset[int]) -> bool:
    fewer, more = (len(one), len(other)) if len(one) < len(other) else (len(other), len(one))
    if fewer < FEWEST_WORDS:
        return False
    shared = len(one & other)
    held = fewer >= HELD_FEWEST_WORDS and more >= SHEET * fewer and shared >= HELD_WORDS * fewer
    return held or shared >= SAME_WORDS * (fewer + more - shared)


def _best(group: list[dict[str, Any]], words: dict[UUID, frozenset[int]], pictures: Collection[UUID]) -> dict[str, Any]:
    counts = {row["chunk_id"]: len(words.get(row["chunk_id"], ())) for row in group}
    fewest = max(1, min(counts.values()))
    return min(
        group,
        key=lambda row: (
            counts[row["chunk_id"]] >= SHEET * fewest,
            row["chunk_id"] in pictures,
            counts[row["chunk_id"]],  # a sheet cut into parts still has some of its other slides in each
        ),
    )
