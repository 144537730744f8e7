"""Chunkers by name: the rules that decks and lectures are cut by. A set of vectors is of the chunks of one of them.

Of most chunkers only the sizes differ. What follows from a name never changes: other sizes are another chunker.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipelines.core.records import Chunk, Document, Lecture, Segment, Slide, SlideDescription
from pipelines.steps.chunks import CHUNKER_VERSION, chunk_slides
from pipelines.steps.speech.chunks import CHUNKER, MAX_MS, TARGET_MS, chunk_speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunker:
    """Rules of cutting. `slides` and `speech` are the versions that are part of chunk ids.

    `slide_tokens`: most tokens of a slide's chunk, context included; None: as many as the embedder reads. `target_ms`
    and `max_ms`: the length stretches of speech tend to, and the longest of them.
    """

    slides: str
    speech: str
    slide_tokens: int | None = None
    target_ms: int = TARGET_MS
    max_ms: int = MAX_MS


CHUNKERS = {
    "standard": Chunker(slides=CHUNKER_VERSION, speech=CHUNKER),
    "short": Chunker(
        slides=f"short-1 {CHUNKER_VERSION}",
        speech=f"short-1 {CHUNKER}",
        slide_tokens=96,
        target_ms=30_000,
        max_ms=50_000,
    ),
}
"""By name. `standard`: a slide, or about a minute of speech; `short`: half as much of either."""


def cut_deck(
    chunker: Chunker,
    document: Document,
    slides: Sequence[Slide],
    descriptions: Iterable[SlideDescription],
    *,
    title: str,
    count_tokens: Callable[[str], int],
    max_tokens: int,
) -> list[Chunk]:
    """A deck's chunks by these rules. `title` is its corrected one; the others are those of `chunk_slides`."""
    return chunk_slides(
        slides,
        descriptions,
        deck_title=title,
        document_id=document.id,
        course_id=document.course_id,
        count_tokens=count_tokens,
        max_tokens=min(max_tokens, chunker.slide_tokens or max_tokens),
        version=chunker.slides,
    )


def cut_lecture(
    chunker: Chunker,
    lecture: Lecture,
    segments: Sequence[Segment],
    *,
    title: str,
    count_tokens: Callable[[str], int],
    max_tokens: int,
) -> list[Chunk]:
    """A lecture's chunks by these rules. `title` is its corrected one; the others are those of `chunk_speech`."""
    return chunk_speech(
        segments,
        course_id=lecture.course_id,
        lecture_id=lecture.id,
        title=title,
        count_tokens=count_tokens,
        max_tokens=max_tokens,
        target_ms=chunker.target_ms,
        max_ms=chunker.max_ms,
        version=chunker.speech,
    )
