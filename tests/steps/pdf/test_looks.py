"""Pictures beside a text layer: which of them are looked at, when, and what a first reading says of the others."""

import zlib
from pathlib import Path

import pymupdf
import pytest

from pipelines.core.records import NOT_RECOGNISED_YET
from pipelines.steps.pdf.looks import PageLooks
from pipelines.steps.pdf.pairs import plain_letters
from pipelines.steps.pdf.slides import read_deck
from tests.steps.pdf_files import SLIDE, one_page, slide, stream

HEAD = "Sediments settle in layers from the largest grains down"
IN_PICTURE = ["Clay sinks last of all", "and forms the top layer", "of every river delta"]


def picture(lines: list[str]) -> pymupdf.Pixmap:
    """A grey picture, half as high as a slide, with these lines of text."""
    document = pymupdf.open()
    page = document.new_page(width=400, height=130)
    for number, text in enumerate(lines):
        page.insert_text((20, 35 + 35 * number), text, fontsize=24)
    return page.get_pixmap(dpi=150, colorspace=pymupdf.csGRAY)


def plot() -> pymupdf.Pixmap:
    """A picture without any letter: a curve over two axes."""
    document = pymupdf.open()
    page = document.new_page(width=400, height=130)
    page.draw_line((20, 120), (380, 120), width=3)
    page.draw_line((20, 120), (20, 10), width=3)
    page.draw_bezier((20, 110), (150, 100), (200, 20), (380, 15), width=4)
    return page.get_pixmap(dpi=150, colorspace=pymupdf.csGRAY)


def with_picture(deck: pymupdf.Document, shown: pymupdf.Pixmap, *, rotate: int = 0) -> None:
    page = deck.new_page(width=SLIDE[0], height=SLIDE[1])
    page.insert_text((30, 40), HEAD, fontsize=14)
    page.insert_image(pymupdf.Rect(40, 100, 440, 230), pixmap=shown)
    page.set_rotation(rotate)


def inline_image() -> bytes:
    """A page with text and, in its own code instead of in an object, a picture of text."""
    shown = picture(IN_PICTURE)
    packed = zlib.compress(shown.samples)
    image = b"BI /W %d /H %d /CS /G /BPC 8 /F /Fl ID " % (shown.width, shown.height) + packed + b"\nEI"
    text = b"BT /H 14 Tf 30 230 Td (%s) Tj ET\n" % HEAD.encode()
    font = b"/Font << /H << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
    return one_page(stream(text + b"q 400 0 0 130 40 40 cm\n" + image + b" Q"), resources=font)


@pytest.mark.parametrize("kind", ["inline", pytest.param("turned", marks=pytest.mark.slow)])
def test_a_picture_of_text_beside_text_is_read_however_it_is_stored_and_turned(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "deck.pdf"
    if kind == "inline":
        path.write_bytes(inline_image())
    else:
        deck = pymupdf.open()
        with_picture(deck, picture(IN_PICTURE), rotate=180)
        deck.save(path)
    (read,) = read_deck(path).slides
    said = plain_letters(read.body)
    assert plain_letters(HEAD) in said
    assert all(plain_letters(line) in said for line in IN_PICTURE), read.body


def test_a_first_reading_leaves_pictures_to_the_second_without_a_look_where_there_is_one_anyway(tmp_path: Path) -> None:
    deck = pymupdf.open()
    with_picture(deck, plot())
    scan = deck.new_page(width=SLIDE[0], height=SLIDE[1])
    scan.insert_image(scan.rect, pixmap=picture(IN_PICTURE))
    deck.save(tmp_path / "deck.pdf")
    first = read_deck(tmp_path / "deck.pdf", text_first=True)
    assert [(found.page, found.code) for found in first.findings] == [(1, NOT_RECOGNISED_YET), (2, NOT_RECOGNISED_YET)]
    assert all("if it has any" in found.sentence for found in first.findings), "a plot is called a picture of text"
    second = read_deck(tmp_path / "deck.pdf")
    assert not second.findings
    assert [read.text_source for read in second.slides] == ["layer", "ocr"]


def test_a_deck_whose_pictures_show_no_letters_needs_no_second_reading(tmp_path: Path) -> None:
    deck = pymupdf.open()
    for _ in range(2):
        with_picture(deck, plot())
    deck.save(tmp_path / "deck.pdf")
    assert not read_deck(tmp_path / "deck.pdf", text_first=True).findings


def test_looking_ends_at_the_first_picture_of_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.steps.pdf.worker import read

    deck = pymupdf.open()
    for _ in range(4):
        with_picture(deck, picture(IN_PICTURE))
    deck.save(tmp_path / "deck.pdf")
    looked: list[int] = []
    look = PageLooks.letters_beside
    monkeypatch.setattr(PageLooks, "letters_beside", lambda looks, number: looked.append(number) or look(looks, number))
    more = {"password": None, "max_pages": 9, "max_ocr_pages": 9, "cpu_s": 100.0, "item_s": 5.0, "total_s": 200.0}
    with (tmp_path / "deck.pdf").open("rb") as source:
        *_, (told, _) = read(source, text_first=True, **more)
    assert [found["page"] for found in told["deck"]["findings"]] == [1, 2, 3, 4]
    assert len(looked) == 1


def test_a_slide_without_pictures_is_not_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.steps.pdf.worker import read

    deck = pymupdf.open()
    page = deck.new_page(width=SLIDE[0], height=SLIDE[1])
    for x, y, size, text in slide("Erosion", *[f"Point {n} on sand and rain" for n in "abcdef"]):
        page.insert_text((x, y), text, fontsize=size)
    deck.save(tmp_path / "deck.pdf")
    monkeypatch.setattr("pipelines.steps.pdf.looks.pixmap", lambda *_, **__: pytest.fail("drawn"))
    more = {"password": None, "max_pages": 9, "max_ocr_pages": 9, "cpu_s": 100.0, "item_s": 5.0, "total_s": 200.0}
    with (tmp_path / "deck.pdf").open("rb") as source:
        *_, (told, _) = read(source, text_first=True, **more)
    assert not told["deck"]["findings"]
