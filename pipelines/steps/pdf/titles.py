"""Names for pages and decks: a page's title, a deck's title, and the outline entry a page stands under."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from pipelines.steps.pdf.furniture import TITLE_SIZE
from pipelines.steps.pdf.glyphs import clean
from pipelines.steps.pdf.lines import Line
from pipelines.steps.pdf.rows import CELL

MAX_TITLE_CHARS = 150
TITLE_ZONE = 0.42
"""A page's title stands in this upper share of the page; a title page may carry it lower."""
NEARLY_LARGEST = 0.6
"""The title is the highest text of at least this share of the largest size near the top."""
ROUGH_ZONE = 0.2
"""The same where font sizes are only known from a picture."""

_LETTERS = re.compile(r"[^\W\d_²³¹⁰-⁹₀-₉]{2}")
_FILE_LIKE = re.compile(r"\.(?:pptx?|pdf|docx?|odp|key|tex|dvi|indd|qxd)$|^microsoft \w+ -|[\\/]", re.IGNORECASE)
_EMPTY_TITLE = re.compile(
    r"\W*(?:untitled|unbenannt|sans titre|powerpoint[- ]pr[äé]sentation|powerpoint presentation|presentation|slides?"
    r"|document|title|no title|slide \d+|folie \d+|\d+)?\W*",
    re.IGNORECASE,
)
_PAGE_LIKE = re.compile(r"(?:slide|folie|page|seite|diapositive)\s*\d+", re.IGNORECASE)


def page_title(
    rows: Sequence[Line], height: float, *, usual: float, first_page: bool = False, rough: bool = False
) -> str:
    """The largest text near the top, with the lines it goes on over; "" when the page has none.

    Args:
        rows: the page's rows in reading order, without headers and footers.
        height: of the page, in points.
        usual: font size of the deck's text, in points.
        first_page: its title may be set in lines far apart.
        rough: sizes were measured in a picture; then place says more than they do.
    """
    upright = [row for row in rows if row.upright and CELL not in row.text and _LETTERS.search(row.text)]
    if not upright:
        return ""
    words = sum(len(row.text.split()) for row in upright)
    zone = (TITLE_ZONE if words > 40 else 0.75) * height
    near_top = [row for row in upright if row.y0 < zone] or upright[:1]
    largest = max(near_top, key=lambda row: (round(row.size, 1), -row.y0))
    highest = min(upright, key=lambda row: row.y0)
    if rough and highest.y0 < ROUGH_ZONE * height:
        return highest.text[:MAX_TITLE_CHARS]
    if largest.size < TITLE_SIZE * usual:
        # All text is of one size: the first line names the page when it stands like a heading.
        heading = len(highest.text) <= 80 and highest.y0 < 0.2 * height and not highest.text.endswith((".", ",", ";"))
        if len(upright) > 1 and not (heading and (highest.bold or words <= 40)):
            return ""
        return highest.text[:MAX_TITLE_CHARS]
    # A formula may be set larger than the title above it.
    large = [row for row in near_top if row.size >= max(TITLE_SIZE * usual, NEARLY_LARGEST * largest.size)]
    last = min(large, key=lambda row: row.y0)
    start = next(index for index, row in enumerate(rows) if row is last)
    parts = [last.text]
    most_gap = (1.6 if first_page else 0.9) * last.size
    for row in rows[start + 1 :]:
        if not row.upright or abs(row.size - last.size) > 0.06 * last.size or row.y0 - last.y1 > most_gap:
            break
        if sum(map(len, parts)) + len(row.text) > MAX_TITLE_CHARS or len(parts) == 3:
            break
        parts.append(row.text)
        last = row
    return " ".join(parts)[:MAX_TITLE_CHARS]


def deck_title(metadata_title: str, page_titles: Sequence[str], file_name: str) -> str:
    """What the deck is called: its metadata when that is a name, else its first page's title, else its file's stem."""
    title = clean(metadata_title)
    first = next((text for text in page_titles[:1] if text), "")
    # Where all decks of a course carry the course's name, the first page says which one this is.
    says_something = not _EMPTY_TITLE.fullmatch(title) and not _FILE_LIKE.search(title)
    if says_something and title.casefold() not in first.casefold():
        return title[:MAX_TITLE_CHARS]
    return first or PurePath(file_name).stem or file_name


def sections_of(outline: Sequence[tuple[int, str, int]], page_count: int) -> list[str | None]:
    """The outline entry each page stands under; the upper two levels, joined by " › "; None before the first entry.

    Args:
        outline: (level from 1, title, page from 1) in the outline's order; pages below 1 point nowhere.
        page_count: pages of the deck.

    An outline that only counts the slides ("Slide 7") says nothing and gives None everywhere.
    """
    entries = [(level, clean(title), page) for level, title, page in outline if page >= 1 and level <= 2]
    entries = [entry for entry in entries if entry[1] and not _PAGE_LIKE.fullmatch(entry[1])]
    sections: list[str | None] = [None] * page_count
    upper = ""
    starts: dict[int, str] = {}
    for level, title, page in entries:
        if level == 1:
            upper = title
        name = title if level == 1 or not upper else f"{upper} › {title}"
        starts.setdefault(page, name)
        if level == 2 and starts[page] == upper:
            starts[page] = name  # a chapter and its first section begin on one page
    current: str | None = None
    for number in range(1, page_count + 1):
        current = starts.get(number, current)
        sections[number - 1] = current
    return sections
