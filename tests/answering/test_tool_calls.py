"""Pieces of tool calls become the calls the model meant, whichever way a server cuts and numbers them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.answering.tool_calls import ToolCalls
from pipelines.answering.wire import ToolPiece

NAME = "search_course_materials"
A, B = '{"query": "merge sort"}', '{"query": "hash table"}'


def put_together(*pieces):
    """[(name, arguments)] of these (index, id, name, arguments); every event must fit them."""
    calls, told = ToolCalls(set()), {}
    for piece in pieces:
        for event in calls.add(ToolPiece(*piece)):
            told.setdefault(event.id, []).append(event)
    for event in calls.close():
        told.setdefault(event.id, []).append(event)
    assert list(told) == [call.id for call in calls.calls] and len(set(told)) == len(told)
    for call in calls.calls:
        begun, *more = told[call.id]
        assert begun.name == call.name and "".join(event.text for event in more) == call.arguments
    return [(call.name, call.arguments) for call in calls.calls]


TWO = [(NAME, A), (NAME, B)]


@pytest.mark.parametrize(
    "pieces",
    [
        [(0, "a", NAME, A), (1, "b", NAME, B)],
        [(0, "a", NAME, ""), (0, "", "", A[:9]), (0, "", "", A[9:]), (1, "b", NAME, ""), (1, "", "", B)],
        [(0, "a", NAME, ""), (1, "b", NAME, ""), (0, "", "", A[:9]), (1, "", "", B[:5]), (0, "", "", A[9:]),
         (1, "", "", B[5:])],
        [(0, "a", NAME, A), (0, "b", NAME, B)],
        [(0, "a", NAME, A[:9]), (0, "", "", A[9:]), (0, "b", NAME, B[:9]), (0, "", "", B[9:])],
        [(None, "a", NAME, A), (None, "b", NAME, B)],
        [(None, "a", NAME, A[:9]), (None, "", "", A[9:]), (None, "b", NAME, B[:4]), (None, "", "", B[4:])],
        [(None, "", NAME, A), (None, "", NAME, B)],
        [(0, "", NAME, A), (0, "", NAME, B)],
        [(0, "", NAME, A), (1, "", NAME, B)],
        [(0, "same", NAME, A), (1, "same", NAME, B)],
        [(0, "same", NAME, A), (0, "same", NAME, B)],
        [(0, "a", NAME, A[:9]), (0, "a", NAME, A[9:]), (1, "b", NAME, B[:9]), (1, "b", NAME, B[9:])],
        [(0, "a", NAME, A[:9]), (0, "x", "", A[9:]), (1, "b", NAME, B[:9]), (1, "y", "", B[9:])],
        [(0, "a", "", ""), (0, "", NAME, ""), (0, "", "", A), (1, "b", "", ""), (1, "", NAME, ""), (1, "", "", B)],
        [(0, "a", "", A), (0, "", NAME, ""), (1, "b", NAME, B)],
        [(0, "a", NAME, A), (1, "b", NAME, B), (0, "a", NAME, A), (1, "b", NAME, B)],
        [(0, "a", NAME, A), (0, "a", NAME, ""), (1, "b", NAME, B)],
    ],
    ids=str,
)  # fmt: skip
def test_two_calls_are_two_calls(pieces):
    assert put_together(*pieces) == TWO


def test_a_call_without_a_name_is_told_as_unknown():
    assert put_together((0, "a", "", A)) == [("unknown", A)]


def test_ids_of_earlier_calls_of_the_answer_are_not_used_again():
    taken = {"a"}
    calls = ToolCalls(taken)
    list(calls.add(ToolPiece(0, "a", NAME, A)))
    assert calls.calls[0].id not in ("a", "") and calls.calls[0].id in taken


def test_arguments_that_are_no_json_are_not_shown_to_the_model_again():
    calls = ToolCalls(set())
    list(calls.add(ToolPiece(0, "a", NAME, '{"query": ')))
    assert calls.calls[0].message()["function"]["arguments"] == "{}"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.dictionaries(st.just("query"), st.text(max_size=8), min_size=1), min_size=1, max_size=4),
    st.integers(1, 9),
    st.sampled_from(["numbered", "same index", "no index"]),
    st.booleans(),
)
def test_any_calls_cut_anywhere_are_put_together(values, size, numbering, with_ids):
    wanted, pieces = [], []
    for number, value in enumerate(values):
        arguments = json.dumps(value)
        wanted.append((NAME, arguments))
        index = {"numbered": number, "same index": 0, "no index": None}[numbering]
        cut = [arguments[at : at + size] for at in range(0, len(arguments), size)]
        pieces.append((index, f"call_{number}" if with_ids else "", NAME, cut[0]))
        pieces += [(index, "", "", piece) for piece in cut[1:]]
    assert put_together(*pieces) == wanted
