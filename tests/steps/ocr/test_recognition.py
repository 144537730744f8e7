"""Pages that are pictures are read from their picture, without network, within the limits of a deck."""

from pathlib import Path

import pymupdf
import pytest

from pipelines.steps.pdf.slides import Deck, read_deck
from pipelines.steps.sandbox.limits import Limits
from tests.steps.pdf_files import SLIDE, Text, slide, write_deck


def add_picture(document: pymupdf.Document, texts: list[Text], *, title: str = "") -> None:
    """Adds a page that shows `texts` as a picture, below a `title` that is real text."""
    drawn = pymupdf.open()
    page = drawn.new_page(width=SLIDE[0], height=SLIDE[1])
    for x, y, size, text in texts:
        page.insert_text((x, y), text, fontsize=size)
    area = pymupdf.Rect(0, 50, *SLIDE) if title else page.rect
    target = document.new_page(width=SLIDE[0], height=SLIDE[1])
    target.insert_image(area, pixmap=page.get_pixmap(dpi=150, clip=area))
    if title:
        target.insert_text((30, 35), title, fontsize=20)


def break_letters(document: pymupdf.Document, page: int) -> None:
    """Gives the page's font a map that calls every glyph an exclamation mark, as broken exports do."""
    letters = b" ".join(b"<%02X> <0021>" % code for code in range(33, 127))
    cmap = b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
    cmap += b"94 beginbfchar " + letters + b" endbfchar endcmap end"
    mapping = document.get_new_xref()
    document.update_object(mapping, "<<>>")
    document.update_stream(mapping, cmap)
    document.xref_set_key(document[page].get_fonts()[0][0], "ToUnicode", f"{mapping} 0 R")


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Deck:
    """Pictures on pages 1, 2, 3 and 5, a font without letters on page 4; four pages may be recognised."""
    path = tmp_path_factory.mktemp("ocr") / "deck.pdf"
    write_deck(path, [slide("Shown as this", "but stored as exclamation marks")])
    document = pymupdf.open(path)
    break_letters(document, 0)
    texts = ["The line of best fit", "minimises squared errors"]
    add_picture(document, slide("Linear regression", *texts, footer="Statistics - 4 / 9"))
    add_picture(document, slide("Logistic regression", "A curve between zero and one", footer="Statistics - 5 / 9"))
    add_picture(document, slide("", "Photosynthesis turns light", "into sugar"), title="Plants")
    add_picture(document, slide("One more", "picture of some text"))
    document.select([1, 2, 3, 0, 4])
    document.save(path.with_name("pictures.pdf"))
    return read_deck(path.with_name("pictures.pdf"), max_ocr_pages=4)


def test_pictures_of_slides_become_text_with_titles_and_numbers(deck: Deck) -> None:
    first, second = deck.slides[:2]
    assert first.text_source == second.text_source == "ocr"
    assert first.body == "Linear regression\nThe line of best fit\nminimises squared errors"
    assert (second.title, second.page_label) == ("Logistic regression", "5 / 9")
    assert "Statistics" in second.furniture


def test_a_title_above_a_picture_of_text_keeps_both(deck: Deck) -> None:
    slide = deck.slides[2]
    assert slide.title == "Plants"
    assert slide.body == "Plants\nPhotosynthesis turns light\ninto sugar"
    assert slide.text_source == "ocr"


def test_fonts_without_letters_are_read_from_the_picture(deck: Deck) -> None:
    assert deck.slides[3].body == "Shown as this\nbut stored as exclamation marks"
    assert deck.slides[3].text_source == "ocr"


def test_recognition_stops_at_its_limit_and_says_so(deck: Deck, tmp_path: Path) -> None:
    assert deck.slides[4].text_source == "none"
    assert [(finding.code, finding.page) for finding in deck.findings] == [("not_recognised", 5)]
    document = pymupdf.open()
    add_picture(document, slide("A picture", "of some text"))
    document.save(tmp_path / "deck.pdf")
    hurried = read_deck(tmp_path / "deck.pdf", limits=Limits(cpu_s=20))
    assert [finding.code for finding in hurried.findings] == ["not_recognised"]


def test_pages_with_text_or_without_pictures_are_not_recognised(tmp_path: Path) -> None:
    pages = [slide("Section"), slide("Enough", "A whole sentence that says what this page is about.")]
    assert [s.text_source for s in read_deck(write_deck(tmp_path / "deck.pdf", pages)).slides] == ["layer", "layer"]


@pytest.mark.slow
def test_a_real_deck_of_pictures_reads_like_its_original(shared_data: Path, tmp_path: Path) -> None:
    source = pymupdf.open(shared_data / "decks/derived/slds-momentum-imageonly.pdf")
    source.select([1])
    source.save(tmp_path / "one.pdf")
    (only,) = read_deck(tmp_path / "one.pdf").slides
    assert only.title == "RECAP: WEAKNESSES OF GRADIENT DESCENT"
    assert "Trapped in stationary points: In some functions GD converges" in only.body
    assert only.page_label == "1 / 16"
