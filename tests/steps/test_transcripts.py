"""Recognition in pieces: nothing lost at the cuts, nothing kept that nobody said, and a crash costs one piece."""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.core.records import Word
from pipelines.steps.media_worker import RATE
from pipelines.steps.recordings import extract_audio
from pipelines.steps.speech_model import RawSegment, Recognised, SpeechModel
from pipelines.steps.transcripts import PIECE_MS, SpeechPiece, transcribe
from tests.steps.media import Samples, music, tone, wav_bytes


def raw(text: str, *, start_ms: int = 0, word_ms: int = 300, sure: float = 0.9, **measures: float) -> RawSegment:
    """One recognised stretch, its words in a row without pauses."""
    words = tuple(
        Word(start_ms=start_ms + n * word_ms, end_ms=start_ms + (n + 1) * word_ms, text=f" {word}", probability=sure)
        for n, word in enumerate(text.split())
    )
    return RawSegment(words=words, **{"avg_logprob": -0.2, "no_speech_prob": 0.1, "compression_ratio": 1.5, **measures})


@dataclass
class Scripted:
    """A recogniser that answers every piece with the same stretches and remembers what it was asked."""

    answers: list[RawSegment]
    careful: list[RawSegment] = field(default_factory=list)
    asked: list[tuple[int, str | None]] = field(default_factory=list)
    name: str = "scripted"

    def recognise(self, samples: npt.NDArray[np.float32], *, language: str | None) -> Recognised:
        self.asked.append((samples.size * 1000 // RATE, language))
        return Recognised(segments=tuple(self.answers), language="de" if self.answers else None, speech_ms=1000)

    def recognise_carefully(self, samples: npt.NDArray[np.float32], *, language: str | None) -> Recognised:
        return Recognised(segments=tuple(self.careful), language=language, speech_ms=1000)


@pytest.fixture
def minute(tmp_path: Path) -> Path:
    return flac(tmp_path, tone(60))


def flac(folder: Path, samples: Samples) -> Path:
    (folder / "in.wav").write_bytes(wav_bytes(samples))
    extract_audio(folder / "in.wav", folder / "audio.flac", file_name="in.wav", max_ms=10**7, max_bytes=10**9)
    return folder / "audio.flac"


def one_piece(audio: Path, *answers: RawSegment, careful: tuple[RawSegment, ...] = ()) -> SpeechPiece:
    model = Scripted(list(answers), careful=list(careful))
    (piece,) = transcribe(audio, duration_ms=60_000, model=model)
    return piece


def said(piece: SpeechPiece) -> list[str]:
    return [segment.text for segment in piece.segments]


def test_words_become_sentences_with_times_and_confidence(minute: Path) -> None:
    piece = one_piece(minute, raw("We minimise this convex loss here. Then we stop the descent now.", start_ms=2000))
    assert [(s.start_ms, s.end_ms, s.text) for s in piece.segments] == [
        (2000, 3800, "We minimise this convex loss here."),
        (3800, 5600, "Then we stop the descent now."),
    ]
    assert piece.segments[0].confidence == pytest.approx(0.9)
    assert [w.text for w in piece.segments[0].words][:2] == ["We", "minimise"]


def test_a_very_short_sentence_joins_the_next(minute: Path) -> None:
    assert said(one_piece(minute, raw("Yes. That is the point of it all."))) == ["Yes. That is the point of it all."]


def test_speech_without_full_stops_is_cut_at_pauses_and_commas(minute: Path) -> None:
    first, second = raw("and so on and on", start_ms=0), raw("the next thought", start_ms=3000)
    assert said(one_piece(minute, replace(first, words=first.words + second.words))) == [
        "and so on and on",
        "the next thought",
    ]
    lengths = [s.end_ms - s.start_ms for s in one_piece(minute, raw("word " * 120)).segments]
    assert max(lengths) <= 20_300


def test_a_stretch_whisper_takes_for_silence_is_removed_and_counted(minute: Path) -> None:
    piece = one_piece(minute, raw("hm hm", no_speech_prob=0.9, avg_logprob=-1.4), raw("Real words.", start_ms=9000))
    assert (said(piece), piece.removed) == (["Real words."], 1)


@pytest.mark.parametrize(
    "text",
    [
        "Untertitel der Amara.org-Community",
        "Sous-titres réalisés par la communauté d'Amara.org",
        "Untertitelung des ZDF, 2020",
        "Subtitles by the Amara.org community",
    ],
)
def test_caption_credits_are_never_speech(minute: Path, text: str) -> None:
    piece = one_piece(minute, raw(text))
    assert (said(piece), piece.removed, piece.language) == ([], 1, None)


def test_polite_phrases_go_only_when_the_model_is_unsure(minute: Path) -> None:
    assert said(one_piece(minute, raw("Thanks for watching!", sure=0.4))) == []
    assert said(one_piece(minute, raw("Thanks for watching!", sure=0.9))) == ["Thanks for watching!"]


def test_a_loop_is_recognised_again(minute: Path) -> None:
    loop = raw("again and " * 20, start_ms=4000, compression_ratio=5)
    piece = one_piece(minute, loop, careful=(raw("Again and never more.", start_ms=100),))
    assert [(s.start_ms, s.text) for s in piece.segments] == [(4100, "Again and never more.")]
    assert (piece.retried, piece.removed) == (1, 0)


def test_a_loop_that_stays_one_is_removed(minute: Path) -> None:
    loop = raw("again and " * 20, compression_ratio=5)
    piece = one_piece(minute, loop, careful=(loop,))
    assert (said(piece), piece.retried, piece.removed) == ([], 1, 1)


def test_a_sentence_repeated_without_end_stays_once(minute: Path) -> None:
    piece = one_piece(minute, *(raw("I do not know.", start_ms=n * 1200) for n in range(6)))
    assert (said(piece), piece.removed) == (["I do not know."], 5)


def test_times_that_run_backwards_or_out_of_the_piece_are_put_in_order(minute: Path) -> None:
    piece = one_piece(
        minute, raw("One two three.", start_ms=5000), raw("Four five.", start_ms=4000), raw("Six.", start_ms=59_950)
    )
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(piece.segments))
    assert all(s.start_ms < s.end_ms <= 60_000 for s in piece.segments)
    assert all(s.start_ms <= w.start_ms <= w.end_ms <= s.end_ms for s in piece.segments for w in s.words)


def loud_with_pauses(*pauses_s: float, seconds: float) -> Samples:
    samples = tone(seconds)
    for at in pauses_s:
        samples[int(at * RATE) : int((at + 0.6) * RATE)] = 0
    return samples


def test_pieces_end_in_pauses_and_cover_everything(tmp_path: Path) -> None:
    audio = flac(tmp_path, loud_with_pauses(100, 230, 440, seconds=500))
    model = Scripted([raw("Hello there.", start_ms=1000)])
    pieces = list(transcribe(audio, duration_ms=500_000, model=model))
    assert [(p.start_ms, p.end_ms) for p in pieces] == [(0, 230_400), (230_400, 440_400), (440_400, 500_000)]
    assert [p.segments[0].start_ms for p in pieces] == [1000, 231_400, 441_400]
    assert model.asked == [(230_400, None), (210_000, "de"), (59_600, "de")]


def test_going_on_after_a_crash_gives_the_same_pieces(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    audio = flac(tmp_path, rng.normal(0, 3000, RATE * 600).astype(np.int16))
    model = Scripted([raw("Hello there.", start_ms=1000)])
    whole = list(transcribe(audio, duration_ms=600_000, model=model))
    rest = list(
        transcribe(audio, duration_ms=600_000, model=model, start_ms=whole[0].end_ms, language=whole[0].language)
    )
    assert rest == whole[1:]
    assert all(p.end_ms - p.start_ms <= PIECE_MS for p in whole)


def test_the_language_is_detected_where_somebody_first_speaks(tmp_path: Path) -> None:
    audio = flac(tmp_path, loud_with_pauses(230, seconds=300))
    model = Scripted([])
    pieces = transcribe(audio, duration_ms=300_000, model=model)
    assert next(pieces).language is None
    model.answers = [raw("Guten Tag.")]
    assert next(pieces).language == "de"
    assert model.asked[1][1] is None


def test_real_speech_is_understood_and_cut_into_sentences(shared_data: Path, tiny: SpeechModel, tmp_path: Path) -> None:
    audio = tmp_path / "a.flac"
    source = shared_data / "audio/faster-whisper/jfk.flac"
    made = extract_audio(source, audio, file_name="jfk", max_ms=10**6, max_bytes=10**8)
    (piece,) = transcribe(audio, duration_ms=made.duration_ms, model=tiny)
    words = " ".join(said(piece)).lower()
    assert "ask not what your country can do for you" in words
    assert (piece.language, piece.removed) == ("en", 0)
    assert all((s.confidence or 0) > 0.5 for s in piece.segments)


def test_music_gives_no_speech(tiny: SpeechModel, tmp_path: Path) -> None:
    audio = flac(tmp_path, music(40))
    (piece,) = transcribe(audio, duration_ms=40_000, model=tiny)
    assert (piece.segments, piece.language) == ((), None)
