"""The ink of a page beside its text layer: is there any, and how many of its marks stand in rows as letters do?

Judged from a small picture of the page, in milliseconds, because recognising its text (OCR) takes seconds.
"""

from collections.abc import Sequence
from typing import Any

from pipelines.core.records import Box

CONTRAST = 40
"""Ink differs from its ground by so much, of 255."""
LETTER_PX = (4, 60)
"""Least and greatest height of a letter."""
ROW_OF = 4
"""So many marks of one height side by side are a row of letters; a lone pair is a part of a drawing."""


def letters_outside(grey: Any, known: Sequence[Box]) -> tuple[bool, int]:
    """Looks at a page's picture.

    Args:
        grey: pixels, a two-dimensional array of bytes.
        known: boxes (x0, y0, x1, y1, pixels) whose text is known and is not looked at.

    Returns:
        Whether anything is seen outside `known`, and how many marks outside of it stand in rows as letters do.
    """
    import cv2
    import numpy

    cv2.setNumThreads(1)  # on pictures this small, threads cost several times what they save
    blank = int(grey.max()) - int(grey.min()) < CONTRAST / 2
    small = cv2.medianBlur(cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_NEAREST), 11)
    ground = cv2.resize(small, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    ink = (cv2.absdiff(grey, ground) > CONTRAST).astype(numpy.uint8)
    for x0, y0, x1, y1 in known:
        ink[max(0, round(y0)) : max(0, round(y1)), max(0, round(x0)) : max(0, round(x1))] = 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    marks = stats[1:]
    seen = bool(marks.size) or (not blank and not known)
    left, top, width, height, area = marks.T if marks.size else [numpy.zeros(0, int)] * 5
    like = (height >= LETTER_PX[0]) & (height <= LETTER_PX[1]) & (width <= 4 * height) & (area > 0.08 * width * height)
    return seen, _in_rows(left[like], top[like], width[like], height[like])


def _in_rows(left: Any, top: Any, width: Any, height: Any) -> int:
    """How many of these marks have neighbours of their height on their own base line, `ROW_OF` in a row and more."""
    import numpy

    order = numpy.lexsort((left, (top + height) // 3))
    rows: list[list[int]] = []
    count = 0
    # Letters of one line share their base within a third of their height; descenders hang lower and are bridged.
    for index in order:
        bottom, high, x = int(top[index] + height[index]), int(height[index]), int(left[index])
        for row in reversed(rows[-40:]):
            base, size, reach, _ = row
            if (
                abs(bottom - base) <= 0.35 * max(size, high)
                and 0.4 <= high / size <= 2.5
                and -2 <= x - reach <= 1.6 * max(size, high)
            ):
                row[2], row[3] = x + int(width[index]), row[3] + 1
                break
        else:
            rows.append([bottom, high, x + int(width[index]), 1])
    for row in rows:
        count += row[3] if row[3] >= ROW_OF else 0
    return count
