"""Tables without a look at their rules: told from columns of text by their rows, and read row by row.

Cells that were wrapped inside the table are put together again, so that one record is one row.
"""

from collections.abc import Sequence
from itertools import pairwise
from statistics import mean, median

from pipelines.steps.pdf.lines import Line
from pipelines.steps.pdf.rows import CELL, glue, group_rows, join_broken, with_text

MAX_CELL_CHARS = 30
"""Cells are usually shorter than this, lines of prose longer."""
WRAP_PITCH = 1.15
"""Rows of one record stand at most this much further apart than the closest rows of the table."""

Cells = list[list[Line]]
"""One row of a table: the pieces in each column."""


def is_table(lines: Sequence[Line], columns: Sequence[Sequence[Line]]) -> bool:
    """Do most rows reach over a gutter, with cells too short to be lines of prose?"""
    rows = group_rows(lines)
    number_of = {id(line): number for number, row in enumerate(rows) for line in row}
    taken = [{number_of[id(line)] for line in column} for column in columns]
    shared = {number for number in range(len(rows)) if sum(number in column for column in taken) > 1}
    if len(shared) < 2:
        return False
    if len(columns) > 2:
        filled = sum(map(len, taken)) >= 0.5 * len(rows) * len(columns)
        return filled and len(shared) >= 0.5 * len(rows) and median(len(line.text) for line in lines) <= MAX_CELL_CHARS
    lengths = [mean(len(line.text) for line in column) for column in columns]
    small = min((0, 1), key=lambda index: (len(taken[index]), lengths[index]))
    sizes = [median(line.size for line in column) for column in columns]
    lined_up = len(taken[small] & shared) >= 0.8 * len(taken[small]) and max(sizes) <= 1.3 * min(sizes)
    return lined_up and lengths[small] < MAX_CELL_CHARS - 5 and not all(map(_is_prose, columns))


def table_rows(lines: Sequence[Line], edges: Sequence[float]) -> list[Line]:
    """The table's records from top to bottom; `edges` are where its columns after the first begin, in points."""
    rows = [_cells(row, edges) for row in group_rows(lines)]
    reach = [max((line.x1 for row in rows for line in row[index]), default=0.0) for index in range(len(edges) + 1)]
    tops = [min(line.base for cell in row for line in cell) for row in rows]
    pitches = [below - above for above, below in pairwise(tops)]
    close = [pitch <= WRAP_PITCH * min(pitches) for pitch in pitches]
    # Only where white between records shows again and again can a close row be the second line of one.
    wraps = close.count(False) >= 2 and 3 * close.count(False) >= close.count(True)
    records = [rows[0]]
    for row, near in zip(rows[1:], close, strict=True):
        if wraps and near and _goes_on(records[-1], row, reach):
            records[-1] = [above + below for above, below in zip(records[-1], row, strict=True)]
        else:
            records.append(row)
    return [_record(record) for record in records]


def _cells(row: Sequence[Line], edges: Sequence[float]) -> Cells:
    cells: Cells = [[] for _ in range(len(edges) + 1)]
    for line in sorted(row, key=lambda item: item.x0):
        cells[sum(line.x0 >= edge for edge in edges)].append(line)
    return cells


def _goes_on(record: Cells, row: Cells, reach: Sequence[float]) -> bool:
    """Is `row` the second line of the record above? Its words would not have fitted on the lines above them."""
    triples = [(above, below, edge) for above, below, edge in zip(record, row, reach, strict=True) if below]
    if any(not above for above, _, _ in triples):
        return False
    second = sum(below[0].text[0].islower() or above[-1].text.endswith("-") for above, below, _ in triples)
    filled = sum(edge - above[-1].x1 < _first_word(below[0]) for above, below, edge in triples)
    return min(second, filled) >= 0.5 * len(triples)


def _first_word(line: Line) -> float:
    """About the width of a line's first word and the space before it, in points."""
    return (0.5 * len(line.text.split()[0]) + 0.5) * line.size


def _record(cells: Cells) -> Line:
    texts = []
    for cell in cells:
        text = ""
        for row in group_rows(cell):
            piece = glue(row).text
            text = join_broken(text, piece) or f"{text} {piece}".strip()
        texts.append(text)
    while len(texts) > 1 and not texts[-1]:
        texts.pop()
    lone = [text for text in texts if text]
    return with_text([line for cell in cells for line in cell], lone[0] if len(lone) == 1 else CELL.join(texts).strip())


def _is_prose(column: Sequence[Line]) -> bool:
    """Do the lines of this column look wrapped: most of them reaching its right edge?"""
    left, right = min(line.x0 for line in column), max(line.x1 for line in column)
    full = sum(line.x1 >= right - 0.2 * (right - left) for line in column)
    return len(column) >= 3 and full >= 0.5 * len(column) and mean(len(line.text) for line in column) >= 15
