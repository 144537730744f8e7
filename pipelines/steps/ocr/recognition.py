"""Text of pages that are pictures, recognised with models that arrive inside a wheel: no network, no key.

Loaded only when a page needs it (the library takes seconds to import).
"""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipelines.steps.pdf.lines import Line

THREADS = 2
"""Threads of one recogniser; more gain little on one page and starve the neighbours."""
MIN_SCORE = 0.6
"""The recogniser's own confidence below which a line is noise."""
MIN_SHORT_SCORE = 0.85
"""The same for up to three characters, which is what logos and arrows are read as."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels of a rendered page: RGB, row by row, and how many of them make one point."""

    samples: bytes
    width_px: int
    height_px: int
    px_per_pt: float


@cache
def reader() -> "Reader":
    """The recogniser of this process."""
    return Reader()


class Reader:
    """A recogniser with its models loaded, which takes seconds; use `reader()`."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        threads = min(THREADS, os.cpu_count() or 1)
        self._engine = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,  # upside-down lines do not occur on slides; skipping saves a model
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def read(self, picture: Picture) -> list[Line]:
        """The picture's lines of text, in points; empty when nothing was recognised."""
        import numpy

        pixels = numpy.frombuffer(picture.samples, numpy.uint8).reshape(picture.height_px, picture.width_px, 3)
        found: Any = self._engine(numpy.ascontiguousarray(pixels[:, :, ::-1]))
        if found.txts is None:
            return []
        return [
            line
            for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
            if (line := _line(box, text, float(score), picture.px_per_pt)) is not None
        ]


def _line(box: Any, text: str, score: float, px_per_pt: float) -> Line | None:
    """One recognised line. `box` is four corners (x, y) in pixels, from the top left on, clockwise."""
    text = " ".join(text.split())
    alone = len(text) == 1 and not text.isdigit()  # rings and crosses of a logo are read as letters
    if alone or not any(map(str.isalnum, text)) or score < (MIN_SHORT_SCORE if len(text) <= 3 else MIN_SCORE):
        return None
    xs, ys = [float(corner[0]) / px_per_pt for corner in box], [float(corner[1]) / px_per_pt for corner in box]
    x0, y0, x1, y1 = min(xs), min(ys), max(xs), max(ys)
    height = y1 - y0
    upright = height < 1.5 * (x1 - x0) or len(text) <= 2
    # A box is about 1.2 font sizes high and its letters stand a fifth above its lower edge.
    return Line(x0, y0, x1, y1, y1 - 0.2 * height, text, height / 1.2 if upright else (x1 - x0) / 1.2, upright=upright)
