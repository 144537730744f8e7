"""One line of text with its place on the page: what the steps that read slides hand to each other."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Line:
    """One line (or a piece of one). Coordinates in points, y downwards, in a frame where most text runs rightwards.

    `base` is the height its letters stand on; `size` the font size most of its characters have; `upright` False: it
    runs in another direction than the page; `order` counts in the order of painting.
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


Span = dict[str, Any]
"""PyMuPDF's record of glyphs in one font and size."""


def text_length(spans: Iterable[Span]) -> int:
    """Characters of all spans together."""
    return sum([len(span["text"]) for span in spans])
