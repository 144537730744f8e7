"""What damaged, protected and hostile PDFs come to: a deck or a sentence, never a crash and never a hang."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pymupdf
import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.pdf.slides import DEFAULT_LIMITS, read_deck, render_slides
from pipelines.steps.sandbox.limits import Limits
from tests.steps import pdf_files

ROOT = Path(__file__).resolve().parents[3]
SHORT = Limits(cpu_s=1, wall_s=60)
"""For files that reach any limit. Others get the usual ones: a busy machine may take 1 s to start the reader."""

OUTCOMES: dict[str, int | str] = {
    "pdfjs/GHOSTSCRIPT-698804-1-fuzzed.pdf": "zero_pages",
    "pdfjs/Pages-tree-refs.pdf": 2,
    "pdfjs/REDHAT-1531897-0.pdf": "damaged",
    "pdfjs/bad-PageLabels.pdf": 1,
    "pdfjs/empty.pdf": 1,
    "pdfjs/empty_protected.pdf": 1,
    "pdfjs/french_diacritics.pdf": 1,
    "pdfjs/german-umlaut-r.pdf": 1,
    "pdfjs/helloworld-bad.pdf": 1,
    "pdfjs/openoffice.pdf": 1,
    "pdfjs/pdfjsbad1586.pdf": 1,
    "pdfjs/poppler-395-0-fuzzed.pdf": "zero_pages",
    "pdfjs/poppler-937-0-fuzzed.pdf": "damaged",
    "pdfjs/rotation.pdf": 2,
    "pdfjs/saslprep-r6.pdf": "password_required",
    "pdfjs/scan-bad.pdf": 1,
    "pdfjs/secHandler.pdf": 1,
    "pdfjs/sizes.pdf": 3,
    "pdfjs/vertical.pdf": 3,
    "pdfjs/xref_command_missing.pdf": 1,
    "qpdf/append-page-content-damaged.pdf": 30,
    "qpdf/append-xref-loop.pdf": 30,
    "qpdf/bad-data.pdf": "damaged",
    "qpdf/bad-direct-root.pdf": "not_a_pdf",
    "qpdf/bad-encryption-length.pdf": "password_required",
    "qpdf/bad-jpeg.pdf": 1,
    "qpdf/bad-token-startxref.pdf": 1,
    "qpdf/bad-xref-entry.pdf": 1,
    "qpdf/bad-xref.pdf": 1,
    "qpdf/bad1.pdf": "not_a_pdf",
    "qpdf/bad11.pdf": 1,
    "qpdf/bad12.pdf": 1,
    "qpdf/bad16.pdf": 1,
    "qpdf/bad2.pdf": 1,
    "qpdf/bad30.pdf": 1,
    "qpdf/bad35.pdf": 1,
    "qpdf/bad39.pdf": 1,
    "qpdf/bad5.pdf": 1,
    "qpdf/bad6.pdf": 1,
    "qpdf/bad8.pdf": 1,
    "qpdf/badlin1.pdf": 30,
    "qpdf/broken-decode-parms-no-filter.pdf": 1,
    "qpdf/broken-lzw.pdf": "damaged",
    "qpdf/damaged-inline-image.pdf": "damaged",
    "qpdf/damaged-stream.pdf": 1,
    "qpdf/encrypted-40-bit-R3.pdf": "password_required",
    "qpdf/encrypted-with-images.pdf": 2,
    "qpdf/global_damaged.pdf": 1,
    "qpdf/issue-141a.pdf": "not_a_pdf",
    "qpdf/issue-150.pdf": "not_a_pdf",
    "qpdf/issue-263.pdf": "not_a_pdf",
    "qpdf/issue-335b.pdf": "not_a_pdf",
    "qpdf/outlines-with-loop.pdf": 30,
    "qpdf/pages-loop.pdf": 1,
}
"""Of every damaged file: how many pages it opens with, or the code it is refused with."""


def outcome(path: Path) -> int | str:
    try:
        return read_deck(path, max_ocr_pages=0).page_count
    except UnreadableFileError as error:
        assert error.message.endswith(".") and "Traceback" not in error.message
        return error.code


def code(path: Path, *, password: str | None = None, limits: Limits = DEFAULT_LIMITS) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        read_deck(path, password=password, limits=limits)
    return caught.value.code


@pytest.mark.slow
def test_damaged_files_open_or_say_why_not(shared_data: Path) -> None:
    folder = shared_data / "malformed"
    files = sorted(folder.glob("*/*.pdf"))
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip([str(path.relative_to(folder)) for path in files], pool.map(outcome, files), strict=True))
    assert found == OUTCOMES


def test_pages_that_cannot_be_read_are_named_not_called_empty(shared_data: Path) -> None:
    deck = read_deck(shared_data / "malformed/pdfjs/Pages-tree-refs.pdf", max_ocr_pages=0)
    assert [(finding.code, finding.page) for finding in deck.findings] == [("damaged_page", 2)]
    assert deck.slides[1].text_source == "none"


def test_content_decides_what_a_pdf_is(tmp_path: Path) -> None:
    deck = pdf_files.write_deck(tmp_path / "deck.pdf", [pdf_files.slide("Gradient descent", "one step", "two steps")])
    data = deck.read_bytes()
    shifted = tmp_path / "notes.docx"
    shifted.write_bytes(b"\n" * 900 + data)
    assert read_deck(shifted).slides[0].title == "Gradient descent"
    for name, content, expected in [
        ("empty.pdf", b"", "empty_file"),
        ("page.pdf", b"<html><body>%PDFs are nice</body></html>", "not_a_pdf"),
        ("late.pdf", b"\n" * 2000 + data, "not_a_pdf"),
        ("book.pdf", b"PK\x03\x04mimetypeapplication/epub+zip", "not_a_pdf"),
        ("svg.pdf", b"%PDF-1.7\n<svg xmlns='http://www.w3.org/2000/svg'><text>hi</text></svg>", "damaged"),
        ("header.pdf", b"%PDF-1.7\n", "damaged"),
        ("rootless.pdf", data.replace(b"/Root", b"/Roof"), "zero_pages"),
    ]:
        path = tmp_path / name
        path.write_bytes(content)
        assert code(path) == expected, name


def test_too_large_and_too_long_files_are_refused(tmp_path: Path) -> None:
    deck = pdf_files.write_deck(tmp_path / "deck.pdf", [pdf_files.slide("Title", "text")] * 4)
    with pytest.raises(UnreadableFileError, match="MB") as caught:
        read_deck(deck, max_bytes=500)
    assert caught.value.code == "too_large"
    with pytest.raises(UnreadableFileError, match="has 4 pages; at most 3") as caught:
        read_deck(deck, max_pages=3)
    assert caught.value.code == "too_many_pages"
    with pytest.raises(UnreadableFileError):
        list(render_slides(deck, max_pages=3))


def test_a_pdf_without_pages_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.pdf"
    path.write_bytes(pdf_files.raw_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"]))
    assert code(path) == "zero_pages"


def test_protected_decks_open_with_their_password_only(tmp_path: Path, shared_data: Path) -> None:
    deck = shared_data / "decks/derived/slds-ea-intro-password-student.pdf"
    assert code(deck) == "password_required"
    assert code(deck, password="teacher") == "password_wrong"
    assert read_deck(deck, password="student").page_count == 11
    assert next(render_slides(deck, password="student")).page == 1
    own = tmp_path / "own.pdf"
    document = pymupdf.open()
    document.new_page().insert_text((50, 50), "Secret slide")
    document.save(own, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="pässwörd", owner_pw="owner")
    assert "Secret slide" in read_deck(own, password="pässwörd").slides[0].body


@pytest.mark.parametrize("bomb", ["flate_bomb", "nested_forms"])
def test_bombs_end_at_the_limit(tmp_path: Path, bomb: str) -> None:
    path = tmp_path / "bomb.pdf"
    path.write_bytes(getattr(pdf_files, bomb)())
    assert path.stat().st_size < 10_000
    assert code(path, limits=SHORT) == "parser_limit"
    with pytest.raises(UnreadableFileError) as caught:
        list(render_slides(path, limits=SHORT))
    assert caught.value.code == "parser_limit"


@pytest.mark.parametrize("bomb", ["huge_page", "huge_image"])
def test_huge_pages_and_images_become_small_pictures(tmp_path: Path, bomb: str) -> None:
    path = tmp_path / "bomb.pdf"
    path.write_bytes(getattr(pdf_files, bomb)())
    (picture,) = render_slides(path, limits=Limits(cpu_s=20, memory_mb=1024))
    assert picture.width_px <= 1600 and picture.height_px <= 3200
    assert len(picture.webp) < 100_000


def test_little_memory_is_a_limit_not_damage(tmp_path: Path) -> None:
    path = pdf_files.write_deck(tmp_path / "deck.pdf", [pdf_files.slide("Title", "text")])
    os.truncate(path, 190_000_000)
    assert code(path, limits=Limits(memory_mb=200)) == "parser_limit"


def test_a_parser_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pdf"
    path.write_bytes(pdf_files.nested_forms())
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "from pipelines.steps.pdf.slides import DEFAULT_LIMITS, read_deck\n"
        "print('ready', flush=True)\n"
        "read_deck(Path(sys.argv[2]))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(ROOT), str(path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        deadline = time.monotonic() + 60
        while not (children := psutil.Process(parent.pid).children()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(0.3)
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        _, alive = psutil.wait_procs(children, timeout=5)
        assert not alive
