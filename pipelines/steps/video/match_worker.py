"""The bounded child's half of `matching`: pictures of a recording against pictures of pages.

First where a slide usually is; for what that does not find, corners of the pictures are matched, which tells where the
slide is in this recording, and then every picture is looked at there.
"""

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np

from pipelines.steps.video.likeness import SIZE, Blocks, Floats, Greys, cut, rarity, scores
from pipelines.steps.video.packs import read_pack
from pipelines.steps.video.placement import Features, Matrix, features, find_place, same_place, usual_places, warp

SURE = 0.55
"""Score from which a picture shows the page."""
MARGIN = 0.04
"""Pages less than this behind the best are as likely."""
MOST_ALIKE = 8
"""More pages than this that are as likely say nothing."""
_WIDEST_PX = 640
_MOST_LOOKS, _MOST_PLACES, _MOST_CORNERS = 24, 6, 300


def match(source: BinaryIO) -> Iterator[tuple[list[Any], bytes]]:
    """Yields for each scene `([number, best score, numbers of pages], b"")`.

    Args:
        source: a pack with the pictures of `scenes` scenes, then those of the pages.
    """
    import cv2

    cv2.setNumThreads(1)
    head, packed = read_pack(source)
    shown = [_grey(data) for data in packed[: head["scenes"]]]
    pages = [_grey(data) for data in packed[head["scenes"] :]]
    known = cut(np.stack([np.asarray(cv2.resize(page, SIZE, interpolation=cv2.INTER_AREA)) for page in pages]))
    rare = rarity(known)
    found = _usual(shown, pages, known, rare)
    _elsewhere(shown, pages, known, rare, found)
    for number, row in enumerate(found):
        best = float(row.max())
        alike = np.flatnonzero(row >= best - MARGIN) if best >= SURE else np.zeros(0, int)
        yield [number, round(best, 3), alike.tolist() if len(alike) <= MOST_ALIKE else []], b""


def _grey(data: bytes) -> Greys:
    """A picture, grey and small; an empty one where it cannot be read."""
    import cv2

    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if data else None
    if picture is None:
        return np.full((_WIDEST_PX * 9 // 16, _WIDEST_PX), 255, np.uint8)
    scale = _WIDEST_PX / max(picture.shape)
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(picture, np.uint8)


def _usual(shown: Sequence[Greys], pages: Sequence[Greys], known: Blocks, rare: Floats) -> Floats:
    """(scenes, pages): scores where slides usually are."""
    found = np.zeros((len(shown), len(pages)), np.float32)
    aspects = np.array([round(page.shape[1] / page.shape[0], 2) for page in pages])
    for aspect in np.unique(aspects):
        here = np.flatnonzero(aspects == aspect)
        some = Blocks(known.detail[here], known.drawn[here])
        for number, picture in enumerate(shown):
            looks = cut(np.stack([warp(picture, place) for place in usual_places(picture, float(aspect))]))
            found[number, here] = scores(looks, some, rare[here]).max(axis=0)
    return found


def _elsewhere(shown: Sequence[Greys], pages: Sequence[Greys], known: Blocks, rare: Floats, found: Floats) -> None:
    """Raises scores where the slide is somewhere else, which the pictures themselves tell."""
    corners: list[Features] | None = None
    some = range(0, len(pages), -(-len(pages) // _MOST_CORNERS))
    sizes = [(pages[page].shape[1], pages[page].shape[0]) for page in some]
    places: list[Matrix] = []
    looked = np.zeros(len(shown), bool)
    for _ in range(_MOST_LOOKS):
        missing = np.flatnonzero((found.max(axis=1) < SURE) & ~looked)
        if not missing.size or len(places) == _MOST_PLACES:
            return
        number = int(missing[len(missing) // 2])  # scenes beside each other look the same
        looked[number] = True
        corners = [features(pages[page]) for page in some] if corners is None else corners
        place = find_place(features(shown[number]), corners, sizes)
        if place is None or any(same_place(place, other) for other in places):
            continue
        places.append(place)
        for other in np.flatnonzero(found.max(axis=1) < SURE).tolist():
            look = cut(warp(shown[other], place)[None])
            found[other] = np.maximum(found[other], scores(look, known, rare)[0])
