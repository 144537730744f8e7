"""What a recording shows: its scenes in time, and which pages they are, however the slide stands in the picture."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.video.matching import match_pages
from pipelines.steps.video.scenes import Seen, read_scenes, see, write_scenes
from tests.steps.media import tone, write, write_cover, write_damaged_pictures, write_pictures

Picture = npt.NDArray[np.uint8]
WORDS = ["gradient", "descent", "momentum", "wind", "rotor", "blade", "voltage", "inverter", "auction", "decibel"]


def page(number: int, *, lines: int = 6, footer: str = "A course of wind power") -> Picture:
    """A slide of 1280 by 960: a heading, lines of words of its own, and a footer that all have."""
    rng = np.random.default_rng(number)
    picture = np.full((960, 1280, 3), 255, np.uint8)
    cv2.rectangle(picture, (0, 900), (1280, 960), (40, 60, 140), -1)
    cv2.putText(picture, footer, (40, 940), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255, 255, 255), 2)
    for line in range(lines + 1):
        words = " ".join(rng.choice(WORDS, 3 if line else 2))
        cv2.putText(picture, words, (60, 120 + 110 * line), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (20, 20, 20), 3)
    return picture


def screen(seed: int = 0) -> Picture:
    """A terminal, which is no page."""
    picture = np.full((360, 640, 3), 30, np.uint8)
    rng = np.random.default_rng(seed)
    for line in range(12):
        words = "".join(rng.choice(list("abcdef (){}=+"), 40))
        cv2.putText(picture, words, (10, 30 + 26 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (200, 220, 200), 1)
    return picture


def shown(slide: Picture, *, left: int = 0, top: int = 0, width: int = 640, height: int = 360) -> Picture:
    """A frame of 640 by 360 with the slide fitted into a part of it."""
    frame = np.full((360, 640, 3), (30, 40, 60), np.uint8)
    scale = min(width / slide.shape[1], height / slide.shape[0])
    small = cv2.resize(slide, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    y, x = top + (height - small.shape[0]) // 2, left + (width - small.shape[1]) // 2
    frame[y : y + small.shape[0], x : x + small.shape[1]] = small
    return frame


def webcam(frame: Picture, seed: int) -> Picture:
    """The frame with something that moves in its corner."""
    noise = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    frame = frame.copy()
    frame[264:, 480:] = cv2.resize(noise, (160, 96), interpolation=cv2.INTER_LINEAR)
    return frame


def data(picture: Picture, ending: str = ".png") -> bytes:
    return cv2.imencode(ending, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()


@pytest.fixture(scope="module")
def pages() -> list[Picture]:
    return [page(number) for number in range(12)]


def told(seen: Seen, pages: list[Picture]) -> list[tuple[int, tuple[int, ...]]]:
    """(second, pages) of each scene, those that show the same as the one before left out."""
    matches = match_pages(seen.pictures, [data(one) for one in pages])
    rows = [(round(s.start_ms / 1000), m.pages) for s, m in zip(seen.scenes, matches, strict=True)]
    return [row for at, row in enumerate(rows) if not at or rows[at - 1][1] != row[1]]


def test_slides_are_found_at_their_times_with_a_jump_back_and_a_demo_between(tmp_path: Path, pages) -> None:
    order = [(6, 0), (5, 1), (7, 2), (6, None), (5, 1), (6, 5)]
    parts = [(seconds, screen() if number is None else shown(pages[number])) for seconds, number in order]
    heard: list[int] = []
    seen = see(write_pictures(tmp_path / "a.mp4", parts), file_name="a.mp4", max_ms=10**7, tell=heard.append)
    assert told(seen, pages) == [(0, (0,)), (6, (1,)), (11, (2,)), (18, ()), (24, (1,)), (29, (5,))]
    assert all(scene.steady for scene in seen.scenes)
    assert heard
    with (tmp_path / "kept").open("w+b") as kept:
        write_scenes(kept, seen)
        kept.seek(0)
        again = read_scenes(kept)
    assert (again.scenes, again.pictures) == (seen.scenes, seen.pictures)


def test_a_webcam_over_a_corner_makes_no_new_scenes_and_hides_no_slide(tmp_path: Path, pages) -> None:
    parts = [(1.0, webcam(shown(pages[number]), seed)) for number in (3, 4, 3) for seed in range(8)]
    seen = see(write_pictures(tmp_path / "a.mkv", parts), file_name="a.mkv", max_ms=10**7)
    assert told(seen, pages) == [(0, (3,)), (8, (4,)), (16, (3,))]
    assert len(seen.scenes) <= 8


@pytest.mark.parametrize(
    "place", [{}, {"left": 20, "top": 40, "width": 420, "height": 260}, {"left": 300, "top": 5, "width": 330}]
)
def test_a_page_is_known_wherever_it_stands_in_the_picture(pages, place) -> None:
    frames = [data(webcam(shown(pages[number], **place), 1), ".jpg") for number in (7, 2, 9, 4)]
    matches = match_pages(frames, [data(one) for one in pages])
    assert [match.pages for match in matches] == [(7,), (2,), (9,), (4,)]


def test_pages_that_look_the_same_are_all_named_and_what_is_no_page_names_none(pages) -> None:
    twice = [*pages[:4], pages[1]]
    frames = [shown(pages[1]), screen(), shown(page(99)), np.zeros((360, 640, 3), np.uint8)]
    matches = match_pages([*map(data, frames), b"no picture"], list(map(data, twice)))
    assert [match.pages for match in matches] == [(1, 4), (), (), (), ()]


def test_nothing_is_seen_in_sound_in_a_cover_or_in_a_picture_that_stays(tmp_path: Path, pages) -> None:
    sound = write(tmp_path / "a.mp3", tone(3), codec="libmp3lame")
    cover = write_cover(tmp_path / "cover.mp4", tone(3), shown(pages[0]))
    for path in (sound, cover):
        assert see(path, file_name=path.name, max_ms=10**7) == Seen()
    still = see(write_pictures(tmp_path / "a.mp4", [(8, shown(pages[0]))]), file_name="a.mp4", max_ms=10**7)
    assert not still.scenes
    assert still.looked_at


def test_no_more_is_looked_at_than_the_time_for_it_allows(tmp_path: Path, pages) -> None:
    path = write_pictures(tmp_path / "a.mp4", [(5, shown(one)) for one in pages])
    assert see(path, file_name="a.mp4", max_ms=20_000).until_ms <= 22_000
    assert see(path, file_name="a.mp4", max_ms=10**7, budget_s=3600).looked_at > 0


def test_pictures_that_cannot_be_decoded_are_called_damaged(tmp_path: Path) -> None:
    path = write_damaged_pictures(tmp_path / "a.mkv", seconds=5)
    with pytest.raises(UnreadableFileError, match=r"a\.mkv: its pictures are damaged"):
        see(path, file_name="a.mkv", max_ms=10**7)


def test_a_video_that_is_cut_off_gives_what_comes_before(tmp_path: Path, pages) -> None:
    whole = write_pictures(tmp_path / "a.mkv", [(5, shown(one)) for one in pages]).read_bytes()
    (tmp_path / "b.mkv").write_bytes(whole[: len(whole) // 2])
    seen = see(tmp_path / "b.mkv", file_name="b.mkv", max_ms=10**7)
    assert told(seen, pages)[:2] == [(0, (0,)), (5, (1,))]
