"""Documents that are not read: told by their content, with what to do about it."""

import io
import zipfile
from pathlib import Path

import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.documents.checks import check_document
from pipelines.steps.documents.office import office_as_pdf
from pipelines.steps.pdf.slides import read_deck


def archive(*entries: tuple[str, str]) -> bytes:
    """A zip with these names and contents, stored as they are."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as writing:
        for name, content in entries:
            writing.writestr(name, content)
    return target.getvalue()


OFFICE = {
    "week1.pptx": archive(("[Content_Types].xml", "<Types/>"), ("ppt/presentation.xml", "<p/>")),
    "week1.docx": archive(("[Content_Types].xml", "<Types/>"), ("word/document.xml", "<w/>")),
    "week1.odp": archive(("mimetype", "application/vnd.oasis.opendocument.presentation"), ("content.xml", "<o/>")),
    "renamed.txt": archive(("[Content_Types].xml", "<Types/>"), ("ppt/presentation.xml", "<p/>")),
}


@pytest.mark.parametrize("name", OFFICE)
def test_office_files_without_libreoffice_are_refused_with_what_to_do_and_never_called_damaged(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(OFFICE[name])
    assert check_document(tmp_path / name, file_name=name, max_bytes=10**6) == "office"
    with pytest.raises(UnreadableFileError, match="Export it as PDF") as caught:
        office_as_pdf(tmp_path / name, io.BytesIO(), libreoffice=tmp_path)
    assert caught.value.code == "no_office"


def test_another_archive_is_no_document(tmp_path: Path) -> None:
    (tmp_path / "course.md").write_bytes(archive(("week1/notes.md", "# Hello")))
    with pytest.raises(UnreadableFileError, match="no document that can be read") as caught:
        read_deck(tmp_path / "course.md")
    assert caught.value.code == "unknown_kind"
