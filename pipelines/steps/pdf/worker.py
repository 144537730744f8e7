"""The bounded child's half of `slides`, for one PDF: `read` its text, `render` its pages.

PyMuPDF is used here and nowhere else; everything that leaves is plain text, numbers and pictures.
"""

import gc
import io
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import fields, replace
from functools import cache, partial
from typing import Any, BinaryIO

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Box, Finding, Slide
from pipelines.steps.documents.kinds import is_text, kind_of
from pipelines.steps.pdf.deck import build_slides, says_enough
from pipelines.steps.pdf.findings import file_findings, page_findings
from pipelines.steps.pdf.letters import Glyph
from pipelines.steps.pdf.library import load_pymupdf
from pipelines.steps.pdf.looks import PageLooks, covered, image_boxes, pixmap
from pipelines.steps.pdf.opening import as_memory_error, complaints, open_pdf
from pipelines.steps.pdf.page_labels import page_labels
from pipelines.steps.pdf.recognise import Outcome, believed, choose_pages, recognise_pages
from pipelines.steps.pdf.text import PageLook, PageText, read_page_text
from pipelines.steps.pdf.type3 import unnamed

Items = Iterator[tuple[Any, bytes]]

WEBP_QUALITY = 80
SIGNS_OF_DAMAGE = ("read error", "syntax error")
"""MuPDF says so when it gave up in the middle of a page; a page that is then empty could not be read."""
MAX_CHECKS = 40
"""Lines of one page whose visibility is looked at in its picture."""


def read(
    source: BinaryIO,
    *,
    password: str | None,
    max_pages: int,
    max_ocr_pages: int,
    text_first: bool,
    cpu_s: float,
    item_s: float,
    total_s: float,
) -> Items:
    """Yields one item a page as reading goes on, then one with all slides.

    The items are `{"read": pages finished, "pages": pages in all}`, with the fields `recognised` and `pictures` (both
    counts) while pictures are read, and finally `{"deck": {...}}` with the fields `slides` (of `core.records.Slide`),
    `metadata_title` and `findings` (of `core.records.Finding`).

    Args:
        max_ocr_pages: pictures recognised at most.
        text_first: leave the pictures, with a finding each, where the deck has text without them.
        cpu_s, item_s, total_s: the child's CPU limit (see `Limits`), which recognition must leave a rest of.
    """
    # Pages are thousands of small dictionaries without cycles; looking for cycles costs a tenth of the time.
    gc.set_threshold(100_000)
    # Nobody sees these pictures: exact colours cost a third of drawing them.
    load_pymupdf().TOOLS.set_icc(False)
    opened = open_pdf(source, password=password, max_pages=max_pages)
    document = opened.document
    count = document.page_count
    pages: list[PageText] = []
    damaged: list[int] = []
    done = 0
    for number in range(count):
        pages.append(_page_text(document, number, damaged))
        done += says_enough(pages[-1])
        yield {"read": done, "pages": count}, b""
    if len(damaged) == count:
        raise UnreadableFileError("This PDF is damaged: none of its pages can be read.", code="damaged")
    looks = PageLooks(document, pages)
    flowing = is_text(kind_of(source))
    chosen = [] if flowing else choose_pages(looks, damaged=damaged, for_later=text_first)
    build = partial(build_slides, outline=_outline(document), pdf_labels=_labels(document, count), flowing=flowing)
    slides = build([replace(page, lines=believed(page)) for page in pages]) if text_first or not chosen else []
    outcome = Outcome(waiting=chosen)
    if chosen and not any(slide.body for slide in slides):
        chosen = choose_pages(looks, damaged=damaged)
        reading = recognise_pages(document, pages, chosen, limit=max_ocr_pages, limits=(cpu_s, item_s, total_s))
        outcome = yield from _told(reading, pages=count, pictures=len(chosen))
        slides = build(pages)
    yield {"read": count, "pages": count}, b""
    findings: list[Finding] = [
        *file_findings(opened.unread_files),
        *page_findings(pages, slides, damaged=damaged, outcome=outcome, shows_something=looks.shows_something),
    ]
    title = str((document.metadata or {}).get("title") or "")
    yield {"deck": {"slides": [_shallow(s) for s in slides], "metadata_title": title,
                    "findings": [_shallow(f) for f in findings]}}, b""  # fmt: skip


def _told(
    reading: Generator[int, None, Outcome], *, pages: int, pictures: int
) -> Generator[tuple[Any, bytes], None, Outcome]:
    """The items of recognition, which counts pictures alone; what came of it."""
    while True:
        try:
            done = next(reading)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        yield {"read": pages - pictures + done, "pages": pages, "recognised": done, "pictures": pictures}, b""


def render(
    source: BinaryIO,
    *,
    password: str | None,
    max_pages: int,
    pages: Sequence[int] | None,
    dpi: int,
    min_width_px: int,
    max_width_px: int,
) -> Items:
    """Yields `{"page", "width_px", "height_px"}` with the page's WebP for every page asked for (None: all).

    Pages that cannot be rendered are left out; they stay without a picture.
    """
    from PIL import Image

    document = open_pdf(source, password=password, max_pages=max_pages).document
    for page in pages if pages is not None else range(1, document.page_count + 1):
        if not 1 <= page <= document.page_count:
            continue
        least = (min_width_px, dpi)
        drawn = pixmap(document, page - 1, most=(max_width_px, 2 * max_width_px), least=least)
        if drawn is None:
            continue
        picture = Image.frombytes("RGB", (drawn.width, drawn.height), drawn.samples)
        target = io.BytesIO()
        # Method 0 encodes 2.5 times as fast as the default for a quarter more bytes; encoding is 90 % of rendering.
        picture.save(target, "WEBP", quality=WEBP_QUALITY, method=0)
        yield {"page": page, "width_px": drawn.width, "height_px": drawn.height}, target.getvalue()


def _page_text(document: Any, number: int, damaged: list[int]) -> PageText:
    """The page's clean text; a page that cannot be read is empty and noted in `damaged` (1-based)."""
    pymupdf = load_pymupdf()
    flags = pymupdf.TEXTFLAGS_DICT & ~pymupdf.TEXT_PRESERVE_IMAGES & ~pymupdf.TEXT_PRESERVE_LIGATURES
    try:
        complaints()
        page = document.load_page(number)
        # Without rotation text keeps its own coordinates; only the picture is turned.
        shown, turned = page.rect, page.rotation_matrix if page.rotation else None
        rect = shown * page.derotation_matrix if turned is not None else shown
        raw = page.get_text("dict", flags=flags | pymupdf.TEXT_COLLECT_VECTORS)
        drawn = cache(page.get_displaylist)
        images = image_boxes(page, drawn)
        look_at = PageLook(
            scanned=lambda: covered(images, shown.width, shown.height) > 0.5,
            blends_in=_visibility_check(page, drawn),
            unnamed=lambda font: unnamed(document, font),
            glyphs=_glyphs_of(page, flags | pymupdf.TEXT_COLLECT_VECTORS),
            place=_place_of(shown.width or 1.0, shown.height or 1.0, turned),
        )
        text = read_page_text(raw["blocks"], look_at, width=abs(rect.width), height=abs(rect.height))
        said = "" if text.lines else complaints()
        if any(sign in said for sign in SIGNS_OF_DAMAGE):
            damaged.append(number + 1)
        text.shown_width, text.shown_height, text.images = shown.width, shown.height, images
        return text
    except Exception as error:  # the library raises several unrelated classes for damaged pages
        if memory := as_memory_error(error):
            raise memory from None
        damaged.append(number + 1)
        return PageText()


def _visibility_check(page: Any, drawn: Callable[[], Any]) -> Callable[[tuple[float, float, float, float]], bool]:
    """A function that says whether a box of the page shows one colour only: nothing can be read there.

    Args:
        drawn: gives the page's display list.
    """
    pymupdf = load_pymupdf()
    left = MAX_CHECKS

    def blends_in(box: tuple[float, float, float, float]) -> bool:
        nonlocal left
        clip = (pymupdf.Rect(box) * page.rotation_matrix) & page.rect
        left -= 1
        if left < 0:
            return False
        if clip.is_empty or clip.width < 1 or clip.height < 1:
            return True
        zoom = pymupdf.Matrix(1.4, 1.4)
        samples = drawn().get_pixmap(matrix=zoom, colorspace=pymupdf.csGRAY, alpha=0, clip=clip).samples
        return not samples or max(samples) - min(samples) < 16

    return blends_in


def _glyphs_of(page: Any, flags: int) -> Callable[[int, int], list[Glyph]]:
    """A function that gives the characters of a line; the page is read a second time when it is first asked."""
    blocks: list[Any] | None = None

    def glyphs(block: int, line: int) -> list[Glyph]:
        nonlocal blocks
        if blocks is None:
            blocks = page.get_text("rawdict", flags=flags)["blocks"]
        try:
            spans = blocks[block]["lines"][line]["spans"]
        except (IndexError, KeyError):
            return []
        return [Glyph(c["c"], c["bbox"][0], c["bbox"][2], span["size"]) for span in spans for c in span["chars"]]

    return glyphs


def _place_of(width: float, height: float, turned: Any) -> Callable[[Box], tuple[Box, ...]]:
    """A function that gives a box of the page in shares of the page as it is shown; empty outside of it.

    Args:
        width, height: of the page as shown, in points.
        turned: the matrix of the page's rotation; None: it has none.
    """
    pymupdf = load_pymupdf()

    def place(box: Box) -> tuple[Box, ...]:
        x0, y0, x1, y1 = tuple(pymupdf.Rect(box) * turned) if turned is not None else box
        x0, x1 = max(0.0, x0 / width), min(1.0, x1 / width)
        y0, y1 = max(0.0, y0 / height), min(1.0, y1 / height)
        return ((x0, y0, x1, y1),) if x0 < x1 and y0 < y1 else ()

    return place


def _shallow(record: Slide | Finding) -> dict[str, Any]:
    """The record's fields; copying every box, as `asdict` does, takes longer than finding it."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _outline(document: Any) -> list[tuple[int, str, int]]:
    """(level, title, page) of the outline's entries."""
    try:
        return [(level, title, page) for level, title, page, *_ in document.get_toc(simple=True)]
    except Exception:  # an outline that loops or points nowhere must not cost the text
        return []


def _labels(document: Any, count: int) -> list[str]:
    """The labels stored in the PDF, "" where there are none."""
    try:
        return page_labels(document.get_page_labels(), count)
    except Exception:  # labels are decoration; a damaged tree of them is as good as none
        return [""] * count
