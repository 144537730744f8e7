"""Headers, footers and page numbers of a deck: what repeats from page to page, and what number a page prints.

They are kept apart because they would match every question and break columns; the printed number is what a reader
sees on the wall, which is not the physical page (title pages print none, animation steps repeat one).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import ceil

from pipelines.steps.slide_lines import Line
from pipelines.steps.slide_text import PageText

BAND = 0.13
"""Headers and footers stand in this share of the page's height at its top and bottom."""
REPEATED = 0.3
"""A text in a band that stands on this share of the pages is a header or footer."""
ANYWHERE = 0.8
"""The same for text outside the bands, such as a list of sections beside every slide."""
TITLE_SIZE = 1.15
"""A line this much larger than usual text is a title, even where the next pages repeat it."""
TOP_THIRD = 0.33
"""A title is the largest text in this upper share of its page; formulas below may be larger."""

_DIGITS = re.compile(r"\d+")
_OF_TOTAL = re.compile(r"(?:^|[\s–—|-])(\d{1,4})\s*(?:/|of|von|sur|de)\s*(\d{1,4})$", re.IGNORECASE)
_ALONE = re.compile(r"\W*(?:page|slide|seite|folie|p\.|s\.)?\s*(\d{1,4})\W*", re.IGNORECASE)
_ROMAN = re.compile(r"[ivxlc]{1,8}")


def usual_size(lines: Sequence[Line]) -> float:
    """The font size half of the characters are set in, in points; 0 without lines."""
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    half = weights.total() / 2
    for size in sorted(weights):
        half -= weights[size]
        if half <= 0:
            return size
    return 0.0


def find_furniture(pages: Sequence[PageText], labels: Sequence[str | None]) -> list[set[int]]:
    """For each page, the positions in `lines` of its headers, footers and page numbers.

    Args:
        pages: the deck's pages in order.
        labels: their printed or stored numbers. Pages of one number are frames of one slide and count once: what
            stays while a slide is built up is not yet a header.
    """
    slides = [label or str(number) for number, label in enumerate(labels)]
    shown_on: defaultdict[tuple[object, ...], set[str]] = defaultdict(set)
    keys: list[list[list[tuple[object, ...]]]] = []
    for page, slide in zip(pages, slides, strict=True):
        of_page = [_keys(line, page) for line in page.lines]
        keys.append(of_page)
        for key in {key for of_line in of_page for key in of_line}:
            shown_on[key].add(slide)
    count = len(set(slides))
    enough = _enough(count)
    usual = usual_size([line for page in pages for line in page.lines])
    found: list[set[int]] = []
    for page, of_page, label in zip(pages, keys, labels, strict=True):
        largest = max((line.size for line in page.lines if line.y0 < TOP_THIRD * page.height), default=0.0)
        chosen: set[int] = set()
        for number, (line, of_line) in enumerate(zip(page.lines, of_page, strict=True)):
            counts = {key[0]: len(shown_on[key]) for key in of_line}
            if max(counts.values()) < enough or (line.text.isdigit() and label and line.text != label):
                continue  # the line numbers of a listing are at home on every page
            titled = line.size >= max(TITLE_SIZE * usual, 0.99 * largest) and _zone(line, page) == "top"
            repeated = counts.get("band", 0) >= enough and not titled
            slotted = counts.get("slot", 0) >= max(4, 0.5 * count) and not titled and _outermost(line, page)
            if repeated or slotted or (count >= 6 and counts["place"] >= ANYWHERE * count):
                chosen.add(number)
        found.append(chosen)
    if all(len(chosen) == len(page.lines) for page, chosen in zip(pages, found, strict=True)):
        return [set() for _ in pages]  # what is all there is on every page is no decoration
    return found


def _enough(pages: int) -> int:
    return max(2 if pages <= 4 else 3, ceil(REPEATED * pages))


def _zone(line: Line, page: PageText) -> str:
    middle = (line.y0 + line.y1) / 2
    if middle < BAND * page.height:
        return "top"
    return "bottom" if middle > (1 - BAND) * page.height else ""


def _keys(line: Line, page: PageText) -> list[tuple[object, ...]]:
    """What makes this line the same as one on another page: in a band its text, else text and place; and its slot."""
    height = page.height or 1.0
    text = _DIGITS.sub("#", line.text.casefold())
    y = round(50 * line.y0 / height)
    keys: list[tuple[object, ...]] = [("place", text, round(line.x0 / 4), round(line.y0 / 4))]
    if zone := _zone(line, page):
        keys.append(("band", zone, text, y))
        if len(text) < 100:
            keys.append(("slot", zone, round(200 * line.y0 / height), round(line.size, 1)))
    return keys


def _outermost(line: Line, page: PageText) -> bool:
    """Does white separate this line from the text it runs along, as it does a running header?"""
    row = [other for other in page.lines if abs(other.base - line.base) < 0.4 * line.size]
    others = [other for other in page.lines if other.upright and all(other is not same for same in row)]
    if _zone(line, page) == "top":
        return all(other.y0 - line.y1 > 0.9 * line.size for other in others)
    return all(line.y0 - other.y1 > 0.9 * line.size for other in others)


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
    return (line.text for line in page.lines if line.upright and _zone(line, page))


def _of_total(page: PageText) -> str | None:
    """The page's "n / m"; None also where several differ, as on a sheet of four slides."""
    found = {f"{match[1]} / {match[2]}" for text in _band_texts(page) if (match := _OF_TOTAL.search(text))}
    return found.pop() if len(found) == 1 else None


def _alone(pages: Sequence[PageText]) -> list[str | None]:
    """Numbers that stand alone and go on from page to page; a year in every footer does not."""
    candidates = [{int(m[1]) for text in _band_texts(page) if (m := _ALONE.fullmatch(text))} for page in pages]
    counts = Counter(number for numbers in candidates for number in numbers)
    constant = {number for number, count in counts.items() if count > max(2, 0.4 * len(pages))}
    labels: list[str | None] = []
    near: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for index, numbers in enumerate(candidates):
        for number in numbers - constant:
            near[index].append((index, number))
    for index, page in enumerate(pages):
        going_on = [number for _, number in near[index] if _continued(index, number, near, len(pages))]
        roman = [text for text in _band_texts(page) if _ROMAN.fullmatch(text)]
        labels.append(str(going_on[0]) if len(going_on) == 1 else roman[0] if len(roman) == 1 else None)
    return labels if any(label and label.isdigit() for label in labels) else [None] * len(pages)


def _continued(index: int, number: int, near: dict[int, list[tuple[int, int]]], pages: int) -> bool:
    """Does one of the next or last three pages carry a number that fits: not smaller, not ahead of the pages?"""
    for step in (1, 2, 3):
        after = near[index + step] if index + step < pages else []
        before = near[index - step] if index >= step else []
        if any(0 <= other - number <= step for _, other in after) or any(0 <= number - o <= step for _, o in before):
            return True
    return False
