"""Subtitles inside recordings: read from every kind of track that is text, and used only where they hold it all."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.core.records import Segment
from pipelines.steps.speech.subtitles import LIMITS, covers, read_subtitles
from tests.steps.media import tone, wav_bytes, write_subtitled

CUES = [(1000, 3000, "Hello there."), (4000, 6000, "The <i>second</i> line\nof text")]
EXPECTED = [(1000, 3000, "Hello there."), (4000, 6000, "The second line of text")]


def told(path: Path) -> list[list[tuple[int, int, str]]]:
    found = read_subtitles(path, file_name=path.name)
    return [[(s.start_ms, s.end_ms, s.text) for s in track.segments] for track in found]


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "subrip"), ("a.mp4", "mov_text"), ("a.mov", "mov_text")])
def test_tracks_of_text_are_read_with_their_times(tmp_path: Path, name: str, codec: str) -> None:
    assert told(write_subtitled(tmp_path / name, tone(8), [(codec, CUES)])) == [EXPECTED]


def test_styled_subtitles_lose_their_styles_and_keep_their_commas(tmp_path: Path) -> None:
    line = r"0,0,Default,,0,0,0,,{\i1}Wind{\i0}, water,\Nand waves"
    path = write_subtitled(tmp_path / "a.mkv", tone(8), [("ass", [(1000, 3000, line)])])
    assert told(path) == [[(1000, 3000, "Wind, water, and waves")]]


def test_a_recording_without_text_or_with_damaged_tracks_has_none(tmp_path: Path) -> None:
    plain = tmp_path / "a.wav"
    plain.write_bytes(wav_bytes(tone(2)))
    bare = write_subtitled(tmp_path / "b.mp4", tone(2), [])
    empty = write_subtitled(tmp_path / "c.mkv", tone(2), [("subrip", [(0, 500, "  "), (500, 900, "[Music]")])])
    broken = write_subtitled(tmp_path / "d.mkv", tone(8), [("subrip", CUES)])
    broken.write_bytes(broken.read_bytes()[:300])
    text = tmp_path / "e.mkv"
    text.write_text("no recording")
    assert [told(path) for path in (plain, bare, empty, broken, text)] == [[]] * 5


def test_tracks_that_take_too_long_are_none(tmp_path: Path) -> None:
    path = write_subtitled(tmp_path / "a.mkv", tone(8), [("subrip", CUES)])
    assert read_subtitles(path, file_name="a.mkv", limits=replace(LIMITS, cpu_s=0)) == []


def segments(*spans: tuple[int, int]) -> list[Segment]:
    return [Segment(start_ms=start, end_ms=end, text="words") for start, end in spans]


def test_subtitles_that_hold_all_that_is_said_stand_everywhere() -> None:
    spoken = segments(*((at, at + 4000) for at in range(0, 100_000, 5000)))
    assert covers(spoken, 100_000)
    assert covers(spoken[:15], 100_000)
    assert not covers(spoken[:10], 100_000)  # only the first half
    assert not covers(segments(*((at, at + 900) for at in range(0, 100_000, 10_000))), 100_000)  # signs and titles
    assert not covers(spoken, 60_000)  # those of another recording
    assert not covers([], 100_000)
