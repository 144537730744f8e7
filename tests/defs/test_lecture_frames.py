"""A video's pictures through the graph: what they show decides which slide was up; without them speech does."""

import cv2
import numpy as np
import pytest

from pipelines.core.findings import list_findings
from pipelines.core.lecture_slides import list_linked_documents, read_lecture_slides
from pipelines.core.lectures import find_lecture_frames
from pipelines.core.records import Segment
from pipelines.core.stored_files import check_files
from pipelines.steps.captions.formats import to_vtt
from pipelines.steps.pdf.slides import render_slides
from tests.defs.graphs import failed_checks, metadata, opened
from tests.defs.lectures import SAMPLE, Graph, lecture_captions
from tests.defs.test_lecture_slides import sample_deck
from tests.steps.media import tone, write_cover, write_damaged_pictures, write_pictures
from tests.steps.video.test_video import screen, shown

UNRELATED = [Segment(start_ms=n * 4000, end_ms=n * 4000 + 4000, text="We look at this one now.") for n in range(10)]


@pytest.fixture
def graph(tmp_path, database_url, monkeypatch):
    with opened(tmp_path, database_url, monkeypatch) as given:
        yield Graph(*given)


def page_pictures() -> dict[int, np.ndarray]:
    """The pages of the sample deck as they look in a video of 640 by 360."""
    found = {}
    for page in render_slides(SAMPLE / "wind-power.pdf"):
        picture = cv2.imdecode(np.frombuffer(page.webp, np.uint8), cv2.IMREAD_COLOR_RGB)
        found[page.page] = shown(np.asarray(picture, np.uint8))
    return found


def test_pictures_say_which_slide_was_up_to_the_second_and_whose_deck_it_is(graph, tmp_path):
    deck, pages = sample_deck(graph), page_pictures()
    order = [(8, pages[3]), (8, screen()), (12, pages[5]), (12, pages[3])]
    video = write_pictures(tmp_path / "video.mp4", order).read_bytes()
    lecture = graph.upload(video, to_vtt(UNRELATED).encode(), name="week1.mp4")
    result = graph.run(lecture)
    assert result.success
    looked, aligned = metadata(result, "lecture_frames"), metadata(result, "lecture_slides")
    assert looked["note"].endswith("4 scenes")
    assert (aligned["slides_seen"], aligned["proposed"]) == (2, 1)
    with graph.stores.database.transaction() as connection:
        (link,) = list_linked_documents(connection, lecture.id)
        spans = read_lecture_slides(connection, lecture)
        assert find_lecture_frames(connection, lecture).scenes == 4
    assert link.document_id == deck.id
    assert [(round(s.start_ms / 1000), s.page) for s in spans] == [(0, 3), (8, None), (16, 6), (28, 3)], (
        "5 is the first step of 6"
    )
    again = graph.run(lecture)
    assert (metadata(again, "lecture_frames")["reused"], metadata(again, "lecture_slides")["made"]) == (1, 0)
    assert not check_files(graph.stores.database, graph.stores.files).missing


def test_a_damaged_video_track_is_told_and_speech_alone_is_used(graph, tmp_path):
    sample_deck(graph)
    video = write_damaged_pictures(tmp_path / "video.mkv", seconds=200).read_bytes()
    lecture = graph.upload(video, lecture_captions(), name="week1.mkv")
    result = graph.run(lecture)
    assert result.success
    assert "pictures_are_whole" in failed_checks(result)
    assert "its pictures are damaged" in metadata(result, "lecture_frames")["note"]
    assert graph.counts(lecture).slide_spans > 0
    with graph.stores.database.transaction() as connection:
        findings = list_findings(connection, lecture)
    assert [finding.code for finding in findings].count("damaged_pictures") == 1


def test_a_cover_costs_nothing_and_changes_nothing(graph, tmp_path):
    sample_deck(graph)
    sound = write_cover(tmp_path / "sound.mp4", tone(200), screen()).read_bytes()
    lecture = graph.upload(sound, lecture_captions(), name="week1.m4a")
    result = graph.run(lecture)
    assert result.success
    assert metadata(result, "lecture_frames")["note"] == "sound alone: it has no pictures"
    assert "scenes" not in metadata(result, "lecture_slides")
    assert graph.counts(lecture).slide_spans > 0
