"""What is marked on a page: the passage's words where they stand, and nothing elsewhere."""

from pathlib import Path

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.pdf.highlights import Mark, choose_marks, mark_passage

SAMPLE_DECK = Path(__file__).resolve().parents[3] / "sample" / "wind-power.pdf"


def page_of(*texts: str) -> list[Mark]:
    return [Mark(page=1, left=0, top=n / 10, right=1, bottom=n / 10 + 0.1, text=t) for n, t in enumerate(texts)]


def test_words_of_the_passage_are_marked_and_the_questions_among_them_are_told_apart() -> None:
    words = page_of("Betz", "limit:", "nobody", "gets", "it", "all", "4", "/", "8")
    marks = choose_marks(words, passage="The Betz limit: nobody gets it all.", question="What is the limit of Betz?")
    assert [mark.text for mark in marks] == ["Betz", "limit:", "nobody", "gets", "it", "all"]
    assert [mark.text for mark in marks if mark.asked] == ["Betz", "limit:"]


def test_a_word_with_another_ending_is_asked_for_too_and_a_word_that_only_asks_is_not() -> None:
    words = page_of("it", "compares", "what", "the", "wind", "window", "does")
    marks = choose_marks(
        words, passage="it compares what the wind window does", question="What does it compare, the wind?"
    )
    assert [mark.text for mark in marks if mark.asked] == ["compares", "wind"]


def test_a_common_word_elsewhere_on_the_page_is_not_marked() -> None:
    marks = choose_marks(page_of("the", "wind", "turns", "the", "mill"), passage="the wind turns")
    assert [mark.top for mark in marks] == [0.0, 0.1, 0.2]


def test_a_passage_of_one_word_is_found() -> None:
    assert [mark.text for mark in choose_marks(page_of("Thank", "you"), passage="Thank")] == ["Thank"]


@given(st.lists(st.text(max_size=6), max_size=12), st.text(max_size=40), st.text(max_size=20))
def test_marks_are_always_words_of_the_page_in_its_order(texts: list[str], passage: str, question: str) -> None:
    tops = [mark.top for mark in choose_marks(page_of(*texts), passage=passage, question=question)]
    assert tops == sorted(set(tops))
    assert len(tops) <= len(texts)


def test_the_table_of_the_sample_deck_is_marked_where_it_stands() -> None:
    marks = mark_passage(SAMPLE_DECK, page=8, passage="Repairs by road any day by ship", question="road repairs")
    assert [mark.text for mark in marks] == ["Repairs", "by", "road", "any", "day", "by", "ship"]
    assert [mark.text for mark in marks if mark.asked] == ["Repairs", "road"]
    assert all(0.7 < mark.top < mark.bottom < 0.85 for mark in marks)  # the table's last row


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_marks_follow_the_page_as_it_is_shown_when_it_is_rotated(tmp_path: Path, turn: int) -> None:
    with pymupdf.open() as document:
        page = document.new_page(width=400, height=200)
        page.insert_text((20, 30), "upper left")
        page.set_rotation(turn)
        document.save(tmp_path / "turned.pdf")
    first, _ = mark_passage(tmp_path / "turned.pdf", page=1, passage="upper left")
    right_half, lower_half = first.left > 0.5, first.top > 0.5
    assert (right_half, lower_half) == {90: (True, False), 180: (True, True), 270: (False, True)}[turn]


@pytest.mark.parametrize(("page", "code"), [(0, "no_such_page"), (10, "no_such_page")])
def test_a_page_that_is_not_there_is_an_error(page: int, code: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        mark_passage(SAMPLE_DECK, page=page, passage="wind")
    assert caught.value.code == code


def test_a_damaged_file_and_a_protected_file_say_so(tmp_path: Path) -> None:
    damaged, locked = tmp_path / "damaged.pdf", tmp_path / "locked.pdf"
    damaged.write_bytes(b"%PDF-1.7 and nothing more")
    with pymupdf.open(SAMPLE_DECK) as document:
        document.save(locked, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="wind", owner_pw="power")
    for path, code in ((damaged, "damaged"), (locked, "password_required")):
        with pytest.raises(UnreadableFileError) as caught:
            mark_passage(path, page=1, passage="wind")
        assert caught.value.code == code
    assert mark_passage(locked, page=3, passage="power in the wind", password="wind")
