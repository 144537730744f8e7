"""The slides of a deck from the text of all its pages: what only shows when pages are compared."""

import re
from collections.abc import Sequence

from pipelines.core.records import Slide
from pipelines.steps.pdf.frames import FramePage, frame_groups
from pipelines.steps.pdf.furniture import TITLE_SIZE, find_furniture, usual_size
from pipelines.steps.pdf.labels import printed_labels, zone_of
from pipelines.steps.pdf.layout import reading_order
from pipelines.steps.pdf.lines import Line
from pipelines.steps.pdf.text import PageText
from pipelines.steps.pdf.titles import page_title, sections_of

FEW_LETTERS = 25
"""A page with fewer letters and digits beside its title, and three times as many with it, says next to nothing."""
CLEARLY_ENOUGH = 400
"""Letters of a page, headers included, that need no closer look."""
BROKEN_SHARE = 0.2
"""A page with more unreadable characters than this is read from its picture."""
FEW_VOWELS = 0.2
"""Words with fewer vowels than this (English, German and Polish have a third) are not in these letters."""
WORDS_TO_JUDGE = 60
"""Letters in words needed to judge them."""

_WORD = re.compile(r"\b[A-Za-z]{4,}\b")


def says_enough(page: PageText) -> bool:
    """Has this page so much readable text that its picture need not be looked at?"""
    return _letters(page.lines) > CLEARLY_ENOUGH and not page.broken_chars


def pages_to_recognise(pages: Sequence[PageText]) -> list[int]:
    """The positions of pages whose text layer says little or nonsense; nonsense is dropped from them here."""
    usual = usual_size([line for page in pages for line in page.lines])
    chosen: list[int] = []
    for number, page in enumerate(pages):
        if says_enough(page) and not _shuffled(page.lines):
            continue
        # What is small and stands at the edge is a header or footer often enough to decide where to look.
        lines = [line for line in page.lines if line.size >= 0.95 * usual or not zone_of(line, page)]
        letters = _letters(lines)
        title_size = max([TITLE_SIZE * usual, *(0.95 * line.size for line in lines)])
        beside_title = _letters([line for line in lines if line.size < title_size])
        if _shuffled(lines):
            page.broken_chars += letters
            page.lines = [line for line in page.lines if all(line is not other for other in lines)]
            chosen.append(number)
        elif page.broken_chars > BROKEN_SHARE * (letters + page.broken_chars) or (
            beside_title < FEW_LETTERS and letters < 3 * FEW_LETTERS
        ):
            chosen.append(number)
    return chosen


def _letters(lines: Sequence[Line]) -> int:
    return sum([len(line.text) - line.text.count(" ") for line in lines])


def _shuffled(lines: Sequence[Line]) -> bool:
    """Is this text in a font that calls letters by others' names? Formulas have no words long enough to judge by."""
    words = "".join(_WORD.findall(" ".join([line.text for line in lines])))
    return len(words) >= WORDS_TO_JUDGE and sum(map(words.count, "aeiouAEIOU")) < FEW_VOWELS * len(words)


def build_slides(
    pages: Sequence[PageText],
    *,
    outline: Sequence[tuple[int, str, int]],
    pdf_labels: Sequence[str],
) -> list[Slide]:
    """The deck's slides, without pictures.

    Args:
        pages: all pages in order.
        outline: (level from 1, title, page from 1).
        pdf_labels: the labels stored in the PDF, "" for pages without.
    """
    labels = printed_labels(pages, pdf_labels)
    numbers = [printed or stored for printed, stored in zip(labels, pdf_labels, strict=True)]
    furniture = find_furniture(pages, numbers)
    sections = sections_of(outline, len(pages))
    usual = usual_size([line for page in pages for line in page.lines])
    bodies: list[str] = []
    aparts: list[str] = []
    titles: list[str] = []
    for number, (page, apart) in enumerate(zip(pages, furniture, strict=True)):
        rows = reading_order([line for index, line in enumerate(page.lines) if index not in apart], usual=usual)
        bodies.append("\n".join(row.text for row in rows))
        titles.append(page_title(rows, page.height, usual=usual, first_page=number == 0, rough=page.recognised))
        aparts.append("\n".join(row.text for row in reading_order([page.lines[index] for index in sorted(apart)])))
    frames = frame_groups(
        [
            FramePage(title, tuple(body.split("\n")) if body else (), label, pdf_label or None)
            for title, body, label, pdf_label in zip(titles, bodies, labels, pdf_labels, strict=True)
        ]
    )
    return [
        Slide(
            page=index + 1,
            page_label=labels[index],
            title=titles[index],
            body=bodies[index],
            furniture=aparts[index],
            section=sections[index],
            text_source=page.source,
            junk_chars=page.junk_chars,
            frame_group=frames[index],
            image_sha256=None,
            width_pt=page.shown_width,
            height_pt=page.shown_height,
        )
        for index, page in enumerate(pages)
    ]
