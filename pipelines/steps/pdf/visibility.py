"""Visible text of a page: what nobody can see is no content, and may be a trap.

Cheap signs first (paint mode, transparency, size); text in the colour of its ground is only suspected here, and its
picture decides.
"""

from collections.abc import Callable, Sequence
from typing import Any

from pipelines.steps.pdf.lines import Span, text_length

PAINTED = 16 | 32 | 64
"""`char_flags` of glyphs that leave a mark: filled, stroked, or used as a clip for a fill."""
TINY_PT = 1.0
"""Smaller glyphs cannot be read at any usual zoom; figures scaled down go to about 1.5 pt."""
OPAQUE = 200
"""Fills with at least this alpha, of 255, hide what is below."""
SAME_COLOUR = 24
"""Colours whose channels differ by less, of 255, cannot be told apart."""

Fill = tuple[float, float, float, float, int, int]
"""An opaque filled shape: x0, y0, x1, y1, colour 0xRRGGBB, order of painting."""


def what_shows(spans: Sequence[Span], scanned: Callable[[], bool]) -> Callable[[Span], bool] | None:
    """The test a span must pass to be seen; None when all of them would.

    `scanned` is asked only when most text is invisible: is the page a picture? Then that text is its OCR layer.
    """
    painted = all(flags & PAINTED for flags in {span["char_flags"] for span in spans})
    if painted and all(span["alpha"] for span in spans) and min([s["size"] for s in spans], default=9) >= TINY_PT:
        return None
    unpainted = text_length([span for span in spans if not span["char_flags"] & PAINTED])
    if unpainted > 0.8 * text_length(spans) and scanned():
        return lambda span: bool(span["size"] >= TINY_PT)
    return lambda span: bool(span["char_flags"] & PAINTED and span["alpha"] and span["size"] >= TINY_PT)


def fill_of(block: dict[str, Any]) -> Fill | None:
    """The vector block as a fill that can hide or carry a line of text; None for all others."""
    x0, y0, x1, y1 = block["bbox"]
    if block["stroked"] or block["alpha"] < OPAQUE or x1 - x0 < 8 or y1 - y0 < 4:
        return None
    return x0, y0, x1, y1, block["color"], block["number"]


def suspicious(line: dict[str, Any], spans: Sequence[Span], number: int, fills: Sequence[Fill]) -> bool:
    """Could this line be invisible: the colour of what it stands on, or covered by something painted later?"""
    x0, y0, x1, y1 = line["bbox"]
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    below = 0xFFFFFF
    for fx0, fy0, fx1, fy1, colour, order in fills:
        if fx0 <= x <= fx1 and fy0 <= y <= fy1:
            if order > number and fx1 - fx0 > 0.8 * (x1 - x0) and fy1 - fy0 > 0.8 * (y1 - y0):
                return True
            below = colour
    colour = spans[0]["color"]
    return all(abs((colour >> shift & 255) - (below >> shift & 255)) < SAME_COLOUR for shift in (16, 8, 0))
