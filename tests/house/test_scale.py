"""docs/scale.md shows what the model of load computes."""

from pathlib import Path

from bench.fleet import Inputs, needs, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"


def test_the_page_has_the_models_table():
    assert table(30) in PAGE.read_text(encoding="utf-8")


def test_twice_the_universities_need_twice_of_everything():
    one, two = needs(10, Inputs()), needs(20, Inputs())
    assert all(abs(two[name] - 2 * one[name]) < 1e-6 * two[name] for name in one)
