"""Letter pairs: are words written in the letters of a language, or in a font that calls letters by others' names?

Every language written in Latin letters keeps to few of their 676 pairs; a shifted or shuffled letter map does not.
"""

import re
import unicodedata
from operator import add

PAIRS_TO_JUDGE = 30
"""Fewer pairs of letters say nothing."""
COMMON_SHARE = 0.6
"""Of 25 languages none has less than 0.79 common pairs, of shifted and shuffled letters half have less than 0.29 and
none more than 0.56."""

_COMMON = (
    "aacdgijklmnorstuvwyz baeilo caehikostz daeio eacdegiklmnrstuz feio gaeioy haeilot "
    "iacdegijklmnorstuvz jae kaeiklotu laeilotu maeiop nacdeginostuy oadeiklmnoprstuvwz paeoru qu "
    "radeiostuz saceikostz taehiortuy ueilmnrst vaeioy waehiy yacet zaeinoy "
)
"""First letter and the letters that often follow it: pairs that make at least one in 200 of Czech, Dutch, English,
Finnish, French, German, Hungarian, Italian, Polish, Portuguese, Romanian, Spanish, Swedish or Turkish words."""
_PAIRS = frozenset(group[0] + letter for group in _COMMON.split() for letter in group[1:])
_WORD = re.compile(r"[^\W\d_]{4,}")


def count_pairs(text: str) -> tuple[int, int]:
    """How many pairs of letters the longer Latin words of `text` have, and how many of them are common."""
    pairs = common = 0
    for word in _WORD.findall(text):
        bare = word.lower() if word.isascii() else plain_letters(word)
        if not bare.isascii() or not bare.isalpha():
            continue
        pairs += len(bare) - 1
        common += sum(map(_PAIRS.__contains__, map(add, bare, bare[1:])))
    return pairs, common


def garbled(pairs: int, common: int) -> bool:
    """Are words with these counts of pairs no language's words? False where there are too few to say."""
    return pairs >= PAIRS_TO_JUDGE and common < COMMON_SHARE * pairs


def makes_sense(pairs: int, common: int) -> bool:
    """Are there enough pairs to say that the words are some language's?"""
    return pairs >= PAIRS_TO_JUDGE and not garbled(pairs, common)


def plain_letters(text: str) -> str:
    """Only the letters and digits of `text`, in lower case and without accents: what two readings of it must share."""
    folded = text.casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKD", folded).replace("ß", "ss")
    return "".join([char for char in folded if char.isalnum()])
