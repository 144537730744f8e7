"""Slides to chunks: one slide, one chunk; frames of an animated slide together; long pages cut where a thought ends.

What is embedded is the slide's text and description behind a short context (deck and section), because students ask
in the deck's terms while a slide seldom repeats them. Rows and vectors belong to `core/chunks.py`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from pipelines.core.records import Chunk, Slide, SlideDescription, make_chunk_id

CHUNKER_VERSION = "slide-3"
"""Version of these rules; part of every chunk id, so that new rules give new ids and new vectors."""

CONTEXT_SHARE = 4
"""Context takes at most one part in so many of the tokens a chunk may have."""

_ENUMERATION = re.compile(r"(?:slide|page|folie|seite)?\s*\d+", re.IGNORECASE)
_BOUNDARIES = [
    re.compile(pattern)
    for pattern in (r"\n\s*\n", r"(?<=[.!?:;])\s*\n", r"\n", r"(?<=[.!?;])\s+", r"\s+")  # best first
]


@dataclass(frozen=True, slots=True)
class _Frames:
    """One slide to a reader: its frames, the fullest of them, and the lines of all."""

    slides: tuple[Slide, ...]
    fullest: Slide
    text: str


def chunk_slides(
    slides: Sequence[Slide],
    descriptions: Iterable[SlideDescription],
    *,
    deck_title: str,
    document_id: UUID,
    course_id: UUID,
    count_tokens: Callable[[str], int],
    max_tokens: int,
    version: str = CHUNKER_VERSION,
) -> list[Chunk]:
    """Cut one deck into chunks in page order. Pages without text, title and description give none.

    Nothing of a page's title, body or description is lost, and no chunk's `search_text` has more than `max_tokens`.
    Every page that gives text is among the `pages` of a chunk that shows it.

    Args:
        slides: in page order. descriptions: of some or none of them.
        deck_title: what the deck calls itself; it is the context of all its chunks, with the section of each. On 150
            questions the course's name and the file's name beside it changed results within noise.
        count_tokens: tokens of a text for the embedder that will read the chunks; never more for two texts joined
            by a line's end than for both counted alone. `max_tokens` is the embedder's limit, or less.
        version: of the rules, these sizes included.
    """
    described = {description.page: description.text.strip() for description in descriptions}
    seen: Counter[str] = Counter()
    chunks: list[Chunk] = []
    for _, group in groupby(slides, key=lambda slide: slide.frame_group):
        frames = _merged(tuple(group))
        names = (deck_title, frames.fullest.section or "")
        context = _context(names, count_tokens, max_tokens // CONTEXT_SHARE)
        text = _joined(frames.text, _description(frames, described))
        for front, part, pages in _parts(frames, text, context, count_tokens, max_tokens):
            shown = frames.fullest if frames.fullest.page in pages else _slide(frames, pages[-1])
            search_text = f"{front}\n{part}" if front else part
            nth = seen[search_text]
            seen[search_text] += 1
            chunks.append(
                Chunk(
                    id=make_chunk_id(document_id, version, search_text, nth),
                    course_id=course_id,
                    kind="slide",
                    source_id=document_id,
                    ordinal=len(chunks),
                    title=frames.fullest.title.strip() or deck_title,
                    context=front,
                    text=part,
                    token_count=count_tokens(search_text),
                    page=shown.page,
                    pages=pages,
                    page_label=shown.page_label,
                )
            )
    return chunks


def _merged(slides: tuple[Slide, ...]) -> _Frames:
    """The fullest frame's text (the later of equals), then the lines only other frames have."""
    texts = {slide.page: _text(slide) for slide in slides}
    fullest = max(slides, key=lambda slide: (len(texts[slide.page]), slide.page))
    lines = texts[fullest.page].split("\n")
    known = {_folded(line) for line in lines}
    for slide in slides:
        for line in texts[slide.page].split("\n"):
            if _folded(line) not in known:
                known.add(_folded(line))
                lines.append(line)
    return _Frames(slides, fullest, "\n".join(lines).strip())


def _text(slide: Slide) -> str:
    """Title and body; the title once."""
    title, body = slide.title.strip(), slide.body.strip()
    if not title or _folded(body).startswith(_folded(title)):
        return body
    return _joined(title, body, separator="\n")


def _description(frames: _Frames, described: dict[int, str]) -> str:
    """What was said about the fullest frame; of another one where only that was described."""
    pages = [frames.fullest.page, *(slide.page for slide in reversed(frames.slides))]
    return next((described[page] for page in pages if described.get(page)), "")


def _context(names: Sequence[str], count_tokens: Callable[[str], int], most: int) -> str:
    """The names in plain words, one after the other, each once; cut from the end where they are long."""
    words: list[str] = []
    for name in names:
        plain = " ".join(re.sub(r"\.pdf$", "", name, flags=re.IGNORECASE).replace("_", " ").replace("-", " ").split())
        if plain and not _ENUMERATION.fullmatch(plain) and plain.casefold() not in " ".join(words).casefold():
            words.extend(plain.split())
    while words and count_tokens(" ".join(words)) > most:
        words.pop()
    return " ".join(words)


def _parts(
    frames: _Frames, text: str, context: str, count_tokens: Callable[[str], int], max_tokens: int
) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """(context, text, pages) of each chunk of one slide. Parts after the first carry its title in their context."""

    def fits(front: str, part: str) -> bool:
        return count_tokens(f"{front}\n{part}" if front else part) <= max_tokens

    if not text:
        return
    if fits(context, text):
        yield context, text, tuple(slide.page for slide in frames.slides)
        return
    later = _joined(context, frames.fullest.title.strip(), separator="\n")
    if count_tokens(later) > max_tokens // 2:
        later = context
    room = max_tokens - max(count_tokens(later), count_tokens(context))
    for number, part in enumerate(_cut(text, count_tokens, room)):
        yield later if number else context, part, _pages_of(part, frames)


def _cut(text: str, count_tokens: Callable[[str], int], room: int) -> list[str]:
    """`text` in about equal pieces of at most `room` tokens, each ending at the best boundary near its share."""
    tokens = count_tokens(text)
    if tokens <= room or len(text) <= 1:
        return [text]
    pieces = -(-tokens // max(1, room))
    share = len(text) * (pieces // 2) / pieces
    first, rest = _split(text, share, reach=len(text) / (4 * pieces))
    return [*_cut(first, count_tokens, room), *_cut(rest, count_tokens, room)]


def _split(text: str, share: float, *, reach: float) -> tuple[str, str]:
    """`text` in two, `share` characters and the rest, give or take `reach`; neither is empty."""
    for boundary in _BOUNDARIES:
        cuts = [cut for cut in boundary.finditer(text) if abs(cut.start() - share) <= reach]
        for cut in sorted(cuts, key=lambda cut: abs(cut.start() - share)):
            first, rest = text[: cut.start()].strip(), text[cut.end() :].strip()
            if first and rest:
                return first, rest
    middle = min(max(1, round(share)), len(text) - 1)
    return text[:middle].strip() or text[:middle], text[middle:].strip() or text[middle:]


def _pages_of(part: str, frames: _Frames) -> tuple[int, ...]:
    """The frames that show some line of `part`; a part of the description alone belongs to the fullest frame."""
    lines = {_folded(line) for line in part.split("\n") if line.strip()}
    whole = {slide.page: {_folded(line) for line in _text(slide).split("\n")} for slide in frames.slides}
    cut = lines.difference(*whole.values())  # halves of lines, and the description
    shown = [
        slide.page
        for slide in frames.slides
        if lines & whole[slide.page] or any(line in _folded(_text(slide)) for line in cut)
    ]
    return tuple(shown) or (frames.fullest.page,)


def _slide(frames: _Frames, page: int) -> Slide:
    return next(slide for slide in frames.slides if slide.page == page)


def _joined(*texts: str, separator: str = "\n\n") -> str:
    return separator.join(text for text in texts if text)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
