"""The language of a question: which of a course's two sets of vectors it is compared with.

The local embedder reads English. A question is English when a quarter of its words are those of every English sentence;
a few words without any of these (`momentum coefficient`) are English when the course has most of them as they are.
"""

import re

from pipelines.core.search.tokens import ENGLISH, STOP, folded

ENGLISH_SHARE = 0.25
"""Measured on 40 English questions and 40 in German, French, Spanish and Chinese: 39 of each were told apart."""
KNOWN_SHARE = 0.6
"""Share of a question's words (`known_share`) that a course in another language hardly ever has: 1 of 39 questions."""
BARE_WORDS = 3

_LETTERS = re.compile(r"[^\W\d_]+")


def is_english(question: str) -> bool:
    """Whether a question is English by its commonest words; one without words is not."""
    found = _LETTERS.findall(folded(question))
    return sum(word in ENGLISH for word in found) >= ENGLISH_SHARE * len(found) > 0


def is_bare(question: str) -> bool:
    """Whether a question is a few words to look up, none of them a common one of English or German."""
    found = _LETTERS.findall(folded(question))
    return 0 < len(found) <= BARE_WORDS and STOP.isdisjoint(found)
