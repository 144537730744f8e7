"""Recorded speech to segments, a piece of a few minutes at a time, so that finished pieces survive a crash.

A piece ends in the quietest moment near its planned end, found from the samples alone. The next piece depends on
where this one ended and on nothing else, so going on after a crash gives what an undisturbed run gives. Memory holds
one piece, however long the lecture is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.core.records import Segment, Word
from pipelines.steps.hallucinations import is_loop, is_made_up, is_silence, without_repeats
from pipelines.steps.media_worker import RATE
from pipelines.steps.recordings import read_audio
from pipelines.steps.speech_model import RawSegment, Recogniser

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

PIECE_MS = 240_000
"""Longest piece: eight stretches of 30 s, one batch of the recogniser. A crash costs at most this much work."""

_SEARCH_MS = 45_000  # the last part of a piece, in which the quietest moment is its end
_QUIET_MS = 400  # how long that moment is: longer than the pauses between words, as long as those between sentences
_SENTENCE_END = (".", "?", "!", "…", "。", "？", "！")
_CLAUSE_END = (*_SENTENCE_END, ",", ";", ":", "，", "、")
_SHORTEST_MS = 1500  # "Yes." joins the sentence after it
_PAUSE_MS = 1000  # a pause this long ends a segment without a full stop
_LONG_MS = 12_000  # a segment this long ends at the next comma
_LONGEST_MS = 20_000  # and this long at the next word


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechPiece:
    """One finished piece `[start_ms, end_ms)` of a recording.

    `segments` is empty when nobody speaks. `language` None: not known yet, because nobody spoke so far. `speech_ms`
    is how much the voice detector kept. `removed` counts sentences and stretches dropped because nobody said them;
    `retried` counts stretches recognised again because the first answer repeated itself.
    """

    start_ms: int
    end_ms: int
    segments: tuple[Segment, ...]
    language: str | None
    speech_ms: int
    removed: int
    retried: int


def transcribe(
    audio: Path, *, duration_ms: int, model: Recogniser, start_ms: int = 0, language: str | None = None
) -> Iterator[SpeechPiece]:
    """Yields the pieces of a recording in order; store each before asking for the next.

    Args:
        audio: FLAC file that `recordings.extract_audio` wrote; `duration_ms` is what it returned.
        model: from `speech_model.load_model`.
        start_ms: where to go on: `end_ms` of the last stored piece.
        language: code such as `en`; None detects it in the first piece in which somebody speaks and keeps it. To go
            on after a crash, give the last stored piece's.
    """
    while start_ms < duration_ms:
        samples = read_audio(audio, start_ms=start_ms, end_ms=min(start_ms + PIECE_MS, duration_ms))
        if not samples.size:
            return
        end_ms = duration_ms
        if duration_ms - start_ms > PIECE_MS:
            end_ms = start_ms + _quietest_ms(samples, PIECE_MS - _SEARCH_MS)
            samples = samples[: (end_ms - start_ms) * RATE // 1000]
        piece = _recognise(samples, start_ms, end_ms, model, language)
        language = piece.language
        yield piece
        start_ms = end_ms


def _quietest_ms(samples: "npt.NDArray[np.float32]", from_ms: int) -> int:
    """The middle of the quietest `_QUIET_MS` after `from_ms`; of equally quiet ones the last."""
    import numpy as np

    step, width = RATE // 50, _QUIET_MS // 20
    searched = samples[from_ms * RATE // 1000 :]
    frames = searched[: searched.size // step * step].reshape(-1, step)
    energy = np.convolve(np.square(frames).sum(axis=1, dtype=np.float64), np.ones(width), mode="valid")
    at = int(energy.size - 1 - np.argmin(energy[::-1]))
    return from_ms + at * 20 + _QUIET_MS // 2


def _recognise(
    samples: "npt.NDArray[np.float32]", start_ms: int, end_ms: int, model: Recogniser, language: str | None
) -> SpeechPiece:
    """One piece: recognise, try loops again, cut into sentences, drop what nobody said."""
    found = model.recognise(samples, language=language)
    removed = retried = 0
    segments: list[Segment] = []
    for first in found.segments:
        raws: Sequence[RawSegment] = (first,)
        if is_loop(first) and first.words:
            retried += 1
            raws = _again(samples, first, model, language or found.language)
        for raw in raws:
            if is_silence(raw) or is_loop(raw) or not raw.words:
                removed += 1
                continue
            said = _sentences(raw.words)
            believed = [segment for segment in said if not is_made_up(segment, no_speech_prob=raw.no_speech_prob)]
            removed += len(said) - len(believed)
            segments += believed
    unique = without_repeats(segments)
    return SpeechPiece(
        start_ms=start_ms,
        end_ms=end_ms,
        segments=tuple(_in_order(unique, start_ms, end_ms)),
        language=language or (found.language if unique else None),
        speech_ms=found.speech_ms,
        removed=removed + len(segments) - len(unique),
        retried=retried,
    )


def _again(
    samples: "npt.NDArray[np.float32]", raw: RawSegment, model: Recogniser, language: str | None
) -> Sequence[RawSegment]:
    """The stretch of `raw` recognised carefully, its words at their times in `samples`."""
    offset_ms = raw.words[0].start_ms
    stretch = samples[offset_ms * RATE // 1000 : raw.words[-1].end_ms * RATE // 1000 + 1]
    again = model.recognise_carefully(stretch, language=language)
    return [replace(other, words=tuple(_moved(word, offset_ms) for word in other.words)) for other in again.segments]


def _moved(word: Word, by_ms: int) -> Word:
    return replace(word, start_ms=word.start_ms + by_ms, end_ms=word.end_ms + by_ms)


def _sentences(words: Sequence[Word]) -> list[Segment]:
    """Words as segments that end with a sentence or a pause, or at a comma or a word when neither comes."""
    segments: list[Segment] = []
    first = 0
    for at, word in enumerate(words):
        length_ms = word.end_ms - words[first].start_ms
        text = word.text.rstrip("\"'”»)")
        ends = (
            at == len(words) - 1
            or (text.endswith(_SENTENCE_END) and length_ms >= _SHORTEST_MS)
            or words[at + 1].start_ms - word.end_ms >= _PAUSE_MS
            or (text.endswith(_CLAUSE_END) and length_ms >= _LONG_MS)
            or length_ms >= _LONGEST_MS
        )
        if ends:
            group = words[first : at + 1]
            segments.append(
                Segment(
                    start_ms=group[0].start_ms,
                    end_ms=word.end_ms,
                    text="".join(w.text for w in group).strip(),
                    words=tuple(replace(w, text=w.text.strip()) for w in group),
                    confidence=sum(w.probability for w in group) / len(group),
                )
            )
            first = at + 1
    return [segment for segment in segments if segment.text]


def _in_order(segments: Sequence[Segment], start_ms: int, end_ms: int) -> Iterator[Segment]:
    """The segments at their times in the recording, none overlapping the one before or reaching out of the piece.

    Whisper's word times may run backwards by some hundredths of a second; a word or segment that would be left
    without any length gets one millisecond, and is dropped when the piece has none left.
    """
    latest = start_ms
    for segment in segments:
        words: list[Word] = []
        for word in segment.words:
            begin = min(max(word.start_ms + start_ms, latest), end_ms)
            latest = min(max(word.end_ms + start_ms, begin + 1), end_ms)
            words.append(replace(word, start_ms=begin, end_ms=latest))
        if words[-1].end_ms > words[0].start_ms:
            yield replace(segment, start_ms=words[0].start_ms, end_ms=words[-1].end_ms, words=tuple(words))
