"""Answers are cut into sentences that keep their citations, whatever Markdown stands around them."""

import pytest

from pipelines.answering.sentences import sentences


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("It moves them [1]. The rate sets steps [2][3].", [((1,), "It moves them [1]."), ((2, 3), None)]),
        ("It moves the weights. [1] The rate sets steps.", [((1,), "It moves the weights. [1]"), ((), None)]),
        ("See e.g. Adam [1]. Fig. 3 shows 2.5 steps.", [((1,), "See e.g. Adam [1]."), ((), "Fig. 3 shows 2.5 steps.")]),
        ("# Rates\n\n- Small ones [1]\n- [x] Large ones [2]!\n\n---\n", [((), "Rates"), ((1,), "Small ones [1]"),
                                                                        ((2,), "Large ones [2]!")]),
        ("| a | b |\n|---|---|\n| one [1] | two |", [((), "| a | b |"), ((1,), "| one [1] | two |")]),
        ("Code:\n\n```python\nx = y[1]. z\n```\nDone [2].", [((), "Code:"), ((2,), "Done [2].")]),
        ("> It damps. It helps. [1]\n>\n> — week1.pdf, page 2", [((1,), "It damps. It helps. [1]")]),
        ("梯度下降移动权重。[1]学习率很重要。", [((1,), "梯度下降移动权重。[1]"), ((), "学习率很重要。")]),
        ("Twice [1] and again [1].", [((1,), None)]),
        ("", []),
        ("```\nnever closed", []),
    ],
)  # fmt: skip
def test_each_sentence_keeps_the_numbers_it_cites(answer, found):
    cut = sentences(answer)
    assert [each.handles for each in cut] == [handles for handles, _ in found]
    assert all(text in (None, each.text) for each, (_, text) in zip(cut, found, strict=True))
