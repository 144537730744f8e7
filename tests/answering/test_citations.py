"""No number reaches the reader that is not a source of this turn, however it arrives."""

import itertools
import re
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.answering.citations import CitationFilter, Handles, quotations, without_handles
from pipelines.core.records import Hit


def hit(text="The cat sat on the mat today."):
    return Hit(
        rank=1, score=1.0, chunk_id=uuid4(), kind="slide", source_id=uuid4(), title="t", file_name="f", text=text,
        page=1, pages=(1,), page_label=None, start_ms=None, end_ms=None, dense_rank=1, lexical_rank=None,
    )  # fmt: skip


@pytest.fixture(scope="module")
def handles():
    found = Handles()
    found.add([hit(), hit("A soft\u00adhyphen and “curly” words—really."), hit()])
    return found


def shown(handles, pieces):
    words = CitationFilter(handles)
    return "".join([*(words.feed(piece) for piece in pieces), words.flush()]), list(words.cited)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("a [1] b [9] c", "a [1] b c"),
        ("x [1, 3, 2]. See [7]", "x [1][3][2]. See"),
        ("in [10, 20], [1, 9] and [1-20]", "in [10, 20], [1, 9] and [1-20]"),
        ("a[12] = b[13], x[1] and dp_2[1]", "a[12] = b[13], x[1] and dp_2[1]"),
        ("f(x)[1], m[0][1], 1998[2], self.data[1]", "f(x)[1], m[0][1], 1998[2], self.data[1]"),
        ("$a^{[1]} = W_{[2]}$, $[3]$ and x_[1]", "$a^{[1]} = W_{[2]}$, $[3]$ and x_[1]"),
        ("diverges[1][9], halves.[2] 学習[3]", "diverges[1], halves.[2] 学習[3]"),
        ("diverges[9]", "diverges[9]"),
        ("【1,9†source】 and 【8】", "[1] and"),
        ("see 【2†source】 ok", "see [2] ok"),
        ("[1-3] all", "[1][2][3] all"),
        ("[^1] and [^8]", "[1] and"),
        ("in [0, 1] but not [0]", "in [0, 1] but not"),
        ("nested [ [9] 7] and [9[7]]", "nested [… 7] and [9[7]]"),
        ("code `a[9]` but [9]", "code `a[9]` but"),
        ("open ` tick [9] end", "open ` tick end"),
        ("```py\nx[9]\n```\nthen [9] [3]", "```py\nx[9]\n```\nthen [3]"),
        ("a [", "a ["),
        ("year [2024] and [123456789]", "year and"),
    ],
)
def test_handles_are_a_closed_set(handles, said, expected):
    assert shown(handles, [said])[0] == expected
    assert shown(handles, list(said))[0] == expected


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*"[]190 ,-`~\n【】†ab", "```", "```\n", "[2]", "[7]"]), max_size=40).map("".join),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_how_the_words_are_cut_changes_nothing_and_no_forged_number_comes_out(handles, said, cuts):
    places = sorted({min(cut, len(said)) for cut in cuts} | {0, len(said)})
    pieces = [said[a:b] for a, b in itertools.pairwise(places)]
    whole, cited = shown(handles, [said])
    assert shown(handles, pieces) == (whole, cited)
    assert set(cited) <= set(handles.hits)
    if "`" not in said and "~~~" not in said:
        assert {int(number) for number in re.findall(r"(?<![\w)\]{^\\$])\[(\d+)\]", whole)} <= set(handles.hits)


def test_words_are_not_held_back_longer_than_needed(handles):
    words = CitationFilter(handles)
    assert words.feed("Plain words") == "Plain words"
    assert words.feed(" and [") == " and"
    assert words.feed("1") == ""
    assert words.feed("] go on") == " [1] go on"
    assert len(words.feed("[" + "1," * 300)) > 0


def test_a_quotation_is_verbatim_or_told_not_to_be(handles):
    answer = (
        'They say “The CAT sat on the mat” [1], then "nobody ever said these words" [2] and “curly words - really” [2].'
    )
    assert [(q.text, q.handle) for q in quotations(answer, handles)] == [
        ("The CAT sat on the mat", 1),
        ("nobody ever said these words", None),
        ("curly words - really", None),
    ]
    assert [q.handle for q in quotations("«softhyphen and» no", handles)] == [2]


def test_a_hit_found_twice_keeps_its_number():
    handles, one = Handles(), hit()
    assert [number for number, _ in handles.add([one, hit(), one])] == [1, 2, 1]


def test_earlier_answers_lose_their_numbers():
    assert without_handles("So it is [1][2]. And [3, 4].") == "So it is. And."
