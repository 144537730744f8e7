"""Recorded speech to segments, a piece of a few minutes at a time, so that finished pieces survive a crash.

A piece is one batch of the recogniser: eight full stretches of speech, packed as faster-whisper packs a whole
recording, so that pieces cost no more than the whole and say the same. The next piece depends on where this one ended
and on nothing else, so going on after a crash gives what an undisturbed run gives. Memory holds one piece, however
long the lecture is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.core.records import Segment, Word
from pipelines.steps.speech.hallucinations import is_loop, is_made_up, is_silence, without_repeats
from pipelines.steps.speech.model import BATCH, RawSegment, Recogniser
from pipelines.steps.speech.recordings import read_audio
from pipelines.steps.speech.voice import Stretch
from pipelines.steps.speech.worker import RATE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SPEECH_VERSION = "1"
"""Version of the recognition around the model; raise it when the same sound gives other segments."""

PIECE_MS = 270_000
"""Longest piece: one batch of eight stretches of 30 s, and some silence. A crash costs at most this much work."""

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
        stretches = model.listen(samples)
        end_ms = duration_ms
        if len(stretches) > BATCH or start_ms + PIECE_MS < duration_ms:
            stretches, end = _first_batch(stretches, samples.size)
            end_ms = start_ms + max(1, end * 1000 // RATE)
        heard = _Heard((), language, 0, 0)
        if stretches:
            heard = _recognise(samples, stretches, model, language)
            language = heard.language
        yield SpeechPiece(
            start_ms=start_ms,
            end_ms=end_ms,
            segments=tuple(_in_order(heard.segments, start_ms, end_ms)),
            language=language,
            speech_ms=sum(stretch.length for stretch in stretches) * 1000 // RATE,
            removed=heard.removed,
            retried=heard.retried,
        )
        start_ms = end_ms


def _first_batch(stretches: list[Stretch], size: int) -> tuple[list[Stretch], int]:
    """The stretches of a piece that is not the last, and the sample where it ends.

    The last stretch found may go on behind the samples read, so it is left to the next piece; unless it is the only
    one and starts the piece, because then waiting would not help.
    """
    if not stretches:
        return [], size
    if len(stretches) > 1:
        kept = stretches[: min(BATCH, len(stretches) - 1)]
        return kept, kept[-1].end
    return ([], stretches[0].start) if stretches[0].start > 0 else (stretches, stretches[0].end)


@dataclass(frozen=True, slots=True)
class _Heard:
    """What one piece says, at times in its samples."""

    segments: Sequence[Segment]
    language: str | None
    removed: int
    retried: int


def _recognise(
    samples: "npt.NDArray[np.float32]", stretches: Sequence[Stretch], model: Recogniser, language: str | None
) -> _Heard:
    """Recognise, try loops again, cut into sentences, drop what nobody said."""
    found = model.recognise(samples, stretches, language=language)
    removed = retried = 0
    segments: list[Segment] = []
    for first in found.segments:
        raws: Sequence[RawSegment] = (first,)
        if is_loop(first) and first.words:
            retried += 1
            raws = _again(samples, first, model, found.language)
        for raw in raws:
            if is_silence(raw) or is_loop(raw) or not raw.words:
                removed += 1
                continue
            said = _sentences(raw.words)
            believed = [segment for segment in said if not is_made_up(segment, no_speech_prob=raw.no_speech_prob)]
            removed += len(said) - len(believed)
            segments += believed
    unique = without_repeats(segments)
    removed += len(segments) - len(unique)
    return _Heard(unique, language or (found.language if unique else None), removed, retried)


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
