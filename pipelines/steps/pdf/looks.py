"""Looks at the pictures of a deck's pages: what do they show beside their text layer?

Drawing a page takes as long as reading it, so only the places are drawn where images and shapes stand.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from pipelines.core.records import Box
from pipelines.steps.pdf.ink import letters_outside
from pipelines.steps.pdf.library import load_pymupdf
from pipelines.steps.pdf.opening import as_memory_error
from pipelines.steps.pdf.text import PageText

LOOK_PX = 800
"""Pages are looked at in this width; letters of 6 pt on a slide are then five pixels high."""
EVERYWHERE = 0.5
"""A shape at one place of this share of the pages, and of three at least, is decoration."""
LETTER_PT = (3.0, 60.0)
"""Least and greatest height of a drawn shape that may be a letter, or a line of them."""
ICON_PT = 12.0
"""Images smaller than this in both directions are bullets and icons,"""
MANY_ICONS = 16
"""but so many of them are the letters or the tiles of a scan."""
_GRID = 32
_INLINE_IMAGE = re.compile(rb"(?:^|[\s\])>])BI[\s/]")


class PageLooks:
    """The pages of one deck, each looked at once at most."""

    def __init__(self, document: Any, pages: Sequence[PageText]) -> None:
        self.pages = pages
        self._document = document
        shown_on = Counter(box for page in pages for box in set(page.shapes))
        most = max(3, EVERYWHERE * len(pages))
        self._decoration = {box for box, count in shown_on.items() if count >= most}
        self._beside: dict[int, tuple[bool, int]] = {}

    def letters_beside(self, number: int) -> int:
        """How many marks stand in rows, as letters do, in the images and shapes of the page at this position.

        On the whole page where all of its text was dropped as junk.
        """
        if number not in self._beside:
            places = None if self._is_dropped(number) else self._places(number)
            self._beside[number] = self._look(number, places) if self.is_worth_a_look(number) else (False, 0)
        return self._beside[number][1]

    def is_worth_a_look(self, number: int) -> bool:
        """Is there anything on the page, images, shapes or dropped text, that may be letters?"""
        return self._is_dropped(number) or bool(self._places(number))

    def shows_something(self, number: int) -> bool:
        """Is there anything to be seen on the page beside its lines?"""
        return self._beside.get(number, (False, 0))[0] or self._look(number, None)[0]

    def letter_shapes(self, number: int) -> int:
        """About how many letters the page's drawn shapes may be: more than one where a shape is a line of them."""
        sides = [(x1 - x0, y1 - y0) for x0, y0, x1, y1 in self._shapes(number)]
        return sum(max(1, round(1.5 * w / h)) for w, h in sides if w >= 1 and LETTER_PT[0] <= h <= LETTER_PT[1])

    def picture_share(self, number: int) -> float:
        """How much of a page its raster images cover together, in [0, 1]: scans come in strips and tiles too."""
        page = self.pages[number]
        return covered(page.images, page.shown_width, page.shown_height)

    def _is_dropped(self, number: int) -> bool:
        # Text that was dropped as junk may be words in a font that calls letters by others' names.
        return not self.pages[number].lines and self.pages[number].junk_chars > 0

    def _places(self, number: int) -> list[Box]:
        return [*self.pages[number].images, *self._shapes(number)]

    def _shapes(self, number: int) -> list[Box]:
        return [box for box in self.pages[number].shapes if box not in self._decoration]

    def _look(self, number: int, places: Sequence[Box] | None) -> tuple[bool, int]:
        """Looks at the rectangle around `places` (None: the whole page): anything seen, and marks in rows."""
        import numpy

        drawn = pixmap(self._document, number, most=(LOOK_PX, 2 * LOOK_PX), grey=True, places=places)
        if drawn is None:
            return False, 0
        grey = numpy.frombuffer(drawn.samples, numpy.uint8).reshape(drawn.height, drawn.width)
        page = self.pages[number]
        zoom = min(LOOK_PX / page.shown_width, 2 * LOOK_PX / page.shown_height)
        width, height = zoom * page.shown_width, zoom * page.shown_height
        known = [
            (x0 * width - drawn.x, y0 * height - drawn.y, x1 * width - drawn.x, y1 * height - drawn.y)
            for line in page.lines
            for x0, y0, x1, y1 in line.boxes
        ]
        return letters_outside(grey, known)


def image_boxes(page: Any, drawn: Callable[[], Any]) -> list[Box]:
    """Where a page's raster images stand, as it is shown, without icons.

    Args:
        drawn: gives the page's display list, from which they are read without interpreting the page again.
    """
    if not _may_have_images(page):
        return []
    pymupdf = load_pymupdf()
    read = pymupdf.TextPage(drawn().get_textpage(flags=pymupdf.TEXT_PRESERVE_IMAGES))
    boxes: list[Box] = [tuple(info["bbox"]) for info in read.extractIMGINFO()]
    large = [box for box in boxes if max(box[2] - box[0], box[3] - box[1]) >= ICON_PT]
    return large if len(boxes) - len(large) < MANY_ICONS else boxes


def _may_have_images(page: Any) -> bool:
    """False only where there is none: nothing is named that could be one, and none stands in the page's own code."""
    document, xref = page.parent, page.xref
    own = document.xref_get_key(xref, "Resources")[0] != "null"  # else they are its parent's
    if not own or document.xref_get_key(xref, "Resources/XObject")[0] != "null":
        return True
    return page.first_annot is not None or _INLINE_IMAGE.search(page.read_contents()) is not None


def covered(boxes: Sequence[Box], width: float, height: float) -> float:
    """How much of a page of this size the boxes cover together, in [0, 1]."""
    cells: set[tuple[int, int]] = set()
    width, height = width or 1.0, height or 1.0
    for left, top, right, bottom in boxes:
        x0, y0, x1, y1 = max(0.0, left), max(0.0, top), min(width, right), min(height, bottom)
        if x0 >= x1 or y0 >= y1:
            continue
        columns = range(int(_GRID * x0 / width), min(_GRID, int(_GRID * x1 / width - 1e-6) + 1))
        rows = range(int(_GRID * y0 / height), min(_GRID, int(_GRID * y1 / height - 1e-6) + 1))
        cells.update((column, row) for column in columns for row in rows)
    return len(cells) / _GRID**2


def pixmap(
    document: Any,
    number: int,
    *,
    most: tuple[int, int],
    least: tuple[int, int] | None = None,
    grey: bool = False,
    places: Sequence[Box] | None = None,
) -> Any:
    """The page in RGB or grey, as large as fits into `most` pixels (width, height); None when it cannot be drawn.

    Args:
        least: (width in pixels, dpi) how large it needs to be: it gets no larger than the larger of both.
        places: only the rectangle around these boxes is drawn (as the page is shown, in points); None: all of it.
    """
    pymupdf = load_pymupdf()
    try:
        page = document.load_page(number)
        width, height = page.rect.width, page.rect.height
        zoom = min(most[0] / width, most[1] / height)
        if least is not None:
            zoom = min(zoom, max(least[0] / width, least[1] / 72))
        clip = None
        if places is not None:
            clip = pymupdf.Rect(*map(min, zip(*(box[:2] for box in places), strict=True)),
                                *map(max, zip(*(box[2:] for box in places), strict=True))) & page.rect  # fmt: skip
            if clip.is_empty:
                return None
        colours = pymupdf.csGRAY if grey else pymupdf.csRGB
        return page.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), colorspace=colours, alpha=False, clip=clip)
    except Exception as error:  # the library raises several unrelated classes for damaged pages
        if memory := as_memory_error(error):
            raise memory from None
        return None
