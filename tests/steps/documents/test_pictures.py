"""Pictures as decks: one page a picture, upright, read by recognition, or a sentence."""

import io
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from PIL import Image, ImageDraw, ImageFont

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.documents import pictures
from pipelines.steps.pdf.slides import read_deck, render_slides


def drawn(text: str, mode: str = "RGB") -> Image.Image:
    """White paper of 1000 x 500 pixels with a line of large letters."""
    picture = Image.new("RGB", (1000, 500), "white")
    ImageDraw.Draw(picture).text((60, 180), text, fill="black", font=ImageFont.load_default(70))
    return picture.convert(mode)


def paper_and_ink(data: bytes) -> tuple[int, int, list[int]]:
    """Pages, width in points, and for each page its lightest less its darkest grey."""
    with pymupdf.open(stream=pictures.pictures_as_pdf(data, max_pages=9), filetype="pdf") as document:
        drawn_pages = [page.get_pixmap(colorspace="gray").samples for page in document]
        return document.page_count, round(document[0].rect.width), [max(grey) - min(grey) for grey in drawn_pages]


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def test_a_picture_is_a_page_whose_letters_are_recognised(tmp_path: Path) -> None:
    drawn("Gradient descent").save(tmp_path / "board.webp")
    (slide,) = read_deck(tmp_path / "board.webp").slides
    assert (slide.text_source, slide.body) == ("ocr", "Gradient descent")
    (page,) = render_slides(tmp_path / "board.webp")
    assert (page.width_px, page.height_px) == (1440, 720)


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "P"), ("JPEG", "L"), ("JPEG", "CMYK"), ("TIFF", "1"), ("AVIF", "RGB")]
)
def test_pictures_of_every_kind_and_colour_are_a_page_of_a_slides_width(kind: str, mode: str) -> None:
    pages, width, (contrast,) = paper_and_ink(saved(drawn("Gradient descent", mode), kind))
    assert (pages, width) == (1, 720)
    assert contrast > 200


def test_a_tiff_has_a_page_for_each_of_its_pictures(tmp_path: Path) -> None:
    first, *others = [drawn(f"Lecture {word}") for word in ("Alpha", "Beta", "Gamma")]
    first.save(tmp_path / "scan.tiff", save_all=True, append_images=others, compression="tiff_lzw")
    assert len(list(render_slides(tmp_path / "scan.tiff"))) == 3
    with pytest.raises(UnreadableFileError, match="has 3 pages; at most 2"):
        read_deck(tmp_path / "scan.tiff", max_pages=2)


@pytest.mark.slow
def test_a_photograph_that_says_how_it_was_held_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to see it upright
    drawn("Held sideways").rotate(90, expand=True).save(tmp_path / "photo.jpg", exif=exif)
    assert [slide.body for slide in read_deck(tmp_path / "photo.jpg").slides] == ["Held sideways"]


def test_what_is_transparent_is_paper() -> None:
    letters = drawn("See through").convert("L").point(lambda grey: 255 - grey)
    clear = Image.new("RGBA", letters.size, (0, 0, 0, 0))
    clear.putalpha(letters)
    assert paper_and_ink(saved(clear, "PNG"))[2][0] > 200


def test_greys_of_sixteen_bits_are_stretched_to_what_can_be_seen() -> None:
    dark = drawn("Sixteen bits").convert("I").point(lambda value: value * 4 + 100)
    assert paper_and_ink(saved(dark.convert("I;16"), "PNG"))[2][0] > 200


def test_a_damaged_picture_and_one_of_too_many_pixels_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = saved(drawn("Cut off"), "PNG")
    (tmp_path / "cut.png").write_bytes(whole[:300])
    with pytest.raises(UnreadableFileError, match="Please save it again") as caught:
        read_deck(tmp_path / "cut.png")
    assert caught.value.code == "damaged"
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)  # set in the child elsewhere: put it back
    monkeypatch.setattr(pictures, "MOST_PIXELS", 499_999)
    with pytest.raises(UnreadableFileError, match="pixels") as caught:
        pictures.pictures_as_pdf(whole, max_pages=1)
    assert caught.value.code == "too_large"


def test_heic_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100)
    with pytest.raises(UnreadableFileError, match="JPEG or PNG") as caught:
        read_deck(tmp_path / "photo.heic")
    assert caught.value.code == "unknown_kind"
