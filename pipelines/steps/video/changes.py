"""Changes in the pictures of a recording, from thumbnails: a new slide, and not a webcam that moves all the time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

THUMB = (96, 54)
"""Width and height of a thumbnail."""

_LEVELS = 20  # a pixel that changes less is noise of compression
_CHANGED = 0.004  # share of pixels that changes when a line of text is added
_CUT = 0.35  # share that changes where everything does, whatever moved before
_NEAR = 6  # samples before and after from which is told what moves all the time
_MOVES = 0.35  # share of those in which a pixel changes that is part of something moving
_LARGEST_WEBCAM = 0.3  # share of pixels that moves where a person is seen beside a slide
_AROUND = 5  # pixels around one that moves that may move next
_MUCH = 0.03  # share of pixels that changes with a slide, more than a person moves on a small part of the picture
_RESTLESS = 6  # so many changes of everything, one after the other, are a camera's
_STEADY = 0.03  # share of pixels that moves at most while a screen is shown, a small webcam on it
_LONGEST_UNSTEADY_MS = 10_000
_STAYS_MS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFound:
    """From when to when the same was seen. `shown`: the number of the sample that shows it. `steady`: a screen, and
    nothing that moves, as people do."""

    start_ms: int
    end_ms: int
    shown: int
    steady: bool


class Thumbs:
    """Thumbnails in order of time, and how much each differs from the one before it."""

    def __init__(self, thumbs: Sequence[npt.NDArray[np.uint8]]) -> None:
        width, height = THUMB
        stack = np.stack(thumbs) if len(thumbs) else np.zeros((0, height, width), np.uint8)
        self._differ = np.abs(np.diff(stack.astype(np.int16), axis=0)) > _LEVELS
        self._count = len(stack)

    def __len__(self) -> int:
        return self._count

    def moving(self, at: int) -> float:
        """Share of pixels that differ in the sample after number `at`."""
        return float(self._differ[at].mean())

    def change(self, at: int) -> float:
        """Share of pixels that are new in the sample after number `at`, but for what moves all the time; 0: none."""
        import cv2

        differ = self._differ[at]
        everything = float(differ.mean())
        if everything >= _CUT:
            return everything
        sides = [self._differ[max(0, at - _NEAR) : at], self._differ[at + 1 : at + 1 + _NEAR]]
        if min(map(len, sides)) >= 2:
            often = np.minimum(sides[0].mean(axis=0), sides[1].mean(axis=0)) > _MOVES
            moves = cv2.dilate(often.astype(np.uint8), np.ones((_AROUND, _AROUND), np.uint8)) > 0
            if moves.mean() <= _LARGEST_WEBCAM:
                differ = differ & ~moves
        share = float(differ.mean())
        return share if share >= _CHANGED else 0.0


def find_scenes(times_ms: Sequence[int], thumbs: Sequence[npt.NDArray[np.uint8]], *, end_ms: int) -> list[SceneFound]:
    """The scenes of a recording, in order, without gaps; the first begins at 0.

    Args:
        times_ms: of the samples, ascending. thumbs: of the same samples, grey, of size `THUMB`.
        end_ms: of the recording.
    """
    if not times_ms:
        return []
    known = Thumbs(thumbs)
    changes = [known.change(at) for at in range(len(times_ms) - 1)]
    runs: list[list[int]] = [[0]]
    for number, change in enumerate(changes, 1):
        if change:
            runs.append([])
        runs[-1].append(number)
    ends = [*(times_ms[run[0]] for run in runs[1:]), max(end_ms, times_ms[-1] + 1)]
    found: list[SceneFound] = []
    for number, (run, end) in enumerate(zip(runs, ends, strict=True)):
        start = ends[number - 1] if number else 0
        moving = [known.moving(at) for at in run[:-1]]
        steady = (len(run) > 1 or end - start >= _STAYS_MS) and (not moving or float(np.mean(moving)) <= _STEADY)
        before = found[-1] if found else None
        joins = (
            before is not None
            and not steady
            and not before.steady
            and end - before.start_ms <= _LONGEST_UNSTEADY_MS
            and (changes[run[0] - 1] < _MUCH or _is_restless(changes, run))
        )
        if before is not None and joins:
            found[-1] = replace(before, end_ms=end, shown=run[-1])
        elif end > start:
            found.append(SceneFound(start_ms=start, end_ms=end, shown=run[-1], steady=steady))
    return found


def _is_restless(changes: Sequence[float], run: Sequence[int]) -> bool:
    """Whether much changes for a while before and after this run of samples, as when a camera moves."""
    first, last = run[0] - 1, run[-1]
    if last >= len(changes) or min(changes[first], changes[last]) < _MUCH:
        return False
    while first > 0 and changes[first - 1] >= _MUCH:
        first -= 1
    while last + 1 < len(changes) and changes[last + 1] >= _MUCH:
        last += 1
    return last - first + 1 >= _RESTLESS
