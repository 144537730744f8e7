"""Archives of strangers: what they hold comes out under its name, nothing gets out of its folder, bombs end early."""

import io
import os
import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.core.errors import StudyBuddyError, UnreadableFileError
from pipelines.steps.archives import worker
from pipelines.steps.archives.names import decode_names, why_no_path
from pipelines.steps.archives.unpacking import LIMITS, Member, is_archive, unpack

ENDINGS = (".pdf", ".vtt", ".md")


def packed(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


def members(tmp_path: Path, data: bytes, **more: int) -> list[Member]:
    (tmp_path / "upload").write_bytes(data)
    folder = tmp_path / "folder"
    folder.mkdir(exist_ok=True)
    return list(unpack(tmp_path / "upload", folder, endings=ENDINGS, **{"max_member_mb": 5, **more}))


def refusal(tmp_path: Path, data: bytes, **more: int) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as caught:
        members(tmp_path, data, **more)
    return caught.value


def unmarked(name: bytes) -> zipfile.ZipInfo:
    """A member whose name is these bytes, without a word on their encoding."""

    class Raw(zipfile.ZipInfo):
        def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802  zipfile's own name
            return name, 0

    return Raw("raw")


def test_what_is_asked_for_comes_out_below_the_folder_and_the_rest_is_named(tmp_path: Path) -> None:
    data = packed(
        ("course/week1/Slides.PDF", b"%PDF-1"), ("./talk.vtt", b"WEBVTT"), ("course/", b""), ("course/tool.exe", b"MZ"),
        ("__MACOSX/._x.pdf", b"x"), ("course/.git/a.md", b"x"), ("empty.md", b""),
    )  # fmt: skip
    found = members(tmp_path, data)
    assert [(m.name, m.why_not, m.must_fail) for m in found] == [
        ("course/week1/Slides.PDF", "", False), ("talk.vtt", "", False), ("course/tool.exe", "", False),
        ("empty.md", "", False),
    ]  # fmt: skip
    assert [m.path and m.path.relative_to(tmp_path / "folder").as_posix() for m in found] == [
        "course/week1/Slides.PDF", "talk.vtt", None, "empty.md",
    ]  # fmt: skip
    assert (tmp_path / "folder/course/week1/Slides.PDF").read_bytes() == b"%PDF-1"


@pytest.mark.parametrize(
    "name",
    ["../out.pdf", "a/../../out.pdf", "/etc/out.pdf", "C:/out.pdf", "a//b.pdf", "a\x1b[2J.pdf", "x" * 300 + ".pdf"],
)
def test_a_name_that_leads_out_fails_alone(tmp_path: Path, name: str) -> None:
    bad, good = members(tmp_path, packed((name, b"x"), ("good.pdf", b"y")))
    assert (bad.path, bad.must_fail, bad.why_not.startswith("Its name")) == (None, True, True)
    assert good.path is not None
    assert [path.name for path in (tmp_path / "folder").rglob("*")] == ["good.pdf"]
    assert not (tmp_path / "out.pdf").exists()


def test_paths_of_windows_are_paths_and_still_lead_nowhere_else(tmp_path: Path) -> None:
    inside, outside = zipfile.ZipInfo("week1\\a.pdf"), zipfile.ZipInfo("..\\..\\b.pdf")
    inside.create_system = outside.create_system = 0
    good, bad = members(tmp_path, packed((inside, b"x"), (outside, b"x")))
    assert (good.name, bad.why_not) == ("week1/a.pdf", "Its name leads out of the archive.")


def test_links_and_devices_are_left_where_they_are(tmp_path: Path) -> None:
    link, device = zipfile.ZipInfo("secrets.pdf"), zipfile.ZipInfo("disk.pdf")
    link.external_attr, device.external_attr = 0o120777 << 16, 0o060600 << 16
    link.create_system = device.create_system = 3
    found = members(tmp_path, packed((link, b"/etc/passwd"), (device, b"")))
    assert [m.path for m in found] == [None, None]
    assert "a link" in found[0].why_not
    assert list((tmp_path / "folder").iterdir()) == []


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "Übung/größe.pdf"), ("cp437", "Übung/größe.pdf"), ("cp1252", "Übung/größe.pdf"),
        ("cp850", "ÀÊÎ/Õ.pdf"), ("cp866", "Лекции по линейной алгебре/Собственные значения.pdf"),
        ("cp932", "線形代数/固有値と固有ベクトルの計算.pdf"),
        ("gb18030", "线性代数课程讲义/特征值和特征向量的计算.pdf"),
    ],
)  # fmt: skip
def test_names_without_a_mark_are_read_in_the_encoding_they_make_words_in(
    tmp_path: Path, encoding: str, name: str
) -> None:
    (found,) = members(tmp_path, packed((unmarked(name.encode(encoding)), b"x")))
    assert found.name == name


def test_a_name_given_in_utf8_beside_the_old_one_counts(tmp_path: Path) -> None:
    member = unmarked(b"gr__e.pdf")
    name = "größe.pdf".encode()
    field = struct.pack("<BI", 1, zlib.crc32(b"gr__e.pdf")) + name
    member.extra = struct.pack("<HH", 0x7075, len(field)) + field
    (found,) = members(tmp_path, packed((member, b"x")))
    assert found.name == "größe.pdf"


def test_names_are_composed_and_two_that_are_then_one_do_not_overwrite_each_other(tmp_path: Path) -> None:
    found = members(tmp_path, packed(("u\u0308.pdf", b"one"), ("\u00fc.pdf", b"two"), ("Ü.PDF", b"three")))
    assert [m.path is not None for m in found] == [True, False, False]
    assert found[1].must_fail
    assert (tmp_path / "folder/ü.pdf").read_bytes() == b"one"


def test_a_damaged_an_encrypted_a_nested_and_a_strange_member_fail_alone(tmp_path: Path) -> None:
    data = bytearray(packed(("bad.pdf", b"A" * 99), ("locked.pdf", b"x"), ("more.zip", b"PK"), ("odd.md", b"z"),
                            ("good.pdf", b"fine")))  # fmt: skip
    at = data.index(b"bad.pdf") + len("bad.pdf")
    data[at : at + 4] = b"\xff\xff\xff\xff"
    locked, odd = data.rindex(b"locked.pdf") - 46, data.rindex(b"odd.md") - 46
    data[locked + 8] |= 1
    data[odd + 10 : odd + 12] = struct.pack("<H", 97)
    found = {m.name: m for m in members(tmp_path, bytes(data))}
    assert {name for name, m in found.items() if m.must_fail} == {"bad.pdf", "locked.pdf", "more.zip", "odd.md"}
    assert "damaged" in found["bad.pdf"].why_not
    assert "password" in found["locked.pdf"].why_not
    assert "inside an archive" in found["more.zip"].why_not
    assert "not known here" in found["odd.md"].why_not
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == ["good.pdf"]


def test_a_file_where_a_folder_should_be_fails_alone(tmp_path: Path) -> None:
    found = members(tmp_path, packed(("a.pdf", b"x"), ("a.pdf/b.pdf", b"y"), ("c.pdf", b"z")))
    assert [(m.path is not None, m.must_fail) for m in found] == [(True, False), (False, True), (True, False)]


def test_a_member_too_large_or_packed_too_tightly_fails_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (large,) = members(tmp_path, packed(("a.pdf", os.urandom(1) * 6_000_000)))
    assert "more than 5 MB" in large.why_not
    bomb = packed(("a.pdf", bytes(worker.RATIO_FROM + (8 << 20))))
    (tight,) = members(tmp_path, bomb, max_member_mb=1000)
    assert "attack" in tight.why_not
    assert list((tmp_path / "folder").iterdir()) == []


def test_an_archive_that_is_a_bomb_as_a_whole_is_refused(tmp_path: Path) -> None:
    many = packed(*((f"{number}.pdf", b"") for number in range(10_001)))
    assert refusal(tmp_path, many).code == "too_many_files"
    large = packed(*((f"{number}.pdf", bytes(3_000_000)) for number in range(4)))
    assert refusal(tmp_path, large, max_total_mb=10).code == "too_large"
    lying = bytearray(large)
    for number in range(4):  # says that each holds a hundred bytes
        at = lying.rindex(f"{number}.pdf".encode()) - 46
        lying[at + 24 : at + 28] = struct.pack("<I", 100)
    found = members(tmp_path, bytes(lying), max_total_mb=10)
    assert all((m.path is None) == m.must_fail for m in found)
    assert sum(path.stat().st_size for path in (tmp_path / "folder").iterdir()) <= 10_000_000


def test_files_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    data = bytearray(packed(("a.pdf", os.urandom(500)), ("b.pdf", os.urandom(500)), method=zipfile.ZIP_STORED))
    second = data.rindex(b"b.pdf") - 46
    data[second + 42 : second + 46] = struct.pack("<I", 10)
    assert refusal(tmp_path, bytes(data)).code == "damaged"


def test_archives_that_cannot_be_read_say_what_to_do(tmp_path: Path) -> None:
    whole = packed(("a.pdf", b"x" * 500))
    for data in (b"PK\x03\x04", whole[:-30], b"", b"<html>"):
        error = refusal(tmp_path, data)
        assert (error.code, "export it again" in error.message) == ("damaged", True)
    backup = packed(("moodle_backup.xml", b"<x/>"), ("files/ab/abcdef", b"x"))
    assert "Download course content" in refusal(tmp_path, backup).message


def test_the_first_bytes_say_what_is_an_archive(tmp_path: Path) -> None:
    for content, expected in ((packed(), True), (packed(("a", b"")), True), (b"%PDF-", False), (b"", False)):
        (tmp_path / "x").write_bytes(content)
        assert is_archive(tmp_path / "x") == expected


def test_an_archive_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(packed(("a.pdf", bytes(5_000_000))))
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(UnreadableFileError) as caught:
        list(unpack(tmp_path / "upload", folder, endings=ENDINGS, max_member_mb=50, limits=replace(LIMITS, cpu_s=0)))
    assert caught.value.code == "parser_limit"


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=40))
def test_a_name_that_may_become_a_path_stays_below_the_folder(name: str) -> None:
    if why_no_path(name) is None:
        path = os.path.normpath(f"/folder/{name}")
        assert path.startswith("/folder/")
        assert len(name.split("/")) == len(Path(name).parts)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.binary(min_size=1, max_size=20), max_size=4))
def test_any_bytes_are_a_name(raw: list[bytes]) -> None:
    infos = []
    for name in raw:
        info = zipfile.ZipInfo("x")
        info.orig_filename = name.decode("cp437")
        infos.append(info)
    assert [isinstance(name, str) for name in decode_names(infos)] == [True] * len(raw)


@settings(deadline=None, max_examples=15)
@given(data=st.data())
def test_a_mutated_archive_gives_members_or_a_sentence(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(packed(("a/b.pdf", b"hello" * 50), ("ü.md", b"x" * 400)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    place = tmp_path_factory.mktemp("mutated")
    try:
        found = members(place, bytes(content))
    except StudyBuddyError:
        return
    for member in found:
        assert member.path is None or member.path.is_relative_to(place / "folder")
