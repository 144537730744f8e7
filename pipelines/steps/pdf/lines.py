"""One line of text with its place on the page: what the steps that read slides hand to each other."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.core.records import Box

Doubt = Literal["", "gaps", "letters"]
"""What is wrong with a line's letters: nothing; some glyphs have none (U+FFFD marks them); none can be believed."""


@dataclass(slots=True)
class Line:
    """One line (or a piece of one). Coordinates in points, y downwards, in a frame where most text runs rightwards.

    `base` is the height its letters stand on; `size` the font size most of its characters have; `upright` False: it
    runs in another direction than the page; `order` counts in the order of painting. `font` is the name most of it is
    set in, "" for text read from a picture. `boxes` say where it stands on the page as a viewer shows it, in shares of
    its width and height; empty where that is not known.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    base: float
    text: str
    size: float
    bold: bool = False
    mono: bool = False
    upright: bool = True
    order: int = 0
    font: str = ""
    doubt: Doubt = ""
    boxes: tuple[Box, ...] = ()


Span = dict[str, Any]
"""PyMuPDF's record of glyphs in one font and size."""


def text_length(spans: Iterable[Span]) -> int:
    """Characters of all spans together."""
    return sum([len(span["text"]) for span in spans])


def usual_size(lines: Sequence[Line]) -> float:
    """The font size half of the characters are set in, in points; 0 without lines."""
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    half = weights.total() / 2
    for size in sorted(weights):
        half -= weights[size]
        if half <= 0:
            return size
    return 0.0
