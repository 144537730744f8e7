"""Suggestions for a first question: headings of the course's own slides that say what a deck is about."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

LEAST_CHARS, MOST_CHARS = 4, 60
LEAST_TEXT = 80
"""Characters that the pages under a heading have at least: a question about a bare heading finds nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """The heading of one page, and how many characters of text stand under it."""

    document_id: UUID
    file_name: str
    deck_title: str
    page: int
    title: str
    characters: int


def suggest(headings: Sequence[Heading], limit: int) -> list[Heading]:
    """Headings to ask about, at most `limit`, of as many decks as possible.

    Left out is what every deck says (a heading of two decks or more: outline, summary, literature), what a deck repeats
    in different places (its agenda), the deck's own title, and what has hardly any text. Of a deck, the heading that
    most pages in a row stand under comes first.

    Args:
        headings: in order of decks, those to be asked about first at the front, and of pages.
    """
    decks = [list(group) for _, group in groupby(headings, lambda heading: heading.document_id)]
    common = Counter(key for deck in decks for key in {_key(heading.title) for heading in deck})
    ranked = [_rank([topic for topic in _topics(deck) if common[_key(topic[0].title)] == 1]) for deck in decks]
    turns = [topics[turn] for turn in range(limit) for topics in ranked if turn < len(topics)]
    return turns[:limit]


def _topics(deck: list[Heading]) -> list[list[Heading]]:
    """The pages in a row under each heading that stands in one place of the deck only, and is fit to be asked about."""
    runs = [list(run) for _, run in groupby(deck, lambda heading: _key(heading.title))]
    places = Counter(_key(run[0].title) for run in runs)
    return [run for run in runs if places[_key(run[0].title)] == 1 and _is_topic(run)]


def _is_topic(run: list[Heading]) -> bool:
    title = " ".join(run[0].title.split())
    return (
        LEAST_CHARS <= len(title) <= MOST_CHARS
        and sum(character.isalpha() for character in title) >= LEAST_CHARS
        and _key(title) != _key(run[0].deck_title)
        and sum(heading.characters for heading in run) >= LEAST_TEXT
    )


def _rank(topics: list[list[Heading]]) -> list[Heading]:
    topics.sort(key=lambda run: (-len(run), -sum(heading.characters for heading in run), run[0].page))
    return [run[0] for run in topics]


def _key(title: str) -> str:
    return " ".join(title.casefold().split())
