"""Highlights: where on a page the words of a passage stand, and which of them the question shares.

Positions are shares of the page as it is shown (rotation and crop included), so they fit its picture at any size.
A page without a text layer has no positions: the result is empty, which says nothing about whether the passage is
there.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.pdf.library import load_pymupdf
from pipelines.steps.pdf.opening import as_memory_error, open_pdf
from pipelines.steps.sandbox.bounded import run_bounded
from pipelines.steps.sandbox.limits import Limits

MAX_WORDS_A_PAGE = 20_000
"""A page with more carries a junk text layer; marking it would help nobody."""

_TOKEN = re.compile(r"\w+")
_SHORTEST_ASKED = 4  # shorter words ("the", "of") stand everywhere and mark nothing
_SHORTEST_STEM = 5  # "compare" asks for "compares"; "wind" does not ask for "window"
_ASKING = re.compile("does|from|have|that|these|this|what|when|where|which|with|dass|eine|einen|oder|sind|welche|wenn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One word on the page; `left`, `top`, `right` and `bottom` are in [0, 1] from the page's upper left corner.

    `asked` True: the question has this word too.
    """

    page: int
    left: float
    top: float
    right: float
    bottom: float
    text: str
    asked: bool = False


def mark_passage(
    pdf: Path, *, page: int, passage: str, question: str = "", password: str | None = None, limits: Limits | None = None
) -> list[Mark]:
    """The words of `passage` on one physical page (1-based), in the order the file stores them.

    A word counts when it stands beside the same word in the passage, so that a single "the" elsewhere is not marked.

    Raises:
        UnreadableFileError: the file cannot be opened, asks for another password, or has no such page.
    """
    args = {"page": page, "password": password}
    items = run_bounded("pipelines.steps.pdf.highlights:read_words", source=pdf, args=args, limits=limits)
    words = [_word(page, item.value) for item in items]
    return choose_marks(words, passage=passage, question=question)


def choose_marks(words: Sequence[Mark], *, passage: str, question: str = "") -> list[Mark]:
    """Those of a page's `words` that belong to the passage; `asked` is set on those the question has too."""
    tokens = [(token, place) for place, word in enumerate(words) for token in _tokens(word.text)]
    wanted = _tokens(passage)
    pairs = set(pairwise(wanted))
    chosen: set[int] = set()
    for (token, place), (following, next_place) in pairwise(tokens):
        if (token, following) in pairs:
            chosen |= {place, next_place}
    if len(wanted) == 1:
        chosen = {place for token, place in tokens if token == wanted[0]}
    asked = {t for t in _tokens(question) if len(t) >= _SHORTEST_ASKED and not _ASKING.fullmatch(t)}
    return [_marked(words[place], asked) for place in sorted(chosen)]


def read_words(source: BinaryIO, *, page: int, password: str | None) -> Iterator[tuple[Any, bytes]]:
    """Runs in the bounded child: yields [left, top, right, bottom, text] of each word of the page."""
    document = open_pdf(
        source, password=password, max_pages=sys.maxsize
    ).document  # one page is read, however many there are
    if not 1 <= page <= document.page_count:
        raise UnreadableFileError(f"This PDF has no page {page}.", code="no_such_page")
    try:
        shown = document[page - 1]
        words = shown.get_text("words")[:MAX_WORDS_A_PAGE]
    except Exception as error:  # the library raises several unrelated classes for damaged pages
        raise as_memory_error(error) or UnreadableFileError(
            f"Page {page} of this PDF is damaged.", code="damaged"
        ) from None
    width, height, turn = shown.rect.width, shown.rect.height, shown.rotation_matrix
    for *corners, text, _, _, _ in words:
        box = load_pymupdf().Rect(corners) * turn
        yield [box.x0 / width, box.y0 / height, box.x1 / width, box.y1 / height, text], b""


def _word(page: int, value: Any) -> Mark:
    try:
        *edges, text = value
        left, top, right, bottom = (min(1.0, max(0.0, float(edge))) for edge in edges)
        return Mark(page=page, left=left, top=top, right=right, bottom=bottom, text=str(text))
    except (TypeError, ValueError):
        raise UnreadableFileError(
            "This PDF is damaged and could not be read; export it again and upload that.", code="damaged"
        ) from None


def _marked(word: Mark, asked: set[str]) -> Mark:
    return replace(word, asked=any(_same(token, other) for token in _tokens(word.text) for other in asked))


def _same(one: str, other: str) -> bool:
    """Is it the same word, or one with another ending?"""
    shorter, longer = sorted((one, other), key=len)
    return one == other or (len(shorter) >= _SHORTEST_STEM and longer.startswith(shorter))


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.casefold())
