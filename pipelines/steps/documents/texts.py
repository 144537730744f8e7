"""Texts as pages: plain text, Markdown, HTML and notebooks set as a PDF, one page a section, more where it is long."""

import re
from html import escape
from typing import Any

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.captions.encodings import decode_text
from pipelines.steps.documents.kinds import Kind
from pipelines.steps.documents.marked import text_html
from pipelines.steps.documents.markup import has_words, reduce_html
from pipelines.steps.documents.notebooks import notebook_html
from pipelines.steps.pdf.library import load_pymupdf

PAGE_PT = (595.0, 600.0)
"""Width and height: about 350 words, so that a citation of a long section still leads near."""
FONT_PT = 12.0
MOST_CHARS = 5_000_000
"""Two long books."""
_STYLE = (
    "@page{margin:36px} body{margin:0;font-family:sans-serif} .cut{page-break-after:always;height:0} "
    "p{text-align:left} pre{white-space:pre-wrap;font-size:0.9em} h1{font-size:1.8em}"
)
_CHARSET = re.compile(rb"""<(?:meta|\?xml)\b[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.I)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def text_as_pdf(data: bytes, kind: Kind, *, max_pages: int) -> bytes:
    """A PDF whose pages begin at headings, with the headings as its outline.

    Raises:
        UnreadableFileError: `damaged`, `empty_file` (there are no words), `too_large`, `too_many_pages`.
    """
    text = _CONTROLS.sub("", _html_text(data) if kind == "html" else decode_text(data)[0])
    if len(text) > MOST_CHARS:
        raise UnreadableFileError(
            f"This text has {len(text):,} characters; at most {MOST_CHARS:,} are accepted. Please split it.",
            code="too_large",
        )
    html = text if kind == "html" else notebook_html(text) if kind == "notebook" else text_html(text)
    body, title = reduce_html(html)
    if not has_words(body):
        raise UnreadableFileError("This file has no words to read.", code="empty_file")
    return _set(body, title, max_pages)


def _html_text(data: bytes) -> str:
    """HTML in the encoding that it names, unless its first bytes or its letters say another."""
    named = _CHARSET.search(data[:2048])
    if named and not data.startswith(_MARKS):
        try:
            return data.decode(named.group(1).decode("ascii"))
        except (LookupError, UnicodeError):
            pass
    return decode_text(data)[0]


def _set(body: str, title: str, max_pages: int) -> bytes:
    pymupdf = load_pymupdf()
    # The mark tells MuPDF that it is UTF-8, which it would guess otherwise.
    html = f"\ufeff<!doctype html><html><head><title>{escape(title)}</title><style>{_STYLE}</style></head>{body}</html>"
    flowing = pymupdf.open(stream=html.encode(), filetype="html")
    flowing.layout(width=PAGE_PT[0], height=PAGE_PT[1], fontsize=FONT_PT)
    if flowing.page_count > max_pages:
        raise UnreadableFileError(
            f"This text fills {flowing.page_count} pages; at most {max_pages} are accepted. Please split it.",
            code="too_many_pages",
        )
    document = pymupdf.open(stream=flowing.convert_to_pdf(), filetype="pdf")
    document.set_toc(_outline(flowing.get_toc()))
    document.set_metadata({"title": title})
    return bytes(document.tobytes())


def _outline(entries: list[list[Any]]) -> list[list[Any]]:
    """The outline with no level left out on the way down, as a PDF's must be."""
    depth = 0
    outline = []
    for level, title, page, *_ in entries:
        depth = min(max(1, level), depth + 1)
        outline.append([depth, title, page])
    return outline
