"""Clean lines of text from one page's raw layer: nothing a reader cannot see, nothing no reader would read.

Real decks carry kilobytes of base64 beside a formula, fonts whose letters map to nothing, ligatures, white text and
zero-width characters. Here they are taken out and counted; where lines stand on the page is `layout`'s matter.

Pure Python: `worker` hands in what PyMuPDF's `extractDICT` gives.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pipelines.core.records import Box, TextSource
from pipelines.steps.pdf.doubles import without_doubles
from pipelines.steps.pdf.glyphs import GAP, broken_fonts, clean, spell_tall_signs
from pipelines.steps.pdf.junk import drop_blobs
from pipelines.steps.pdf.letters import Glyph, reread
from pipelines.steps.pdf.lines import Line, Span, text_length
from pipelines.steps.pdf.scripts import SCRIPT_SIZE, base_span, with_scripts
from pipelines.steps.pdf.turn import main_direction, turn
from pipelines.steps.pdf.type3 import measure
from pipelines.steps.pdf.visibility import fill_of, suspicious, what_shows

BOLD, MONO = 16, 8
"""`flags` of a span's font."""
MAX_PAGE_CHARS = 200_000
"""More text than this on one page is not a slide; the rest is dropped and counted."""
TEXT_BLOCK, VECTOR_BLOCK = 0, 3
"""Kinds of block in PyMuPDF's dictionaries."""


@dataclass(slots=True)
class PageText:
    """What one page's text layer gave. `junk_chars`: dropped characters; `broken_chars`: of fonts without letter maps.

    `width` and `height` are the page's, in the lines' frame; `shown_width` and `shown_height` as a viewer turns it.
    `shapes` are the boxes of drawn shapes other than rectangles, in the page's own frame: they may be letters.
    `images` are the boxes of raster images without icons, in points of the page as shown.
    `recognised` True: lines were added from the page's picture.
    `turned` True: text runs in another direction than rightwards as the page is shown.
    """

    lines: list[Line] = field(default_factory=list)
    junk_chars: int = 0
    broken_chars: int = 0
    shapes: list[Box] = field(default_factory=list)
    images: list[Box] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0
    shown_width: float = 0.0
    shown_height: float = 0.0
    recognised: bool = False
    turned: bool = False

    @property
    def source(self) -> TextSource:
        """Where the lines come from."""
        if not self.lines:
            return "none"
        return "ocr" if self.recognised else "layer"


@dataclass(frozen=True, slots=True)
class PageLook:
    """What reading a page's text layer may ask the page itself; each is asked only when it matters.

    Args:
        scanned: is the page a picture? Asked when most text is invisible: then that text is its OCR layer.
        blends_in: is there nothing to be seen in this box (x0, y0, x1, y1)? Asked for text whose colour resembles what
            it is painted on.
        unnamed: has this Type 3 font of a span no letter map?
        glyphs: the characters of a line, by the numbers of its block and of itself in the block.
        place: a box of the page in shares of the page as shown.
    """

    scanned: Callable[[], bool] = lambda: False
    blends_in: Callable[[Box], bool] = lambda _: False
    unnamed: Callable[[str], bool] = lambda _: False
    glyphs: Callable[[int, int], Sequence[Glyph]] = lambda _block, _line: ()
    place: Callable[[Box], tuple[Box, ...]] = lambda _: ()


def read_page_text(blocks: list[dict[str, Any]], look: PageLook, *, width: float, height: float) -> PageText:
    """Turns one page's blocks into clean lines.

    Args:
        blocks: text and vector blocks in painting order.
        width, height: of the page in the blocks' coordinates, in points.
    """
    page = PageText(width=width, height=height)
    lines = [
        (line, block["number"], (place, number))
        for place, block in enumerate(blocks)
        if block["type"] == TEXT_BLOCK
        for number, line in enumerate(block["lines"])
    ]
    fills = [fill for block in blocks if block["type"] == VECTOR_BLOCK if (fill := fill_of(block)) is not None]
    page.shapes = [b["bbox"] for b in blocks if b["type"] == VECTOR_BLOCK and not b.get("isrect")]
    spans = [span for line, _, _ in lines for span in line["spans"]]
    measure(spans)
    spell_tall_signs(spans)
    broken = broken_fonts(spans)
    unnamed = {font for font in {span["font"] for span in spans} if font.startswith("Type3") and look.unnamed(font)}
    shows = what_shows(spans, look.scanned)
    direction = main_direction([line for line, _, _ in lines])
    budget = MAX_PAGE_CHARS
    for line, number, place in lines:
        shown = line["spans"] if shows is None else [span for span in line["spans"] if shows(span)]
        if shows is not None:
            page.junk_chars += text_length(line["spans"]) - text_length(shown)
        if broken:
            page.broken_chars += sum(len(span["text"].strip()) for span in shown if span["font"] in broken)
            shown = [span for span in shown if span["font"] not in broken]
        whole = len(shown) == len(line["spans"])
        made = _line(line, shown, direction, partial(look.glyphs, *place) if whole else None) if shown else None
        if made is None:
            continue
        made.boxes = look.place(line["bbox"])
        if made.font in unnamed:
            made.doubt = "letters"
        elif GAP in made.text:
            made.doubt = "gaps"
        budget -= len(made.text)
        if budget < 0 or (suspicious(line, shown, number, fills) and look.blends_in(line["bbox"])):
            page.junk_chars += len(made.text)
        else:
            page.lines.append(made)
    page.lines, junk = drop_blobs(page.lines)
    page.junk_chars += junk
    page.turned = direction != (1, 0)
    page.width, page.height = turn(page.lines, direction, width, height)
    page.lines = without_doubles(page.lines)
    return page


def _line(
    line: dict[str, Any],
    spans: list[Span],
    direction: tuple[int, int],
    glyphs: Callable[[], Sequence[Glyph]] | None,
) -> Line | None:
    """One cleaned line, with raised and lowered text marked; None when nothing is left."""
    main = weight = spans[0]
    even = True
    if len(spans) == 1:
        text = main["text"]
    else:
        words = [span for span in spans if span["text"] != " "] or spans
        weight = main = max(words, key=_span_length)
        sizes = [span["size"] for span in words]
        largest = max(sizes)
        even = min(sizes) > SCRIPT_SIZE * largest
        if not even:
            main = base_span(words)
        text = "".join([span["text"] for span in spans]) if even else with_scripts(spans, main)
    dx, dy = line["dir"]
    if even and glyphs is not None and dx > 0.99:
        text = reread(text, glyphs) or text
    text = clean(text)
    if not text:
        return None
    flags = weight["flags"]
    x0, y0, x1, y1 = line["bbox"]
    return Line(
        x0,
        y0,
        x1,
        y1,
        main["origin"][1] if direction[0] else main["origin"][0],
        text,
        weight["size"],
        bool(flags & BOLD),
        bool(flags & MONO),
        dx * direction[0] + dy * direction[1] > 0.99 or bool(line.get("wmode")),
        font=main["font"],
    )


def _span_length(span: Span) -> int:
    return len(span["text"])
