"""Reading order of a page's lines: columns one after the other, tables row by row.

A page falls into strips between horizontal white bands. Neighbouring strips that leave a common gutter (a vertical
white band) free form a run; a run is a table when its rows line up across the gutter and its cells are short,
otherwise columns, each read on its own. Nothing here knows PDF.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from pipelines.steps.pdf.lines import Line
from pipelines.steps.pdf.rows import glue, group_rows, join_row, mend_hyphens, with_text
from pipelines.steps.pdf.tables import is_table, table_rows
from pipelines.steps.pdf.vertical import read_columns

GUTTER_EM = 0.5
"""Narrowest white band between columns of four and more lines, in font sizes; a word space is about 0.3."""
SHORT_GUTTER_EM = 1.2
"""The same for shorter columns, where white may line up by chance."""
FORMULA_EM = 3.5
"""A strip up to this high whose pieces overlap in height is one displayed formula (fractions, sums with limits)."""
FIGURE_SIZE = 0.55
"""Text smaller than this share of the usual size is lettering of a figure."""
MAX_DEPTH = 6
"""Columns inside columns inside columns; deeper cuts are accidents."""


@dataclass(slots=True)
class _Strip:
    """Lines between two horizontal white bands."""

    lines: list[Line]
    top: float
    bottom: float


@dataclass(slots=True)
class _Gutter:
    left: float
    right: float


def reading_order(lines: Sequence[Line], *, usual: float = 0.0) -> list[Line]:
    """The page's rows in reading order.

    Pieces of one row are joined by a space, by `CELL` where they are cells; a word broken by a hyphen at the end of a
    line is put together. The lettering of figures comes after the text, because it would tear sentences apart: what is
    much smaller than usual, then what runs in another direction.

    Args:
        lines: in the order they were painted, which decides inside formulas.
        usual: font size of the deck's text in points; 0 when it is not known.
    """
    for number, line in enumerate(lines):
        line.order = number
    columns, lines = read_columns(lines)
    if columns:
        # What stands above the columns is their heading.
        above = [line for line in lines if line.y1 <= columns[0].y0 + columns[0].size]
        below = [line for line in lines if line.y1 > columns[0].y0 + columns[0].size]
        return [*reading_order(above, usual=usual), *columns, *reading_order(below, usual=usual)]
    text = [line for line in lines if line.upright and line.size >= FIGURE_SIZE * usual]
    small = [line for line in lines if line.upright and line.size < FIGURE_SIZE * usual]
    lettering = [line for line in small if not _beside(line, text)]
    text += [line for line in small if _beside(line, text)]
    turned = [line for line in lines if not line.upright]
    short = [line for line in turned if len(line.text) <= 3]
    rows = mend_hyphens(_region(text, 0)) + _region(lettering, MAX_DEPTH)
    rows += [line for line in turned if len(line.text) > 3]
    return [*rows, with_text(short, " ".join(line.text for line in short))] if short else rows


def _beside(small: Line, text: Sequence[Line]) -> bool:
    """Does this small line stand at a line of text, as the limits of a sum do?"""
    return any(
        line.y0 - small.size < small.y0 < line.y1 and line.x0 - line.size < small.x1 and small.x0 < line.x1 + line.size
        for line in text
    )


def _region(lines: list[Line], depth: int) -> list[Line]:
    strips = _strips(lines)
    rows: list[Line] = []
    start = 0
    while start < len(strips):
        seed = _seed(strips, start) if depth < MAX_DEPTH else len(strips)
        end, gutters = _run(strips, seed) if seed < len(strips) else (seed, [])
        # A right column may begin above the left one; what stands above on the left comes first in any case.
        first = seed
        while gutters and first > start and all(line.x0 >= gutters[-1].right for line in strips[first - 1].lines):
            first -= 1
        rows += [row for strip in strips[start:first] for row in _plain(strip)]
        if gutters:
            rows += _split([line for strip in strips[first:end] for line in strip.lines], gutters, depth)
        else:
            rows += [row for strip in strips[first:end] for row in _plain(strip)]
        start = end
    return rows


def _strips(lines: list[Line]) -> list[_Strip]:
    strips: list[_Strip] = []
    for line in sorted(lines, key=lambda item: item.y0):
        # Font boxes of neighbouring lines overlap a little; their outer eighth is air.
        air = line.size / 8
        if strips and line.y0 + air < strips[-1].bottom:
            strips[-1].lines.append(line)
            strips[-1].bottom = max(strips[-1].bottom, line.y1 - air)
        else:
            strips.append(_Strip([line], line.y0 + air, line.y1 - air))
    return strips


def _seed(strips: list[_Strip], start: int) -> int:
    """The first strip from `start` on with white between its own lines; past the end when there is none."""
    return next((number for number in range(start, len(strips)) if _gutters(strips[number].lines)), len(strips))


def _run(strips: list[_Strip], seed: int) -> tuple[int, list[_Gutter]]:
    """How far down the white of strip `seed` goes on: the run's end and the gutters worth cutting at."""
    inside = list(strips[seed].lines)
    gutters = _gutters(inside)
    end = seed + 1
    while end < len(strips):
        # White may also open further down: the head of a table often has an empty corner.
        wider = inside + strips[end].lines
        left_over = _gutters(wider)
        closed = [gutter for gutter in gutters if not any(_overlap(gutter, other) for other in left_over)]
        if not left_over or any(_useful(gutter, inside) for gutter in closed):
            break
        inside, gutters = wider, left_over
        end += 1
    gutters = [gutter for gutter in gutters if _useful(gutter, inside)]
    return _trimmed(strips, seed, end, gutters), gutters


def _gutters(lines: list[Line]) -> list[_Gutter]:
    """The vertical white bands between `lines`, from left to right. Typewriter text has wide word spaces."""
    need = min(line.size for line in lines) * (3 * GUTTER_EM if any(line.mono for line in lines) else GUTTER_EM)
    found: list[_Gutter] = []
    reach = float("inf")
    for x0, x1 in sorted([(line.x0, line.x1) for line in lines]):
        if x0 - reach >= need:
            found.append(_Gutter(reach, x0))
        reach = x1 if reach == float("inf") else max(reach, x1)
    return found


def _overlap(one: _Gutter, other: _Gutter) -> bool:
    return one.left < other.right and other.left < one.right


def _useful(gutter: _Gutter, lines: list[Line]) -> bool:
    """Are there enough rows on both sides to call them columns?"""
    em = min(line.size for line in lines)
    rows = min(
        len({round(line.base / em) for line in lines if line.x1 <= gutter.left}),
        len({round(line.base / em) for line in lines if line.x0 >= gutter.right}),
    )
    return rows >= 4 or (rows >= 2 and gutter.right - gutter.left >= SHORT_GUTTER_EM * em)


def _trimmed(strips: list[_Strip], start: int, end: int, gutters: list[_Gutter]) -> int:
    """Cuts off what stands apart below the columns on one side only: it is read after both, not inside one."""
    if not gutters:
        return end
    for cut in range(end - 1, start, -1):
        strip = strips[cut]
        if any(line.x1 > gutters[0].left for line in strip.lines):
            break
        if strip.top - strips[cut - 1].bottom > 1.2 * median(line.size for line in strip.lines):
            return cut
    return end


def _split(lines: list[Line], gutters: list[_Gutter], depth: int) -> list[Line]:
    """Reads a run with gutters: row by row as a table or as code, or column by column."""
    if sum(line.mono for line in lines if not line.text.isdigit()) > 0.9 * sum(
        not line.text.isdigit() for line in lines
    ):
        return [join_row(row) for row in group_rows(lines)]  # comments beside code belong to their line
    columns: list[list[Line]] = [[] for _ in range(len(gutters) + 1)]
    for line in lines:
        columns[sum(line.x0 >= gutter.right for gutter in gutters)].append(line)
    if is_table(lines, columns):
        return table_rows(lines, [gutter.right for gutter in gutters])
    return [row for column in columns for row in _region(column, depth + 1)]


def _plain(strip: _Strip) -> list[Line]:
    """Rows of a strip without columns. A displayed formula (fractions, sums) is one row in the order it was set."""
    rows = group_rows(strip.lines)
    size = max(line.size for line in strip.lines)
    if len(rows) > 1 and strip.bottom - strip.top < FORMULA_EM * size:
        painted = sorted(strip.lines, key=lambda line: line.order)
        if _set_rightwards(painted):
            return [glue(painted)]
    return [join_row(row) for row in rows]


def _set_rightwards(lines: list[Line]) -> bool:
    steps = [after.x0 >= before.x0 - before.size for before, after in pairwise(lines)]
    return sum(steps) >= 0.75 * len(steps)
