"""Text that stands in a text layer more than once: shadows, letters painted again to look bold, a second OCR layer.

Also rows of underscores that draw a line under words.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from pipelines.steps.pdf.lines import Line
from pipelines.steps.pdf.pairs import plain_letters

SHIFT_EM = 0.35
"""The same letters this close to each other are one to a reader."""
SPACE_EM = 0.25
ALIKE = 0.7
"""Share of letters two readings of one picture have in common."""

_RULE = re.compile(r"[_\u2017\u203e\s]{2,}")


def without_doubles(lines: list[Line]) -> list[Line]:
    """The lines without those that repeat what stands at their place, and without rules drawn with underscores."""
    near = sorted(range(len(lines)), key=lambda number: lines[number].base)
    dropped: set[int] = set()
    for position, number in enumerate(near):
        line = lines[number]
        for other_number in near[position + 1 :]:
            other = lines[other_number]
            if other.base - line.base > 0.5 * max(line.size, other.size):
                break
            if dropped & {number, other_number} or min(line.x1, other.x1) <= max(line.x0, other.x0):
                continue
            if (gone := _superfluous(line, other)) is not None:
                dropped.add(number if gone is line else other_number)
            else:
                _part(line, other)
    return [line for number, line in enumerate(lines) if number not in dropped] if dropped else lines


def _superfluous(one: Line, other: Line) -> Line | None:
    """Which of two lines that share a place says nothing; None when both say something."""
    for rule, words in ((one, other), (other, one)):
        if _RULE.fullmatch(rule.text) and not _RULE.fullmatch(words.text):
            return rule
    if one.upright != other.upright or not 0.8 <= one.size / (other.size or 1) <= 1.25:
        return None
    shorter, longer = sorted((one, other), key=lambda line: (line.x1 - line.x0, line is one))
    em = SHIFT_EM * longer.size
    if shorter.text == longer.text:
        close = abs(shorter.x0 - longer.x0) <= em and abs(shorter.base - longer.base) <= em
        return shorter if close else None
    inside = shorter.x0 >= longer.x0 - em and shorter.x1 <= longer.x1 + em and abs(shorter.base - longer.base) <= em
    if not inside:
        return None
    if shorter.text in longer.text:
        # The same word elsewhere in the line is no double: its place must fit.
        width = (longer.x1 - longer.x0) / max(1, len(longer.text))
        at = longer.x0 + width * longer.text.index(shorter.text)
        return shorter if abs(at - shorter.x0) <= 3 * longer.size else None
    share = (shorter.x1 - shorter.x0) / max(1e-6, longer.x1 - longer.x0)
    return shorter if share >= 0.8 and alike(shorter.text, longer.text) >= ALIKE else None


def _part(one: Line, other: Line) -> None:
    """Takes from the right one of two lines, in place, the words with which the left one ends at the same place.

    Words painted twice one by one come as `heat flows` and `flows downhill`.
    """
    left, right = (one, other) if one.x0 <= other.x0 else (other, one)
    shared = left.x1 - right.x0
    if not left.x1 < right.x1 or shared < left.size or abs(left.base - right.base) > SHIFT_EM * left.size:
        return
    before, after = left.text.split(), right.text.split()
    per_letter = (right.x1 - right.x0) / max(1, len(right.text))
    for count in range(min(len(before), len(after) - 1), 0, -1):
        words = " ".join(after[:count])
        if before[-count:] == after[:count] and abs(len(words) * per_letter - shared) <= 1.5 * left.size:
            right.text = " ".join(after[count:])
            right.x0 = left.x1 + SPACE_EM * left.size
            return


def alike(one: str, other: str) -> float:
    """How many letters two readings share, in [0, 1]."""
    return SequenceMatcher(None, plain_letters(one), plain_letters(other), autojunk=False).ratio()


def join_texts(lines: Sequence[Line]) -> str:
    """The texts of pieces of one row, from left to right."""
    return " ".join(line.text for line in sorted(lines, key=lambda line: line.x0))
