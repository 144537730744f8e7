"""The number a page prints, which is what a reader sees on the wall and not the physical page.

Title pages print none, animation steps repeat one; "7 / 11", "7" and "vii" are all in use.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pipelines.steps.pdf.lines import Line, usual_size
from pipelines.steps.pdf.text import PageText

BAND = 0.13
"""Headers and footers stand in this share of the page's height at its top and bottom."""

EDGE = 0.1
"""Numbers beside the text stand in this share of the page's width at its left and right."""
COUNTS = 0.8
"""Numbers as large as the text count the pages when this share of them goes on by one a page."""

_OF_TOTAL = re.compile(r"(?:^|[\s–—|-])(\d{1,4})\s*(?:/|of|von|sur|de)\s*(\d{1,4})$", re.IGNORECASE)
_ALONE = re.compile(r"\W*(?:page|slide|seite|folie|p\.|s\.)?\s*(\d{1,4})\W*", re.IGNORECASE)
_ROMAN = re.compile(r"[ivxlc]{1,8}")


def zone_of(line: Line, page: PageText) -> str:
    """ "top" or "bottom" for lines where headers and footers stand, else ""."""
    middle = (line.y0 + line.y1) / 2
    if middle < BAND * page.height:
        return "top"
    return "bottom" if middle > (1 - BAND) * page.height else ""


def at_edge(line: Line, page: PageText) -> bool:
    """Does this line stand in the outermost tenth of the page's width, where some decks count their pages?"""
    middle = (line.x0 + line.x1) / 2
    return middle < EDGE * page.width or middle > (1 - EDGE) * page.width


def printed_labels(pages: Sequence[PageText], pdf_labels: Sequence[str]) -> list[str | None]:
    """The number each page prints: "7 / 11" or "7"; None where it prints none.

    Args:
        pages: the deck's pages in order.
        pdf_labels: the labels stored in the PDF, "" for pages without; used when no page prints a number, unless they
            only count the pages.
    """
    of_total = [_of_total(page) for page in pages]
    if len({label for label in of_total if label}) >= min(2, len(pages)):
        return of_total
    alone = _alone(pages)
    if any(alone):
        return alone
    if any(label and label != str(number) for number, label in enumerate(pdf_labels, 1)):
        return [label or None for label in pdf_labels]
    return [None] * len(pages)


def _band_texts(page: PageText) -> Iterator[str]:
    return (line.text for line in page.lines if line.upright and zone_of(line, page))


def number_in(text: str) -> str | None:
    """The page number a header or footer shows, as `printed_labels` writes it; None when it shows none."""
    if match := _OF_TOTAL.search(text):
        return f"{match[1]} / {match[2]}"
    return match[1] if (match := _ALONE.fullmatch(text)) else text if _ROMAN.fullmatch(text) else None


def _of_total(page: PageText) -> str | None:
    """The page's "n / m"; None also where several differ, as on a sheet of four slides."""
    found = {f"{match[1]} / {match[2]}" for text in _band_texts(page) if (match := _OF_TOTAL.search(text))}
    return found.pop() if len(found) == 1 else None


def _alone(pages: Sequence[PageText]) -> list[str | None]:
    """Numbers that stand alone and go on from page to page; a year in every footer does not."""
    usual = usual_size([line for page in pages for line in page.lines])
    candidates = [_numbers(page, most=0.95 * usual) for page in pages]
    if not _go_on(candidates):
        # Numbers as large as the text are answers and results, unless they truly count.
        every = [_numbers(page) for page in pages]
        candidates = every if _count_pages(every) else candidates
    counts = Counter(number for numbers in candidates for number in numbers)
    constant = {number for number, count in counts.items() if count > max(2, 0.4 * len(pages))}
    labels: list[str | None] = []
    for index, page in enumerate(pages):
        fitting = {number: _neighbours(index, number, candidates) for number in candidates[index] - constant}
        best = max(fitting.values(), default=0)
        chosen = [number for number, count in fitting.items() if count == best and best]
        roman = [text for text in _band_texts(page) if _ROMAN.fullmatch(text)]
        labels.append(str(chosen[0]) if len(chosen) == 1 else roman[0] if len(roman) == 1 else None)
    return labels if any(label and label.isdigit() for label in labels) else [None] * len(pages)


def _numbers(page: PageText, most: float = float("inf")) -> set[int]:
    """Numbers that stand alone at the edges of the page, in less than `most` points."""
    return {
        int(found[1])
        for line in page.lines
        if line.upright and line.size < most and (zone_of(line, page) or (at_edge(line, page) and line.text.isdigit()))
        if (found := _ALONE.fullmatch(line.text))
    }


def _go_on(candidates: Sequence[set[int]]) -> bool:
    return any(_neighbours(index, n, candidates) for index, numbers in enumerate(candidates) for n in numbers)


def _count_pages(candidates: Sequence[set[int]]) -> bool:
    """Is there one number a page that grows with the pages?"""
    steps = Counter(number - index for index, numbers in enumerate(candidates) for number in numbers)
    most = max(steps.values(), default=0)
    return most >= 3 and most >= COUNTS * sum(map(bool, candidates))


def _neighbours(index: int, number: int, candidates: Sequence[set[int]]) -> int:
    """How many of the nearest pages carry a number that fits this one: going on, and not ahead of the pages."""
    count = 0
    for step in range(1, 5):
        if index + step < len(candidates):
            count += any(0 <= other - number <= step for other in candidates[index + step])
        if index >= step:
            count += any(0 <= number - other <= step for other in candidates[index - step])
    return count
