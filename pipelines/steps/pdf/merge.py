"""One text from two readings of a page: its text layer, and what was recognised in its picture.

The layer is exact and is kept wherever it can be believed; the picture adds what the layer lacks and decides where the
layer is in doubt. Nothing counts twice.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from pipelines.steps.ocr.recognition import Reading
from pipelines.steps.pdf.doubles import alike, join_texts
from pipelines.steps.pdf.glyphs import GAP
from pipelines.steps.pdf.lines import Line
from pipelines.steps.pdf.text import PageText

SAME_READING = 0.72
"""A layer that shares this much of its letters with what is seen tells the truth, and more exactly."""


def add_recognised(page: PageText, reading: Reading, *, turned: bool) -> None:
    """Puts what was read from the page's picture beside or in place of its text layer.

    Args:
        turned: the text layer has another frame than the page as shown; then the reading replaces it when it says more.
    """
    if turned or reading.quarter_turns or not page.lines:
        page.lines = [line for line in page.lines if line.doubt != "letters"]
        if _letters(reading.lines) > _letters(page.lines):
            page.lines, page.width, page.height = reading.lines, reading.width, reading.height
            page.recognised = True
        return
    sound = [line for line in page.lines if not line.doubt]
    doubtful = [line for line in page.lines if line.doubt]
    kept: list[Line] = []
    added: list[Line] = []
    for line in reading.lines:
        twins = [other for other in doubtful if _share_place(line, other)]
        if twins:
            mended = _mended(twins, line)
            (kept if mended is not line else added).append(mended)
            doubtful = [other for other in doubtful if all(other is not twin for twin in twins)]
        elif (rest := _beside(line, sound)) is not None:
            added.append(rest)
    left = [line for line in doubtful if line.doubt == "gaps"]  # a gap that nobody could fill stays marked
    known = {id(line) for line in sound + left}
    page.lines = [line for line in page.lines if id(line) in known] + kept + added
    page.recognised = page.recognised or bool(added)


def _mended(layer: Sequence[Line], seen: Line) -> Line:
    """The layer's line where it agrees with what is seen, with its gaps filled; else what is seen."""
    text = join_texts(layer)
    if alike(text.replace(GAP, ""), seen.text) < SAME_READING:
        return seen
    if GAP in text:
        text = fill_gaps(text, seen.text) or seen.text
    first = max(layer, key=lambda line: len(line.text))
    return replace(
        first,
        x0=min(line.x0 for line in layer),
        x1=max(line.x1 for line in layer),
        text=text,
        doubt="",
        boxes=tuple(box for line in layer for box in line.boxes),
    )


def fill_gaps(text: str, seen: str) -> str | None:
    """`text` with each gap filled from another reading of the line; None when both differ elsewhere too."""
    parts = re.split(f"{GAP}+", text)
    letters = [r"\s*".join(re.escape(char) for char in part if not char.isspace()) for part in parts]
    pattern = r"\s*(\w{1,4}?)\s*".join(letters)
    found = re.fullmatch(pattern, seen, re.IGNORECASE)
    if found is None:
        return None
    filled = parts[0]
    for filling, part in zip(found.groups(), parts[1:], strict=True):
        filled += filling + part
    return filled


def _share_place(one: Line, other: Line) -> bool:
    """Do two lines stand on one height, one of them mostly within the other's width?"""
    high = min(one.y1, other.y1) - max(one.y0, other.y0)
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    return high > 0.5 * min(one.y1 - one.y0, other.y1 - other.y0) and wide > 0.5 * min(
        one.x1 - one.x0, other.x1 - other.x0
    )


def _beside(line: Line, known: Sequence[Line]) -> Line | None:
    """The words of a recognised line that no line of the layer stands on; None when all are known."""
    row = [o for o in known if min(line.y1, o.y1) - max(line.y0, o.y0) > 0.4 * min(line.y1 - line.y0, o.y1 - o.y0)]
    row = [o for o in row if o.x0 < line.x1 and o.x1 > line.x0]
    if not row:
        return line
    per_letter = (line.x1 - line.x0) / max(1, len(line.text))
    words: list[tuple[str, float, float]] = []
    at = 0
    for word in line.text.split(" "):
        start = line.x0 + at * per_letter
        middle = start + len(word) * per_letter / 2
        if not any(o.x0 - 0.5 * o.size <= middle <= o.x1 + 0.5 * o.size for o in row):
            words.append((word, start, start + len(word) * per_letter))
        at += len(word) + 1
    text = " ".join(word for word, _, _ in words)
    if not any(map(str.isalnum, text)) or len(text) < 3:
        return None
    if len(words) == len(line.text.split(" ")):
        return line
    return replace(line, x0=words[0][1], x1=words[-1][2], text=text, boxes=_cut(line, words[0][1], words[-1][2]))


def _cut(line: Line, x0: float, x1: float) -> tuple[tuple[float, float, float, float], ...]:
    width = (line.x1 - line.x0) or 1.0
    return tuple(
        (left + (right - left) * (x0 - line.x0) / width, top, left + (right - left) * (x1 - line.x0) / width, bottom)
        for left, top, right, bottom in line.boxes
    )


def _letters(lines: Sequence[Line]) -> int:
    return sum(len(line.text) for line in lines)
