"""Texts as decks: a page a section, everything that is said and nothing that is not, or a sentence."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Slide
from pipelines.steps.documents.markup import reduce_html
from pipelines.steps.documents.texts import text_as_pdf
from pipelines.steps.pdf.slides import Deck, read_deck, render_slides

NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def read(tmp_path: Path, name: str, content: str | bytes) -> Deck:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_deck(path)


def whole(slide: Slide) -> str:
    """The text on one line; it begins with the title."""
    return " ".join(slide.body.split())


def test_a_section_of_markdown_is_a_page_and_a_heading_stays_with_the_one_below(tmp_path: Path) -> None:
    text = (
        "# Optimisation\n\n## Momentum\n\nIt *remembers* steps.\n\n## Adam\n\n| a | b |\n|---|---|\n| left | right |\n"
    )
    deck = read(tmp_path, "notes.md", text)
    assert [slide.page for slide in deck.slides] == [1, 2]
    first, second = map(whole, deck.slides)
    assert "Optimisation" in first
    assert "Momentum" in first
    assert "It remembers steps." in first
    assert "Adam" not in first
    assert "Adam" in second
    assert "left" in second
    assert len(list(render_slides(tmp_path / "notes.md"))) == 2


def test_code_in_markdown_is_text_as_it_stands(tmp_path: Path) -> None:
    deck = read(
        tmp_path, "notes.md", "# Loop\n\n````python\nfor x in xs:\n    # not a heading\n    f(x)  # ```\n````\n"
    )
    (slide,) = deck.slides
    assert "for x in xs:" in slide.body
    assert "# not a heading" in slide.body


def test_scripts_styles_and_markup_of_html_are_no_text(tmp_path: Path) -> None:
    html = (
        "<!DOCTYPE html><html><head><title>Wind power</title><style>h1{color:red}</style>"
        "<script>track('student')</script></head><body><h1>Betz</h1><p>At most 59 &percnt;.</p>"
        "<script>alert(1)</script><noscript>Enable it</noscript><h2>Blades</h2><p>Three<br>of them."
        "<img src='http://example.org/x.png' alt='a rotor'></body></html>"
    )
    deck = read(tmp_path, "page.html", html)
    assert deck.title == "Wind power"
    assert [whole(slide) for slide in deck.slides] == ["Betz At most 59 %.", "Blades Three of them.a rotor"]


def test_html_is_read_in_the_encoding_that_it_names(tmp_path: Path) -> None:
    html = "<html><head><meta charset='iso-8859-2'></head><body><p>Příklad žluťoučký</p></body></html>"
    (slide,) = read(tmp_path, "page.htm", html.encode("iso-8859-2")).slides
    assert "Příklad žluťoučký" in whole(slide)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_plain_text_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    (slide,) = read(tmp_path, "notes.txt", "Größe der Wöhlerkurve\r\nfür Stahl\r\n".encode(encoding)).slides
    assert "Größe der Wöhlerkurve" in whole(slide)
    assert "für Stahl" in whole(slide)


def test_a_long_text_goes_on_over_pages_and_nothing_is_lost(tmp_path: Path) -> None:
    words = [NUMBERS[int(digit)] for number in range(700) for digit in f"{number:03}"]
    deck = read(tmp_path, "long.txt", " ".join(words))
    assert deck.page_count > 2
    assert " ".join(whole(slide) for slide in deck.slides).split() == words
    with pytest.raises(UnreadableFileError, match="at most 2 are accepted") as caught:
        read_deck(tmp_path / "long.txt", max_pages=2)
    assert caught.value.code == "too_many_pages"


def notebook(*cells: dict[str, object]) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def test_a_notebook_keeps_words_code_and_what_was_printed_and_leaves_pictures(tmp_path: Path) -> None:
    text = notebook(
        {"cell_type": "markdown", "source": ["# Fit\n", "We fit a line."]},
        {
            "cell_type": "code",
            "source": "slope = fit(data)\nprint(slope)",
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["slope is 2.5\n"]},
                {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=", "text/plain": ["<Figure>"]}},
                {"output_type": "error", "ename": "ValueError", "evalue": "no data", "traceback": ["\x1b[31mx"]},
            ],
        },
        {"cell_type": "markdown", "source": "## Residuals\n\nThey are small."},
    )
    first, second = map(whole, read(tmp_path, "fit.ipynb", text).slides)
    assert first == "Fit We fit a line. slope = fit(data) print(slope) slope is 2.5 ValueError: no data"
    assert second == "Residuals They are small."


def test_texts_without_words_and_damaged_notebooks_are_refused_with_a_sentence(tmp_path: Path) -> None:
    for name, content, code in [
        ("blank.txt", " \n\n ", "empty_file"),
        ("script.html", "<html><script>var words = 1</script></html>", "empty_file"),
        ("cut.ipynb", notebook({"cell_type": "markdown", "source": "x"})[:-4], "damaged"),
        ("list.ipynb", '{"cells": [3], "cell_type": 1}', "damaged"),
        ("binary.txt", b"\x00\x01\x02 not text", "unknown_kind"),
    ]:
        with pytest.raises(UnreadableFileError) as caught:
            read(tmp_path, name, content)
        assert caught.value.code == code, name


def test_a_web_page_that_was_saved_as_a_pdf_is_no_deck(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="not a PDF") as caught:
        read(tmp_path, "week1.pdf", "<!doctype html><html><body>Please sign in</body></html>")
    assert caught.value.code == "not_a_pdf"


@given(st.text(alphabet="<>/!-&;ab h1scriptyle='\"", max_size=60))
def test_reduced_html_holds_no_tag_but_those_that_are_kept(html: str) -> None:
    body, _ = reduce_html(html)
    assert "<script" not in body
    assert "<style" not in body
    assert "=" not in body.replace('<div class="cut">', "") or "=" in html


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=200))
def test_any_text_becomes_pages_or_a_sentence(text: str) -> None:
    try:
        assert text_as_pdf(text.encode("utf-8", "replace"), "text", max_pages=50).startswith(b"%PDF")
    except UnreadableFileError as error:
        assert error.code == "empty_file"


def test_headings_and_numbers_that_repeat_in_a_text_are_its_words_and_no_page_headers(tmp_path: Path) -> None:
    text = "".join(f"## Exercise\n\nSolve number {word}.\n\nHint\n\n{at}\n\n" for at, word in enumerate(NUMBERS, 1))
    slides = read(tmp_path, "sheet.md", text).slides
    assert [whole(slide) for slide in slides] == [
        f"Exercise Solve number {word}. Hint {at}" for at, word in enumerate(NUMBERS, 1)
    ]
    assert {slide.furniture for slide in slides} == {""}
    assert {slide.page_label for slide in slides} == {None}
    assert {slide.title for slide in slides} == {"Exercise"}
