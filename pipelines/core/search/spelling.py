"""Words of a question that a course lacks, but has with one letter added, left out, changed or two letters swapped.

Terms are hashes of words, so the course's words are not listed: every spelling one step away is looked up. A word that
the English dictionary has is no misspelling: who asks for adsorption is not told of absorption.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice, zip_longest
from typing import Any

from pipelines.core.search.lexical import term_counts
from pipelines.core.search.tokens import STOP, folded

MIN_CHARS = 6
"""A shorter word has too many neighbours: plane, plate, place."""
MAX_SUSPECTS = 4
"""Words of a question looked at: each has about 54 spellings a letter."""
MAX_CHARS = 24
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A stretch of a question that may be misspelt: where it stands, and its other spellings with their terms."""

    start: int
    end: int
    spellings: Mapping[str, int]


def suspects(question: str, found: Mapping[int, int]) -> list[Suspect]:
    """What may be misspelt in a question: its long words of which the course has no term, and such words in two parts.

    Args:
        found: in how many chunks of the course each of the question's terms occurs.
    """
    return list(islice(_suspects(question, found), MAX_SUSPECTS))


def _suspects(question: str, found: Mapping[int, int]) -> Iterator[Suspect]:
    """All of them, each made when it is asked for: its hundreds of spellings take milliseconds."""
    matches = [match for match in _WORD.finditer(question) if folded(match.group()) not in STOP]
    for first, second in zip_longest(matches, matches[1:]):
        lacks = _is_lacking(first.group(), found)
        if lacks and MIN_CHARS <= len(first.group()) <= MAX_CHARS:
            yield from _suspect(first.start(), first.end(), _neighbours(folded(first.group())))
        if second is None or question[first.end() : second.start()].strip(" -"):
            continue
        joined = folded(first.group() + second.group())
        if (lacks or _is_lacking(second.group(), found)) and len(joined) <= MAX_CHARS:
            yield from _suspect(first.start(), second.end(), [joined])


def corrected(question: str, suspected: list[Suspect], found: Mapping[int, int]) -> str | None:
    """The question in the course's spelling: of each suspect the spelling that most chunks have; None: it has none.

    Args:
        found: in how many chunks of the course each of the suspects' terms occurs.
    """
    text, before = question, len(question)
    for suspect in reversed(suspected):
        known = [word for word, term in suspect.spellings.items() if found.get(term)]
        if known and suspect.end <= before:
            best = max(known, key=lambda word: (found[suspect.spellings[word]], word))
            before = suspect.start
            text = text[: suspect.start] + _as_written(best, question[suspect.start]) + text[suspect.end :]
    return text if text != question else None


def _suspect(start: int, end: int, spellings: Collection[str]) -> Iterator[Suspect]:
    """The suspect, unless it has no other spelling."""
    terms = ((word, [*term_counts(word)]) for word in spellings)
    known = {word: term[0] for word, term in terms if len(term) == 1}
    if known:
        yield Suspect(start=start, end=end, spellings=known)


def _is_lacking(word: str, found: Mapping[int, int]) -> bool:
    return not any(found.get(term) for term in term_counts(word))


def _as_written(word: str, first: str) -> str:
    return word.capitalize() if first.isupper() else word


def _neighbours(word: str) -> Collection[str]:
    """Every spelling one step away (Damerau's four kinds of mistake); none of a word that is spelled right."""
    english = _english()
    return () if word in english else sorted({folded(each) for each in english.edit_distance_1(word)} - {word})


@cache
def _english() -> Any:
    from spellchecker import SpellChecker  # a tenth of a second, for the first question that needs it

    return SpellChecker(language="en")
