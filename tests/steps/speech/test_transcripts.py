"""Recognition in pieces: nothing lost at the cuts, nothing kept that nobody said, and a crash costs one piece."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core.records import Word
from pipelines.steps.speech.model import RawSegment, Recognised, SpeechModel
from pipelines.steps.speech.recordings import extract_audio
from pipelines.steps.speech.transcripts import PIECE_MS, SpeechPiece, transcribe
from pipelines.steps.speech.voice import Stretch, fill
from pipelines.steps.speech.worker import RATE
from tests.steps.media import Samples, music, tone, write


def raw(text: str, *, start_ms: int = 0, word_ms: int = 300, sure: float = 0.9, **measures: float) -> RawSegment:
    """One recognised stretch, its words in a row without pauses."""
    words = tuple(
        Word(start_ms=start_ms + n * word_ms, end_ms=start_ms + (n + 1) * word_ms, text=f" {word}", probability=sure)
        for n, word in enumerate(text.split())
    )
    return RawSegment(words=words, **{"avg_logprob": -0.2, "no_speech_prob": 0.1, "compression_ratio": 1.5, **measures})


@dataclass
class Scripted:
    """A recogniser that hears every loud second as speech and answers every piece with the same stretches."""

    answers: list[RawSegment]
    careful: list[RawSegment] = field(default_factory=list)
    asked: list[tuple[int, str | None]] = field(default_factory=list)
    name: str = "scripted"

    def listen(self, samples: npt.NDArray[np.float32]) -> list[Stretch]:
        loud = [n for n in range(samples.size // RATE) if np.abs(samples[n * RATE : (n + 1) * RATE]).mean() > 0.01]
        return fill([(n * RATE, (n + 1) * RATE) for n in loud])

    def recognise(
        self, samples: npt.NDArray[np.float32], stretches: Sequence[Stretch], *, language: str | None
    ) -> Recognised:
        self.asked.append((len(stretches), language))
        return Recognised(segments=tuple(self.answers), language=language or "de")

    def recognise_carefully(self, samples: npt.NDArray[np.float32], *, language: str | None) -> Recognised:
        return Recognised(segments=tuple(self.careful), language=language or "de")


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return flac(tmp_path_factory.mktemp("minute"), tone(60))


def flac(folder: Path, samples: Samples) -> Path:
    """Sound as `extract_audio` leaves it, without its child."""
    return write(folder / "audio.flac", samples, codec="flac")


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


def loud(*ranges_s: tuple[int, int], seconds: int) -> Samples:
    """A tone in these ranges of seconds, and silence."""
    samples = np.zeros(seconds * RATE, np.int16)
    for start, end in ranges_s:
        samples[start * RATE : end * RATE] = np.tile(tone(1), end - start)
    return samples


def pieces_of(audio: Path, model: Scripted, *, seconds: int) -> list[SpeechPiece]:
    return list(transcribe(audio, duration_ms=seconds * 1000, model=model))


def test_a_piece_is_one_batch_of_full_stretches(tmp_path: Path) -> None:
    audio = flac(tmp_path, loud((0, 600), seconds=600))
    model = Scripted([raw("Hello there.", start_ms=1000)])
    pieces = pieces_of(audio, model, seconds=600)
    assert [(p.start_ms, p.end_ms) for p in pieces] == [(0, 240_000), (240_000, 480_000), (480_000, 600_000)]
    assert [p.segments[0].start_ms for p in pieces] == [1000, 241_000, 481_000]
    assert model.asked == [(8, None), (8, "de"), (4, "de")]


def test_speech_that_may_go_on_behind_a_piece_is_left_to_the_next(tmp_path: Path) -> None:
    audio = flac(tmp_path, loud((10, 45), (262, 280), seconds=400))
    pieces = pieces_of(audio, Scripted([raw("Hello there.")]), seconds=400)[:2]
    assert [(p.start_ms, p.end_ms, p.speech_ms) for p in pieces] == [(0, 40_000, 30_000), (40_000, 280_000, 23_000)]


def test_silence_is_passed_over_without_asking_the_model(tmp_path: Path) -> None:
    audio = flac(tmp_path, loud((700, 710), seconds=720))
    model = Scripted([raw("Hello there.")])
    pieces = pieces_of(audio, model, seconds=720)
    assert [p.end_ms for p in pieces] == [PIECE_MS, 2 * PIECE_MS, 720_000]
    assert [p.language for p in pieces] == [None, None, "de"]
    assert model.asked == [(1, None)]


def test_the_only_speech_at_the_end_of_what_was_read_is_heard_whole(tmp_path: Path) -> None:
    audio = flac(tmp_path, loud((265, 285), seconds=400))
    pieces = pieces_of(audio, Scripted([raw("Hello there.")]), seconds=400)
    assert [(p.end_ms, p.speech_ms) for p in pieces] == [(265_000, 0), (400_000, 20_000)]


def test_going_on_after_a_crash_gives_the_same_pieces(tmp_path: Path) -> None:
    audio = flac(tmp_path, loud((0, 100), (103, 250), (260, 500), seconds=520))
    model = Scripted([raw("Hello there.", start_ms=1000)])
    whole = pieces_of(audio, model, seconds=520)
    rest = transcribe(audio, duration_ms=520_000, model=model, start_ms=whole[0].end_ms, language=whole[0].language)
    assert len(whole) > 2
    assert list(rest) == whole[1:]


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 300)), max_size=3), st.integers(0, 300))
@settings(max_examples=3, deadline=None)
def test_pieces_cover_every_second_once_whatever_is_said(parts: list[tuple[int, int]], tail: int) -> None:
    ranges, at = [], 0
    for gap, length in parts:
        ranges.append((at + gap, at + gap + length))
        at += gap + length
    seconds = at + tail + 1
    with TemporaryDirectory() as folder:
        audio = flac(Path(folder), loud((0, 1), *ranges, seconds=seconds))
        pieces = pieces_of(audio, Scripted([]), seconds=seconds)
    edges = [0, *(p.end_ms for p in pieces)]
    assert [p.start_ms for p in pieces] == edges[:-1]
    assert edges[-1] == seconds * 1000
    assert all(0 < p.end_ms - p.start_ms <= PIECE_MS for p in pieces)
    spoken = {n for start, end in ranges for n in range(start, end)} | {0}
    assert sum(p.speech_ms for p in pieces) == len(spoken) * 1000


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
