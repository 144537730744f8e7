"""The page of promises: each figure once, its tests there by name, its state honest about what is missing."""

import re
from collections import Counter

import pytest

from tests.house.modules import ROOT

PAGE = (ROOT / "docs" / "promises.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" |")]
    for line in PAGE.splitlines()
    if re.match(r"\| [AKPFRO]\d+ \|", line)
]
FIGURES = {"A": 9, "K": 6, "P": 11, "F": 8, "R": 5, "O": 10}


def test_every_figure_is_there_once():
    expected = [f"{letter}{number}" for letter, last in FIGURES.items() for number in range(1, last + 1)]
    assert [row[0] for row in ROWS] == expected
    assert len(expected) == 49


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_promise_names_tests_that_exist_and_says_what_is_missing(row):
    name, promise, proof, state, missing = [*row, ""][:5]
    tests = re.findall(r"`(tests/[\w/.]+)::(\w+)`", proof)
    assert promise
    assert proof.count("`") == 2 * len(tests), f"{name}: a test is `tests/FILE::test_name`"
    for path, test in tests:
        assert (ROOT / path).is_file(), f"{name}: {path} is gone"
        assert re.search(rf"^ *(?:async )?def {test}\(", (ROOT / path).read_text(), re.MULTILINE), (
            f"{name}: {test} is gone"
        )
    assert state in {"held", "in part", "not yet"}
    assert bool(tests) is (state != "not yet"), f"{name}: what is proved has a test, and the other way round"
    assert missing or state == "held", f"{name}: say what is missing"


def test_the_sum_at_the_top_is_that_of_the_table():
    count = Counter(row[3] for row in ROWS)
    assert f"Today {count['held']} are held, {count['in part']} in part, {count['not yet']} not yet." in PAGE
