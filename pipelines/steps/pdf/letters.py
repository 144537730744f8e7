"""Lines that only their glyphs' places explain: accents over letters, letter-spaced headings, and text from the right.

The text layer names glyphs in some order; where that order or its spaces mislead, the line is read again by where its
glyphs stand.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from pipelines.steps.pdf.bidi import is_leftwards, logical_order
from pipelines.steps.pdf.glyphs import COMBINING
from pipelines.steps.pdf.pairs import COMMON_SHARE, count_pairs

TRACKED_LETTERS = 4
"""Fewer single letters in a row are a formula or a list."""
TRACKED_GAP_EM = (0.08, 1.2)
"""White between the letters of a letter-spaced word; less is ordinary, more is a row of labels."""
WORD_GAP = 1.5
"""White this many times that between letters parts letter-spaced words."""

_ACCENTS = "".join(COMBINING) + "`"
_BETWEEN = re.compile(rf"[^\W\d_][{_ACCENTS}][^\W\d_]|`[^\W\d_]")
_SINGLE = re.compile(r"(?:[^\W\d_] ){3}")


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character and where it stands along its line, in points; `size` is its font's."""

    char: str
    x0: float
    x1: float
    size: float


def reread(text: str, glyphs: Callable[[], Sequence[Glyph]]) -> str | None:
    """The line again, by the places of its glyphs; None where `text` raises no doubt.

    Args:
        text: as the text layer has it.
        glyphs: asked only when needed: the line's glyphs in the layer's order.
    """
    if text.isascii():
        tracked = _SINGLE.search(text) is not None
        if not tracked and ("`" not in text or not _BETWEEN.search(text)):
            return None
    else:
        tracked = _SINGLE.search(text) is not None
    if tracked and (spelled := _untracked(text, glyphs)):
        return spelled
    if not text.isascii() and is_leftwards(text):
        return _from_the_right(glyphs())
    return _with_accents(glyphs()) if _BETWEEN.search(text) else None


def _untracked(text: str, glyphs: Callable[[], Sequence[Glyph]]) -> str | None:
    """A letter-spaced line as words; None when it is none: its letters must be evenly spaced and stand alone."""
    words = text.split()
    single = [word for word in words if len(word) == 1 and word.isalpha()]
    if len(single) < max(TRACKED_LETTERS, 0.7 * len(words)) or _counts_up(single):
        return None
    shown = [glyph for glyph in glyphs() if not glyph.char.isspace()]
    if len(shown) < TRACKED_LETTERS:
        return None
    size = median(glyph.size for glyph in shown)
    gaps = [after.x0 - before.x1 for before, after in pairwise(shown)]
    usual = median(gaps)
    if not TRACKED_GAP_EM[0] * size <= usual <= TRACKED_GAP_EM[1] * size:
        return None
    even = sum(abs(gap - usual) <= 0.35 * usual for gap in gaps)
    wide = [gap > max(WORD_GAP * usual, usual + 0.1 * size) for gap in gaps]
    if even + sum(wide) < 0.8 * len(gaps) or sum(wide) > 0.4 * len(gaps):
        return None
    spelled = "".join(glyph.char + " " * apart for glyph, apart in zip(shown, [*wide, False], strict=True))
    return spelled if all(map(_is_cased, spelled.split())) and _makes_words(spelled) else None


def _is_cased(word: str) -> bool:
    return word.isupper() or word.islower() or word[1:].islower() or not word.isalpha() or word.swapcase() == word


def _makes_words(spelled: str) -> bool:
    """Do these letters make words, or are they a list of letters? Scripts other than Latin are taken at their word."""
    pairs, common = count_pairs(spelled)
    return common >= COMMON_SHARE * pairs and (pairs >= TRACKED_LETTERS - 1 or not spelled.isascii())


def _counts_up(letters: Sequence[str]) -> bool:
    """A B C D: a row of labels."""
    steps = sum(ord(after) - ord(before) == 1 for before, after in pairwise(letters))
    return steps > 0.6 * (len(letters) - 1)


def _with_accents(glyphs: Sequence[Glyph]) -> str:
    """Each accent joined to the letter it stands over, whether it was painted before or after it."""
    over: dict[int, str] = {}
    taken: set[int] = set()
    for number, glyph in enumerate(glyphs):
        mark = "\u0300" if glyph.char == "`" else COMBINING.get(glyph.char)
        if mark is None:
            continue
        width = max(glyph.x1 - glyph.x0, 0.01)
        shares = [
            ((min(glyph.x1, other.x1) - max(glyph.x0, other.x0)) / width, place)
            for place in (number + 1, number - 1)
            if 0 <= place < len(glyphs) and (other := glyphs[place]).char.isalpha() and place not in over
        ]
        share, place = max(shares, default=(0.0, 0), key=lambda item: item[0])
        if share >= 0.4:
            over[place] = mark
            taken.add(number)
            # The library sees white between a narrow accent and what follows its wide letter.
            after = number + 1
            if (
                after < len(glyphs)
                and glyphs[after].char == " "
                and glyphs[after].x1 <= glyphs[place].x1 + 0.05 * glyph.size
            ):
                taken.add(after)
    text = "".join(
        (_dotted(glyph.char) + over[number] if number in over else glyph.char)
        for number, glyph in enumerate(glyphs)
        if number not in taken
    )
    return unicodedata.normalize("NFC", text)


def _dotted(letter: str) -> str:
    return {"ı": "i", "ȷ": "j"}.get(letter, letter)


def _from_the_right(glyphs: Sequence[Glyph]) -> str:
    """Arabic or Hebrew in the order it is read, from how it stands on the page."""
    clusters: list[tuple[float, str]] = []
    for glyph in glyphs:
        # Points over letters, and the second letter of a ligature, have no place of their own.
        mark = unicodedata.category(glyph.char) == "Mn" or glyph.x1 - glyph.x0 < 0.01
        if mark and clusters and not glyph.char.isspace():
            place, chars = clusters[-1]
            clusters[-1] = (place, chars + glyph.char)
        else:
            clusters.append(((glyph.x0 + glyph.x1) / 2, glyph.char))
    return logical_order([chars for _, chars in sorted(clusters, key=lambda cluster: cluster[0])])
