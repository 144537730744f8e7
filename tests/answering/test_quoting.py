"""What is quoted where no model answers, and when it is said that nothing fits."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from pipelines.answering.quoting import NO_MODEL, NOTHING_FOUND, QUOTE_CHARS, extractive_answer, relevant_hits, where
from pipelines.core.records import Hit


def hit(text, *, similarity=0.5, score=0.5, **more):
    values = dict(  # noqa: C408  reads like the record
        rank=1, score=score, chunk_id=uuid4(), kind="slide", source_id=uuid4(), title="Momentum", file_name="w.pdf",
        text=text, page=7, pages=(7,), page_label="5", start_ms=None, end_ms=None, dense_rank=1, lexical_rank=None,
        similarity=similarity,
    )  # fmt: skip
    return Hit(**values | more)


def test_the_best_passages_are_quoted_with_their_place_and_number():
    answer = extractive_answer("What is momentum?", [hit("Momentum damps oscillation."), hit("More on momentum.")])
    assert answer.cited == (1, 2)
    assert "> Momentum damps oscillation. [1]" in answer.text
    assert "w.pdf, page 7 (printed 5)" in answer.text
    assert answer.text.endswith(NO_MODEL)


def test_a_question_about_something_else_is_told_so():
    hits = [hit("Momentum damps oscillation.", similarity=0.1, needed=0.4)]
    assert extractive_answer("How do I bake bread?", hits).text == NOTHING_FOUND
    assert extractive_answer("How do I bake bread?", []).cited == ()


def test_the_question_s_own_words_count_where_meaning_is_unsure():
    hits = [hit("The table compares three optimisers.", similarity=0.16, needed=0.2)]
    assert relevant_hits("What does the table compare?", hits) == hits
    assert relevant_hits("What do the rows say?", hits) == []


def test_a_place_that_the_question_names_fits_whatever_it_says():
    hits = [hit("The fnord rule.", similarity=0.05, needed=0.2, named=True)]
    assert relevant_hits("fnord", hits) == hits


def test_hits_far_behind_the_best_are_left_out():
    best, weak = hit("a", score=0.8), hit("b", score=0.3)
    assert relevant_hits("a b c", [best, weak]) == [best]


def test_a_number_in_a_passage_cannot_pass_for_one_of_ours():
    assert "[9]" not in extractive_answer("proof", [hit("A proof is in [9].")]).text


def test_speech_is_placed_by_its_minutes():
    speech = hit("x", kind="speech", page=None, start_ms=187_000, end_ms=3_725_000, title="Lecture 1")
    assert where(speech).endswith("3:07-1:02:05")


@given(st.text(min_size=1, max_size=3000), st.text(max_size=50))
def test_a_quotation_is_part_of_its_passage_and_not_too_long(text, question):
    answer = extractive_answer(question, [hit(text)])
    assert len(answer.text) < QUOTE_CHARS + 300
    assert answer.cited == (1,)
