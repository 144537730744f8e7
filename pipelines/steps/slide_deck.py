"""From the text of all pages to the slides of a deck: what only shows when pages are compared."""

from collections.abc import Sequence
from string import ascii_letters

from pipelines.core.records import Slide
from pipelines.steps.slide_frames import FramePage, frame_groups
from pipelines.steps.slide_furniture import find_furniture, usual_size
from pipelines.steps.slide_labels import printed_labels
from pipelines.steps.slide_layout import reading_order
from pipelines.steps.slide_lines import Line
from pipelines.steps.slide_text import PageText
from pipelines.steps.slide_titles import page_title, sections_of

FEW_LETTERS = 25
"""A page with fewer letters and digits beside its title, and three times as many with it, says next to nothing."""
CLEARLY_ENOUGH = 400
"""Letters of a page, headers included, that need no closer look."""
BROKEN_SHARE = 0.2
"""A page with more unreadable characters than this is read from its picture."""
FEW_VOWELS = 0.12
"""Latin text with fewer vowels than this comes from a font whose letters are shuffled."""

_VOWELS = "aeiouyAEIOUY"


def says_enough(page: PageText) -> bool:
    """Has this page so much readable text that its picture need not be looked at?"""
    return _letters(page.lines) > CLEARLY_ENOUGH and not page.broken_chars


def pages_to_recognise(pages: Sequence[PageText], pdf_labels: Sequence[str]) -> list[int]:
    """The positions of pages whose text layer says little or nonsense; nonsense is dropped from them here."""
    if all(map(says_enough, pages)):
        return []
    furniture = _furniture(pages, printed_labels(pages, pdf_labels), pdf_labels)
    chosen: list[int] = []
    for number, (page, apart) in enumerate(zip(pages, furniture, strict=True)):
        lines = [line for index, line in enumerate(page.lines) if index not in apart]
        letters = _letters(lines)
        if page.broken_chars > BROKEN_SHARE * (letters + page.broken_chars):
            chosen.append(number)
        elif _shuffled("".join(line.text for line in lines)):
            page.broken_chars += letters
            page.lines = [line for index, line in enumerate(page.lines) if index in apart]
            chosen.append(number)
        else:
            largest = max((line.size for line in lines), default=0.0)
            beside_title = _letters([line for line in lines if line.size < 0.95 * largest])
            if beside_title < FEW_LETTERS and letters < 3 * FEW_LETTERS:
                chosen.append(number)
    return chosen


def _furniture(pages: Sequence[PageText], labels: Sequence[str | None], pdf_labels: Sequence[str]) -> list[set[int]]:
    return find_furniture(pages, [printed or stored for printed, stored in zip(labels, pdf_labels, strict=True)])


def _letters(lines: Sequence[Line]) -> int:
    return sum([len(line.text) - line.text.count(" ") for line in lines])


def _shuffled(text: str) -> bool:
    letters = sum(map(text.count, ascii_letters))
    return letters >= 80 and sum(map(text.count, _VOWELS)) < FEW_VOWELS * letters


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
    furniture = _furniture(pages, labels, pdf_labels)
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
