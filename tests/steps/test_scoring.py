import json
from uuid import UUID

import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Hit
from pipelines.steps.scoring import read_questions, score


def slide_hit(file, *pages):
    return _hit("slide", file, pages=pages, page=pages[0])


def speech_hit(file, start_ms, end_ms):
    return _hit("speech", file, start_ms=start_ms, end_ms=end_ms)


def _hit(kind, file, page=None, pages=(), start_ms=None, end_ms=None):
    return Hit(
        rank=1, score=0.5, chunk_id=UUID(int=1), kind=kind, source_id=UUID(int=2), title="", file_name=file, text="",
        page=page, pages=pages, page_label=None, start_ms=start_ms, end_ms=end_ms, dense_rank=1, lexical_rank=None,
    )  # fmt: skip


SLIDE = {"id": "d1", "kind": "slide", "file": "decks/x/week1.pdf", "question": "Why?", "pages": [4]}
SPEECH = {"id": "t1", "kind": "speech", "file": "talk.srt", "question": "When?", "t_start": 84, "t_end": 118}


@pytest.fixture
def asked(tmp_path):
    def write(*rows):
        path = tmp_path / "questions.jsonl"
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
        return read_questions(path)

    return write


@pytest.mark.parametrize(
    ("hit", "right"),
    [
        (slide_hit("week1.pdf", 4), True),
        (slide_hit("other/week1.pdf", 3, 4, 5), True),
        (slide_hit("week1.pdf", 5), False),
        (slide_hit("week2.pdf", 4), False),
        (speech_hit("week1.pdf", 0, 9_000_000), False),
    ],
)
def test_a_slide_hit_counts_by_base_name_and_any_of_its_pages(asked, hit, right):
    (row,) = score(asked(SLIDE), [[hit]])["questions"]
    assert row["rank"] == (1 if right else None)


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "right"),
    [(0, 84_000, False), (0, 84_001, True), (118_000, 120_000, False), (90_000, 91_000, True)],
)
def test_a_speech_hit_counts_when_it_overlaps_the_half_open_seconds(asked, start_ms, end_ms, right):
    (row,) = score(asked(SPEECH), [[speech_hit("talk.srt", start_ms, end_ms)]])["questions"]
    assert row["rank"] == (1 if right else None)


def test_captions_answer_for_the_recording_they_belong_to(asked):
    (row,) = score(asked(SPEECH), [[speech_hit("talk.mp4", 90_000, 91_000)]])["questions"]
    assert row["rank"] == 1


def test_also_acceptable_pages_and_cross_evidence_count_too(asked):
    more = {
        **SLIDE,
        "also_acceptable_pages": [7],
        "cross_evidence": [{"file": "talk.srt", "t_start": 10, "t_end": 20}, {"kind": "slide", "pages": [9]}],
    }
    for hit in (slide_hit("week1.pdf", 7), slide_hit("week1.pdf", 9), speech_hit("talk.srt", 15_000, 16_000)):
        assert score(asked(more), [[hit]])["questions"][0]["rank"] == 1


def test_figures_are_recall_and_reciprocal_rank_within_ten_for_each_kind(asked):
    wrong = slide_hit("other.pdf", 1)
    questions = asked(SLIDE, {**SLIDE, "id": "d2"}, {**SLIDE, "id": "d3"}, SPEECH)
    right = slide_hit("week1.pdf", 4)
    result = score(questions, [[right], [wrong] * 5 + [right], [wrong] * 10 + [right], []])
    assert result["slide"] == {
        "n": 3, "recall@1": 1 / 3, "recall@5": 1 / 3, "recall@10": 2 / 3, "mrr@10": pytest.approx((1 + 1 / 6) / 3)
    }  # fmt: skip
    assert result["speech"] == {"n": 1, "recall@1": 0.0, "recall@5": 0.0, "recall@10": 0.0, "mrr@10": 0.0}
    assert [row["rank"] for row in result["questions"]] == [1, 6, None, None]
    assert len(result["questions"][1]["top"]) == 5
    json.dumps(result)


def test_no_question_of_a_kind_gives_zeros_and_not_a_division_by_zero(asked):
    assert score(asked(SLIDE), [[]])["speech"]["n"] == 0


def test_a_question_about_material_the_course_lacks_is_a_miss_that_says_so(asked):
    rows = score(asked(SLIDE, SPEECH), [[], []], files=frozenset({"talk.srt"}))["questions"]
    assert [row.get("missing", False) for row in rows] == [True, False]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{not json", "line 2"),
        ("[]", "line 2"),
        ({**SLIDE, "pages": []}, "pages"),
        ({**SLIDE, "pages": ["4"]}, "pages"),
        ({**SPEECH, "t_end": 3}, "t_start and t_end"),
        ({**SLIDE, "kind": "book"}, "kind must be slide or speech"),
        ({"id": "x", "kind": "slide", "file": "a.pdf", "pages": [1]}, "no 'question'"),
        ({**SLIDE, "question": " "}, "question"),
        ({**SLIDE, "id": "d0"}, "used twice"),
    ],
)
def test_a_bad_line_is_named_with_its_reason(asked, line, reason):
    with pytest.raises(UnreadableFileError, match=reason):
        asked({**SLIDE, "id": "d0"}, line)


def test_a_file_that_is_missing_or_empty_is_told(asked, tmp_path):
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        read_questions(tmp_path / "none.jsonl")
    with pytest.raises(UnreadableFileError, match="no questions"):
        asked("", "  ")


def test_the_shared_questions_can_be_read(shared_data):
    questions = read_questions(shared_data / "questions.jsonl")
    assert [sum(question.kind == kind for question in questions) for kind in ("slide", "speech")] == [20, 20]
