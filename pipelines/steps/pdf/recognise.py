"""The pages of a deck that are read from their picture, chosen and recognised within the limits of the bounded child.

A page is worth it when its letters cannot be believed, or when its picture shows more of them than its text layer.
"""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.steps.pdf.deck import doubt_garbled_fonts, letters, says_enough, says_little
from pipelines.steps.pdf.ink import letters_outside
from pipelines.steps.pdf.library import load_pymupdf
from pipelines.steps.pdf.lines import usual_size
from pipelines.steps.pdf.merge import add_recognised
from pipelines.steps.pdf.opening import as_memory_error
from pipelines.steps.pdf.text import PageText

OCR_SIZE_PX = (1400, 2000)
"""Pages are recognised at this size; more pixels took longer and read no better."""
LOOK_PX = 800
"""Pages are looked at in this width; letters of 6 pt on a slide are then five pixels high."""
LOGO_SHARE = 0.15
"""Smaller pictures on a page that has some text are logos and icons."""
SPECK_SHARE = 0.03
"""Smaller pictures on a page without any text carry none either."""
SOME_LETTERS = 6
"""Marks in rows that make a page without text worth reading."""
MORE_LETTERS = 0.35
"""The same for a page with text, as a share of its letters: less is the lettering of a plot."""
FIGURE_LETTERS = 16
"""Fewer marks in rows are the lettering of a figure."""
BROKEN_CHARS = 5
"""So many characters of fonts without a letter map are missed on a page."""
CPU_RESERVE_S = 25.0
"""Recognition stops this long before the CPU limit, so that what was read is delivered."""


@dataclass(slots=True)
class Outcome:
    """What became of the pictures: positions of pages left out for lack of time, and of those that gave no words."""

    left_out: list[int] = field(default_factory=list)
    unsure: list[int] = field(default_factory=list)


def choose_pages(document: Any, pages: Sequence[PageText], *, damaged: Sequence[int]) -> list[int]:
    """The positions of pages worth reading from their picture; lines whose letters lie are marked on the way.

    Args:
        damaged: pages (1-based) that cannot be drawn.
    """
    doubt_garbled_fonts(pages)
    usual = usual_size([line for page in pages for line in page.lines])
    return [
        number
        for number, page in enumerate(pages)
        if number + 1 not in damaged and _worth_recognising(document, number, page, usual)
    ]


def _worth_recognising(document: Any, number: int, page: PageText, usual: float) -> bool:
    if page.broken_chars >= BROKEN_CHARS or any(line.doubt for line in page.lines):
        return True
    shown = document.load_page(number)
    if says_little(page, usual):
        if picture_share(shown) > (LOGO_SHARE if page.lines else SPECK_SHARE):
            return True
        return look(document, number, page)[1] >= SOME_LETTERS
    if says_enough(page):
        beside = bool(shown.get_images()) and picture_share(shown) > LOGO_SHARE
    else:
        beside = page.shapes >= FIGURE_LETTERS or (bool(shown.get_images()) and picture_share(shown) > SPECK_SHARE)
    return beside and look(document, number, page)[1] >= max(FIGURE_LETTERS, MORE_LETTERS * letters(page))


def look(document: Any, number: int, page: PageText) -> tuple[bool, int]:
    """Whether a page shows anything beside its lines, and how many marks of it stand in rows as letters do."""
    import numpy

    drawn = pixmap(document, number, most=(LOOK_PX, 2 * LOOK_PX), grey=True)
    if drawn is None:
        return False, 0
    grey = numpy.frombuffer(drawn.samples, numpy.uint8).reshape(drawn.height, drawn.width)
    known = [box for line in page.lines for box in line.boxes]
    scaled = [(x0 * drawn.width, y0 * drawn.height, x1 * drawn.width, y1 * drawn.height) for x0, y0, x1, y1 in known]
    return letters_outside(grey, scaled)


def picture_share(page: Any) -> float:
    """How much of a page its raster images cover together, in [0, 1]: scans come in strips and tiles too."""
    pymupdf = load_pymupdf()
    cells: set[tuple[int, int]] = set()
    width, height = page.rect.width or 1.0, page.rect.height or 1.0
    for info in page.get_image_info():
        box = pymupdf.Rect(info["bbox"]) * page.rotation_matrix & page.rect
        if box.is_empty:
            continue
        columns = range(int(_GRID * box.x0 / width), min(_GRID, int(_GRID * box.x1 / width - 1e-6) + 1))
        rows = range(int(_GRID * box.y0 / height), min(_GRID, int(_GRID * box.y1 / height - 1e-6) + 1))
        cells.update((column, row) for column in columns for row in rows)
    return len(cells) / _GRID**2


_GRID = 32


def recognise_pages(
    document: Any,
    pages: Sequence[PageText],
    chosen: Sequence[int],
    *,
    limit: int,
    limits: tuple[float, float, float],
) -> Generator[int, None, Outcome]:
    """Reads the chosen pages from their pictures, in place; yields how many pages are finished after each.

    Args:
        limit: pages read at most.
        limits: the child's CPU limit as `cpu_s`, `item_s` and `total_s` of `Limits`; a rest of it is left.
    """
    outcome = Outcome()
    finished = len(pages) - len(chosen)
    cpu_s, item_s, total_s = limits
    yield finished
    for place, number in enumerate(chosen):
        most_s = min(total_s, cpu_s + item_s * (finished + len(chosen)))
        if place >= limit or time.process_time() > most_s - CPU_RESERVE_S:
            outcome.left_out = list(chosen[place:])
            break
        if _recognise_page(document, number, pages[number]):
            outcome.unsure.append(number)
        finished += 1
        yield finished
    for number in chosen:  # what lies is no text, also where nothing better was found
        pages[number].lines = [line for line in pages[number].lines if line.doubt != "letters"]
    return outcome


def _recognise_page(document: Any, number: int, page: PageText) -> bool:
    """Reads one page; True when there is text that could not be read."""
    from pipelines.steps.ocr.recognition import Picture, reader

    drawn = pixmap(document, number, most=OCR_SIZE_PX)
    if drawn is None:
        return False
    shown = document.load_page(number)
    reading = reader().read(Picture(drawn.samples, drawn.width, drawn.height, drawn.width / shown.rect.width))
    add_recognised(page, reading, turned=bool(shown.rotation) or page.turned)
    return reading.unsure


def pixmap(
    document: Any, number: int, *, most: tuple[int, int], least: tuple[int, int] | None = None, grey: bool = False
) -> Any:
    """The page in RGB or grey, as large as fits into `most` pixels (width, height); None when it cannot be drawn.

    `least` (width in pixels, dpi) is how large it needs to be: it gets no larger than the larger of both.
    """
    pymupdf = load_pymupdf()
    try:
        page = document.load_page(number)
        width, height = page.rect.width, page.rect.height
        zoom = min(most[0] / width, most[1] / height)
        if least is not None:
            zoom = min(zoom, max(least[0] / width, least[1] / 72))
        colours = pymupdf.csGRAY if grey else pymupdf.csRGB
        return page.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), colorspace=colours, alpha=False)
    except Exception as error:  # the library raises several unrelated classes for damaged pages
        if memory := as_memory_error(error):
            raise memory from None
        return None
