"""Text that is shown in other ways than a text layer, and text that a layer has and nobody is shown."""

from pathlib import Path

import pymupdf

from pipelines.steps.pdf.pairs import plain_letters
from pipelines.steps.pdf.slides import read_deck

SIZE = (480.0, 270.0)
WORDS = {
    "outlines": ["Rivers carry sand", "down to the sea"],
    "strips": ["Bread needs yeast", "flour and water"],
    "on its side": ["Marble is made", "of old limestone"],
}


def drawn(lines: list[str]) -> pymupdf.Document:
    """One page with these lines as text."""
    document = pymupdf.open()
    page = document.new_page(width=SIZE[0], height=SIZE[1])
    for number, text in enumerate(lines):
        page.insert_text((40, 80 + 50 * number), text, fontsize=26)
    return document


def test_outlines_strips_and_pages_on_their_side_are_read_from_their_picture(tmp_path: Path) -> None:
    deck = pymupdf.open()
    svg = drawn(WORDS["outlines"])[0].get_svg_image(text_as_path=True)
    deck.insert_pdf(pymupdf.open("pdf", pymupdf.open("svg", svg.encode()).convert_to_pdf()))
    strips, source = deck.new_page(width=SIZE[0], height=SIZE[1]), drawn(WORDS["strips"])[0]
    for number in range(15):
        part = pymupdf.Rect(0, 18 * number, SIZE[0], 18 * (number + 1))
        strips.insert_image(part, pixmap=source.get_pixmap(dpi=150, clip=part))
    strips.insert_text((440, 262), "2", fontsize=8)
    side = deck.new_page(width=SIZE[1], height=SIZE[0])
    side.insert_image(side.rect, pixmap=drawn(WORDS["on its side"])[0].get_pixmap(dpi=150), rotate=90)
    assert not deck[0].get_text().strip() and not deck[2].get_text().strip()
    deck.save(tmp_path / "deck.pdf")
    for slide, (kind, lines) in zip(read_deck(tmp_path / "deck.pdf").slides, WORDS.items(), strict=True):
        assert slide.text_source == "ocr", kind
        assert plain_letters("".join(lines)) in plain_letters(slide.body), kind


def test_what_is_switched_off_or_cropped_away_is_no_text_and_what_was_typed_on_the_page_is(tmp_path: Path) -> None:
    deck = drawn(["Printed on the slide"])
    page = deck[0]
    page.insert_text((40, 180), "Hidden layer", fontsize=20, oc=deck.add_ocg("answers", on=False))
    page.insert_text((40, 262), "Printer marks", fontsize=12)
    page.add_freetext_annot(pymupdf.Rect(40, 110, 400, 140), "Typed by hand", fontsize=18)
    field = pymupdf.Widget()
    field.field_name, field.field_type, field.field_value = "a", pymupdf.PDF_WIDGET_TYPE_TEXT, "Filled in"
    field.rect, field.text_fontsize = pymupdf.Rect(40, 200, 400, 230), 16
    page.add_widget(field)
    page.set_cropbox(pymupdf.Rect(0, 0, SIZE[0], 245))
    deck.save(tmp_path / "deck.pdf")
    body = read_deck(tmp_path / "deck.pdf", max_ocr_pages=0).slides[0].body
    assert all(words in body for words in ("Printed on the slide", "Typed by hand", "Filled in")), body
    assert "Hidden" not in body and "Printer" not in body
