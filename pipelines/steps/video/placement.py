"""Places of the slide in a recording's pictures: the whole of them, between black bars, beside a camera, or aslant."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.steps.video.likeness import SIZE, Greys

Matrix = npt.NDArray[np.float64]

_FEATURES = 500
_LEAST_INLIERS = 14
_LEAST_SHARE = 0.25  # of the features matched, that agree on a place
_LEAST_SCALE, _MOST_SCALE = 0.2, 1.5
_UNIFORM = 6.0  # levels a row of a black bar varies at most


def usual_places(picture: Greys, aspect: float) -> list[Matrix]:
    """Where a page of this width by height usually is: stretched over everything or fitted in, bars cut off or not.

    Each is (2, 3), from pixels of `SIZE` to pixels of the picture.
    """
    height, width = picture.shape
    boxes = [(0.0, 0.0, float(width), float(height)), _inside_bars(picture)]
    found: list[tuple[float, float, float, float]] = []
    for left, top, right, bottom in boxes:
        wide, high = right - left, bottom - top
        fitted_w, fitted_h = min(wide, high * aspect), min(high, wide / aspect)
        x, y = left + (wide - fitted_w) / 2, top + (high - fitted_h) / 2
        for box in ((left, top, right, bottom), (x, y, x + fitted_w, y + fitted_h)):
            if all(max(abs(a - b) for a, b in zip(box, other, strict=True)) > 1.5 for other in found):
                found.append(box)
    return [_from_box(box) for box in found]


def warp(picture: Greys, place: Matrix) -> Greys:
    """What the picture shows at a place, brought to `SIZE`."""
    import cv2

    scale = max(float(np.linalg.norm(place[:, 0])), float(np.linalg.norm(place[:, 1])))
    if scale > 1.5:  # what is made smaller is smoothed first, or letters become noise
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.4 * scale), np.uint8)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, place, SIZE, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


@dataclass(frozen=True, slots=True)
class Features:
    """Corners of a picture: where, and what they look like."""

    points: npt.NDArray[np.float32]
    looks: npt.NDArray[np.uint8]


def features(picture: Greys) -> Features:
    """The corners that stand out most, at several sizes."""
    import cv2

    orb = cv2.ORB_create(nfeatures=_FEATURES, fastThreshold=12)  # type: ignore[attr-defined]
    points, looks = orb.detectAndCompute(picture, None)
    if looks is None:
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8))
    return Features(np.array([point.pt for point in points], np.float32), looks)


def find_place(shown: Features, pages: Sequence[Features], sizes: Sequence[tuple[int, int]]) -> Matrix | None:
    """Where in a picture one of the pages is, whichever fits best; None where none is found.

    Args:
        shown: of the picture. pages: of the pages, `sizes` their width and height in pixels.
    """
    import cv2

    best, best_inliers = None, _LEAST_INLIERS - 1
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)
    for page, (width, height) in zip(pages, sizes, strict=True):
        if min(len(page.points), len(shown.points)) < _LEAST_INLIERS:
            continue
        matches = [match for match in matcher.match(page.looks, shown.looks) if match.distance <= 60]
        if len(matches) <= best_inliers:
            continue
        here = page.points[[match.queryIdx for match in matches]]
        there = shown.points[[match.trainIdx for match in matches]]
        found, agree = cv2.estimateAffine2D(here, there, ransacReprojThreshold=2.5, maxIters=500)
        place, inliers = np.asarray(found, np.float64), int(np.sum(agree))
        if place.shape == (2, 3) and inliers > best_inliers and inliers >= _LEAST_SHARE * len(matches) and _sane(place):
            best_inliers = inliers
            best = np.asarray(place @ np.diag([width / SIZE[0], height / SIZE[1], 1.0]), np.float64)
    return best


def same_place(one: Matrix, other: Matrix) -> bool:
    """Whether two places are the same within a pixel or two."""
    corners = np.array([[0, 0, 1], [SIZE[0], 0, 1], [0, SIZE[1], 1], [SIZE[0], SIZE[1], 1]]).T
    return bool(np.abs(one @ corners - other @ corners).max() < 3.0)


def _sane(place: Matrix) -> bool:
    """A page is neither mirrored nor turned, and about as wide as high as it was."""
    across, down = place[:, 0], place[:, 1]
    wide, high = float(np.linalg.norm(across)), float(np.linalg.norm(down))
    return (
        min(wide, high) >= _LEAST_SCALE
        and max(wide, high) <= _MOST_SCALE
        and max(wide, high) <= 1.6 * min(wide, high)
        and abs(across[1]) < 0.2 * wide
        and abs(down[0]) < 0.2 * high
        and across[0] > 0
        and down[1] > 0
    )


def _from_box(box: tuple[float, float, float, float]) -> Matrix:
    left, top, right, bottom = box
    return np.array([[(right - left) / SIZE[0], 0.0, left], [0.0, (bottom - top) / SIZE[1], top]])


def _inside_bars(picture: Greys) -> tuple[float, float, float, float]:
    """The picture without rows and columns of one even colour at its edges."""
    rows, columns = picture.std(axis=1) > _UNIFORM, picture.std(axis=0) > _UNIFORM
    if not rows.any() or not columns.any():
        return 0.0, 0.0, float(picture.shape[1]), float(picture.shape[0])
    top, left = int(rows.argmax()), int(columns.argmax())
    bottom, right = len(rows) - int(rows[::-1].argmax()), len(columns) - int(columns[::-1].argmax())
    if (bottom - top) * (right - left) < 0.2 * picture.size:
        return 0.0, 0.0, float(picture.shape[1]), float(picture.shape[0])
    return float(left), float(top), float(right), float(bottom)
