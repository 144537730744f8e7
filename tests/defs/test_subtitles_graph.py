"""Subtitles inside a recording as its transcript, through the lectures graph."""

import re

import pytest

from tests.defs.graphs import metadata
from tests.defs.test_lectures_graph import graph, spoken  # noqa: F401  fixtures
from tests.steps.media import tone, write_subtitled

ENGLISH = "The slope of the loss is what we follow and you can see that it is not the same for all of the steps."
GERMAN = "Das ist nicht die Steigung und wir sehen dass es auch für den Verlust nicht so ist wie in der Vorlesung."


def cues(text: str, *, until_ms: int = 20_000) -> list[tuple[int, int, str]]:
    words = re.findall(r"\S+", text)
    step = until_ms / len(words)
    return [(round(at * step), round((at + 1) * step), word) for at, word in enumerate(words)]


@pytest.fixture
def recording(tmp_path):
    def make(*tracks: list[tuple[int, int, str]]) -> bytes:
        path = write_subtitled(tmp_path / "a.mkv", tone(20), [("subrip", track) for track in tracks])
        return path.read_bytes()

    return make


def test_subtitles_that_cover_a_recording_are_its_transcript_and_nothing_is_recognised(graph, recording):  # noqa: F811
    lecture = graph.upload(media=recording(cues(GERMAN), cues(ENGLISH)), language="en", name="week1.mkv")
    result = graph.run(lecture)
    assert result.success
    shown = metadata(result, "transcripts")
    assert (shown["source"], shown["subtitles"], shown["language"]) == ("captions", "inside the recording", "en")
    assert graph.said(lecture).split() == ENGLISH.split()
    assert graph.counts(lecture).searchable


@pytest.mark.parametrize("case", ["half", "another language", "preferred"])
def test_subtitles_that_do_not_fit_are_left_and_the_recording_is_recognised(graph, recording, monkeypatch, case):  # noqa: F811
    heard = []
    monkeypatch.setattr("pipelines.defs.transcripts.from_recording", lambda *a: heard.append(a) or 1 / 0)
    track = cues(ENGLISH, until_ms=9000) if case == "half" else cues(GERMAN if "language" in case else ENGLISH)
    lecture = graph.upload(media=recording(track), language="en", name="week1.mkv", prefer_speech=case == "preferred")
    assert not graph.run(lecture).success
    assert heard
