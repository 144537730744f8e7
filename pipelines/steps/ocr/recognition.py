"""Text of pages that are pictures, recognised with models that arrive inside a wheel: no network, no key.

Pages that were scanned on their side or head are turned first. Loaded only when a page needs it (the library takes
seconds to import).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pipelines.steps.pdf.lines import Line

THREADS = 2
"""Threads of one recogniser; more gain little on one page and starve the neighbours."""
MIN_SCORE = 0.6
"""The recogniser's own confidence below which a line is noise."""
MIN_SHORT_SCORE = 0.85
"""The same for up to three characters, which is what logos and arrows are read as."""
SURE = 0.87
"""A page whose letters are recognised with this confidence on average stands the right way up."""
UNREADABLE = 0.7
"""A page with less than this in every direction is handwriting, noise or a photograph: guesses, not text."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels of a rendered page: RGB, row by row, and how many of them make one point."""

    samples: bytes
    width_px: int
    height_px: int
    px_per_pt: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a picture says. `lines` stand in the frame of the page turned `quarter_turns` times to the left, in points;
    `width` and `height` are that frame's. `unsure` True: there is something like text, but it could not be read.
    """

    lines: list[Line] = field(default_factory=list)
    quarter_turns: int = 0
    width: float = 0.0
    height: float = 0.0
    unsure: bool = False


@cache
def reader() -> "Reader":
    """The recogniser of this process."""
    return Reader()


@dataclass(frozen=True, slots=True)
class _Found:
    """What the engine found in one direction: corners of each line in pixels, its text and its score."""

    boxes: Sequence[Any]
    texts: Sequence[str]
    scores: Sequence[float]

    @property
    def letters(self) -> int:
        return sum(len(text) for text in self.texts)

    @property
    def score(self) -> float:
        """The mean confidence of a letter; 0 without any."""
        return sum(len(t) * s for t, s in zip(self.texts, self.scores, strict=True)) / max(1, self.letters)

    @property
    def worth(self) -> float:
        """Letters in lines that are recognised well: what tells one direction from another."""
        return sum(len(t) * max(0.0, s - 0.5) for t, s in zip(self.texts, self.scores, strict=True))

    @property
    def tall(self) -> bool:
        """Are most lines higher than wide? Then the page lies on its side."""
        sides = [_extent(box) for box in self.boxes]
        return sum(height > 1.5 * width for width, height in sides) > 0.5 * len(sides)


class Reader:
    """A recogniser with its models loaded, which takes seconds; use `reader()`."""

    def __init__(self) -> None:
        from rapidocr import RapidOCR

        threads = min(THREADS, os.cpu_count() or 1)
        self._engine = RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,  # whole pages are turned, which single lines on slides never are
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def read(self, picture: Picture) -> Reading:
        """The picture's lines of text; no lines when nothing was recognised."""
        import numpy

        pixels = numpy.frombuffer(picture.samples, numpy.uint8).reshape(picture.height_px, picture.width_px, 3)
        pixels = pixels[:, :, ::-1]
        found = {0: self._find(pixels)}
        first = found[0]
        if first.letters and (first.tall or first.score < SURE):
            for turns in (3, 1) if first.tall else (2, 1, 3):
                found[turns] = self._find(numpy.rot90(pixels, turns))
                if found[turns].score >= SURE and not found[turns].tall and found[turns].worth > first.worth:
                    break
        turns, best = max(found.items(), key=lambda item: (not item[1].tall) * item[1].worth)
        size = (picture.width_px, picture.height_px) if turns % 2 == 0 else (picture.height_px, picture.width_px)
        width, height = size[0] / picture.px_per_pt, size[1] / picture.px_per_pt
        unsure = bool(best.letters) and best.score < UNREADABLE
        lines = [] if unsure else _lines(best, picture, turns)
        return Reading(lines, turns, width, height, unsure)

    def _find(self, pixels: Any) -> _Found:
        import numpy

        found: Any = self._engine(numpy.ascontiguousarray(pixels))
        if found.txts is None:
            return _Found((), (), ())
        return _Found(list(found.boxes), list(found.txts), [float(score) for score in found.scores])


def _lines(found: _Found, picture: Picture, turns: int) -> list[Line]:
    made: list[Line] = []
    for box, text, score in zip(found.boxes, found.texts, found.scores, strict=True):
        line = _line(box, text, score, picture.px_per_pt)
        if line is not None:
            line.boxes = (_place(box, picture, turns),)
            made.append(line)
    return made


def _extent(box: Any) -> tuple[float, float]:
    xs, ys = [float(corner[0]) for corner in box], [float(corner[1]) for corner in box]
    return max(xs) - min(xs), max(ys) - min(ys)


def _place(box: Any, picture: Picture, turns: int) -> tuple[float, float, float, float]:
    """The box in shares of the picture as it was before it was turned."""
    width, height = picture.width_px, picture.height_px
    points = []
    for x, y in ((float(corner[0]), float(corner[1])) for corner in box):
        # `rot90` turns to the left: what is read at (x, y) stood there before.
        points.append(((x, y), (width - y, x), (width - x, height - y), (y, height - x))[turns])
    xs = [min(1.0, max(0.0, x / width)) for x, _ in points]
    ys = [min(1.0, max(0.0, y / height)) for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


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
