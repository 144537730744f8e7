"""Letters, junk and what can be seen: from glyphs to clean lines."""

import base64
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.steps.ocr.recognition import Reading
from pipelines.steps.pdf.glyphs import GAP, broken_fonts, clean, spell_tall_signs, unreadable
from pipelines.steps.pdf.junk import drop_blobs, random_looking
from pipelines.steps.pdf.lines import Line, Span
from pipelines.steps.pdf.merge import add_recognised
from pipelines.steps.pdf.scripts import with_scripts
from pipelines.steps.pdf.text import PageLook, PageText, read_page_text


def span(text: str, *, size: float = 10.0, y: float = 50.0, font: str = "Sans", **other: object) -> Span:
    return {
        "text": text,
        "size": size,
        "origin": (0.0, y),
        "font": font,
        "flags": 0,
        "char_flags": 16,
        "alpha": 255,
        "color": 0,
    } | other


def line(text: str, y: float = 0.0) -> Line:
    return Line(0, y, 100, y + 10, y + 8, text, 10)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("e\ufb03cient \ufb02ow", "efficient flow"),
        ("\U0001d465\u2208\U0001d53c", "x∈E"),
        ("f\xa8ur Gr\xa8o\xdfe", "für Größe"),
        ("\u02c6y = \u02c6\u03b2x", "ŷ = β̂x"),
        ("x \u0338= y", "x ≠ y"),
        ("\uf0b7Point", "• Point"),
        ("●Point", "● Point"),
        ("soft\xadhyphen\u200b and\ufeff marks", "softhyphen and marks"),
        ("hidden\U000e0041\U000e0042", "hidden"),
        ("  many \t spaces\xa0here ", "many spaces here"),
        ("Chapter 1 . . . . . . . . . . 7", "Chapter 1 … 7"),
        ("1, . . . , n", "1, . . . , n"),
        ("\ufee3\ufeae\ufea3\ufe92\ufe8e", "مرحبا"),
        ("C:\\path `tick` ~home ^caret", "C:\\path `tick` ~home ^caret"),
    ],
)
def test_letters_are_spelled_out(raw: str, expected: str) -> None:
    assert clean(raw) == expected


@given(st.text(max_size=60))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)
    marks = (
        "\xa8\xb4\u02c6\u02dc\u02c7\u02da\u02dd\u02d8\xaf\u02c9\u02d9\xb8\u02db\u02cb\u02ca`\u0338●•\xad\u0131\u0237"
    )
    assert clean(once) == once or "…" in once or GAP in once or any(mark in text for mark in marks)
    assert once == once.strip()
    assert "\n" not in once and "\x00" not in once


@given(
    st.text(alphabet=string.ascii_letters + string.digits + " .,;:()-+=/", max_size=80).filter(
        lambda t: "...." not in t
    )
)
def test_plain_text_keeps_every_character(text: str) -> None:
    if ". . . ." not in text:
        assert clean(text) == " ".join(text.split())


def test_unreadable_glyphs_are_counted() -> None:
    assert unreadable("ab\ufffd\ue123\x02") == 3
    assert unreadable("\uf0b7 a bullet, a \uf8ee bracket") == 0


def test_fonts_without_letters_are_found_and_factorials_are_not() -> None:
    spans = [span("!!!!! !!! !!!!", font="Lost"), span("n! = n (n-1)!", font="Fine"), span("\ufffd" * 8, font="Worse")]
    assert broken_fonts(spans) == {"Lost", "Worse"}


def test_the_signs_of_an_unmapped_font_of_tall_signs_are_spelled() -> None:
    spans = [span("\x12", font="XYZ+CMEX10"), span("X", font="XYZ+CMEX10"), span("|{z}", font="XYZ+CMEX10"), span("X")]
    spell_tall_signs(spans)
    assert [s["text"] for s in spans] == ["(", "∑", "", "X"]
    mapped = [span("(", font="CMEX10"), span("{", font="CMEX10")]
    spell_tall_signs(mapped)
    assert [s["text"] for s in mapped] == ["(", "{"]


def test_raised_and_lowered_text_is_marked() -> None:
    main = span("x", size=10, y=50)
    assert (
        with_scripts([main, span("2", size=7, y=46), span(" + y", size=10), span("i", size=7, y=52)], main)
        == "x^2 + y_i"
    )
    assert with_scripts([main, span("t+1", size=7, y=46)], main) == "x^(t+1)"
    assert with_scripts([main, span("[t+1]", size=7, y=46)], main) == "x^[t+1]"
    assert with_scripts([span("the 2"), span("nd", size=7, y=46)], main) == "the 2nd"
    assert with_scripts([span("f"), span("′", size=7, y=46), span("(x)")], main) == "f′(x)"


def blob(size: int, seed: int = 7) -> str:
    return base64.b64encode(random.Random(seed).randbytes(size)).decode()


def test_a_latexit_element_over_many_lines_is_dropped() -> None:
    data = blob(2000)
    lines = [line("Before"), line('E = mc <latexit sha1_base64="abc">' + data[:40])]
    lines += [line(data[n : n + 50]) for n in range(40, len(data), 50)] + [
        line("end==</latexit> and after"),
        line("Last"),
    ]
    total = sum(len(item.text) for item in lines)
    kept, dropped = drop_blobs(lines)
    assert [item.text for item in kept] == ["Before", "E = mc", "and after", "Last"]
    assert dropped == total - sum(len(item.text) for item in kept)


def test_other_blobs_are_dropped_with_their_tails() -> None:
    data = blob(300)
    rows = [data[n : n + 76] for n in range(0, len(data), 76)]
    kept, dropped = drop_blobs([line("Keys"), *map(line, rows), line("aZ3=="), line("The end")])
    assert [item.text for item in kept] == ["Keys", "The end"]
    assert dropped == len(data) + 5
    kept, _ = drop_blobs([line(f"signature {blob(60)} follows")])
    assert kept[0].text == "signature follows"


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/courses/2026/machine-learning/week-01/slides",
        "AbstractSingletonProxyFactoryBeanConfiguration",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "very_long_variable_name_with_index_12345",
        "ACGTACGTTAGGCTTAACGATCGATCGATCGGATCGATCGATTAGC",
        "1234567890123456789012345678901234567890",
        "-------------------------------------------",
    ],
)
def test_long_words_that_readers_read_stay(text: str) -> None:
    kept, dropped = drop_blobs([line(text)])
    assert (kept[0].text, dropped) == (text, 0)


@given(st.binary(min_size=60, max_size=400))
def test_encoded_bytes_look_random(data: bytes) -> None:
    encoded = base64.b64encode(data).decode()
    if len(set(data)) > 40:
        assert random_looking(encoded)


def block(*lines: dict[str, object], number: int = 1) -> dict[str, object]:
    return {"type": 0, "number": number, "lines": list(lines)}


def raw_line(*spans: Span, box: tuple[float, ...] = (10, 40, 90, 52)) -> dict[str, object]:
    return {"bbox": box, "dir": (1.0, 0.0), "spans": list(spans)}


def read(*blocks: dict[str, object], scanned: bool = False, blends_in: bool = False) -> PageText:
    look = PageLook(scanned=lambda: scanned, blends_in=lambda box: blends_in)
    return read_page_text(list(blocks), look, width=100, height=100)


def test_unpainted_text_counts_as_junk_unless_the_page_is_a_scan() -> None:
    ghost = block(raw_line(span("ghost", char_flags=0)))
    assert (read(ghost).lines, read(ghost).junk_chars) == ([], 5)
    assert [item.text for item in read(ghost, scanned=True).lines] == ["ghost"]
    mixed = read(block(raw_line(span("ghost", char_flags=0))), block(raw_line(span("a real sentence"))), scanned=True)
    assert [item.text for item in mixed.lines] == ["a real sentence"]


def test_only_text_like_its_ground_is_looked_at_in_the_picture() -> None:
    white = block(raw_line(span("white", color=0xFFFFFF)), number=5)
    box = {"type": 3, "number": 2, "bbox": (0, 0, 100, 100), "stroked": False, "alpha": 255, "color": 0x102040}
    cover = box | {"number": 9}
    assert read(white, blends_in=True).lines == []
    assert len(read(white, blends_in=False).lines) == 1
    assert len(read(box, white, blends_in=True).lines) == 1
    assert read(block(raw_line(span("black"))), cover, blends_in=True).lines == []


def test_a_page_with_megabytes_of_text_is_cut() -> None:
    page = read(block(*[raw_line(span("word " * 2000)) for _ in range(40)]))
    assert sum(len(item.text) for item in page.lines) <= 200_000
    assert page.junk_chars > 190_000


def test_recognised_lines_fill_gaps_only() -> None:
    page = PageText(lines=[line("Title")], width=100, height=100)
    add_recognised(page, Reading([line("Tit1e"), line("Text", y=40)], width=100, height=100), turned=False)
    assert [item.text for item in page.lines] == ["Title", "Text"]
    assert page.source == "ocr"
    add_recognised(page, Reading([line("Nothing new", y=40)], width=100, height=100), turned=True)
    assert [item.text for item in page.lines] == ["Nothing new"]
