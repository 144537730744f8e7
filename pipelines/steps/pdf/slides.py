"""Documents to slides: `read_deck` gives the text, because that is what people wait for, `render_slides` the pictures.

Both run the parser in a bounded child process (`sandbox`), one file at a time; what reads the page is `worker` and
the modules beside it. Nothing here loads a PDF library.
"""

import hashlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Box, Finding, Slide
from pipelines.steps.documents.checks import check_document, subject_of
from pipelines.steps.documents.kinds import Kind
from pipelines.steps.pdf.titles import deck_title
from pipelines.steps.sandbox.bounded import run_bounded
from pipelines.steps.sandbox.limits import Limits

SLIDES_VERSION = "4"
"""Grows with every change to what these steps make of the same bytes."""
DEFAULT_LIMITS = Limits(cpu_s=120, item_s=5.0)
MAX_BYTES = 200 * 10**6
MAX_PAGES = 1000
MAX_OCR_PAGES = 200
"""Pictures of text recognised in one deck; a longer scan stays without text from there on."""
RENDER_DPI = 144
RENDER_MIN_WIDTH_PX, RENDER_MAX_WIDTH_PX = 1280, 1600
"""Pictures are at least and at most this wide; LaTeX slides are so small in points that 144 dpi would be blurred."""

_DAMAGED = "This file is damaged and could not be read; export it again and upload that."


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """What one document holds. `slides` has one entry a page, in page order.

    `findings` say what of it could not be read, in page order; empty: everything was.
    """

    title: str
    slides: list[Slide]
    findings: tuple[Finding, ...] = ()

    @property
    def page_count(self) -> int:
        """Physical pages."""
        return len(self.slides)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedPage:
    """The picture of one physical page (1-based): WebP bytes, their SHA-256 in hexadecimal, and size in pixels."""

    page: int
    webp: bytes
    sha256: str
    width_px: int
    height_px: int


def read_deck(
    path: Path,
    *,
    file_name: str | None = None,
    password: str | None = None,
    max_bytes: int = MAX_BYTES,
    max_pages: int = MAX_PAGES,
    max_ocr_pages: int = MAX_OCR_PAGES,
    text_first: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    on_page: Callable[[int, int], None] | None = None,
    on_picture: Callable[[int, int], None] | None = None,
) -> Deck:
    """Reads title, text and structure of every page; pages that are pictures are recognised (OCR).

    Args:
        path: the file, of an office file the PDF made of it; its name says nothing about its content.
        file_name: the uploader's name for it, for decks that name themselves nowhere; None means `path`'s own.
        password: opens protected files.
        max_bytes, max_pages, max_ocr_pages: larger files and longer decks are refused; more pictures stay unread.
        text_first: read no pictures where the deck has text without them; each is a finding `NOT_RECOGNISED_YET`.
        limits: of the child process; `item_s` is granted for every page and every recognised picture.
        on_page: called with (pages finished, pages in all) as reading goes on.
        on_picture: called with (pictures recognised, pictures to recognise) as that goes on.

    Raises:
        UnreadableFileError: `empty_file`, `not_a_pdf`, `unknown_kind`, `too_large`, `damaged`, `zero_pages`,
            `too_many_pages`, `password_required`, `password_wrong`, `parser_limit`, `dynamic_form`, `portfolio`.
        OSError: the file is not there.
    """
    subject = subject_of(_checked(path, file_name or path.name, max_bytes))
    args = {
        "password": password,
        "max_pages": max_pages,
        "max_ocr_pages": max_ocr_pages,
        "text_first": text_first,
        "cpu_s": limits.cpu_s,
        "item_s": limits.item_s,
        "total_s": limits.total_s,
    }
    for item in run_bounded("pipelines.steps.pdf.worker:read", source=path, args=args, limits=limits, subject=subject):
        value = _object(item.value)
        if "deck" in value:
            return _deck(_object(value["deck"]), file_name or path.name)
        if on_page is not None:
            on_page(int(value["read"]), int(value["pages"]))
        if on_picture is not None and "pictures" in value:
            on_picture(int(value["recognised"]), int(value["pictures"]))
    raise UnreadableFileError(_DAMAGED, code="damaged")


def render_slides(
    path: Path,
    *,
    pages: Sequence[int] | None = None,
    password: str | None = None,
    max_bytes: int = MAX_BYTES,
    max_pages: int = MAX_PAGES,
    limits: Limits = DEFAULT_LIMITS,
) -> Generator[RenderedPage, None, None]:
    """Yields the picture of each page asked for, in that order, as it is made.

    A page that cannot be drawn is left out. Pictures have `RENDER_DPI` or what their least and greatest width ask for,
    and are at most twice as high as the greatest width.

    Args:
        pages: physical pages, 1-based; None means all.
        password, max_bytes, max_pages, limits: as for `read_deck`.

    Raises:
        UnreadableFileError: as `read_deck`.
    """
    subject = subject_of(_checked(path, None, max_bytes))
    args = {
        "password": password,
        "max_pages": max_pages,
        "pages": None if pages is None else list(pages),
        "dpi": RENDER_DPI,
        "min_width_px": RENDER_MIN_WIDTH_PX,
        "max_width_px": RENDER_MAX_WIDTH_PX,
    }
    for item in run_bounded(
        "pipelines.steps.pdf.worker:render", source=path, args=args, limits=limits, subject=subject
    ):
        value = _object(item.value)
        yield RenderedPage(
            page=int(value["page"]),
            webp=item.blob,
            sha256=hashlib.sha256(item.blob).hexdigest(),
            width_px=int(value["width_px"]),
            height_px=int(value["height_px"]),
        )


def _checked(path: Path, file_name: str | None, max_bytes: int) -> Kind:
    kind = check_document(path, file_name=file_name, max_bytes=max_bytes)
    if kind == "office":
        raise UnreadableFileError("This is an office file; a PDF has to be made of it first.", code="unknown_kind")
    return kind


def _deck(value: dict[str, Any], file_name: str) -> Deck:
    """The child's report as records; it is not trusted, so every field is converted."""
    try:
        names = [field.name for field in fields(Slide)]
        slides = [
            Slide(**{name: raw[name] for name in names} | {"line_boxes": _boxes(raw["line_boxes"])})
            for raw in value["slides"]
        ]
        return Deck(
            title=deck_title(str(value["metadata_title"]), [slide.title for slide in slides], file_name),
            slides=slides,
            findings=tuple(Finding(**raw) for raw in value["findings"]),
        )
    except (TypeError, KeyError, ValueError):
        raise UnreadableFileError(_DAMAGED, code="damaged") from None


def _boxes(value: Any) -> tuple[tuple[Box, ...], ...]:
    """Each line's boxes, every edge within the page."""
    lines = []
    for line in value:
        boxes = [tuple(min(1.0, max(0.0, float(edge))) for edge in box) for box in line]
        lines.append(tuple((left, top, right, bottom) for left, top, right, bottom in boxes))
    return tuple(lines)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableFileError(_DAMAGED, code="damaged")
    return value
