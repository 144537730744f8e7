"""Which slide was up when: forward, back, away from the slides, over several decks."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core.records import Segment, SlideSpan, Word
from pipelines.steps.alignment.align import PROPOSE_SHARE, PROPOSE_SIMILARITY, AlignableSlide, align, propose_decks
from pipelines.steps.alignment.seen import SeenSpan
from pipelines.steps.alignment.windows import SpeechWindow, speech_windows

DECK, OTHER = UUID(int=1), UUID(int=2)
TOPICS = {
    "wind": ["breeze", "gust", "storm", "anemometer"],
    "blade": ["rotor", "airfoil", "carbon", "spar"],
    "grid": ["voltage", "inverter", "transformer", "cable"],
    "cost": ["euro", "subsidy", "interest", "auction"],
    "noise": ["decibel", "hearing", "neighbour", "complaint"],
}
TOPICS |= {f"more{n}": [f"term{n}{letter}" for letter in "abcd"] for n in range(10)}
LUNCH = "who has seen my umbrella yesterday afternoon near the cafeteria"


def slides(*topics: str, deck: UUID = DECK, first: int = 1) -> list[AlignableSlide]:
    return [
        AlignableSlide(document_id=deck, page=page, frame_group=page, text=f"{topic}\n{' '.join(TOPICS[topic])}")
        for page, topic in enumerate(topics, first)
    ]


def said(*topics: str, windows_each: int = 5) -> list[Segment]:
    """Six seconds a segment about each topic in turn; "lunch" is about none."""
    texts = []
    for topic in topics:
        words = TOPICS.get(topic, [])
        texts += [f"we see {words[n % 4]} and {words[(n + 1) % 4]}" if words else LUNCH for n in range(windows_each)]
    return [Segment(start_ms=n * 6000, end_ms=n * 6000 + 6000, text=text) for n, text in enumerate(texts)]


def vectors(texts: list[str]) -> npt.NDArray[np.float32]:
    """Unit vectors of which topics a text is about; zeros for none."""
    counts = np.array(
        [[sum(word in text.split() for word in [*words, topic]) for topic, words in TOPICS.items()] for text in texts],
        dtype=np.float32,
    ).reshape(len(texts), len(TOPICS))
    return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)


def aligned(
    segments: list[Segment], pages: list[AlignableSlide], *, duration_ms: int = 0, seen: Sequence[SeenSpan] = ()
) -> list[SlideSpan]:
    windows = speech_windows(segments)
    return align(
        windows,
        pages,
        alone=vectors([w.text for w in windows]),
        around=vectors([w.around for w in windows]),
        slide_vectors=vectors([p.text for p in pages]),
        duration_ms=duration_ms,
        seen=seen,
    )


def pages_and_starts(spans: list[SlideSpan]) -> list[tuple[int | None, int]]:
    return [(span.page, span.start_ms // 1000) for span in spans]


def test_slides_follow_the_talk() -> None:
    spans = aligned(said("wind", "blade", "grid", "cost"), slides("wind", "blade", "grid", "cost"))
    assert pages_and_starts(spans) == [(1, 0), (2, 30), (3, 60), (4, 90)]
    assert all(span.document_id == DECK for span in spans)


def test_the_talk_may_go_back_and_skip() -> None:
    talk = ["wind", "blade", "cost", "wind", "noise", "more0", "more2", "more5", "more9"]
    pages = [s.page for s in aligned(said(*talk, windows_each=8), slides(*TOPICS))]
    assert pages == [1, 2, 4, 1, 5, 6, 8, 11, 15]


def test_talk_about_nothing_shown_has_no_slide_and_the_slide_comes_back() -> None:
    spans = aligned(said("wind", "lunch", "wind", "blade", windows_each=8), slides("wind", "blade", "grid"))
    assert [span.page for span in spans] == [1, None, 1, 2]
    assert spans[1].document_id is None


def test_one_stray_sentence_changes_nothing() -> None:
    talk = said("wind", windows_each=10)
    stray = Segment(start_ms=24_000, end_ms=30_000, text="we see voltage and inverter")
    assert pages_and_starts(aligned([*talk[:4], stray, *talk[5:]], slides("wind", "blade", "cost", "grid"))) == [(1, 0)]


def test_two_decks_are_told_apart() -> None:
    decks = slides("wind", "blade") + slides("grid", "cost", deck=OTHER)
    spans = aligned(said("wind", "blade", "grid", "cost"), decks)
    assert [(s.document_id, s.page) for s in spans] == [(DECK, 1), (DECK, 2), (OTHER, 1), (OTHER, 2)]


def test_half_a_deck_is_enough() -> None:
    assert [s.page for s in aligned(said("wind", "blade"), slides("wind", "blade", "grid", "cost", "noise"))] == [1, 2]
    assert [s.page for s in aligned(said("cost", "noise"), slides("wind", "blade", "grid", "cost", "noise"))] == [4, 5]


def test_frames_of_one_slide_are_one_and_named_by_the_last() -> None:
    deck = slides("wind", "blade", "blade", "grid")
    deck[2] = AlignableSlide(document_id=DECK, page=3, frame_group=2, text=deck[2].text)
    assert [s.page for s in aligned(said("wind", "blade", "grid"), deck)] == [1, 3, 4]


def test_a_figure_without_text_is_up_between_its_neighbours() -> None:
    deck = slides("wind", "blade", "grid")
    deck[1] = AlignableSlide(document_id=DECK, page=2, frame_group=2, text="")
    assert [s.page for s in aligned(said("wind", "lunch", "grid", windows_each=8), deck)] == [1, 2, 3]


def test_a_lecture_of_one_sentence_is_one_span() -> None:
    spans = aligned([Segment(start_ms=0, end_ms=4000, text="we see voltage and inverter")], slides("wind", "grid"))
    assert [(span.start_ms, span.end_ms) for span in spans] == [(0, 4000)]


def test_decks_without_any_text_leave_no_slide() -> None:
    deck = [AlignableSlide(document_id=DECK, page=n, frame_group=n, text="") for n in (1, 2)]
    spans = aligned(said("wind"), deck)
    assert (spans[0].start_ms, spans[-1].end_ms) == (0, 30_000)


def test_nothing_said_or_nothing_shown_is_one_span_without_a_slide() -> None:
    assert [(s.start_ms, s.end_ms, s.page) for s in aligned([], slides("wind"), duration_ms=5000)] == [(0, 5000, None)]
    assert [(s.start_ms, s.end_ms, s.page) for s in aligned(said("wind"), [])] == [(0, 30_000, None)]
    assert aligned([], []) == []


@given(st.lists(st.sampled_from([*TOPICS, "lunch"]), max_size=8), st.lists(st.sampled_from([*TOPICS]), max_size=6))
@settings(max_examples=40, deadline=None)
def test_spans_cover_the_lecture_without_gaps(talk: list[str], shown: list[str]) -> None:
    spans = aligned(said(*talk, windows_each=3), slides(*shown), duration_ms=200_000)
    assert (spans[0].start_ms, spans[-1].end_ms) == (0, 200_000)
    assert all(a.end_ms == b.start_ms and a.start_ms < a.end_ms for a, b in pairwise(spans))
    assert all(a.page != b.page for a, b in pairwise(spans))
    assert all(0 <= s.confidence <= 1 and (s.page is None) == (s.document_id is None) for s in spans)


def test_the_deck_of_the_lecture_is_proposed_and_others_are_not() -> None:
    around = vectors([w.around for w in speech_windows(said("wind", "blade", "grid"))])
    decks = {
        DECK: vectors([s.text for s in slides("wind", "blade", "grid")]),
        OTHER: vectors([s.text for s in slides("cost", "noise")]),
        UUID(int=3): np.zeros((2, len(TOPICS)), np.float32),
    }
    best, *rest = propose_decks(around, decks)
    assert best.document_id == DECK
    assert best.similarity >= PROPOSE_SIMILARITY
    assert best.share >= PROPOSE_SHARE
    assert [p.document_id for p in rest if p.similarity >= PROPOSE_SIMILARITY] == []


def test_without_speech_or_slides_nothing_is_proposed() -> None:
    assert propose_decks(np.empty((0, 5), np.float32), {DECK: np.ones((2, 5), np.float32)}) == []
    assert propose_decks(np.ones((2, 5), np.float32), {}) == []


def test_windows_hold_every_word_once_and_know_their_neighbours() -> None:
    texts = ["one two.", "Three.", "So four five", "six"]
    starts = [0, 3000, 7000, 30_000]
    segments = [Segment(start_ms=a, end_ms=a + 3000, text=t) for a, t in zip(starts, texts, strict=True)]
    first, second, third = speech_windows(segments)
    around = "one two. Three. So four five"
    assert first == SpeechWindow(
        start_ms=0, end_ms=6000, text="one two. Three.", around=around, pause_ms=0, opens=False
    )
    assert second == SpeechWindow(
        start_ms=7000, end_ms=10_000, text="So four five", around=f"{around} six", pause_ms=1000, opens=True
    )
    assert third == SpeechWindow(
        start_ms=30_000, end_ms=33_000, text="six", around="So four five six", pause_ms=20_000, opens=False
    )


def test_a_long_segment_is_cut_at_its_words() -> None:
    words = tuple(Word(start_ms=n * 500, end_ms=n * 500 + 400, text=f"w{n}", probability=1) for n in range(40))
    whole = Segment(start_ms=0, end_ms=19_900, text=" ".join(w.text for w in words), words=words)
    windows = speech_windows([whole])
    assert " ".join(w.text for w in windows) == whole.text
    assert len(windows) == 4
    assert len(speech_windows([Segment(start_ms=0, end_ms=19_900, text=whole.text)])) == 1


@pytest.mark.slow
def test_the_sample_lecture_is_on_the_right_page_for_nine_tenths_of_its_time() -> None:
    from bench.alignment import measure, sample

    accuracy = measure(sample())
    assert accuracy["ours"] >= 0.9


@pytest.mark.slow
def test_a_free_lecture_over_two_real_decks_beats_plain_ways_by_far(shared_data: Path) -> None:
    from bench.alignment import measure, two_decks

    accuracy = measure(two_decks())
    assert accuracy["ours"] >= 0.72
    assert accuracy["ours"] >= max(accuracy["viterbi"], accuracy["nearest"]) + 0.2
