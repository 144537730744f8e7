import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.alignment.scoring import FoundSpan, MarkedSpan, read_spans, score_spans


def marked(start_ms, end_ms, *pages, tolerance_ms=0):
    return MarkedSpan(
        lecture="l.mp3", deck="d.pdf" if pages else "", pages=frozenset(pages), start_ms=start_ms, end_ms=end_ms,
        tolerance_ms=tolerance_ms,
    )  # fmt: skip


def found(start_ms, end_ms, page=None, file="x/d.pdf"):
    return FoundSpan(start_ms=start_ms, end_ms=end_ms, page=page, file=file if page else None)


def accuracy(spans, answers):
    return score_spans(spans, {"l.mp3": answers})["accuracy"]


def test_the_share_of_time_on_a_right_page_is_scored():
    spans = [marked(0, 6000, 1), marked(6000, 10_000, 2, 3)]
    result = score_spans(spans, {"l.mp3": [found(0, 9000, 1), found(9000, 10_000, 3)]})
    assert (result["accuracy"], result["scored_ms"]) == (0.7, 10_000)
    assert [span["accuracy"] for span in result["spans"]] == [1.0, 0.25]


def test_near_a_change_the_neighbours_page_is_right_too():
    spans = [marked(0, 5000, 1, tolerance_ms=1000), marked(5000, 10_000, 2, tolerance_ms=1000)]
    assert accuracy(spans, [found(0, 6000, 1), found(6000, 10_000, 2)]) == 1.0
    assert accuracy(spans, [found(0, 7000, 1), found(7000, 10_000, 2)]) == 0.9
    assert accuracy(spans[:1], [found(0, 4000, 1), found(4000, 5000, 2)]) == 0.8  # nobody said what comes next


def test_no_slide_is_right_where_none_was_up_and_wrong_elsewhere():
    assert accuracy([marked(0, 1000), marked(1000, 2000, 4)], [found(0, 2000)]) == 0.5
    assert accuracy([marked(0, 1000), marked(1000, 2000, 4)], []) == 0.5


def test_the_right_page_of_another_deck_is_wrong():
    assert accuracy([marked(0, 1000, 1)], [found(0, 1000, 1, file="other.pdf")]) == 0.0


def test_a_lecture_that_was_not_aligned_scores_nothing():
    assert score_spans([marked(0, 1000, 1)], {})["accuracy"] == 0.0


@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 4)), min_size=1, max_size=10), st.integers(0, 3000))
def test_a_perfect_alignment_is_perfect_and_accuracy_is_a_share(parts, tolerance_ms):
    spans, answers, at = [], [], 0
    for length, page in parts:
        spans.append(marked(at, at + length, *([page] if page else []), tolerance_ms=tolerance_ms))
        answers.append(found(at, at + length, page or None))
        at += length
    assert accuracy(spans, answers) == 1.0
    assert 0 <= accuracy(spans, answers[::2]) <= 1


def test_spans_are_read_with_either_name_and_whole_milliseconds(tmp_path):
    row = {"captions": "a/l.vtt", "deck": "b\\d.pdf", "pages": [2], "t_start": 1.5, "t_end": 2.25, "tolerance_s": 2}
    path = tmp_path / "spans.jsonl"
    path.write_text(json.dumps(row) + "\n\n" + json.dumps({**row, "lecture": "l.mp3", "pages": []}))
    first, second = read_spans(path)
    assert (first.lecture, first.deck, first.start_ms, first.end_ms, first.tolerance_ms) == (
        "l.vtt", "d.pdf", 1500, 2250, 2000,
    )  # fmt: skip
    assert (second.lecture, second.pages) == ("l.mp3", frozenset())


@pytest.mark.parametrize("change", [{"pages": ["x"]}, {"t_end": 0}, {"deck": None}, {"captions": None}])
def test_a_bad_line_is_named(tmp_path, change):
    row = {"captions": "l.vtt", "deck": "d.pdf", "pages": [2], "t_start": 1, "t_end": 2, **change}
    path = tmp_path / "spans.jsonl"
    path.write_text(json.dumps(row))
    with pytest.raises(UnreadableFileError, match=r"spans.jsonl, line 1"):
        read_spans(path)
