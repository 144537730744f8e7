"""The pages of a deck that are read from their picture, chosen and recognised within the limits of the bounded child.

A page is worth it when its letters cannot be believed, or when its picture shows more of them than its text layer.
"""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.steps.pdf.deck import doubt_garbled_fonts, letters, says_enough, says_little
from pipelines.steps.pdf.lines import Line, usual_size
from pipelines.steps.pdf.looks import PageLooks, pixmap
from pipelines.steps.pdf.merge import add_recognised
from pipelines.steps.pdf.text import PageText

OCR_SIZE_PX = (1400, 2000)
"""Pages are recognised at this size; more pixels took longer and read no better."""
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
    """What became of the pictures: positions of pages left out for lack of time, of those that gave no words, and of
    those that wait to be recognised."""

    left_out: list[int] = field(default_factory=list)
    unsure: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)


def choose_pages(looks: PageLooks, *, damaged: Sequence[int], for_later: bool = False) -> list[int]:
    """The positions of pages worth reading from their picture; lines whose letters lie are marked on the way.

    Args:
        damaged: pages (1-based) that cannot be drawn.
        for_later: they are read later, by somebody who chooses again. As soon as one is worth it, those that would
            have to be looked at are given too: looking at a page takes longer than reading its text.
    """
    doubt_garbled_fonts(looks.pages)
    usual = usual_size([line for page in looks.pages for line in page.lines])
    needs = {n: _letters_needed(looks, n, usual) for n in range(len(looks.pages)) if n + 1 not in damaged}
    chosen = [number for number, need in needs.items() if need == 0]
    doubtful = [number for number, need in needs.items() if need]
    # What covers most of its page is most often a picture of text.
    for number in sorted(doubtful, key=looks.picture_share, reverse=True):
        if (for_later and chosen) or looks.letters_beside(number) >= (needs[number] or 0):
            chosen.append(number)
    return sorted(chosen)


def _letters_needed(looks: PageLooks, number: int, usual: float) -> float | None:
    """How many letters a look at the page must find beside its text: 0: it is worth it anyway; None: it is not."""
    page = looks.pages[number]
    if page.broken_chars >= BROKEN_CHARS or any(line.doubt for line in page.lines):
        return 0
    if not looks.is_worth_a_look(number):
        return None
    share = looks.picture_share(number)
    if says_little(page, usual):
        return 0 if share > (LOGO_SHARE if page.lines else SPECK_SHARE) else SOME_LETTERS
    need = max(FIGURE_LETTERS, MORE_LETTERS * letters(page))
    enough = says_enough(page)
    beside = share > (LOGO_SHARE if enough else SPECK_SHARE)
    return need if beside or (not enough and looks.letter_shapes(number) >= need) else None


def recognise_pages(
    document: Any,
    pages: Sequence[PageText],
    chosen: Sequence[int],
    *,
    limit: int,
    limits: tuple[float, float, float],
) -> Generator[int, None, Outcome]:
    """Reads the chosen pages from their pictures, in place; yields how many of them are finished after each.

    Args:
        limit: pages read at most.
        limits: the child's CPU limit as `cpu_s`, `item_s` and `total_s` of `Limits`; a rest of it is left.
    """
    outcome = Outcome()
    cpu_s, item_s, total_s = limits
    yield 0
    for place, number in enumerate(chosen):
        most_s = min(total_s, cpu_s + item_s * (len(pages) + place))
        if place >= limit or time.process_time() > most_s - CPU_RESERVE_S:
            outcome.left_out = list(chosen[place:])
            break
        if _recognise_page(document, number, pages[number]):
            outcome.unsure.append(number)
        yield place + 1
    for number in chosen:  # also where nothing better was found
        pages[number].lines = believed(pages[number])
    return outcome


def believed(page: PageText) -> list[Line]:
    """The page's lines but for those whose letters lie: they are no text."""
    return [line for line in page.lines if line.doubt != "letters"]


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
