"""The answer without a language model: the passages that fit best, word for word, each with its number.

Belongs here: pure text. The command line's `ask` and the chat of the service say the very same. What counts as fitting
is decided here too, for every answer: a search always returns something, and saying that nothing fits is an answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.core.lexical import term_counts
from pipelines.core.records import Hit

QUOTED = 3
"""Passages quoted in one answer."""

QUOTE_CHARS = 420
"""Longest quotation, in characters; a longer passage is cut to the part that has most of the question's words."""

NOTHING_FOUND = "Nothing in the course materials seems to answer this."
NO_MODEL = "No language model is connected, so these are the passages that fit best, word for word."

_BRACKETED = re.compile(r"\[\s*(\d{1,4})\s*\]")
_SENTENCE = re.compile(r"(?<=[.!?…:;])\s+|\n+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`text` is Markdown; `cited` holds the numbers in it: places in the hits given, counted from 1."""

    text: str
    cited: tuple[int, ...]


def relevant_hits(question: str, hits: Sequence[Hit]) -> list[Hit]:
    """The hits that have to do with the question, in their order; empty when none does."""
    terms = set(term_counts(question))
    return [hit for hit in hits if _fits(terms, hit)]


def extractive_answer(question: str, hits: Sequence[Hit]) -> Answer:
    """Quote the hits that fit best.

    Args:
        hits: as retrieved, best first; those that do not fit are passed over. `[n]` in the answer is the n-th of them.
    """
    fitting = {id(hit) for hit in relevant_hits(question, hits)}
    chosen = [(number, hit) for number, hit in enumerate(hits, start=1) if id(hit) in fitting][:QUOTED]
    if not chosen:
        return Answer(text=NOTHING_FOUND, cited=())
    terms = set(term_counts(question))
    quotes = [f"> {_quote(hit.text, terms)} [{number}]\n>\n> — {where(hit)}" for number, hit in chosen]
    return Answer(text="\n\n".join([*quotes, NO_MODEL]), cited=tuple(number for number, _ in chosen))


def where(hit: Hit) -> str:
    """Where a hit stands, for people: `Week 1, page 7 (printed 5)` or `Lecture 1, 3:07-4:12`."""
    title = " ".join(hit.title.split()) or hit.file_name
    if hit.kind == "speech":
        return f"{title}, {_clock(hit.start_ms)}-{_clock(hit.end_ms)}"
    printed = f" (printed {hit.page_label})" if hit.page_label and hit.page_label != str(hit.page) else ""
    return f"{title}, page {hit.page}{printed}"


def _fits(terms: set[int], hit: Hit) -> bool:
    return True


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
