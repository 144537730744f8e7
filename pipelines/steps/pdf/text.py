"""Clean lines of text from one page's raw layer: nothing a reader cannot see, nothing no reader would read.

Real decks carry kilobytes of base64 beside a formula, fonts whose letters map to nothing, ligatures, white text and
zero-width characters. Here they are taken out and counted; where lines stand on the page is `slide_layout`'s matter.

Pure Python: `pdf_worker` hands in what PyMuPDF's `extractDICT` gives.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipelines.core.records import TextSource
from pipelines.steps.pdf.glyphs import broken_fonts, clean, spell_tall_signs
from pipelines.steps.pdf.junk import drop_blobs
from pipelines.steps.pdf.lines import Line, Span, text_length
from pipelines.steps.pdf.scripts import SCRIPT_SIZE, base_span, with_scripts
from pipelines.steps.pdf.turn import main_direction, turn
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
    `vectors`: shapes drawn. `recognised` True: lines were added from the page's picture.
    """

    lines: list[Line] = field(default_factory=list)
    junk_chars: int = 0
    broken_chars: int = 0
    vectors: int = 0
    width: float = 0.0
    height: float = 0.0
    shown_width: float = 0.0
    shown_height: float = 0.0
    recognised: bool = False

    @property
    def source(self) -> TextSource:
        """Where the lines come from."""
        if not self.lines:
            return "none"
        return "ocr" if self.recognised else "layer"


def read_page_text(
    blocks: list[dict[str, Any]],
    *,
    width: float,
    height: float,
    scanned: Callable[[], bool],
    blends_in: Callable[[tuple[float, float, float, float]], bool],
) -> PageText:
    """Turns one page's blocks into clean lines.

    Args:
        blocks: text and vector blocks in painting order.
        width, height: of the page in the blocks' coordinates, in points.
        scanned: asked only when most text is invisible: is the page a picture? Then that text is its OCR layer.
        blends_in: asked only for text whose colour resembles what it is painted on: is there nothing to be seen in
            this box (x0, y0, x1, y1)?
    """
    page = PageText(width=width, height=height)
    lines = [(line, block["number"]) for block in blocks if block["type"] == TEXT_BLOCK for line in block["lines"]]
    fills = [fill for block in blocks if block["type"] == VECTOR_BLOCK if (fill := fill_of(block)) is not None]
    page.vectors = sum(block["type"] == VECTOR_BLOCK for block in blocks)
    spans = [span for line, _ in lines for span in line["spans"]]
    spell_tall_signs(spans)
    broken = broken_fonts(spans)
    shows = what_shows(spans, scanned)
    direction = main_direction([line for line, _ in lines])
    budget = MAX_PAGE_CHARS
    for line, number in lines:
        shown = line["spans"] if shows is None else [span for span in line["spans"] if shows(span)]
        if shows is not None:
            page.junk_chars += text_length(line["spans"]) - text_length(shown)
        if broken:
            page.broken_chars += sum(len(span["text"].strip()) for span in shown if span["font"] in broken)
            shown = [span for span in shown if span["font"] not in broken]
        made = _line(line, shown, direction) if shown else None
        if made is None:
            continue
        budget -= len(made.text)
        if budget < 0 or (suspicious(line, shown, number, fills) and blends_in(line["bbox"])):
            page.junk_chars += len(made.text)
        else:
            page.lines.append(made)
    page.lines, junk = drop_blobs(page.lines)
    page.junk_chars += junk
    page.width, page.height = turn(page.lines, direction, width, height)
    return page


def add_recognised(page: PageText, lines: list[Line], *, width: float, height: float, turned: bool) -> None:
    """Adds lines read from the page's picture, where the text layer has none.

    Args:
        lines: in the frame of the page as shown, `width` by `height` points.
        turned: the text layer has another frame; then the picture's lines replace it when they say more.
    """
    if turned or not page.lines:
        if sum(len(line.text) for line in lines) > sum(len(line.text) for line in page.lines):
            page.lines, page.width, page.height, page.recognised = lines, width, height, True
        return
    layer = list(page.lines)
    for line in lines:
        x, y = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
        if not any(known.x0 <= x <= known.x1 and known.y0 <= y <= known.y1 for known in layer):
            page.lines.append(line)
            page.recognised = True


def _line(line: dict[str, Any], spans: list[Span], direction: tuple[int, int]) -> Line | None:
    """One cleaned line, with raised and lowered text marked; None when nothing is left."""
    main = weight = spans[0]
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
    text = clean(text)
    if not text:
        return None
    dx, dy = line["dir"]
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
        dx * direction[0] + dy * direction[1] > 0.99,
    )


def _span_length(span: Span) -> int:
    return len(span["text"])
