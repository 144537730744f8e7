"""What shows when pages are compared: headers, numbers, frames, titles, sections."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.steps.pdf.deck import doubt_garbled_fonts, says_little
from pipelines.steps.pdf.frames import FramePage, frame_groups
from pipelines.steps.pdf.furniture import find_furniture
from pipelines.steps.pdf.labels import printed_labels
from pipelines.steps.pdf.lines import Line, usual_size
from pipelines.steps.pdf.page_labels import page_labels
from pipelines.steps.pdf.text import PageText
from pipelines.steps.pdf.titles import deck_title, page_title, sections_of


def at(x: float, y: float, text: str, size: float = 10.0, *, bold: bool = False) -> Line:
    return Line(x, y, x + 0.5 * size * len(text), y + 1.2 * size, y + size, text, size, bold)


def page(*lines: Line) -> PageText:
    return PageText(lines=list(lines), width=400, height=300)


def apart(pages: list[PageText], labels: list[str | None] | None = None) -> list[list[str]]:
    found = find_furniture(pages, labels or [None] * len(pages))
    return [[p.lines[number].text for number in sorted(numbers)] for p, numbers in zip(pages, found, strict=True)]


def test_footers_that_repeat_are_furniture_and_text_is_not() -> None:
    pages = [
        page(at(20, 10, f"Title {n}", 18), at(20, 100, "Body"), at(20, 285, f"Course 2026, {n}", 6)) for n in range(8)
    ]
    assert apart(pages) == [[f"Course 2026, {n}"] for n in range(8)]


def test_a_title_repeated_on_some_slides_stays() -> None:
    pages = [
        page(at(20, 10, "Examples" if n < 5 else f"Other {n}", 18), at(20, 100, f"Example {n} in words"))
        for n in range(8)
    ]
    assert apart(pages) == [[]] * 8


def test_frames_of_one_slide_do_not_make_a_header() -> None:
    pages = [page(at(20, 20, "Let f be convex"), at(20, 100, f"Step {n}")) for n in range(6)]
    pages += [page(at(20, 20, f"Topic number {n}"), at(20, 100, "text")) for n in range(4)]
    labels: list[str | None] = ["2"] * 6 + ["3", "4", "5", "6"]
    assert apart(pages, labels)[0] == []


def test_a_running_header_with_changing_text_is_told_by_its_place() -> None:
    pages = [
        page(at(20, 12, f"Section about {c}", 7), at(20, 60, f"Long text on {c}"), at(20, 75, "more"))
        for c in "abcdefgh"
    ]
    assert apart(pages)[2] == ["Section about c"]


def test_what_is_all_there_is_on_every_page_stays() -> None:
    assert apart([page(at(20, 12, "The same line", 7))] * 4) == [[]] * 4


def test_numbers_of_a_total_are_labels_where_they_vary() -> None:
    pages = [page(at(300, 285, f"Optimization – {n} / 11", 6)) for n in (1, 2, 2, 3)]
    assert printed_labels(pages, [""] * 4) == ["1 / 11", "2 / 11", "2 / 11", "3 / 11"]
    sheet = page(at(0, 285, "1 / 8", 6), at(200, 285, "2 / 8", 6))
    assert printed_labels([sheet, *pages], [""] * 5)[0] is None


def test_plain_numbers_must_go_on_from_page_to_page() -> None:
    texts = [f"Page {n}" for n in range(3, 9)]
    pages = [page(at(350, 285, text, 7), at(20, 285, "2026", 7), at(60, 10, "17", 7)) for text in texts]
    assert printed_labels(pages, [""] * 6) == ["3", "4", "5", "6", "7", "8"]
    assert printed_labels([page(at(350, 285, str(n), 7)) for n in (9, 40, 3, 77)], [""] * 4) == [None] * 4


def test_stored_labels_serve_where_nothing_is_printed() -> None:
    pages = [page(at(20, 100, "text"))] * 3
    assert printed_labels(pages, ["i", "ii", "1"]) == ["i", "ii", "1"]
    assert printed_labels(pages, ["1", "2", "3"]) == [None] * 3
    printed = [page(at(350, 285, f"{n} / 9", 7)) for n in range(3)]
    assert printed_labels(printed, ["i", "ii", "iii"]) == ["0 / 9", "1 / 9", "2 / 9"]


@pytest.mark.parametrize(
    ("rules", "labels"),
    [
        ([], ["", "", "", ""]),
        ([{"startpage": 1, "prefix": "A-", "firstpagenum": 4, "style": "D"}], ["", "A-4", "A-5", "A-6"]),
        ([{"startpage": 0, "prefix": "", "firstpagenum": 3, "style": "r"}], ["iii", "iv", "v", "vi"]),
        ([{"startpage": 0, "firstpagenum": 25, "style": "a"}], ["y", "z", "aa", "bb"]),
        ([{"startpage": n, "prefix": f"<FEFF003{n}>", "firstpagenum": 1} for n in range(4)], ["0", "1", "2", "3"]),
        ([{"startpage": 0, "prefix": "<FEFFzz>", "style": "D"}], ["1", "2", "3", "4"]),
        ([{"startpage": 0, "firstpagenum": 10**9, "style": "R"}], ["", "", "", ""]),
    ],
)
def test_page_labels_follow_the_rules_of_the_file(rules: list[dict[str, Any]], labels: list[str]) -> None:
    assert page_labels(rules, 4) == labels


def shown(title: str, *lines: str, label: str | None = None, stored: str | None = None) -> FramePage:
    return FramePage(title, (title, *lines) if title else lines, label, stored)


def test_pages_that_only_add_lines_are_frames() -> None:
    pages = [shown("T", "a"), shown("T", "a", "b"), shown("T", "a", "b", "c"), shown("T", "d"), shown("T", "d", "e")]
    assert frame_groups(pages) == [0, 0, 0, 1, 1]


def test_different_slides_with_one_title_stay_apart() -> None:
    assert frame_groups([shown("Example", "one"), shown("Example", "two")]) == [0, 1]
    assert frame_groups([shown("Example"), shown("Example", "two")]) == [0, 1]
    assert frame_groups([shown("Example"), shown("Example")]) == [0, 1]
    assert frame_groups([shown("", "Part 1"), shown("", "Part 1", "Sets", "Maps")]) == [0, 1]


def test_a_repeated_number_makes_frames_even_where_text_is_replaced() -> None:
    pages = [shown("T", "a", label="2 / 9"), shown("T", "b", label="2 / 9"), shown("T", "b", "c", label="3 / 9")]
    assert frame_groups(pages) == [0, 0, 1]
    pages = [shown("T", "a", stored="2"), shown("T", "b", stored="2"), shown("Other", "x", stored="2")]
    assert frame_groups(pages) == [0, 0, 1]


def test_numbers_that_only_count_pages_do_not_part_frames() -> None:
    pages = [shown("T", "a", label="1"), shown("T", "a", "b", label="2"), shown("U", "c", label="3")]
    assert frame_groups(pages) == [0, 0, 1]


@given(
    st.lists(
        st.builds(
            shown, st.sampled_from(["", "T", "U"]), st.sampled_from("abc"), label=st.sampled_from([None, "1", "2"])
        )
    )
)
def test_groups_count_up_from_zero_without_gaps(pages: list[FramePage]) -> None:
    groups = frame_groups(pages)
    assert len(groups) == len(pages)
    assert sorted(set(groups)) == list(range(len(set(groups))))
    assert groups == sorted(groups)


def test_pages_that_say_little_and_lines_that_say_nonsense_are_told() -> None:
    full = page(at(20, 10, "Title", 18), at(20, 60, "A sentence long enough to find the page by"))
    bare = page(at(20, 10, "Only a title", 18), at(20, 285, "University of Somewhere, 2026", 6))
    nonsense = page(
        at(20, 10, "Title", 18), *[at(20, 60 + 14 * n, "7KH TXLFN EURZQ IRA MXPSV RYHU WKH GRJ") for n in range(4)]
    )
    polish = page(at(20, 60, "Chrząszcz brzmi w trzcinie w Szczebrzeszynie, z czego słynie cała okolica i nie tylko"))
    pages = [full, bare, nonsense, polish]
    assert [says_little(each, 12) for each in pages] == [False, True, False, False]
    doubt_garbled_fonts(pages)
    assert [line.doubt for line in nonsense.lines] == ["letters"] * 5
    assert not any(line.doubt for each in (full, bare, polish) for line in each.lines)


def title(*rows: Line, usual: float = 10.0, **options: bool) -> str:
    return page_title(rows, 300, usual=usual, **options)


def test_the_title_is_the_largest_text_near_the_top() -> None:
    assert (
        title(at(20, 5, "Chapter 3", 8), at(20, 20, "Momentum", 18), at(20, 60, "text"), at(20, 250, "BIG", 30))
        == "Momentum"
    )
    assert title(at(20, 20, "A title that goes", 18), at(20, 42, "over two lines", 18), at(20, 80, "text")) == (
        "A title that goes over two lines"
    )
    assert (
        title(at(20, 20, "Power in the wind", 16), at(20, 60, "Pwr = v³", 22), at(20, 120, "text"))
        == "Power in the wind"
    )
    assert title() == ""
    assert title(at(20, 20, "42"), at(20, 40, "17.5")) == ""


def test_text_of_one_size_has_a_title_only_when_it_looks_like_one() -> None:
    prose = [at(20, 20 + 14 * n, "and the sentence goes on and on until the line is full") for n in range(12)]
    assert title(*prose) == ""
    assert title(at(20, 20, "Summary", bold=True), *prose[1:]) == "Summary"
    assert title(at(20, 20, "Questions")) == "Questions"


def test_a_title_page_may_spread_its_title() -> None:
    rows = [at(20, 30, "Optimization", 16), at(20, 70, "Golden ratio", 16), at(20, 200, "Learning goals", 9)]
    assert title(*rows, first_page=True) == "Optimization Golden ratio"
    assert title(*rows) == "Optimization"


def test_in_a_picture_the_place_counts_more_than_the_size() -> None:
    rows = [at(20, 10, "GD WITH MOMENTUM", 9.5), at(20, 60, "x = y + z", 14), at(20, 90, "text")]
    assert title(*rows, rough=True) == "GD WITH MOMENTUM"


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("Linear Algebra I", "Linear Algebra I"),
        ("Optimization", "Optimization: Momentum"),
        ("", "Optimization: Momentum"),
        ("untitled", "Optimization: Momentum"),
        ("PowerPoint Presentation", "Optimization: Momentum"),
        ("Microsoft Word - draft3.docx", "Optimization: Momentum"),
        ("lecture_final.pptx", "Optimization: Momentum"),
        ("Slide 1", "Optimization: Momentum"),
    ],
)
def test_a_deck_is_called_by_its_metadata_only_when_that_says_something(metadata: str, expected: str) -> None:
    assert deck_title(metadata, ["Optimization: Momentum", "Two"], "week 1.pdf") == expected


def test_a_deck_without_titles_is_called_after_its_file() -> None:
    assert deck_title("", ["", "Two"], "week 1.pdf") == "week 1"
    assert deck_title("", [], "x") == "x"


def test_sections_are_the_upper_two_levels_of_the_outline() -> None:
    outline = [
        (1, "Sets", 2),
        (2, "Unions", 2),
        (2, "Maps", 4),
        (3, "Too deep", 4),
        (1, "Groups", 5),
        (1, "Nowhere", -1),
    ]
    assert sections_of(outline, 6) == [None, "Sets › Unions", "Sets › Unions", "Sets › Maps", "Groups", "Groups"]
    assert sections_of([(1, f"Slide {n}", n) for n in range(1, 4)], 3) == [None] * 3
    assert sections_of([], 2) == [None, None]


def test_the_usual_size_is_that_of_most_letters() -> None:
    assert usual_size([at(0, 0, "T", 30), at(0, 0, "a long line of text", 10), at(0, 0, "note", 6)]) == 10
    assert usual_size([]) == 0
