"""Speech to chunks: about a minute each, cut where a sentence, a thought or a breath ends.

All cuts of a lecture are chosen together (least cost over every way to cut it), so one long sentence does not push
every later cut into the middle of another. Works on captions and on recognised speech, punctuated or not.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from pipelines.core.records import Chunk, Segment, make_chunk_id

CHUNKER = "speech-3"
"""Version of the cutting rules; part of every chunk id, so that new rules give new ids."""

TARGET_MS = 55_000
"""Length chunks tend to. Measured with MiniLM and BM25 on captions of 82 videos (20 questions, decks in the same
corpus) and on unpunctuated ASR text (313 questions, 3 h), MRR@10 of plain reciprocal rank fusion: 40 s .73 and .73,
50 s .95 and .72, 55 s .93 and .71, 60 s .90 and .71, 75 s .88 and .71; recall@5 grows with the length (1.0 and .87 at
55 s). Words of the neighbouring chunks around each made it worse (-.06), the lecture's title in front no better."""

MAX_MS = 90_000
"""Longest chunk; only one segment that is longer by itself makes a longer one."""

_SENTENCE_END = re.compile(r"[.!?…。！？]['\"”»)\]]*$")
_CLAUSE_END = re.compile(r"[,;:，；、]['\"”»)\]]*$")
_OPENER = re.compile(
    r"^(?:so|now|okay|ok|well|next|then|first|second|finally|let's|let us|all right|alright|in this|"
    r"also|jetzt|nun|also|dann|zuerst|schließlich|alors|maintenant|ensuite|donc|voyons|enfin)\b",
    re.IGNORECASE,
)
_FULL_PAUSE_MS = 1000  # a pause this long ends a thought as surely as a full stop
_CLAUSE = 0.3  # how much of a full stop a comma is
_OPENING = 0.4  # how much of a full stop a next word like "so" or "now" is
_CUT_WEIGHT = 0.5  # cutting inside a sentence costs as much as missing the target length by 70 %


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never cut: a segment, or a part of one too long for the embedder. `tokens` counts its text."""

    start_ms: int
    end_ms: int
    text: str
    tokens: int


def chunk_speech(
    segments: Sequence[Segment],
    *,
    course_id: UUID,
    lecture_id: UUID,
    title: str,
    count_tokens: Callable[[str], int],
    max_tokens: int,
    context: str = "",
    target_ms: int = TARGET_MS,
    max_ms: int = MAX_MS,
    version: str = CHUNKER,
) -> list[Chunk]:
    """Cut one lecture into chunks in order of time; no segments give no chunks.

    A segment is never cut, except one whose text alone exceeds `max_tokens`: it is cut between words, at their times
    when it has them; without them its parts all keep the time of the whole, because no better one is known.

    Args:
        segments: ascending speech without overlaps.
        title: the lecture's title, kept in every chunk.
        count_tokens: tokens of a text for the embedder that will read the chunks, its start and end marks included.
            Apart from those, two texts joined by a blank never count more than both alone.
        max_tokens: most tokens of context and text together.
        context: embedded in front of every chunk and not quoted; cut when it takes more than a quarter of the tokens.
        target_ms: length to tend to. max_ms: longest chunk of several segments.
        version: of the rules, these lengths included.
    """
    context = _fit_context(context, count_tokens, max_tokens // 4)
    marks = count_tokens("")  # what the embedder adds to every text; counted once a chunk, not once a segment

    def count_inner(text: str) -> int:
        return count_tokens(text) - marks

    budget = max_tokens - count_tokens(context)
    units = [unit for segment in segments for unit in _units(segment, count_inner, budget)]
    chunks: list[Chunk] = []
    seen: Counter[str] = Counter()
    for first, end in _cuts(units, budget=budget, target_ms=target_ms, max_ms=max_ms):
        group = units[first:end]
        text = " ".join(unit.text for unit in group)
        search_text = f"{context}\n{text}" if context else text
        chunks.append(
            Chunk(
                id=make_chunk_id(lecture_id, version, search_text, seen[search_text]),
                course_id=course_id,
                kind="speech",
                source_id=lecture_id,
                ordinal=len(chunks),
                title=title,
                context=context,
                text=text,
                token_count=count_tokens(search_text),
                start_ms=group[0].start_ms,
                end_ms=max(unit.end_ms for unit in group),
            )
        )
        seen[search_text] += 1
    return chunks


def _fit_context(context: str, count_tokens: Callable[[str], int], most: int) -> str:
    words = context.split()
    while words and count_tokens(" ".join(words)) > most:
        words.pop()
    return " ".join(words)


def _units(segment: Segment, count_tokens: Callable[[str], int], budget: int) -> Iterator[_Unit]:
    """The segment as one unit, or as parts that fit, each ending with a sentence where one ends late in it."""
    tokens = count_tokens(segment.text)
    if tokens <= budget:
        yield _Unit(segment.start_ms, segment.end_ms, segment.text, tokens)
        return
    timed = [(word.text.strip(), word.start_ms, word.end_ms) for word in segment.words]
    words = timed or [(word, segment.start_ms, segment.end_ms) for word in segment.text.split()]
    costs = [count_tokens(text) for text, _, _ in words]
    first = 0
    while first < len(words):
        end, used = first, 0
        while end < len(words) and (used + costs[end] <= budget or end == first):
            used += costs[end]
            end += 1
        sentences = [at for at in range(first + (end - first) // 2, end) if _SENTENCE_END.search(words[at][0])]
        if end < len(words) and sentences:
            end = sentences[-1] + 1
        text = " ".join(text for text, _, _ in words[first:end])
        yield _Unit(words[first][1], words[end - 1][2], text, count_tokens(text))
        first = end


def _cuts(units: Sequence[_Unit], *, budget: int, target_ms: int, max_ms: int) -> list[tuple[int, int]]:
    """The ranges `[first, end)` of units that cost least together: near the target length, cut at good places."""
    best = [0.0] + [float("inf")] * len(units)
    came_from = [0] * (len(units) + 1)
    for end in range(1, len(units) + 1):
        cut = 0.0 if end == len(units) else _CUT_WEIGHT * (1 - _boundary(units[end - 1], units[end]))
        tokens = 0
        for first in range(end - 1, -1, -1):
            tokens += units[first].tokens
            length_ms = units[end - 1].end_ms - units[first].start_ms
            if first < end - 1 and (tokens > budget or length_ms > max_ms):
                break
            cost = best[first] + ((length_ms - target_ms) / target_ms) ** 2 + cut
            if cost < best[end]:
                best[end], came_from[end] = cost, first
    cuts: list[tuple[int, int]] = []
    end = len(units)
    while end:
        cuts.append((came_from[end], end))
        end = came_from[end]
    return cuts[::-1]


def _boundary(before: _Unit, after: _Unit) -> float:
    """How well the lecture can be cut here, from 0 (inside a phrase) to 1 (a sentence or a thought ends)."""
    if _SENTENCE_END.search(before.text):
        return 1.0
    pause = min(1.0, max(0, after.start_ms - before.end_ms) / _FULL_PAUSE_MS)
    clause = _CLAUSE if _CLAUSE_END.search(before.text) else 0.0
    opening = _OPENING if _OPENER.match(after.text) else 0.0
    return min(1.0, pause + clause + opening)
