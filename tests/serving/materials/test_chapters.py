"""Chapters follow the headings of the slides that were up, and nobody's glance at another slide becomes one."""

from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.reading.readers import ShownPage
from serving.materials.chapters import LEAST_MS, LEAST_SHARE, chapters_of

DECK = UUID(int=1)


def shown(*pages):
    """Pages that were up one after the other: (title, seconds)."""
    found, now = [], 0
    for number, (title, seconds) in enumerate(pages, start=1):
        end = now + seconds * 1000
        found.append(
            ShownPage(start_ms=now, end_ms=end, document_id=DECK, page=number, confidence=1, title=title, file_name="d")
        )
        now = end
    return found, now


def told(*pages):
    return [(chapter.start_ms // 1000, chapter.title) for chapter in chapters_of(*shown(*pages))]


def test_slides_of_one_heading_are_one_chapter():
    assert told(("Wind", 60), ("wind ", 60), ("", 60), ("Rotor", 60)) == [(0, "Wind"), (180, "Rotor")]


def test_a_glance_belongs_to_the_chapter_it_stands_in():
    assert told(("Wind", 60), ("Agenda", 5), ("Wind", 60), ("Rotor", 60)) == [(0, "Wind"), (125, "Rotor")]
    assert told(("Wind", 60), ("Agenda", 5), ("Rotor", 60)) == [(0, "Wind"), (65, "Rotor")]


def test_what_is_short_at_either_end_is_no_chapter():
    assert told(("Title", 2), ("Wind", 60), ("Thanks", 2)) == [(0, "Wind")]


def test_slides_of_a_short_recording_are_chapters_too():
    assert told(("Wind", 25), ("Rotor", 25), ("Agenda", 4), ("Blade", 40)) == [
        (0, "Wind"),
        (25, "Rotor"),
        (54, "Blade"),
    ]


def test_a_lecture_without_headings_has_no_chapters():
    assert told(("", 100), ("  ", 100)) == told() == []


@given(st.lists(st.tuples(st.sampled_from(["", "Wind", "Rotor", "Blade"]), st.integers(1, 120)), max_size=30))
def test_chapters_are_in_order_long_enough_and_never_alike_side_by_side(pages):
    up, duration = shown(*pages)
    found = chapters_of(up, duration)
    starts = [chapter.start_ms for chapter in found]
    assert starts == sorted(starts)
    if len(found) > 1:
        least_ms = min(LEAST_MS, duration * LEAST_SHARE)
        assert all(end - start >= least_ms for start, end in pairwise([*starts, duration]))
    assert all(one.title != other.title for one, other in pairwise(found))
    assert bool(found) == any(title for title, _ in pages)
