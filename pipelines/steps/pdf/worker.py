"""The bounded child's half of `slides`, for one PDF: `read` its text, `render` its pages.

PyMuPDF is used here and nowhere else; everything that leaves is plain text, numbers and pictures.
"""

import gc
import io
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict
from typing import Any, BinaryIO

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.pdf.deck import build_slides, pages_to_recognise, says_enough
from pipelines.steps.pdf.opening import as_memory_error, complaints, load_pymupdf, open_pdf
from pipelines.steps.pdf.page_labels import page_labels
from pipelines.steps.pdf.text import PageText, add_recognised, read_page_text

Items = Iterator[tuple[Any, bytes]]

OCR_SIZE_PX = (1400, 2000)
"""Pages are recognised at this size; more pixels took longer and read no better."""
LOGO_SHARE = 0.15
"""Smaller pictures on a page that has some text are logos and icons."""
SPECK_SHARE = 0.03
"""Smaller pictures on a page without any text carry none either."""
CPU_RESERVE_S = 25.0
"""Recognition stops this long before the CPU limit, so that what was read is delivered."""
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
    cpu_s: float,
    item_s: float,
    total_s: float,
) -> Items:
    """Yields one item a page as reading goes on, then one with all slides.

    The items are `{"read": pages finished, "pages": pages in all}` and finally `{"deck": {...}}` with the fields
    `slides` (of `core.records.Slide`), `titles`, `metadata_title`, `damaged_pages` and `ocr_left_out`.

    Args:
        max_ocr_pages: pictures recognised at most.
        cpu_s, item_s, total_s: the child's CPU limit (see `Limits`), which recognition must leave a rest of.
    """
    # Pages are thousands of small dictionaries without cycles; looking for cycles costs a tenth of the time.
    gc.set_threshold(100_000)
    document = open_pdf(source, password=password, max_pages=max_pages)
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
    left_out = yield from _recognise(document, pages, damaged, limit=max_ocr_pages, limits=(cpu_s, item_s, total_s))
    yield {"deck": _deck(document, pages) | {"damaged_pages": damaged, "ocr_left_out": left_out}}, b""


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

    document = open_pdf(source, password=password, max_pages=max_pages)
    for page in pages if pages is not None else range(1, document.page_count + 1):
        if not 1 <= page <= document.page_count:
            continue
        least = (min_width_px, dpi)
        pixmap = _pixmap(document, page - 1, most=(max_width_px, 2 * max_width_px), least=least)
        if pixmap is None:
            continue
        picture = Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)
        target = io.BytesIO()
        # Method 0 encodes 2.5 times as fast as the default for a quarter more bytes; encoding is 90 % of rendering.
        picture.save(target, "WEBP", quality=WEBP_QUALITY, method=0)
        yield {"page": page, "width_px": pixmap.width, "height_px": pixmap.height}, target.getvalue()


def _page_text(document: Any, number: int, damaged: list[int]) -> PageText:
    """The page's clean text; a page that cannot be read is empty and noted in `damaged` (1-based)."""
    pymupdf = load_pymupdf()
    flags = pymupdf.TEXTFLAGS_DICT & ~pymupdf.TEXT_PRESERVE_IMAGES & ~pymupdf.TEXT_PRESERVE_LIGATURES
    try:
        complaints()
        page = document.load_page(number)
        # Without rotation text keeps its own coordinates; only the picture is turned.
        rect = page.rect * page.derotation_matrix if page.rotation else page.rect
        raw = page.get_text("dict", flags=flags | pymupdf.TEXT_COLLECT_VECTORS)
        text = read_page_text(
            raw["blocks"],
            width=abs(rect.width),
            height=abs(rect.height),
            scanned=lambda: _picture_share(page) > 0.5,
            blends_in=_visibility_check(page),
        )
        said = "" if text.lines else complaints()
        if any(sign in said for sign in SIGNS_OF_DAMAGE):
            damaged.append(number + 1)
        text.shown_width, text.shown_height = page.rect.width, page.rect.height
        return text
    except Exception as error:  # the library raises several unrelated classes for damaged pages
        if memory := as_memory_error(error):
            raise memory from None
        damaged.append(number + 1)
        return PageText()


def _visibility_check(page: Any) -> Callable[[tuple[float, float, float, float]], bool]:
    """A function that says whether a box of the page shows one colour only: nothing can be read there."""
    pymupdf = load_pymupdf()
    left = MAX_CHECKS
    drawn: Any = None

    def blends_in(box: tuple[float, float, float, float]) -> bool:
        nonlocal left, drawn
        clip = (pymupdf.Rect(box) * page.rotation_matrix) & page.rect
        left -= 1
        if left < 0:
            return False
        if clip.is_empty or clip.width < 1 or clip.height < 1:
            return True
        drawn = drawn or page.get_displaylist()
        zoom = pymupdf.Matrix(1.4, 1.4)
        samples = drawn.get_pixmap(matrix=zoom, colorspace=pymupdf.csGRAY, alpha=0, clip=clip).samples
        return not samples or max(samples) - min(samples) < 16

    return blends_in


def _picture_share(page: Any) -> float:
    """How much of the page its largest raster image covers, in [0, 1]."""
    pymupdf = load_pymupdf()
    area = abs(page.rect) or 1.0
    return max((abs(pymupdf.Rect(info["bbox"]) & page.rect) / area for info in page.get_image_info()), default=0.0)


def _worth_recognising(document: Any, number: int, pages: Sequence[PageText]) -> bool:
    """Does a page with hardly any text show something that may carry text: a picture, or many more shapes?"""
    usual = sorted(page.vectors for page in pages)[len(pages) // 2] if len(pages) > 2 else 0
    if pages[number].broken_chars or pages[number].vectors - usual >= 30:
        return True
    return _picture_share(document.load_page(number)) > (LOGO_SHARE if pages[number].lines else SPECK_SHARE)


def _recognise(
    document: Any,
    pages: Sequence[PageText],
    damaged: Sequence[int],
    *,
    limit: int,
    limits: tuple[float, float, float],
) -> Generator[tuple[Any, bytes], None, int]:
    """Adds what pictures of text say to their pages, one item each; returns how many were left out for lack of time."""
    few = [number for number in pages_to_recognise(pages) if number + 1 not in damaged]
    chosen = [number for number in few if _worth_recognising(document, number, pages)]
    cpu_s, item_s, total_s = limits
    count = len(pages)
    finished = count - len(chosen)
    yield {"read": finished, "pages": count}, b""
    for number in chosen[:limit]:
        if time.process_time() > min(total_s, cpu_s + item_s * (finished + len(chosen))) - CPU_RESERVE_S:
            break
        _recognise_page(document, number, pages[number])
        finished += 1
        yield {"read": finished, "pages": count}, b""
    return count - finished


def _recognise_page(document: Any, number: int, page: PageText) -> None:
    from pipelines.steps.ocr.recognition import Picture, reader

    pixmap = _pixmap(document, number, most=OCR_SIZE_PX)
    if pixmap is None:
        return
    shown = document.load_page(number)
    px_per_pt = pixmap.width / shown.rect.width
    lines = reader().read(Picture(pixmap.samples, pixmap.width, pixmap.height, px_per_pt))
    add_recognised(page, lines, width=shown.rect.width, height=shown.rect.height, turned=bool(shown.rotation))


def _pixmap(document: Any, number: int, *, most: tuple[int, int], least: tuple[int, int] | None = None) -> Any:
    """The page in RGB, as large as fits into `most` pixels (width, height); None when it cannot be drawn.

    `least` (width in pixels, dpi) is how large it needs to be: it gets no larger than the larger of both.
    """
    pymupdf = load_pymupdf()
    try:
        page = document.load_page(number)
        width, height = page.rect.width, page.rect.height
        zoom = min(most[0] / width, most[1] / height)
        if least is not None:
            zoom = min(zoom, max(least[0] / width, least[1] / 72))
        return page.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), colorspace=pymupdf.csRGB, alpha=False)
    except Exception as error:  # the library raises several unrelated classes for damaged pages
        if memory := as_memory_error(error):
            raise memory from None
        return None


def _deck(document: Any, pages: Sequence[PageText]) -> dict[str, Any]:
    """The finished deck as JSON values."""
    try:
        outline = [(level, title, page) for level, title, page, *_ in document.get_toc(simple=True)]
    except Exception:  # an outline that loops or points nowhere must not cost the text
        outline = []
    slides = build_slides(pages, outline=outline, pdf_labels=_labels(document, len(pages)))
    return {
        "slides": [asdict(slide) for slide in slides],
        "metadata_title": str((document.metadata or {}).get("title") or ""),
    }


def _labels(document: Any, count: int) -> list[str]:
    """The labels stored in the PDF, "" where there are none."""
    try:
        return page_labels(document.get_page_labels(), count)
    except Exception:  # labels are decoration; a damaged tree of them is as good as none
        return [""] * count
