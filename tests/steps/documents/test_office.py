"""Office files become the slides and pages an audience sees; what cannot be read is said, and nothing gets out."""

import io
import shutil
import socket
import subprocess
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.documents.checks import check_document
from pipelines.steps.documents.kinds import office_ending
from pipelines.steps.documents.office import LIMITS, find_libreoffice, hidden_slides, office_as_pdf
from pipelines.steps.pdf.slides import read_deck
from tests.steps import office_files

needs_libreoffice = pytest.mark.skipif(
    find_libreoffice() is None, reason="LibreOffice is not installed (Debian: libreoffice-nogui)"
)
RTF = rb"{\rtf1\ansi The Betz limit is 59 percent.\par}"


def pages(tmp_path: Path, content: bytes, **more: object) -> list[str]:
    given, made = tmp_path / "upload", tmp_path / "made.pdf"
    given.write_bytes(content)
    with made.open("wb") as target:
        office_as_pdf(given, target, **more)  # type: ignore[arg-type]
    return [slide.body for slide in read_deck(made).slides]


def refusal(tmp_path: Path, content: bytes, **more: object) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as caught:
        pages(tmp_path, content, **more)
    return caught.value


def compound(*names: str) -> bytes:
    """The start of an old office file: its header, and a directory with streams of these names."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    header[30:32] = (9).to_bytes(2, "little")
    header[48:52] = (2).to_bytes(4, "little")
    entries = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *names))
    return bytes(header) + bytes(1024) + entries.ljust(512, b"\0")


@needs_libreoffice
def test_a_slide_is_a_page_and_what_only_the_speaker_sees_is_left_out(tmp_path: Path) -> None:
    deck = office_files.pptx(
        [["Momentum remembers steps", "It has two parts"], ["Draft"], ["Adam"]], notes="Ask Tom again", hidden=[2]
    )
    assert pages(tmp_path, deck) == ["Momentum remembers steps\nIt has two parts", "Adam"]
    with (tmp_path / "made.pdf").open("wb") as target:
        counted = office_as_pdf(tmp_path / "upload", target)
    (finding,) = hidden_slides(counted, pages=2)
    assert (finding.code, finding.sentence) == ("hidden_slides", "1 hidden slide was left out.")
    assert not hidden_slides(counted, pages=3) and not hidden_slides(None, pages=3)
    refused = refusal(tmp_path, office_files.pptx([["One"], ["Two"]], hidden=[1, 2]))
    assert (refused.code, "hidden" in refused.message) == ("zero_pages", True)


@needs_libreoffice
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (office_files.docx(["Wind power", "Betz limit"]), ["Wind power\nBetz limit"]),
        (office_files.odp(["Größe", "Zwei"]), ["Größe", "Zwei"]),
    ],
    ids=["docx", "odp"],
)
def test_each_kind_is_known_by_its_content_and_read(tmp_path: Path, content: bytes, expected: list[str]) -> None:
    assert pages(tmp_path, content) == expected


@needs_libreoffice
@pytest.mark.slow
@pytest.mark.parametrize("content", [office_files.odt(["שלום", "Zwei"]), RTF], ids=["odt", "rtf"])
def test_other_texts_are_read(tmp_path: Path, content: bytes) -> None:
    assert pages(tmp_path, content) == (["The Betz limit is 59 percent."] if content == RTF else ["שלום\nZwei"])


@needs_libreoffice
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="`soffice`, which writes the old formats, is not installed")
@pytest.mark.parametrize(
    ("made_as", "ending", "content"),
    [
        ("deck.pptx", "ppt", office_files.pptx([["Old slides"]])),
        ("notes.docx", "doc", office_files.docx(["Old notes"])),
    ],
)
def test_files_of_before_2007_are_read(tmp_path: Path, made_as: str, ending: str, content: bytes) -> None:
    (tmp_path / made_as).write_bytes(content)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", ending, "--outdir", str(tmp_path), made_as]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    old = (tmp_path / made_as).with_suffix(f".{ending}")
    assert office_ending(old) == ending
    assert pages(tmp_path, old.read_bytes()) == ["Old slides" if ending == "ppt" else "Old notes"]


def test_the_content_says_what_an_office_file_is(tmp_path: Path) -> None:
    for content, ending in [
        (office_files.pptx([["x"]]), "pptx"),
        (office_files.docx(["x"]), "docx"),
        (office_files.odp(["x"]), "odp"),
        (office_files.odt(["x"]), "odt"),
        (RTF, "rtf"),
        (compound("PowerPoint Document"), "ppt"),
        (compound("WordDocument"), "doc"),
        (compound("EncryptionInfo", "EncryptedPackage"), "locked"),
        (compound("Workbook"), None),
        (office_files.zipped({"xl/workbook.xml": "<x/>"}), None),
        (b"PK\x03\x04" + bytes(40), None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", None),
    ]:
        (tmp_path / "upload").write_bytes(content)
        assert office_ending(tmp_path / "upload") == ending


def test_without_libreoffice_the_sentence_says_so_and_what_to_do(tmp_path: Path) -> None:
    assert find_libreoffice(tmp_path) is None
    error = refusal(tmp_path, office_files.docx(["x"]), libreoffice=tmp_path)
    assert (error.code, "not installed" in error.message, "Export it as PDF" in error.message) == (
        "no_office",
        True,
        True,
    )


@needs_libreoffice
def test_files_behind_a_password_say_so(tmp_path: Path) -> None:
    key = '<manifest:encryption-data manifest:checksum="x"/>'
    protected = office_files.open_document("text", "<office:body/>", manifest=key)
    for content in (compound("EncryptionInfo", "EncryptedPackage"), protected):
        error = refusal(tmp_path, content)
        assert error.code == "password_required"
        assert "Save it without one" in error.message
        assert "opens PDFs only" in refusal(tmp_path, content, password_given=True).message


@needs_libreoffice
@pytest.mark.parametrize("name", ["cut", "old"])
def test_damaged_files_fail_with_what_to_do(tmp_path: Path, name: str) -> None:
    whole = office_files.docx(["x" * 5000])
    content = {
        "cut": whole[: len(whole) // 2] + b"word/document.xml",
        "old": compound("PowerPoint Document"),
    }[name]
    error = refusal(tmp_path, content)
    assert error.code == "damaged"
    assert "LibreOffice cannot open it" in error.message


@needs_libreoffice
def test_a_converter_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    deck = office_files.docx(["x"])
    for limits in (replace(LIMITS, wall_s=0.5), replace(LIMITS, cpu_s=0)):
        assert refusal(tmp_path, deck, limits=limits).code == "parser_limit"


@needs_libreoffice
def test_what_a_file_refers_to_is_never_fetched(tmp_path: Path) -> None:
    """A picture by its address on this very machine, and one by the path of a file."""
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def wait() -> None:
            try:
                server.accept()[0].close()
                asked.set()
            except OSError:
                return

        watcher = threading.Thread(target=wait)
        watcher.start()
        secret = tmp_path / "secret.png"
        _picture(secret)
        links = [f"http://127.0.0.1:{server.getsockname()[1]}/x.png", secret.as_uri()]
        assert pages(tmp_path, office_files.pptx([["Words"]], links=links)) == ["Words"]
        server.shutdown(socket.SHUT_RDWR)
        watcher.join()
    assert not asked.is_set()
    assert "/Image" not in _objects(tmp_path / "made.pdf")


@needs_libreoffice
def test_a_picture_in_the_file_is_on_its_page(tmp_path: Path) -> None:
    """So the test above would see one that was loaded."""
    _picture(tmp_path / "a.png")
    links = ["../media/a.png"]
    deck = office_files.pptx([["Words"]], links=links, more={"ppt/media/a.png": (tmp_path / "a.png").read_bytes()})
    inside = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(deck)) as old, zipfile.ZipFile(inside, "w") as new:
        for name in old.namelist():
            content = old.read(name).replace(b' TargetMode="External"', b"").replace(b"r:link=", b"r:embed=")
            if name == "[Content_Types].xml":
                content = content.replace(b"<Default", b'<Default Extension="png" ContentType="image/png"/><Default', 1)
            new.writestr(name, content)
    pages(tmp_path, inside.getvalue())
    assert "/Image" in _objects(tmp_path / "made.pdf")


def test_an_office_file_is_one_whatever_it_is_called_but_no_pdf(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(office_files.docx(["x"]))
    assert check_document(path, file_name="notes.txt", max_bytes=10**6) == "office"
    with pytest.raises(UnreadableFileError, match="not a PDF"):
        check_document(path, file_name="notes.pdf", max_bytes=10**6)
    with pytest.raises(UnreadableFileError, match="a PDF has to be made of it first"):
        read_deck(path, file_name="notes.docx")


def _picture(path: Path) -> None:
    from PIL import Image

    Image.effect_noise((64, 64), 90).save(path)


def _objects(path: Path) -> str:
    import pymupdf

    with pymupdf.open(path) as document:
        return " ".join(document.xref_object(number) for number in range(1, document.xref_length()))
