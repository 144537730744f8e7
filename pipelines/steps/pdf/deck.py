"""The slides of a deck from the text of all its pages: what only shows when pages are compared."""

from collections import Counter
from collections.abc import Sequence

from pipelines.core.records import Box, Slide
from pipelines.steps.pdf.frames import FramePage, frame_groups
from pipelines.steps.pdf.furniture import TITLE_SIZE, find_furniture
from pipelines.steps.pdf.labels import printed_labels, zone_of
from pipelines.steps.pdf.layout import reading_order
from pipelines.steps.pdf.lines import Line, usual_size
from pipelines.steps.pdf.pairs import count_pairs, garbled, makes_sense
from pipelines.steps.pdf.text import PageText
from pipelines.steps.pdf.titles import page_title, sections_of

FEW_LETTERS = 25
"""A page with fewer letters and digits beside its title, and three times as many with it, says next to nothing."""
CLEARLY_ENOUGH = 400
"""Letters of a page, headers included, that need no closer look."""

CHARS_TO_JUDGE = 600
"""Of a font's text on one page so much is judged; more changes nothing."""


def says_enough(page: PageText) -> bool:
    """Has this page so much readable text that its picture need not be looked at?"""
    return letters(page) > CLEARLY_ENOUGH and not page.broken_chars


def says_little(page: PageText, usual: float) -> bool:
    """Has this page next to nothing but a title? `usual` is the font size of the deck's text, in points."""
    # What is small and stands at the edge is a header or footer often enough to decide where to look.
    lines = [line for line in page.lines if line.size >= 0.95 * usual or not zone_of(line, page)]
    title_size = max([TITLE_SIZE * usual, *(0.95 * line.size for line in lines)])
    beside_title = _letters([line for line in lines if line.size < title_size])
    return beside_title < FEW_LETTERS and _letters(lines) < 3 * FEW_LETTERS


def letters(page: PageText) -> int:
    """Letters and digits of a page's lines, headers included."""
    return _letters(page.lines)


def doubt_garbled_fonts(pages: Sequence[PageText]) -> None:
    """Marks, in place, the lines of fonts whose letters make no language's words on the page or in the whole deck."""
    in_deck: dict[str, Counter[int]] = {}
    on_page: list[dict[str, tuple[int, int]]] = []
    for page in pages:
        texts: dict[str, list[str]] = {}
        for line in page.lines:
            if not line.mono:
                texts.setdefault(line.font, []).append(line.text)
        counts = {font: count_pairs(" ".join(parts)[:CHARS_TO_JUDGE]) for font, parts in texts.items()}
        on_page.append(counts)
        for font, (pairs, common) in counts.items():
            in_deck.setdefault(font, Counter()).update({0: pairs, 1: common})
    wrong = {font for font, counts in in_deck.items() if garbled(counts[0], counts[1])}
    # Fonts of one name may differ from page to page: where one page makes sense, each page is judged by itself.
    wrong -= {font for counts in on_page for font, pair in counts.items() if makes_sense(*pair)}
    for page, counts in zip(pages, on_page, strict=True):
        fonts = wrong | {font for font, pair in counts.items() if garbled(*pair)}
        for line in page.lines if fonts else ():
            if line.font in fonts and not line.mono:
                line.doubt = "letters"


def _letters(lines: Sequence[Line]) -> int:
    return sum([len(line.text) - line.text.count(" ") for line in lines])


def build_slides(
    pages: Sequence[PageText],
    *,
    outline: Sequence[tuple[int, str, int]],
    pdf_labels: Sequence[str],
    flowing: bool = False,
) -> list[Slide]:
    """The deck's slides, without pictures.

    Args:
        pages: all pages in order.
        outline: (level from 1, title, page from 1).
        pdf_labels: the labels stored in the PDF, "" for pages without.
        flowing: the pages were set here, from a text without pages: it has no headers, footers and page numbers, and
            what repeats in it or counts up was written so.
    """
    labels = [None for _ in pages] if flowing else printed_labels(pages, pdf_labels)
    numbers = [printed or stored for printed, stored in zip(labels, pdf_labels, strict=True)]
    furniture = [set[int]() for _ in pages] if flowing else find_furniture(pages, numbers)
    sections = sections_of(outline, len(pages))
    usual = usual_size([line for page in pages for line in page.lines])
    bodies: list[str] = []
    places: list[tuple[tuple[Box, ...], ...]] = []
    aparts: list[str] = []
    titles: list[str] = []
    for number, (page, apart) in enumerate(zip(pages, furniture, strict=True)):
        rows = reading_order([line for index, line in enumerate(page.lines) if index not in apart], usual=usual)
        bodies.append("\n".join(row.text for row in rows))
        places.append(tuple(row.boxes for row in rows))
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
            line_boxes=places[index],
        )
        for index, page in enumerate(pages)
    ]
