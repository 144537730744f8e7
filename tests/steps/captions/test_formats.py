"""What people download opens in players, and reads back as the same speech."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.records import Segment, Word
from pipelines.steps.captions.clean import parse_captions
from pipelines.steps.captions.formats import TranscriptFormat, to_json, to_srt, to_txt, to_vtt, write_transcript

SEGMENTS = (
    Segment(start_ms=0, end_ms=1500, text="AT&T says <b> &amp; a --> b"),
    Segment(start_ms=3_600_000, end_ms=3_661_007, text="second"),
)


def test_vtt_escapes_what_would_read_as_markup() -> None:
    assert to_vtt(SEGMENTS) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nAT&amp;T says &lt;b&gt; &amp;amp; a --&gt; b\n\n"
        "01:00:00.000 --> 01:01:01.007\nsecond\n"
    )


def test_srt_is_numbered_and_leaves_ampersands_alone() -> None:
    assert to_srt(SEGMENTS) == (
        "1\n00:00:00,000 --> 00:00:01,500\nAT&T says &lt;b> &amp;amp; a --&gt; b\n\n"
        "2\n01:00:00,000 --> 01:01:01,007\nsecond\n"
    )


def test_plain_text_starts_a_paragraph_after_a_pause() -> None:
    said = [Segment(start_ms=a, end_ms=b, text=t) for a, b, t in [(0, 900, "a"), (1000, 1900, "b"), (3900, 4000, "c")]]
    assert to_txt(said) == "a b\n\nc\n"


def test_json_keeps_words_and_confidence() -> None:
    word = Word(start_ms=0, end_ms=400, text="hé", probability=0.5)
    row = json.loads(to_json([Segment(start_ms=0, end_ms=400, text="hé", words=(word,), confidence=0.25)]))[0]
    assert row == {
        "start_ms": 0,
        "end_ms": 400,
        "text": "hé",
        "confidence": 0.25,
        "speaker": None,
        "words": [{"start_ms": 0, "end_ms": 400, "text": "hé", "probability": 0.5}],
    }


@pytest.mark.parametrize(("name", "expected"), [("vtt", "WEBVTT\n"), ("srt", ""), ("txt", ""), ("json", "[]\n")])
def test_no_speech_is_an_empty_file_of_that_kind(name: TranscriptFormat, expected: str) -> None:
    assert write_transcript([], format_name=name) == expected


text = st.text(alphabet="abcXYZ019 .,!?<>&;#-/é字", min_size=1, max_size=30).map(lambda t: "w" + " ".join(t.split()))


@st.composite
def speech(draw: st.DrawFn) -> list[Segment]:
    """Segments with pauses between them and no text twice, so that nothing rolls."""
    segments: list[Segment] = []
    at_ms = 0
    for number, said in enumerate(draw(st.lists(text, min_size=1, max_size=6))):
        start_ms = at_ms + draw(st.integers(200, 10**7))
        at_ms = start_ms + draw(st.integers(1, 10**6))
        segments.append(Segment(start_ms=start_ms, end_ms=at_ms, text=f"{said} x{number}"))
    return segments


@given(speech(), st.sampled_from([to_vtt, to_srt]))
def test_written_captions_read_back_the_same(segments: list[Segment], write: object) -> None:
    assert callable(write)
    assert list(parse_captions(write(segments).encode(), file_name="x").segments) == segments
