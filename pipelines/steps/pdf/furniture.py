"""Headers, footers and page numbers of a deck: what repeats from page to page, by its text or by its place.

They are kept apart because they would match every question and break columns.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from math import ceil

from pipelines.steps.pdf.labels import at_edge, number_in, zone_of
from pipelines.steps.pdf.lines import Line, usual_size
from pipelines.steps.pdf.text import PageText

REPEATED = 0.3
"""A text in a band that stands on this share of the pages is a header or footer."""
ANYWHERE = 0.8
"""The same for small text outside the bands, such as a list of sections beside every slide."""
TITLE_SIZE = 1.15
"""A line this much larger than usual text is a title, even where the next pages repeat it."""
HEADER_SIZE = 0.95
"""Headers whose text changes are told by their place, and from titles by being smaller than usual text."""
WATERMARK_SIZE = 1.8
MOSTLY = 0.6
"""Slanted text, and text this much larger than usual, is a watermark on this share of the slides."""
TOP_THIRD = 0.33
"""A title is the largest text in this upper share of its page; formulas below may be larger."""

_Key = tuple[object, ...]
_DIGITS = re.compile(r"\d+")


def find_furniture(pages: Sequence[PageText], labels: Sequence[str | None]) -> list[set[int]]:
    """For each page, the positions in `lines` of its headers, footers and page numbers.

    Args:
        pages: the deck's pages in order.
        labels: their printed or stored numbers. Pages of one number are frames of one slide and count once: what
            stays while a slide is built up is not yet a header.
    """
    repetition = _Repetition(pages, labels)
    found = [
        {number for number, line in enumerate(page.lines) if repetition.is_apart(line, page, label)}
        for page, label in zip(pages, labels, strict=True)
    ]
    if all(len(chosen) == len(page.lines) for page, chosen in zip(pages, found, strict=True)):
        return [set() for _ in pages]  # what is all there is on every page is no decoration
    return found


class _Repetition:
    """On how many slides of a deck each line stands."""

    def __init__(self, pages: Sequence[PageText], labels: Sequence[str | None]) -> None:
        slides = [label or str(number) for number, label in enumerate(labels)]
        self._count = len(set(slides))
        self._enough = max(2 if self._count <= 4 else 3, ceil(REPEATED * self._count))
        self._usual = usual_size([line for page in pages for line in page.lines])
        self._shown_on: defaultdict[_Key, set[str]] = defaultdict(set)
        self._keys: dict[int, list[_Key]] = {}
        for page, slide in zip(pages, slides, strict=True):
            for line in page.lines:
                self._keys[id(line)] = _keys(line, page)
                for key in self._keys[id(line)]:
                    self._shown_on[key].add(slide)

    def is_apart(self, line: Line, page: PageText, label: str | None) -> bool:
        """Is this line a header, footer or page number?"""
        zone = zone_of(line, page)
        counts_pages = label and label == number_in(line.text)
        if counts_pages and (zone or (at_edge(line, page) and line.text.isdigit())):
            # An answer that happens to be the page's number is the larger of both.
            return not any(label == number_in(other.text) and other.size < HEADER_SIZE * line.size
                           for other in page.lines if zone_of(other, page))  # fmt: skip
        counts = {key[0]: len(self._shown_on[key]) for key in self._keys[id(line)]}
        if max(counts.values()) < self._enough or (line.text.isdigit() and label and line.text != label):
            return False  # the line numbers of a listing are at home on every page
        small = line.size < HEADER_SIZE * self._usual
        everywhere = small and self._count >= 6 and counts["place"] >= ANYWHERE * self._count
        if everywhere or self._is_watermark(line, page, counts["place"]):
            return True
        if counts.get("band", 0) >= self._enough:
            if zone == "bottom":  # what is as large as the text is text, unless it stands on nearly every page
                return small or counts["place"] >= ANYWHERE * self._count or _below_text(line, page)
            return line.size < TITLE_SIZE * self._usual or line.size < 0.99 * _largest_on_top(page)
        slotted = counts.get("slot", 0) >= max(4, 0.5 * self._count)
        return slotted and small and _outermost(line, page)

    def _is_watermark(self, line: Line, page: PageText, count: int) -> bool:
        """The same slanted text, or large text across other lines, at one place of most slides: such as DRAFT."""
        if self._count < 3 or count < MOSTLY * self._count:
            return False
        if not line.upright:
            return True
        return line.size >= WATERMARK_SIZE * self._usual and any(
            other is not line and min(line.x1, other.x1) > max(line.x0, other.x0) and line.y0 < other.base < line.y1
            for other in page.lines
        )


def _below_text(line: Line, page: PageText) -> bool:
    """Is this line smaller than everything between the page's header and footer?"""
    sizes = [other.size for other in page.lines if not zone_of(other, page)]
    return bool(sizes) and line.size < HEADER_SIZE * min(sizes)


def _largest_on_top(page: PageText) -> float:
    return max((line.size for line in page.lines if line.y0 < TOP_THIRD * page.height), default=0.0)


def _keys(line: Line, page: PageText) -> list[_Key]:
    """What makes this line the same as one on another page: in a band its text, else text and place; and its slot."""
    height = page.height or 1.0
    # Digits that stand alone are furniture when they count the pages, which their label says, or never change.
    text = line.text if line.text.isdigit() else _DIGITS.sub("#", line.text.casefold())
    y = round(50 * line.y0 / height)
    keys: list[_Key] = [("place", line.text, round(line.x0 / 4), round(line.y0 / 4))]
    if zone := zone_of(line, page):
        keys.append(("band", zone, text, y))
        if len(text) < 100:
            keys.append(("slot", zone, round(200 * line.y0 / height), round(line.size, 1)))
    return keys


def _outermost(line: Line, page: PageText) -> bool:
    """Does white separate this line from the text it runs along, as it does a running header?"""
    row = [other for other in page.lines if abs(other.base - line.base) < 0.4 * line.size]
    others = [other for other in page.lines if other.upright and all(other is not same for same in row)]
    if zone_of(line, page) == "top":
        return all(other.y0 - line.y1 > 0.9 * line.size for other in others)
    return all(line.y0 - other.y1 > 0.9 * line.size for other in others)
