"""Questions whose right place did not come first are told with what came instead, and why."""

from uuid import uuid4

from pipelines.core.records import Hit
from pipelines.steps.misses import misses
from pipelines.steps.questions import Place, Question
from pipelines.steps.scoring import score

PAGE = Place(kind="slide", file="week1.pdf", pages=frozenset({2, 3}))
MINUTE = Place(kind="speech", file="talk.srt", start_s=8, end_s=20)


def question(name, *places):
    return Question(id=name, kind=places[0].kind, question=f"What is {name}?", places=places, line=1)


def hit(rank, *, page=None, start=None, dense=None, lexical=None, file="week1.pdf"):
    return Hit(
        rank=rank, score=0.5, chunk_id=uuid4(), kind="slide" if page else "speech", source_id=uuid4(), title="",
        file_name=file, text="", page=page, pages=(page,) if page else (), page_label=None, start_ms=start,
        end_ms=start + 60_000 if start is not None else None, dense_rank=dense, lexical_rank=lexical,
    )  # fmt: skip


def test_each_miss_says_where_it_is_answered_what_came_first_and_by_which_side():
    asked = [question("right", PAGE), question("late", PAGE, MINUTE), question("lost", MINUTE), question("empty", PAGE)]
    results = [
        [hit(1, page=2, dense=1, lexical=1)],
        [hit(1, page=9, dense=1), hit(2, page=3, dense=7, lexical=2)],
        [hit(1, start=60_000, lexical=1, file="talk.mp4")],
        [],
    ]
    lost, empty, late = misses(score(asked, results)["questions"])
    assert (late.id, late.rank, late.question) == ("late", 2, "What is late?")
    assert late.expected == "week1.pdf, pages 2, 3 or talk.srt, 0:08-0:20"
    assert (late.instead, late.why_instead) == ("week1.pdf, page 9", "no. 1 by meaning, not by words")
    assert late.why == "no. 7 by meaning, no. 2 by words"
    assert (lost.id, lost.rank, lost.why, lost.instead) == ("lost", None, "", "talk.mp4, 1:00-2:00")
    assert (empty.id, empty.instead) == ("empty", "")


def test_a_question_about_a_file_that_is_not_there_says_so():
    (found,) = misses(score([question("q", PAGE)], [[]], files=frozenset({"other.pdf"}))["questions"])
    assert found.expected == "week1.pdf, pages 2, 3 (no such file)"
