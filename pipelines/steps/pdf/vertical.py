"""Chinese, Japanese and Korean set in columns: read down, and from the right to the left."""

import re
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from pipelines.steps.pdf.lines import Line

FEWEST = 6
"""Fewer single letters are labels."""
NEXT_EM = 1.9
"""The next letter of a column begins at most this far below, in font sizes."""

_CJK = re.compile("[\u3000-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]+")


def read_columns(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """The columns in reading order, each as one line, and the lines that do not belong to any."""
    single = [line for line in lines if _is_piece(line)]
    if sum(len(line.text) for line in single) < FEWEST or not _stacked(single):
        return [], list(lines)
    columns = _columns(single)
    apart = {id(line) for column in columns if len(column) == 1 and len(column[0].text) == 1 for line in column}
    columns = [column for column in columns if id(column[0]) not in apart]
    taken = {id(line) for column in columns for line in column}
    texts = [_joined(column) for column in sorted(columns, key=lambda pieces: -pieces[0].x1)]
    return texts, [line for line in lines if id(line) not in taken]


def _is_piece(line: Line) -> bool:
    """One letter, or a run of them that goes down."""
    if not _CJK.fullmatch(line.text):
        return False
    return len(line.text) == 1 or line.y1 - line.y0 > 1.5 * (line.x1 - line.x0)


def _stacked(pieces: Sequence[Line]) -> bool:
    """Are the letters' nearest neighbours below them rather than beside them?"""
    if any(len(piece.text) > 1 for piece in pieces):
        return True
    down: list[float] = []
    across: list[float] = []
    for piece in pieces:
        em = 0.4 * piece.size
        below = [o.y0 - piece.y0 for o in pieces if abs(o.x0 - piece.x0) < em and o.y0 > piece.y0 + 1]
        beside = [o.x0 - piece.x0 for o in pieces if abs(o.base - piece.base) < em and o.x0 > piece.x0 + 1]
        if below:
            down.append(min(below))
        if beside:
            across.append(min(beside))
    if len(down) < 0.5 * len(pieces):
        return False
    return not across or median(down) < 0.9 * median(across)


def _columns(pieces: Sequence[Line]) -> list[list[Line]]:
    columns: list[list[Line]] = []
    for piece in sorted(pieces, key=lambda line: line.y0):
        middle = (piece.x0 + piece.x1) / 2
        for column in columns:
            last = column[-1]
            gap = piece.y0 - last.y1
            if abs((last.x0 + last.x1) / 2 - middle) < 0.4 * piece.size and gap < (NEXT_EM - 1) * piece.size:
                column.append(piece)
                break
        else:
            columns.append([piece])
    return columns


def _joined(column: Sequence[Line]) -> Line:
    return replace(
        column[0],
        y1=column[-1].y1,
        x0=min(line.x0 for line in column),
        x1=max(line.x1 for line in column),
        text="".join(line.text for line in column),
        boxes=_around([box for line in column for box in line.boxes]),
    )


def _around(boxes: Sequence[tuple[float, float, float, float]]) -> tuple[tuple[float, float, float, float], ...]:
    if not boxes:
        return ()
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return ((min(lefts), min(tops), max(rights), max(bottoms)),)
