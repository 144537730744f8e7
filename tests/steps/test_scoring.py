import json
import math
from uuid import UUID

import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Hit
from pipelines.steps.questions import read_questions
from pipelines.steps.scoring import recall_by_depth, score
from pipelines.steps.statistics import compare, interval, p_of_difference


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
    slide, speech = result["slide"], result["speech"]
    assert {name: slide[name] for name in ("n", "recall@1", "recall@5", "recall@10", "ndcg@10", "mrr@10")} == {
        "n": 3, "recall@1": pytest.approx(1 / 3), "recall@5": pytest.approx(1 / 3), "recall@10": pytest.approx(2 / 3),
        "ndcg@10": pytest.approx((1 + 1 / math.log2(7)) / 3), "mrr@10": pytest.approx((1 + 1 / 6) / 3),
    }  # fmt: skip
    assert (speech["n"], speech["recall@10"], speech["ndcg@10"], speech["mrr@10"]) == (1, 0.0, 0.0, 0.0)
    assert [row["rank"] for row in result["questions"]] == [1, 6, None, None]
    assert len(result["questions"][1]["top"]) == 5
    json.dumps(result)


def test_no_question_of_a_kind_gives_zeros_and_not_a_division_by_zero(asked):
    speech = score(asked(SLIDE), [[]], refused=[True], ms=[1.0])["speech"]
    assert (speech["n"], speech["mrr@10"], speech["refused"], speech["interval"]) == (0, 0.0, 0.0, {})


def test_recall_at_every_depth_grows_holds_its_interval_and_is_the_figures_own(asked):
    questions = asked(*({**SLIDE, "id": f"d{n}"} for n in range(4)))
    hits = [[slide_hit("week1.pdf", 9)] * n + [slide_hit("week1.pdf", 4)] for n in (0, 1, 6, 10)]
    result = score(questions, hits)
    curve = recall_by_depth(result["questions"], "slide")
    assert [row["k"] for row in curve] == list(range(1, 11))
    assert [row["recall"] for row in curve] == [0.25, 0.5, 0.5, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75, 0.75]
    for row in (curve[0], curve[4], curve[9]):
        assert row["recall"] == result["slide"][f"recall@{row['k']}"]
        assert [row["low"], row["high"]] == result["slide"]["interval"][f"recall@{row['k']}"]
    assert recall_by_depth(result["questions"], "speech") == []


def test_an_interval_holds_its_mean_is_the_same_every_time_and_is_narrow_with_many_questions():
    few, many = [1.0, 0.5, 0.0, 1.0], [1.0, 0.5, 0.0, 1.0] * 50
    low, high = interval(few)
    assert low < 0.625 < high
    assert interval(few) == [low, high]
    narrow = interval(many)
    assert narrow[1] - narrow[0] < (high - low) / 3
    assert interval([1.0] * 20) == [1.0, 1.0]


def test_only_what_chance_seldom_does_is_significant():
    before = [0.0] * 20
    assert p_of_difference(before, before) == 1.0
    assert p_of_difference(before, [1.0] * 8 + [0.0] * 12) < 0.05  # one way eight times: 2 / 2**8
    assert p_of_difference(before, [1.0] + [0.0] * 19) > 0.5
    assert p_of_difference([1.0, 0.0] * 10, [0.0, 1.0] * 10) > 0.5
    found = compare({"mrr@10": before}, {"mrr@10": [1.0] * 8 + [0.0] * 12})["mrr@10"]
    assert (found["before"], found["after"], found["difference"]) == (0.0, 0.4, 0.4)
    assert found["interval"][0] > 0


def test_what_is_refused_is_a_share_of_each_kind_and_an_unanswerable_question_has_no_rank(asked):
    none = {"id": "n1", "kind": "none", "question": "Who won the cup?"}
    right = slide_hit("week1.pdf", 4)
    questions = asked(SLIDE, {**SLIDE, "id": "d2"}, none, {**none, "id": "n2"})
    result = score(questions, [[right], [right], [right], []], refused=[False, True, False, True], ms=[1.0] * 4)
    assert result["none"] == {"n": 2, "refused": 0.5}
    assert (result["slide"]["n"], result["slide"]["refused"]) == (2, 0.5)
    assert [row["rank"] for row in result["questions"]] == [1, 1, None, None]


def test_each_question_tells_what_came_and_which_side_brought_it_and_searches_their_time(asked):
    wrong = slide_hit("other.pdf", 1)
    result = score(asked(SLIDE), [[wrong, slide_hit("week1.pdf", 4)]], ms=[12.0])
    came = result["questions"][0]["top"]
    assert [(top["file"], top["right"]) for top in came] == [("other.pdf", False), ("week1.pdf", True)]
    assert (came[0]["dense_rank"], came[0]["lexical_rank"]) == (1, None)
    assert result["latency_ms"] == {"p50": 12.0, "p95": 12.0}


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
        ({**SLIDE, "kind": "book"}, "kind must be slide, speech or none"),
        ({"id": "x", "kind": "slide", "file": "a.pdf", "pages": [1]}, "no 'question'"),
        ({**SLIDE, "question": " "}, "question"),
        ({**SLIDE, "id": "d0"}, "line 2: the id d0 is used twice, first in line 1"),
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


def test_every_bad_line_of_a_file_is_told_at_once(asked):
    with pytest.raises(UnreadableFileError, match=r"line 1: no 'id'.*line 3: "):
        asked({"kind": "none", "question": "?"}, SLIDE, "{")
