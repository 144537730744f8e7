"""Thinking between tags is no answer, however it is cut; a tag in code or in the middle of an answer stays."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.answering.thoughts import ThoughtSplitter, thinks_aloud


def split(pieces, *, hold=False):
    splitter = ThoughtSplitter(hold=hold)
    found = [*(splitter.feed(piece) for piece in pieces), splitter.flush()]
    return "".join(thought for thought, _ in found).strip(), "".join(answer for _, answer in found)


CASES = [
    ("<think>\nHm, a list.\n</think>\n\nIn halves.", "Hm, a list.", "In halves."),
    ("\n <think>Hm.</think>In halves.", "Hm.", "In halves."),
    ("<think></think>In halves.", "", "In halves."),
    ("<think>a</think>\n<think>b</think>\nIn halves.", "ab", "In halves."),
    ("[THINK]Hm.[/THINK]In halves.", "Hm.", "In halves."),
    ("<think>never closed", "never closed", ""),
    ("<think>half a tag </thi", "half a tag </thi", ""),
    ("In halves. The tag <think>x</think> stays.", "", "In halves. The tag <think>x</think> stays."),
    ("`<think>` opens, `</think>` closes.", "", "`<think>` opens, `</think>` closes."),
    ("<thin> is no tag", "", "<thin> is no tag"),
    ("[1] says so", "", "[1] says so"),
    ("", "", ""),
    ("  \n", "", "  \n"),
]


@pytest.mark.parametrize(("said", "thought", "answer"), CASES)
def test_every_cut_gives_the_same(said, thought, answer):
    assert split([said]) == split(list(said)) == (thought, answer)
    for at in range(len(said)):
        assert split([said[:at], said[at:]]) == (thought, answer)


HELD = [
    ("Hm, a list.\n</think>\n\nIn halves.", "Hm, a list.", "In halves."),
    ("Hm.</think>In halves.", "Hm.", "In halves."),
    ("<think>Hm.</think>In halves.", "Hm.", "In halves."),
    ("Plain answer.", "", "Plain answer."),
    ("The tag `</think>` closes it.", "", "The tag `</think>` closes it."),
]


@pytest.mark.parametrize(("said", "thought", "answer"), HELD)
def test_a_model_known_to_leave_out_the_opening_tag_is_held_back(said, thought, answer):
    assert split([said], hold=True) == split(list(said), hold=True) == (thought, answer)


def test_a_lone_closing_tag_is_seen_while_nothing_was_shown_and_remembered_when_it_was():
    assert split(["Hm, a list.\n</think>\n\nIn halves."]) == ("Hm, a list.", "In halves.")
    late = ThoughtSplitter()
    assert late.feed("Hm, a list.") == ("", "Hm, a list.") and not late.stray
    assert late.feed("\n</think>\n\nIn halves.")[1].endswith("In halves.") and late.stray


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "th", "`", "\n", " a", "[THINK]", "[/"]), max_size=12),
    st.booleans(),
)
def test_nothing_is_lost_but_tags_and_blanks(pieces, hold):
    thought, answer = split(pieces, hold=hold)
    kept, said = (_bare(text) for text in (thought + answer, "".join(pieces)))
    assert kept == said


def _bare(text):
    for tag in ("<think>", "</think>", "[THINK]"):
        text = text.replace(tag, "")
    return "".join(itertools.chain.from_iterable(text.split()))


@pytest.mark.parametrize(
    ("name", "thinks"),
    [("deepseek/deepseek-r1", True), ("qwen3-30b-a3b-thinking-2507", True), ("QwQ:32b", True), ("qwq", True),
     ("gpt-5", False), ("rethinking", False), ("deepseek-reasoner", True)],
)  # fmt: skip
def test_names_that_say_so(name, thinks):
    assert thinks_aloud(name) is thinks
