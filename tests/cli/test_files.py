"""A folder may hold anything: only regular files inside it are opened, and what is left out says why."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cli.candidates import find_candidates
from pipelines.cli.files import open_file
from pipelines.core.errors import PermanentError, UnreadableFileError


def unix_socket(path: Path) -> None:
    """By a relative name: those of sockets are short."""
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(before)


SPECIAL: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "pipe": (os.mkfifo, "a pipe, not a regular file", "a pipe, not a regular file"),
    "socket": (unix_socket, "a socket, not a regular file", "a socket, not a regular file"),
    "device": (lambda p: p.symlink_to("/dev/zero"), "a link that leads out of the folder", "a device"),
    "environment": (lambda p: p.symlink_to("/proc/self/environ"), "a link that leads out of the folder", "the kernel"),
    "setting of the kernel": (lambda p: p.symlink_to("/sys/kernel/profiling"), "leads out", "the kernel"),
    "nowhere": (lambda p: p.symlink_to("not there"), "a link that leads nowhere", "a link that leads nowhere"),
    "loop": (lambda p: p.symlink_to(p.name), "a link that leads nowhere", "a link that leads nowhere"),
    "folder elsewhere": (lambda p: p.symlink_to("/etc"), "a link that leads out of the folder", ""),
}  # fmt: skip
"""How each is made, what is said of it in a folder, and when it is named."""


@pytest.mark.parametrize("kind", SPECIAL)
def test_a_special_file_in_a_folder_is_left_out_and_says_why(kind: str, tmp_path: Path) -> None:
    make, note, _ = SPECIAL[kind]
    make(tmp_path / "special.vtt")
    (tmp_path / "good.vtt").write_text("x")
    found = {c.source_name: c for c in find_candidates([tmp_path])}
    assert set(found) == {"good.vtt", "special.vtt"}
    assert (found["good.vtt"].kind, found["special.vtt"].kind) == ("lecture", "other")
    assert note in found["special.vtt"].note
    assert found["special.vtt"].code is None  # left out, not failed


@pytest.mark.parametrize("kind", [kind for kind in SPECIAL if SPECIAL[kind][2]])
def test_a_special_file_that_is_named_fails_with_a_sentence_and_alone(kind: str, tmp_path: Path) -> None:
    make, _, note = SPECIAL[kind]
    make(tmp_path / "special.vtt")
    (tmp_path / "good.vtt").write_text("x")
    special, good = find_candidates([tmp_path / "special.vtt", tmp_path / "good.vtt"])
    assert (special.kind, special.code, good.kind) == ("other", "not_a_file", "lecture")
    assert note in special.note
    with pytest.raises(UnreadableFileError):
        open_file(tmp_path / "special.vtt")


def test_links_are_followed_inside_the_folder_and_where_a_person_names_them(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "week1.vtt").write_text("words")
    (tmp_path / "kept" / "again.vtt").symlink_to("week1.vtt")
    (tmp_path / "named.vtt").symlink_to(tmp_path / "kept" / "week1.vtt")
    (tmp_path / "other name").symlink_to(tmp_path / "kept")
    assert {c.source_name: c.kind for c in find_candidates([tmp_path / "other name"])} == {
        "again.vtt": "lecture", "week1.vtt": "lecture",
    }  # fmt: skip
    (named,) = find_candidates([tmp_path / "named.vtt"])
    assert named.kind == "lecture"
    for path, below in ((tmp_path / "named.vtt", None), (tmp_path / "kept" / "again.vtt", tmp_path / "kept")):
        with open_file(path, below=below) as source:
            assert source.read() == b"words"


@pytest.mark.parametrize("place", ["file", "folder"])
def test_a_file_that_was_swapped_for_a_link_after_it_was_found_is_not_read(place: str, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "week1.vtt").write_text("canary")
    folder = tmp_path / "folder"
    (folder / "part").mkdir(parents=True)
    (folder / "part" / "week1.vtt").write_text("words")
    (found,) = find_candidates([folder])
    (folder / "part").rename(folder / "away")
    if place == "folder":
        (folder / "part").symlink_to(tmp_path / "secrets")
    else:
        (folder / "part").mkdir()
        (folder / "part" / "week1.vtt").symlink_to(tmp_path / "secrets" / "week1.vtt")
    with pytest.raises(UnreadableFileError, match="leads out of the folder") as failure:
        open_file(found.path, below=found.below)
    assert failure.value.code == "not_a_file"


def test_a_pipe_that_appears_after_the_look_does_not_hold_the_command(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "week1.vtt")
    with pytest.raises(UnreadableFileError, match="a pipe"):
        open_file(tmp_path / "week1.vtt", below=tmp_path)


@pytest.mark.parametrize("odd", [b"caf\xe9.vtt", b"aaa\xff.pdf", b"zz\xfe.mp3"])
@pytest.mark.parametrize("named", [False, True])
def test_a_name_that_is_no_text_fails_alone(odd: bytes, named: bool, tmp_path: Path) -> None:
    paths = [tmp_path / os.fsdecode(odd), *(tmp_path / name for name in ("a.vtt", "m.pdf", "z.mp3"))]
    for path in paths:
        path.write_text("x")
    for order in (paths, paths[::-1]):
        found = find_candidates(order if named else [tmp_path])
        failed = [c for c in found if c.code is not None]
        assert [(c.kind, c.note) for c in failed] == [("other", "Its name is not UTF-8 text. Rename it.")]
        assert failed[0].source_name.encode() == odd.decode("utf-8", "backslashreplace").encode()
        assert sorted(c.source_name for c in found if c.code is None) == ["a.vtt", "m.pdf", "z.mp3"]


def test_what_is_not_there_is_an_error_of_the_command(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"no file or folder .*caf\\xe9"):
        find_candidates([tmp_path / os.fsdecode(b"caf\xe9.vtt")])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    (found,) = find_candidates([tmp_path])
    assert (found.code, found.note) == ("not_a_file", "The folder cannot be read.")


def test_a_folder_that_cannot_be_listed_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "good.vtt").write_text("x")
    real = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "bad":
            raise OSError(5, "Input/output error", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = {c.source_name: c.code for c in find_candidates([tmp_path])}
    assert found == {"good.vtt": None, "bad": "not_a_file"}
