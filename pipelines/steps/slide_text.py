"""Clean lines of text from one page's raw layer: nothing a reader cannot see, nothing no reader would read.

Real decks carry kilobytes of base64 beside a formula, fonts whose letters map to nothing, ligatures, white text and
zero-width characters. Here they are taken out and counted; where lines stand on the page is `slide_layout`'s matter.

Pure Python: `pdf_worker` hands in what PyMuPDF's `extractDICT` gives.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pipelines.core.records import TextSource
from pipelines.steps.slide_glyphs import broken_fonts, clean, spell_tall_signs
from pipelines.steps.slide_junk import drop_blobs
from pipelines.steps.slide_lines import Line

PAINTED = 16 | 32 | 64
"""`char_flags` of glyphs that leave a mark: filled, stroked, or used as a clip for a fill."""
BOLD, MONO = 16, 8
"""`flags` of a span's font."""
SCRIPT_SIZE = 0.85
"""Text smaller than this share of its line's may be an index or an exponent."""
TINY_PT = 1.0
"""Smaller glyphs cannot be read at any usual zoom; figures scaled down go to about 1.5 pt."""
MAX_PAGE_CHARS = 200_000
"""More text than this on one page is not a slide; the rest is dropped and counted."""
TEXT_BLOCK, VECTOR_BLOCK = 0, 3
"""Kinds of block in PyMuPDF's dictionaries."""

_ORDINAL = re.compile("(?:st|nd|rd|th|er|re|ème|TM|SM|©|®|™)", re.IGNORECASE)
_PRIMES = ("′", "′′", "'", "∗", "*", "†", "°")


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


Span = dict[str, Any]
"""PyMuPDF's record of glyphs in one font and size."""
Fill = tuple[float, float, float, float, int, int]
"""An opaque filled shape: x0, y0, x1, y1, colour 0xRRGGBB, order of painting."""


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
    fills = [fill for block in blocks if block["type"] == VECTOR_BLOCK if (fill := _fill(block)) is not None]
    page.vectors = sum(block["type"] == VECTOR_BLOCK for block in blocks)
    spans = [span for line, _ in lines for span in line["spans"]]
    spell_tall_signs(spans)
    broken = broken_fonts(spans)
    shows = _what_shows(spans, scanned)
    direction = _main_direction(line for line, _ in lines)
    budget = MAX_PAGE_CHARS
    for line, number in lines:
        shown = line["spans"] if shows is None else [span for span in line["spans"] if shows(span)]
        if shows is not None:
            page.junk_chars += _length(line["spans"]) - _length(shown)
        if broken:
            page.broken_chars += sum(len(span["text"].strip()) for span in shown if span["font"] in broken)
            shown = [span for span in shown if span["font"] not in broken]
        made = _line(line, shown, direction) if shown else None
        if made is None:
            continue
        budget -= len(made.text)
        if budget < 0 or (_suspicious(line, shown, number, fills) and blends_in(line["bbox"])):
            page.junk_chars += len(made.text)
        else:
            page.lines.append(made)
    page.lines, junk = drop_blobs(page.lines)
    page.junk_chars += junk
    _turn(page, direction)
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
        weight = max(words, key=_span_length)
        sizes = [span["size"] for span in words]
        largest = max(sizes)
        main = weight if weight["size"] == largest else words[sizes.index(largest)]
        even = min(sizes) > SCRIPT_SIZE * largest
        text = "".join([span["text"] for span in spans]) if even else _with_scripts(spans, main)
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


def _with_scripts(spans: list[Span], main: Span) -> str:
    """Joins spans, writing `x^2`, `x_i` and `x^(t+1)` where small text is raised or lowered."""
    base, size = main["origin"][1], main["size"]
    parts: list[tuple[str, str]] = []
    for span in spans:
        lift = (base - span["origin"][1]) / size
        mark = ""
        if span["size"] < SCRIPT_SIZE * size and span["text"] != " ":
            mark = "^" if lift > 0.2 else "_" if lift < -0.08 else ""
        if parts and parts[-1][0] == mark:
            parts[-1] = (mark, parts[-1][1] + span["text"])
        else:
            parts.append((mark, span["text"]))
    return "".join(_script(mark, text, at_start=index == 0) for index, (mark, text) in enumerate(parts))


def _script(mark: str, text: str, *, at_start: bool) -> str:
    inner = text.strip()
    if not mark or not inner or at_start or inner in _PRIMES or _ORDINAL.fullmatch(inner):
        return text
    bare = len(inner) == 1 or inner[0] in "([{" or inner.isalnum()
    return f"{mark}{inner}" + " " * text.endswith(" ") if bare else f"{mark}({inner})"


def _what_shows(spans: list[Span], scanned: Callable[[], bool]) -> Callable[[Span], bool] | None:
    """The test a span must pass to be seen; None when all of them would."""
    if all(span["char_flags"] & PAINTED and span["alpha"] and span["size"] >= TINY_PT for span in spans):
        return None
    unpainted = _length([span for span in spans if not span["char_flags"] & PAINTED])
    if unpainted > 0.8 * _length(spans) and scanned():
        return lambda span: bool(span["size"] >= TINY_PT)
    return lambda span: bool(span["char_flags"] & PAINTED and span["alpha"] and span["size"] >= TINY_PT)


def _length(spans: list[Span]) -> int:
    return sum([len(span["text"]) for span in spans])


def _main_direction(lines: Iterable[dict[str, Any]]) -> tuple[int, int]:
    """The direction most characters run in, as one of the four axis directions."""
    lines = list(lines)
    if all(line["dir"] == (1.0, 0.0) for line in lines):
        return 1, 0
    votes: Counter[tuple[int, int]] = Counter()
    for line in lines:
        dx, dy = line["dir"]
        votes[(round(dx), round(dy))] += sum(len(span["text"]) for span in line["spans"])
    for direction, _ in votes.most_common():
        if abs(direction[0]) + abs(direction[1]) == 1:
            return direction
    return 1, 0


def _turn(page: PageText, direction: tuple[int, int]) -> None:
    """Turns the page's coordinates so that its main direction runs rightwards from a corner at (0, 0)."""
    if direction == (1, 0):
        return
    dx, dy = direction

    def turned(x: float, y: float) -> tuple[float, float]:
        return x * dx + y * dy, -x * dy + y * dx

    corners = [turned(x, y) for x in (0.0, page.width) for y in (0.0, page.height)]
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    for line in page.lines:
        (ax, ay), (bx, by) = turned(line.x0, line.y0), turned(line.x1, line.y1)
        line.x0, line.x1 = min(ax, bx) - left, max(ax, bx) - left
        line.y0, line.y1 = min(ay, by) - top, max(ay, by) - top
        # `base` held the coordinate across the direction: x for vertical text, y for text upside down.
        line.base = (-dy * line.base if dx == 0 else dx * line.base) - top
    if dx == 0:
        page.width, page.height = page.height, page.width


def _fill(block: dict[str, Any]) -> Fill | None:
    x0, y0, x1, y1 = block["bbox"]
    if block["stroked"] or block["alpha"] < 200 or x1 - x0 < 8 or y1 - y0 < 4:
        return None
    return x0, y0, x1, y1, block["color"], block["number"]


def _suspicious(line: dict[str, Any], spans: list[Span], number: int, fills: list[Fill]) -> bool:
    """Could this line be invisible: the colour of what it stands on, or covered by something painted later?"""
    x0, y0, x1, y1 = line["bbox"]
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    below = 0xFFFFFF
    for fx0, fy0, fx1, fy1, colour, order in fills:
        if fx0 <= x <= fx1 and fy0 <= y <= fy1:
            if order > number and fx1 - fx0 > 0.8 * (x1 - x0) and fy1 - fy0 > 0.8 * (y1 - y0):
                return True
            below = colour
    colour = spans[0]["color"]
    return all(abs((colour >> shift & 255) - (below >> shift & 255)) < 24 for shift in (16, 8, 0))
