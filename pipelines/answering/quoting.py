"""The answer without a language model: the passages that fit best, word for word, each with its number.

Belongs here: pure text. The command line's `ask` and the chat of the service say the very same. What counts as fitting
is decided here too, for every answer: a search always returns something, and saying that nothing fits is an answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipelines.core.records import Hit
from pipelines.core.search.lexical import term_counts

QUOTED = 3
"""Passages quoted in one answer."""

QUOTE_CHARS = 420
"""Longest quotation, in characters; a longer passage is cut to the part that has most of the question's words."""

WORDS_SHARE = 0.5
WORDS_NEAR = 0.05
"""How much less near a passage may be (`Hit.needed`) that has this share of the question's words, two at least."""
JUDGED = 5
KEPT_SHARE = 0.5

NOTHING_FOUND = "Nothing in the course materials seems to answer this."
NOTHING_LEFT = "Nothing is left to spend on an answer now, so these are the passages that fit best, word for word."
NO_MODEL = "No language model is connected, so these are the passages that fit best, word for word."

_BRACKETED = re.compile(r"\[\s*(\d{1,4})\s*\]")
_SENTENCE = re.compile(r"(?<=[.!?…:;])\s+|\n+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`text` is Markdown; `cited` holds the numbers in it: places in the hits given, counted from 1."""

    text: str
    cited: tuple[int, ...]


def relevant_hits(question: str, hits: Sequence[Hit]) -> list[Hit]:
    """The hits worth reading for their question, in their order; empty when none has to do with it.

    Judged as a whole: when one of the first five fits, every hit with half the best score or more comes along.
    """
    terms = set(term_counts(question))
    if not any(_fits(terms, hit) for hit in hits[:JUDGED]):
        return []
    floor = KEPT_SHARE * max(hit.score for hit in hits)
    return [hit for hit in hits if hit.score >= floor]


def extractive_answer(question: str, hits: Sequence[Hit], *, why: str = NO_MODEL) -> Answer:
    """Quote the hits that fit best.

    Args:
        why: the sentence that says why passages are quoted.
        hits: as retrieved, best first; those that do not fit are passed over. `[n]` in the answer is the n-th of them.
    """
    fitting = {id(hit) for hit in relevant_hits(question, hits) if not _is_picture(hit)}
    chosen = [(number, hit) for number, hit in enumerate(hits, start=1) if id(hit) in fitting][:QUOTED]
    if not chosen:
        return Answer(text=NOTHING_FOUND, cited=())
    terms = set(term_counts(question))
    quotes = [f"> {_quote(hit.text, terms)} [{number}]\n>\n> — {where(hit)}" for number, hit in chosen]
    return Answer(text="\n\n".join([*quotes, why]), cited=tuple(number for number, _ in chosen))


class Placed(Protocol):
    """What stands somewhere in the materials: a hit, or a passage that an answer cited."""

    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def file_name(self) -> str: ...
    @property
    def page(self) -> int | None: ...
    @property
    def page_label(self) -> str | None: ...
    @property
    def start_ms(self) -> int | None: ...
    @property
    def end_ms(self) -> int | None: ...


def where(hit: Placed) -> str:
    """Where a hit stands, for people: `week1.pdf, page 7 (printed 5): Momentum` or `lecture1.mp4, 3:07-4:12`."""
    if hit.page is None and hit.start_ms is None:
        return hit.file_name  # a source of a former deployment may not say where in it
    if hit.kind == "speech":
        return f"{hit.file_name}, {_clock(hit.start_ms)}-{_clock(hit.end_ms)}"
    printed = f" (printed {hit.page_label})" if hit.page_label and hit.page_label != str(hit.page) else ""
    title = " ".join(hit.title.split())
    return f"{hit.file_name}, page {hit.page}{printed}" + (f": {title}" if title else "")


def _is_picture(hit: Hit) -> bool:
    """Whether it is a page that only came along with what was said while it was up: it has no words to quote."""
    return not hit.named and hit.kind == "slide" and hit.dense_rank is None and hit.lexical_rank is None


def _fits(terms: set[int], hit: Hit) -> bool:
    if hit.named or hit.similarity is None:
        return True
    shared = len(terms & set(term_counts(hit.text)))
    near = WORDS_NEAR if shared >= 2 and shared >= WORDS_SHARE * len(terms) else 0.0
    return hit.similarity >= hit.needed - near


def _quote(text: str, terms: set[int]) -> str:
    """The passage on one line, cut to the part around the sentence with most of the question's words."""
    sentences = [" ".join(piece.split()) for piece in _SENTENCE.split(text) if piece.strip()]
    counts = [len(terms & set(term_counts(sentence))) for sentence in sentences]
    if not sentences:
        return ""
    first = last = counts.index(max(counts))
    size = len(sentences[first])
    while True:  # grow around the best sentence while there is room, forwards first: what follows explains
        if last + 1 < len(sentences) and size + len(sentences[last + 1]) < QUOTE_CHARS:
            last += 1
            size += len(sentences[last]) + 1
        elif first and size + len(sentences[first - 1]) < QUOTE_CHARS:
            first -= 1
            size += len(sentences[first]) + 1
        else:
            break
    quote = " ".join(sentences[first : last + 1])
    if len(quote) > QUOTE_CHARS:
        quote = quote[:QUOTE_CHARS].rsplit(" ", 1)[0] + " …"
    return _BRACKETED.sub(r"(\1)", quote)  # a slide's own [3] must not look like one of our numbers


def _clock(ms: int | None) -> str:
    seconds = (ms or 0) // 1000
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
