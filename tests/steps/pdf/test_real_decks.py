"""Real course material reads as a person reads it: what was seen wrong once stays right."""

from functools import cache
from pathlib import Path

import pytest

from pipelines.core.records import Slide
from pipelines.steps.pdf.slides import Deck, read_deck


@pytest.fixture(scope="module")
def decks(shared_data: Path) -> Path:
    return shared_data / "decks"


@cache
def deck(path: Path) -> Deck:
    return read_deck(path, max_ocr_pages=0)


def page(path: Path, number: int) -> Slide:
    return deck(path).slides[number - 1]


def test_two_columns_are_read_one_after_the_other(decks: Path) -> None:
    body = page(decks / "pdf-samples/multicolumn.pdf", 1).body
    assert body.startswith("Two-Column Document with Lorem Ipsum\nYour Name\nJanuary 3, 2024\nAbstract")
    assert "consectetuer adipiscing elit" in body
    assert body.index("Donec nonummy") < body.index("Phasellus adipiscing semper elit")


def test_tables_are_rows_of_cells_with_wrapped_cells_put_together(decks: Path) -> None:
    rows = page(decks / "diogo/causal_inference_beamer.pdf", 4).body.split("\n")
    assert (
        "Facebook friends vs longevity | Social media extends life | Social people live longer and use Facebook" in rows
    )
    rows = page(decks / "diogo/R_programming.pdf", 6).body.split("\n")
    assert rows[1:3] == ["Feature | R | Python | SPSS/SAS", "Statistical Analysis | ★★★ | ★★✩ | ★★★"]
    rows = page(decks / "slds-optimization/slides-evolutionary-algorithms-1-ea-intro.pdf", 4).body.split("\n")
    assert "x_j | j-th gene of chromosome" in rows


def test_code_keeps_its_comments_on_their_lines(decks: Path) -> None:
    rows = page(decks / "diogo/R_programming.pdf", 15).body.split("\n")
    assert "6 t(A) # transpose" in rows


def test_formulas_stay_in_one_piece(decks: Path) -> None:
    body = page(decks / "geotopo-de/GeoTopo-komprimiert.pdf", 10).body
    assert "B_r(x) := { y ∈X | d(x, y) < r } für x ∈X, r ∈R^+" in body
    assert "1 falls x≠ y" in body
    body = page(decks / "diogo/pca_handout.pdf", 10).body
    assert "Pr (|u^⊤X| ≥t) ≤2 exp ( −t^2 2K^2 ) ." in body
    assert "∥Σ_n −Σ∥_2" in body
    assert "|{z" not in page(decks / "diogo/causal_inference_beamer.pdf", 5).body


def test_running_headers_with_changing_text_are_furniture(decks: Path) -> None:
    slide = page(decks / "geotopo-de/GeoTopo-komprimiert.pdf", 10)
    assert "METRISCHE RÄUME" in slide.furniture
    assert "METRISCHE RÄUME" not in slide.body
    assert slide.title == "1.2 Metrische Räume"
    assert slide.section == "1 Topologische Grundbegriffe › 1.2 Metrische Räume"
    assert slide.page_label == "7"


def test_printed_numbers_differ_from_pages_and_group_frames(decks: Path) -> None:
    slides = deck(decks / "slds-optimization/slides-univariate-1-golden-ratio.pdf").slides
    assert [s.page_label for s in slides[:4]] == [None, "1 / 12", "2 / 12", "2 / 12"]
    assert {s.frame_group for s in slides[2:15]} == {2}
    assert slides[15].frame_group == 3
    assert slides[2].title == "SIMPLE NESTING PROCEDURE"
    labels = [s.page_label for s in deck(decks / "practical-rl/week1_lecture1.pdf").slides]
    assert labels == [str(number) for number in range(1, 56)]


def test_the_decks_of_one_course_have_different_titles(decks: Path) -> None:
    titles = {deck(path).title for path in sorted((decks / "slds-optimization").glob("*.pdf"))}
    assert len(titles) == 7
    assert "Optimization in Machine Learning First order methods GD with Momentum" in titles


def test_every_slide_of_a_deck_with_titles_has_its_own(decks: Path) -> None:
    for name in ("diogo/R_programming.pdf", "slds-optimization/slides-constrained-4-lp-duality.pdf"):
        assert all(slide.title for slide in deck(decks / name).slides), name


def test_lettering_of_figures_comes_after_the_text(decks: Path) -> None:
    rows = page(decks / "slds-optimization/slides-evolutionary-algorithms-1-ea-intro.pdf", 1).body.split("\n")
    assert rows.index("Parent selection, variation, survival") < rows.index("SELECTION | EVALUATION")


def test_arabic_japanese_and_accented_letters_are_whole(decks: Path, shared_data: Path) -> None:
    assert "حَبيبي" in page(decks / "pdf-samples/habibi-rotated.pdf", 1).body
    assert page(shared_data / "malformed/pdfjs/vertical.pdf", 1).body == "あいうえお\n日本語"
    assert page(shared_data / "malformed/pdfjs/french_diacritics.pdf", 1).body.startswith("à À â Â ä Ä ç Ç é É")
