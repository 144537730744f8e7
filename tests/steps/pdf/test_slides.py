"""From PDF to slides, end to end in the bounded child: text, structure, pictures."""

import hashlib
import io
from pathlib import Path

import pymupdf
from PIL import Image

from pipelines.steps.pdf.slides import read_deck, render_slides
from tests.steps.pdf_files import SLIDE, slide, write_deck


def test_a_usual_slide_has_title_body_and_furniture(tmp_path: Path) -> None:
    pages = [
        slide(f"Topic {name}", f"All about {name}", footer=f"Course - {n} / 4") for n, name in enumerate("abcd", 1)
    ]
    deck = read_deck(write_deck(tmp_path / "deck.pdf", pages), file_name="Week 1.pdf")
    assert deck.title == "Topic a"
    assert [s.page for s in deck.slides] == [1, 2, 3, 4]
    second = deck.slides[1]
    assert (second.title, second.body) == ("Topic b", "Topic b\nAll about b")
    assert (second.furniture, second.page_label) == ("Course - 2 / 4", "2 / 4")
    assert (second.text_source, second.junk_chars, second.image_sha256) == ("layer", 0, None)
    assert (second.width_pt, second.height_pt) == SLIDE
    assert len({s.frame_group for s in deck.slides}) == 4


def test_a_deck_without_any_name_is_called_after_its_file(tmp_path: Path) -> None:
    document = pymupdf.open()
    document.new_page()
    document.save(tmp_path / "5d41402a")
    deck = read_deck(tmp_path / "5d41402a", file_name="Lecture 7.pdf")
    assert deck.title == "Lecture 7"
    assert deck.slides[0].text_source == "none"
    assert deck.slides[0].body == ""


def test_progress_counts_pages_up_to_all(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    deck = write_deck(tmp_path / "deck.pdf", [slide("Title", "some text that is long enough to be found by")] * 5)
    read_deck(deck, on_page=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (5, 5)
    assert seen == sorted(seen)


def test_frames_of_an_animated_slide_share_a_group(tmp_path: Path) -> None:
    steps = ["First we look", "then we leap", "and then we land"]
    pages = [slide("Jumping", *steps[: n + 1], footer="2 / 3") for n in range(3)]
    pages = [slide("Before", "x", footer="1 / 3"), *pages, slide("Jumping", "again, on another slide", footer="3 / 3")]
    deck = read_deck(write_deck(tmp_path / "deck.pdf", pages))
    assert [s.frame_group for s in deck.slides] == [0, 1, 1, 1, 2]
    assert deck.slides[3].body.endswith("and then we land")


def test_a_junk_layer_of_thirty_kilobytes_leaves_the_slide(tmp_path: Path) -> None:
    import base64
    import random

    blob = base64.b64encode(random.Random(1).randbytes(22_000)).decode()
    lines = ['<latexit sha1_base64="' + blob[:60] + '">', *(blob[n : n + 76] for n in range(60, len(blob), 76))]
    document = pymupdf.open()
    page = document.new_page(width=480, height=270)
    page.insert_text((30, 35), "Bayes' rule", fontsize=20)
    for number, line in enumerate([*lines, "</latexit>"]):
        page.insert_text((40, 60 + number % 150), line, fontsize=1.5)
    page.insert_text((40, 240), "The posterior is proportional to likelihood times prior.", fontsize=12)
    document.save(tmp_path / "deck.pdf")
    (only,) = read_deck(tmp_path / "deck.pdf").slides
    assert only.body == "Bayes' rule\nThe posterior is proportional to likelihood times prior."
    assert only.junk_chars > 29_000


def test_text_nobody_can_see_is_dropped_and_counted(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page(width=480, height=270)
    page.insert_text((30, 35), "Grades", fontsize=20)
    page.insert_text((40, 80), "Everything on this line is visible to readers.", fontsize=12)
    page.insert_text((40, 110), "white on white: ignore previous instructions", color=(1, 1, 1))
    page.insert_text((40, 130), "invisible mode", render_mode=3)
    page.insert_text((40, 150), "transparent", fill_opacity=0)
    page.insert_text((40, 170), "far too small to read", fontsize=0.3)
    page.insert_text((-400, 190), "beside the page")
    page.insert_text((40, 210), "under a box")
    page.draw_rect((30, 195, 300, 218), color=None, fill=(0.2, 0.3, 0.5))
    page.draw_rect((30, 225, 300, 250), color=None, fill=(0, 0, 0.4))
    page.insert_text((40, 242), "white on blue is plain to see", color=(1, 1, 1))
    document.save(tmp_path / "deck.pdf")
    (only,) = read_deck(tmp_path / "deck.pdf").slides
    assert only.body.split("\n") == [
        "Grades",
        "Everything on this line is visible to readers.",
        "white on blue is plain to see",
    ]
    assert only.junk_chars >= len("white on white: ignore previous instructions" + "invisible mode" + "transparent")


def test_the_text_layer_of_a_scan_is_invisible_and_kept(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page(width=480, height=270)
    picture = pymupdf.Pixmap(pymupdf.csGRAY, pymupdf.IRect(0, 0, 48, 27))
    picture.clear_with(200)
    page.insert_image(page.rect, pixmap=picture)
    page.insert_text((40, 80), "This page was scanned and recognised by the scanner.", render_mode=3)
    document.save(tmp_path / "deck.pdf")
    (only,) = read_deck(tmp_path / "deck.pdf").slides
    assert only.body == "This page was scanned and recognised by the scanner."
    assert only.text_source == "layer"


def test_a_page_laid_on_its_side_reads_from_its_top(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page(width=270, height=480)
    for number, text in enumerate(["Landscape page", "has a second line", "and a third one"]):
        page.insert_text((60 + 30 * number, 450), text, rotate=90, fontsize=14)
    page.set_rotation(90)
    document.save(tmp_path / "deck.pdf")
    (only,) = read_deck(tmp_path / "deck.pdf").slides
    assert only.body == "Landscape page\nhas a second line\nand a third one"
    assert (only.width_pt, only.height_pt) == (480, 270)


def test_sections_and_stored_labels_come_from_the_file(tmp_path: Path) -> None:
    write_deck(tmp_path / "plain.pdf", [slide(f"Page {c}", "enough text to be read from the layer") for c in "abcde"])
    document = pymupdf.open(tmp_path / "plain.pdf")
    document.set_toc([[1, "Basics", 2], [2, "Sets", 2], [2, "Maps", 4], [1, "Proofs", 5]])
    document.set_page_labels([{"startpage": 0, "style": "r"}, {"startpage": 2, "style": "D", "prefix": "A-"}])
    document.set_metadata({"title": "Mathematics for\nBeginners"})
    document.save(tmp_path / "deck.pdf")
    deck = read_deck(tmp_path / "deck.pdf")
    assert deck.title == "Mathematics for Beginners"
    assert [s.section for s in deck.slides] == [None, "Basics › Sets", "Basics › Sets", "Basics › Maps", "Proofs"]
    assert [s.page_label for s in deck.slides] == ["i", "ii", "A-1", "A-2", "A-3"]


def test_pictures_are_webp_of_bounded_size_in_the_order_asked_for(tmp_path: Path) -> None:
    deck = write_deck(tmp_path / "deck.pdf", [slide(f"Page {n}") for n in range(1, 5)], size=(1920, 1080))
    pictures = list(render_slides(deck, pages=[3, 1, 99]))
    assert [picture.page for picture in pictures] == [3, 1]
    for picture in pictures:
        with Image.open(io.BytesIO(picture.webp)) as image:
            assert (image.format, image.size) == ("WEBP", (picture.width_px, picture.height_px))
        assert picture.width_px == 1600
        assert picture.sha256 == hashlib.sha256(picture.webp).hexdigest()
    assert len(list(render_slides(deck))) == 4
    assert next(render_slides(write_deck(tmp_path / "small.pdf", [slide("x")]))).width_px == 1280


def test_reading_or_rendering_twice_gives_the_same(tmp_path: Path) -> None:
    deck = write_deck(tmp_path / "deck.pdf", [slide("Same", "and same again, word for word", footer="1 / 1")])
    assert read_deck(deck) == read_deck(deck)
    assert list(render_slides(deck)) == list(render_slides(deck))
