"""Reading order: columns, tables, formulas, broken words; nothing gets lost on the way."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pipelines.steps.pdf.layout import reading_order
from pipelines.steps.pdf.lines import Line


def at(x: float, y: float, text: str, *, size: float = 10.0, **other: bool) -> Line:
    """A line whose letters are half as wide as high, as in most fonts."""
    return Line(x, y, x + 0.5 * size * len(text), y + 1.2 * size, y + size, text, size, **other)


def read(*lines: Line, usual: float = 0.0) -> list[str]:
    return [row.text for row in reading_order(lines, usual=usual)]


def column(x: float, y: float, *texts: str) -> list[Line]:
    return [at(x, y + 14 * number, text) for number, text in enumerate(texts)]


LEFT = ("gradients of the loss point to", "where it grows the fastest, so", "one walks the other way, step", "by step")
RIGHT = (
    "a small step takes a long time",
    "and a long one may jump over",
    "the valley and end up higher",
    "than before",
)


def test_columns_are_read_one_after_the_other_below_their_heading() -> None:
    lines = [
        *column(10, 50, *LEFT),
        *column(200, 50, *RIGHT),
        at(10, 10, "Step sizes and what they do to the descent of a loss"),
    ]
    assert read(*lines) == ["Step sizes and what they do to the descent of a loss", *LEFT, *RIGHT]


def test_columns_painted_line_by_line_are_still_columns() -> None:
    pairs = zip(column(10, 50, *LEFT), column(200, 50, *RIGHT), strict=True)
    assert read(*[line for pair in pairs for line in pair]) == [*LEFT, *RIGHT]


def test_text_below_columns_comes_after_both() -> None:
    lines = [*column(10, 50, *LEFT), *column(200, 50, *RIGHT), at(10, 140, "Both end somewhere")]
    assert read(*lines)[-1] == "Both end somewhere"


def test_tables_are_read_row_by_row_with_their_empty_cells() -> None:
    table = [["Method", "Speed", "Memory"], ["BFGS", "fast", "large"], ["SGD", "slow", ""], ["Adam", "medium", "small"]]
    lines = [at(10 + 90 * c, 20 + 15 * r, text) for r, row in enumerate(table) for c, text in enumerate(row) if text]
    assert read(*lines) == ["Method | Speed | Memory", "BFGS | fast | large", "SGD | slow", "Adam | medium | small"]


def test_cells_wrapped_in_a_table_are_put_together() -> None:
    lines = [
        *column(10, 20, "Overfitting of", "a model"),
        *column(120, 20, "too many param-", "eters"),
        *column(10, 60, "Underfitting of", "a model"),
        *column(120, 60, "not enough of", "them"),
        *column(10, 100, "Good fitting of", "a model"),
        *column(120, 100, "the right num-", "ber of them"),
    ]
    assert read(*lines) == [
        "Overfitting of a model | too many parameters",
        "Underfitting of a model | not enough of them",
        "Good fitting of a model | the right number of them",
    ]


def test_a_formula_in_pieces_is_one_row_in_the_order_it_was_set() -> None:
    lines = [at(50, 50, "E ="), at(75, 43, "1"), at(75, 57, "2"), at(85, 50, "mv"), at(95, 45, "2", size=7)]
    (row,) = read(*lines)
    assert row == "E = 1 2 mv 2"


def test_broken_words_are_put_together_and_compounds_stay() -> None:
    assert read(*column(10, 10, "the opti-", "mal value of Mayer-", "Vietoris and x-", "rays")) == [
        "the optimal value of Mayer-",
        "Vietoris and x-",
        "rays",
    ]


def test_a_bullet_joins_its_text_and_far_pieces_are_cells() -> None:
    assert read(at(10, 10, "•"), at(30, 10, "first point")) == ["• first point"]
    assert read(at(10, 10, "Name"), at(200, 10, "Date")) == ["Name | Date"]


def test_comments_stay_beside_their_code() -> None:
    code = column(10, 10, "x <- 1", "y <- f(x)", "print(y)", "rm(x)")
    comments = column(120, 10, "# start", "# call", "# show", "# forget")
    lines = [
        Line(line.x0, line.y0, line.x1, line.y1, line.base, line.text, line.size, mono=True) for line in code + comments
    ]
    assert read(*lines) == ["x <- 1 # start", "y <- f(x) # call", "print(y) # show", "rm(x) # forget"]


def test_arabic_pieces_of_a_row_run_leftwards() -> None:
    assert read(at(10, 10, "عالم"), at(34, 10, "مرحبا")) == ["مرحبا عالم"]


def test_lettering_of_figures_comes_last() -> None:
    lines = [
        at(10, 10, "Where the loss is low"),
        at(120, 24, "axis", size=4),
        at(10, 30, "the model is good"),
        at(300, 10, "height", upright=False),
        *[at(300, 40 + n, str(n), upright=False) for n in range(3)],
    ]
    assert read(*lines, usual=10) == ["Where the loss is low", "the model is good", "axis", "height", "0 1 2"]


def test_no_lines_give_no_rows() -> None:
    assert read() == []


boxes = st.builds(
    at,
    st.integers(0, 400),
    st.integers(0, 250),
    st.text(alphabet="abcdeXYZ019", min_size=1, max_size=14),
    size=st.sampled_from([6.0, 10.0, 10.0, 18.0]),
    upright=st.sampled_from([True, True, True, False]),
    mono=st.sampled_from([False, False, True]),
)


@given(st.lists(boxes, max_size=40))
def test_every_letter_comes_out_once(lines: list[Line]) -> None:
    before = Counter("".join(line.text for line in lines))
    after = Counter("".join(read(*lines, usual=10)).replace(" ", "").replace("|", ""))
    assert after == before


def test_a_table_with_an_empty_corner_keeps_its_first_column() -> None:
    table = [
        ["", "Onshore", "Floating"],
        ["Stands on", "land", "sea"],
        ["Repairs", "by road", "in harbour"],
        ["Size", "3", "8"],
    ]
    lines = [at(10 + 90 * c, 20 + 15 * r, text) for r, row in enumerate(table) for c, text in enumerate(row) if text]
    assert read(*lines) == [
        "| Onshore | Floating",
        "Stands on | land | sea",
        "Repairs | by road | in harbour",
        "Size | 3 | 8",
    ]
