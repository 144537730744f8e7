"""Kinds of pages that text extraction is reported to fail on, each with a small input of its own."""

from pathlib import Path

import pymupdf
import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Slide
from pipelines.steps.ocr.recognition import Reading
from pipelines.steps.pdf.bidi import logical_order
from pipelines.steps.pdf.doubles import without_doubles
from pipelines.steps.pdf.junk import drop_blobs
from pipelines.steps.pdf.letters import Glyph, reread
from pipelines.steps.pdf.lines import Line
from pipelines.steps.pdf.merge import add_recognised, fill_gaps
from pipelines.steps.pdf.pairs import count_pairs, garbled
from pipelines.steps.pdf.slides import read_deck
from pipelines.steps.pdf.text import PageText
from pipelines.steps.pdf.vertical import read_columns
from tests.steps.pdf_files import one_page, stream


def line(text: str, x0: float = 0, x1: float = 100, y: float = 0, **more: object) -> Line:
    return Line(x0, y, x1, y + 10, y + 8, text, 10, **more)  # type: ignore[arg-type]


def glyphs(text: str, *, gap: float, word_gap: float) -> list[Glyph]:
    """Letters 6 points wide with `gap` points between them, `word_gap` where the text has a space."""
    made, x = [], 0.0
    for char in text:
        if char == " ":
            x += word_gap - gap
            continue
        made.append(Glyph(char, x, x + 6, 12))
        x += 6 + gap
    return made


def read(tmp_path: Path, document: pymupdf.Document) -> list[Slide]:
    path = tmp_path / "deck.pdf"
    document.save(path)
    return read_deck(path, max_ocr_pages=0).slides


def test_letter_spaced_headings_are_words_and_lists_of_letters_stay() -> None:
    spaced = glyphs("HARMONIC MOTION", gap=4, word_gap=12)
    assert reread("H A R M O N I C M O T I O N", lambda: spaced) == "HARMONIC MOTION"
    assert reread("A B C D E F", lambda: glyphs("ABCDEF", gap=4, word_gap=12)) is None
    assert reread("an ordinary line", lambda: pytest.fail("not asked")) is None


def test_an_accent_joins_the_letter_it_stands_over_whether_before_or_after() -> None:
    before = [Glyph("n", 0, 6, 10), Glyph("\xb4", 7, 10, 10), Glyph("e", 6, 12, 10), Glyph("e", 12, 18, 10)]
    after = [Glyph("n", 0, 6, 10), Glyph("e", 6, 12, 10), Glyph("\xb4", 7, 10, 10), Glyph("e", 12, 18, 10)]
    assert reread("n\xb4ee", lambda: before) == reread("ne\xb4e", lambda: after) == "née"


def test_text_from_the_right_keeps_numbers_and_turns_brackets() -> None:
    visual = [*"(", *"םלוע"[::1], *") ", *"2024", " ", *"םולש"]
    assert logical_order(visual) == "שלום 2024 (עולם)"
    assert logical_order([*"10-20", " ", *"דע"]) == "עד 10-20"


def test_what_is_painted_twice_or_underlined_with_underscores_counts_once() -> None:
    lines = [line("Light waves"), line("Light waves", 1, 101, y=0.5), line("______", 10, 60, y=1), line("other", y=30)]
    assert [each.text for each in without_doubles(lines)] == ["Light waves", "other"]
    apart = [line("Light waves"), line("Light waves", y=15), line("____", 200, 240)]
    assert len(without_doubles(apart)) == 3


def test_words_painted_twice_one_by_one_count_once() -> None:
    doubled = [line("Cells", 0, 30), line("Cells divide", 0, 72), line("divide daily", 36, 108), line("daily", 75, 108)]
    assert " ".join(each.text for each in without_doubles(doubled)) == "Cells divide daily"
    row = [line("one and", 0, 42), line("and two", 45, 87)]
    assert [each.text for each in without_doubles(row)] == ["one and", "and two"], "they stand apart"


def test_an_accent_narrower_than_its_letter_opens_no_gap() -> None:
    shown = [Glyph("A", 0, 16, 22), Glyph("\u02da", 0, 11, 22), Glyph(" ", 11, 16, 22), Glyph("n", 16, 28, 22)]
    assert reread("o\xa8m A\u02da n", lambda: shown) == "Ån"


def test_letters_that_look_random_are_read_from_the_picture_and_not_dropped_as_junk() -> None:
    random_looking = "l3e2moqekzozb3e3ombwj3o0moj33d"
    assert drop_blobs([line(random_looking)]) == ([], len(random_looking))
    doubted = line(random_looking, doubt="letters")
    assert drop_blobs([doubted]) == ([doubted], 0)


def test_an_answer_that_is_the_number_of_its_page_is_content(tmp_path: Path) -> None:
    document = pymupdf.open()
    for number, answer in enumerate(("8", "6", "12", "30", "5"), 1):
        page = document.new_page(width=480, height=270)
        page.insert_text((40, 60), f"How many of kind {answer}?", fontsize=20)
        page.insert_text((40, 255), answer, fontsize=20)
        page.insert_text((450, 262), str(number), fontsize=8)
    slides = read(tmp_path, document)
    assert [slide.body.split("\n")[-1] for slide in slides] == ["8", "6", "12", "30", "5"]
    assert [slide.furniture for slide in slides] == ["1", "2", "3", "4", "5"]


def test_letters_named_as_others_are_told_and_languages_are_not() -> None:
    english = "The neurons of the visual cortex answer to edges of one direction only"
    shifted = "".join(chr((ord(c) - 97 + 5) % 26 + 97) if c.islower() else c for c in english)
    assert garbled(*count_pairs(shifted))
    for text in (
        english,
        "Die Wahrscheinlichkeit nimmt mit jedem weiteren Versuch spürbar ab",
        "Onnellisuus on harvinaista",
    ):
        assert not garbled(*count_pairs(text))


def test_the_layer_wins_where_both_readings_agree_and_the_picture_where_it_lies() -> None:
    page = PageText(lines=[line("true words", doubt="letters"), line("gsrxvdvw", y=20, doubt="letters")], width=100)
    add_recognised(page, Reading([line("truc words"), line("contrast", y=20)]), turned=False)
    assert sorted(each.text for each in page.lines) == ["contrast", "true words"]


def test_gaps_are_filled_from_the_picture_or_stay_marked() -> None:
    assert fill_gaps("the \ufffdnal de\ufffdnition", "The final definition") == "the final definition"
    assert fill_gaps("the \ufffdnal step", "something else") is None
    page = PageText(lines=[line("ef\ufffdcient", doubt="gaps")], width=100)
    add_recognised(page, Reading([]), turned=False)
    assert page.lines[0].text == "ef\ufffdcient"


def test_a_recognised_line_adds_only_the_words_the_layer_lacks() -> None:
    page = PageText(lines=[line("Market", 0, 60)], width=300)
    add_recognised(page, Reading([line("Market price rises", 0, 180)]), turned=False)
    assert [each.text for each in page.lines] == ["Market", "price rises"]


def test_columns_of_east_asian_letters_are_read_down_from_the_right() -> None:
    columns = ["水は零度で", "凍りはじめ"]
    lines = [
        line(char, 200 - 40 * number, 210 - 40 * number, y=12 * row)
        for number, column in enumerate(columns)
        for row, char in enumerate(column)
    ]
    rest = line("Title", 0, 50)
    found, others = read_columns([rest, *lines])
    assert [each.text for each in found] == columns
    assert others == [rest]


def test_lines_stand_where_a_reader_sees_them_also_on_turned_pages(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page(width=400, height=200)
    page.insert_text((40, 100), "A line in the middle", fontsize=20)
    turned = document.new_page(width=200, height=400)
    turned.insert_text((100, 40), "A line in the middle", fontsize=20, rotate=270)
    turned.set_rotation(270)
    for slide in read(tmp_path, document):
        ((left, top, right, bottom),) = slide.line_boxes[0]
        assert 0.05 < left < 0.15 and 0.35 < top < 0.5 and 0.45 < right < 0.65 and 0.5 < bottom < 0.6, slide


def test_a_portfolio_is_the_pages_of_its_pdfs_and_names_what_is_left(tmp_path: Path) -> None:
    inner = pymupdf.open()
    inner.new_page().insert_text((40, 80), "Inside the folder", fontsize=20)
    cover = pymupdf.open()
    cover.new_page().insert_text((40, 80), "Open this in another reader", fontsize=20)
    cover.embfile_add("week1", inner.tobytes(), filename="week1.pdf")
    cover.embfile_add("sheet", b"PK\x03\x04", filename="sheet.xlsx")
    cover.xref_set_key(cover.pdf_catalog(), "Collection", "<</Type/Collection/View/D>>")
    cover.save(tmp_path / "folder.pdf")
    deck = read_deck(tmp_path / "folder.pdf")
    assert [(slide.title, slide.section) for slide in deck.slides] == [("Inside the folder", "week1.pdf")]
    assert [finding.code for finding in deck.findings] == ["files_inside"]
    assert "sheet.xlsx" in deck.findings[0].sentence


def test_a_form_that_only_one_reader_can_show_is_refused_with_the_way_out(tmp_path: Path) -> None:
    document = pymupdf.open()
    document.new_page().insert_text((40, 80), "Please wait...")
    root = document.pdf_catalog()
    document.xref_set_key(root, "AcroForm", "<</XFA(form)/Fields[]>>")
    document.xref_set_key(root, "NeedsRendering", "true")
    document.save(tmp_path / "form.pdf")
    with pytest.raises(UnreadableFileError, match="print it to PDF and upload") as caught:
        read_deck(tmp_path / "form.pdf")
    assert caught.value.code == "dynamic_form"


def test_a_page_that_shows_something_without_words_is_a_finding_and_a_blank_one_is_not(tmp_path: Path) -> None:
    document = pymupdf.open()
    document.new_page(width=400, height=200)
    document.new_page(width=400, height=200).draw_circle((200, 100), 60, fill=(0, 0.3, 0.6))
    document.save(tmp_path / "deck.pdf")
    assert [(f.code, f.page) for f in read_deck(tmp_path / "deck.pdf").findings] == [("no_text", 2)]


def bitmap_font_page(lines: tuple[str, ...], *, letter_map: bool) -> bytes:
    """A page set in a Type 3 font whose glyphs are bitmaps of 100 dots an inch and whose size is called 1.

    Its codes count the letters as they come, so without a letter map they say nothing.
    """
    chars = sorted({char for text in lines for char in text})
    glyphs, widths = [], []
    for char in chars:
        canvas = pymupdf.open()
        page = canvas.new_page(width=40, height=40)
        page.insert_text((4, 30), char, fontsize=24)
        dots = page.get_pixmap(colorspace=pymupdf.csGRAY)
        mask = bytearray()
        for row in range(40):
            bits = "".join("0" if dots.pixel(column, row)[0] < 128 else "1" for column in range(40))
            mask += int(bits, 2).to_bytes(5, "big")
        width = round(pymupdf.get_text_length(char, fontsize=24))
        widths.append(width)
        picture = b"BI /W 40 /H 40 /IM true /BPC 1 /D [0 1] /F /AHx ID %s> EI" % mask.hex().encode()
        glyphs.append(stream(b"%d 0 -4 -10 36 30 d1 q 40 0 0 40 -4 -10 cm %s Q" % (width, picture)))
    first = 6
    procs = b" ".join(b"/g%d %d 0 R" % (at, first + at) for at in range(len(chars)))
    names = b" ".join(b"/g%d" % at for at in range(len(chars)))
    pairs = b"\n".join(b"<%02X> <%04X>" % (65 + at, ord(char)) for at, char in enumerate(chars))
    cmap = b"begincmap 1 begincodespacerange <00> <FF> endcodespacerange %d beginbfchar %s endbfchar endcmap"
    font = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [-4 -10 36 30] /FontMatrix [1 0 0 1 0 0] /FirstChar 65 "
        b"/LastChar %d /Widths [%s] /CharProcs << %s >> /Encoding << /Type /Encoding /Differences [65 %s] >> %s >>"
        % (
            64 + len(chars),
            b" ".join(b"%d" % width for width in widths),
            procs,
            names,
            b"/ToUnicode %d 0 R" % (first + len(chars)) if letter_map else b"",
        )
    )
    codes = [bytes(65 + chars.index(char) for char in text).hex().encode() for text in lines]
    shown = b" ".join(b"1 0 0 1 30 %d Tm <%s> Tj" % (220 - 40 * at, code) for at, code in enumerate(codes))
    return one_page(
        stream(b"BT /F 0.7 Tf %s ET" % shown),
        resources=b"/Font << /F 5 0 R >>",
        more=[font, *glyphs, stream(cmap % (len(chars), pairs))],
    )


BITMAPS = ("Moraines are left behind", "where a glacier has melted")


def test_a_font_of_bitmaps_has_its_words_whatever_size_it_calls_itself(tmp_path: Path) -> None:
    path = tmp_path / "deck.pdf"
    path.write_bytes(bitmap_font_page(BITMAPS, letter_map=True))
    slide = read_deck(path, max_ocr_pages=0).slides[0]
    assert (slide.text_source, slide.body) == ("layer", "\n".join(BITMAPS))


@pytest.mark.slow  # the recogniser is loaded
def test_a_font_of_bitmaps_without_a_letter_map_is_read_from_its_picture(tmp_path: Path) -> None:
    path = tmp_path / "deck.pdf"
    path.write_bytes(bitmap_font_page(BITMAPS, letter_map=False))
    slide = read_deck(path).slides[0]
    assert slide.text_source == "ocr"
    assert "".join(slide.body.split()) == "".join("".join(BITMAPS).split())


def test_a_scan_that_was_recognised_twice_counts_once(tmp_path: Path) -> None:
    said = "Vaccines train the immune system"
    drawn = pymupdf.open()
    page = drawn.new_page(width=480, height=270)
    page.insert_text((40, 100), said, fontsize=20)
    scan = page.get_pixmap(dpi=72)
    document = pymupdf.open()
    page = document.new_page(width=480, height=270)
    page.insert_image(page.rect, pixmap=scan)
    page.insert_text((40, 100), said, fontsize=20, render_mode=3)
    page.insert_text((41, 101), said, fontsize=19.5, render_mode=3)
    (slide,) = read(tmp_path, document)
    assert (slide.text_source, slide.body) == ("layer", said)
