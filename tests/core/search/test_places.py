"""Pages and minutes that a question names, and the sources it means."""

from uuid import uuid4

import pytest

from pipelines.core.search.places import Place, named_place, named_sources


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("What is on page 4 of heat conduction?", Place(page=4)),
        ("what does slide 12 say", Place(page=12)),
        ("p. 7?", Place(page=7)),
        ("Was steht auf Seite 3?", Place(page=3)),
        ("Folie 10", Place(page=10)),
        ("diapositive 5", Place(page=5)),
        ("第 6 页讲了什么", Place(page=6)),
        ("slide no. 8", Place(page=8)),
        ("what was said at 12:30?", Place(start_ms=750_000, end_ms=751_000)),
        ("at 1:02:03", Place(start_ms=3_723_000, end_ms=3_724_000)),
        ("minute 12", Place(start_ms=720_000, end_ms=780_000)),
        ("in der 3. Minute", Place(start_ms=180_000, end_ms=240_000)),
        ("How many pages has chapter 3?", None),
        ("What do 12 slides cost?", None),
        ("page 3.5", None),
        ("Why is the step size 0.5?", None),
        ("", None),
    ],
)
def test_a_named_page_or_minute_is_a_place_and_other_numbers_are_not(question, place):
    assert named_place(question) == place


def test_a_source_is_meant_by_the_words_of_its_name_and_any_where_none_is_named():
    heat, wind = uuid4(), uuid4()
    names = [
        {"id": heat, "file_name": "heat_conduction.pdf", "title": "Lecture 4"},
        {"id": wind, "file_name": "week2.pdf", "title": "Wind power"},
    ]
    assert named_sources("What is on page 4 of heat conduction?", names) == [heat]
    assert named_sources("page 3 of the wind power deck", names) == [wind]
    assert named_sources("page 3?", names) == []
