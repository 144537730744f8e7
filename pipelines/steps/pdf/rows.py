"""Rows of text from the pieces of lines that stand on one height."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from pipelines.core.records import Box
from pipelines.steps.pdf.lines import Line

CELL = " | "
"""Stands between the cells of one row."""
SAME_ROW_EM = 0.4
"""Pieces whose letters stand this close in height are one row."""
WORD_GAP_EM = 0.1
"""From this distance on, two pieces of one row are different words."""
SIDE_BY_SIDE = 0.04
"""Pieces of one row with less between them, as a share of the page, are marked as one."""
CELL_GAP_EM = 3.0
"""From this distance on, two pieces of one row are different cells; TeX's widest space inside a formula is 2."""

_BULLET = re.compile(r"(?:[•●○◦▪■□▶►▸‣–—\-*➢✓✗]|\(?\d{1,3}[.):]?|\(?[a-zA-Z][.)])")
_BROKEN_WORD = re.compile(r"[^\W\d_]{2,}[-\u2010]$")


def group_rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Pieces that stand on the same height, from top to bottom."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda item: item.base):
        if rows and line.base - rows[-1][0].base < SAME_ROW_EM * min(line.size, rows[-1][0].size):
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def join_row(pieces: Sequence[Line]) -> Line:
    """One row from its pieces, in the direction of its script; far pieces are cells."""
    if len(pieces) == 1:
        return pieces[0]
    return glue(sorted(pieces, key=(lambda line: -line.x1) if _is_leftwards(pieces) else (lambda line: line.x0)))


def glue(pieces: Sequence[Line]) -> Line:
    """One line from `pieces` in the given order, with the spaces and `CELL` marks their distances ask for."""
    text = pieces[0].text
    for before, after in pairwise(pieces):
        gap = max(after.x0 - before.x1, before.x0 - after.x1)
        em = max(before.size, after.size)
        code = before.mono and after.mono
        if gap >= CELL_GAP_EM * em and not code and not _BULLET.fullmatch(text):
            text += CELL + after.text
        else:
            touching = -SAME_ROW_EM * em < gap < WORD_GAP_EM * em and abs(after.base - before.base) < SAME_ROW_EM * em
            text += ("" if touching else " ") + after.text
    return with_text(pieces, text)


def with_text(pieces: Sequence[Line], text: str) -> Line:
    """A line that covers `pieces` and reads `text`; size and weight are those of the longest piece."""
    return replace(
        max(pieces, key=lambda line: len(line.text)),
        x0=min(line.x0 for line in pieces),
        y0=min(line.y0 for line in pieces),
        x1=max(line.x1 for line in pieces),
        y1=max(line.y1 for line in pieces),
        text=text,
        boxes=merge_boxes([box for line in pieces for box in line.boxes]),
    )


def merge_boxes(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """Boxes with those that stand side by side on one height made one; what is far apart stays apart."""
    merged: list[Box] = []
    for box in boxes:
        left, top, right, bottom = box
        if merged:
            x0, y0, x1, y1 = merged[-1]
            level = min(y1, bottom) - max(y0, top) > 0.5 * min(y1 - y0, bottom - top)
            if level and max(x0, left) - min(x1, right) < SIDE_BY_SIDE:
                merged[-1] = (min(x0, left), min(y0, top), max(x1, right), max(y1, bottom))
                continue
        merged.append(box)
    return tuple(merged)


def join_broken(above: str, below: str) -> str | None:
    """Two lines of one paragraph as one when the first ends in a broken word, else None."""
    if below and below[0].islower() and _BROKEN_WORD.search(above):
        return above[:-1] + below
    return None


def mend_hyphens(rows: list[Line]) -> list[Line]:
    """Joins a row that ends in a broken word with the row below it; rows of cells stay as they are."""
    mended: list[Line] = []
    for row in rows:
        above = mended[-1] if mended else None
        joined = None
        if above and CELL not in above.text + row.text and 0 < row.y0 - above.y0 < 3 * above.size:
            joined = join_broken(above.text, row.text)
        if above and joined:
            mended[-1] = replace(above, text=joined, y0=row.y0, y1=row.y1, boxes=above.boxes + row.boxes)
        else:
            mended.append(row)
    return mended


def _is_leftwards(pieces: Sequence[Line]) -> bool:
    """Is this a row of Arabic or Hebrew?"""
    kinds = [unicodedata.bidirectional(char) for line in pieces if not line.text.isascii() for char in line.text[:20]]
    return sum(kind in ("R", "AL") for kind in kinds) > len(kinds) / 2
