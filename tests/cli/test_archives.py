"""A zip of a course is a folder: its members pair, fail and are named as files of one, and leave nothing behind."""

import zipfile
from pathlib import Path

import pytest

from pipelines.cli.archives import Archives
from pipelines.cli.candidates import Candidate, find_candidates
from pipelines.core.settings import Settings
from tests.steps import office_files

MEMBERS = {
    "week1/talk.mp3": b"sound", "week1/talk.en.vtt": b"WEBVTT", "week1/slides.pdf": b"%PDF-1", "tools/setup.exe": b"MZ",
    "older.zip": b"PK", "../out.pdf": b"%PDF-1",
}  # fmt: skip


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def archives(settings: Settings) -> Archives:
    return Archives(settings)


def told(candidates: list[Candidate]) -> dict[str, tuple[object, ...]]:
    return {c.source_name: (c.kind, c.captions.name if c.captions else None, c.code) for c in candidates}


def test_a_named_zip_stands_for_a_folder(tmp_path: Path, archives: Archives, temporary: Path) -> None:
    path = packed(tmp_path / "course.zip", MEMBERS)
    with archives:
        found = find_candidates([path], members_of=archives.members_of)
        assert told(found) == {
            "week1/talk.mp3": ("lecture", "talk.en.vtt", None), "week1/slides.pdf": ("deck", None, None),
            "tools/setup.exe": ("other", None, None), "older.zip": ("other", None, "archive_member"),
            "../out.pdf": ("other", None, "archive_member"),
        }  # fmt: skip
        deck = next(c for c in found if c.kind == "deck")
        assert (deck.path.name, deck.path.read_bytes()) == ("slides.pdf", b"%PDF-1")
        assert deck.origin == f"{path}/week1/slides.pdf"
        assert not any(c.named for c in found)
    assert list(temporary.iterdir()) == []


def test_a_zip_in_a_folder_gives_its_members_its_name(tmp_path: Path, archives: Archives) -> None:
    folder = tmp_path / "materials"
    folder.mkdir()
    packed(folder / "a.zip", {"1.pdf": b"%PDF-1"})
    packed(folder / "b.imscc", {"1.pdf": b"%PDF-2"})
    (folder / "1.pdf").write_bytes(b"%PDF-3")
    with archives:
        assert set(told(find_candidates([folder], members_of=archives.members_of))) == {
            "1.pdf", "a.zip/1.pdf", "b.imscc/1.pdf",
        }  # fmt: skip


def test_the_content_says_whether_a_zip_is_one(tmp_path: Path, archives: Archives) -> None:
    """A presentation, a PDF and a web page that are called zip are documents, or fail as such."""
    for name, content in (("a.zip", office_files.pptx([["x"]])), ("b.zip", b"%PDF-1"), ("c.zip", b"<html>")):
        (tmp_path / name).write_bytes(content)
    with archives:
        paths = [tmp_path / name for name in ("a.zip", "b.zip", "c.zip")]
        assert {c.kind for c in find_candidates(paths, members_of=archives.members_of)} == {"deck"}


def test_an_archive_that_cannot_be_read_fails_alone_with_what_to_do(tmp_path: Path, archives: Archives) -> None:
    whole = packed(tmp_path / "whole.zip", MEMBERS).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:-40])
    (tmp_path / "backup.mbz").write_bytes(b"\x1f\x8b")
    (tmp_path / "good.pdf").write_bytes(b"%PDF-1")
    with archives:
        paths = [tmp_path / name for name in ("cut.zip", "backup.mbz", "good.pdf")]
        cut, backup, good = find_candidates(paths, members_of=archives.members_of)
    assert (cut.kind, cut.code, "export it again" in cut.note) == ("other", "damaged", True)
    assert (backup.code, "Download course content" in backup.note) == ("moodle_backup", True)
    assert good.kind == "deck"


def test_a_full_disk_is_said_and_what_came_before_is_kept(
    tmp_path: Path, archives: Archives, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path / "course.zip", {"a.pdf": b"%PDF-1", "b.pdf": b"%PDF-2"})
    real = Path.open

    def full(self: Path, mode: str = "r", *rest: object, **more: object) -> object:
        if self.name == "b.pdf" and "x" in mode:
            raise OSError(28, "No space left on device")
        return real(self, mode, *rest, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full)
    with archives:
        first, failed = find_candidates([path], members_of=archives.members_of)
    assert (first.source_name, first.kind) == ("a.pdf", "deck")
    assert (failed.source_name, failed.code, "no room" in failed.note) == ("course.zip", "storage_unavailable", True)
