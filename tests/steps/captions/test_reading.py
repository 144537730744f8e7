"""Caption files of strangers are read in the bounded child, and what it reports is checked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.captions import reading
from pipelines.steps.captions.clean import parse_captions
from pipelines.steps.captions.reading import read_captions
from pipelines.steps.captions.records import MAX_CUES, CaptionRepairs
from pipelines.steps.sandbox.bounded import Item
from pipelines.steps.sandbox.limits import Limits


def clock(ms: int) -> str:
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d},{ms % 1000:03d}"


def flood(cues: int, *, step_ms: int, length_ms: int, text: str) -> str:
    return "".join(
        f"{clock(n * step_ms)} --> {clock(n * step_ms + length_ms)}\n{text} {n}\n\n" for n in range(cues)
    )  # fmt: skip


def test_the_child_reads_what_the_parser_reads(tmp_path: Path) -> None:
    path = tmp_path / "week1.srt"
    path.write_text(flood(12_000, step_ms=700, length_ms=900, text="Grüße, [Music] <i>hör</i> zu"))  # three batches
    expected = parse_captions(path.read_bytes(), file_name="week1.srt")
    assert len(expected.segments) > 10_000
    assert expected.repairs.overlapping > 10_000
    assert read_captions(path, file_name="week1.srt") == expected


def test_real_captions_come_through_the_child_unchanged(shared_data: Path) -> None:
    for path in sorted((shared_data / "captions").rglob("*.srt"))[::40]:
        result = read_captions(path, file_name=path.name)
        assert result == parse_captions(path.read_bytes(), file_name=path.name)


@pytest.mark.parametrize(("data", "code"), [(b"", "empty_file"), (b"prose", "bad_captions")])
def test_what_the_parser_refuses_keeps_its_code_and_names_the_file(data: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_bytes(data)
    with pytest.raises(UnreadableFileError, match=r"talk\.vtt") as failure:
        read_captions(path, file_name="talk.vtt")
    assert failure.value.code == code


def test_more_cues_than_a_lecture_can_have_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "flood.srt"
    path.write_text(flood(MAX_CUES + 1, step_ms=100, length_ms=90, text="x"))
    with pytest.raises(UnreadableFileError, match="120,000 cues") as failure:
        read_captions(path, file_name="flood.srt")
    assert failure.value.code == "too_large"


def test_a_pile_of_overlapping_cues_is_read_within_the_limits(tmp_path: Path) -> None:
    """Joining their texts one by one copied megabytes ten thousands of times."""
    path = tmp_path / "pile.srt"
    path.write_text(flood(20_000, step_ms=0, length_ms=3_600_000, text="w" * 400))
    (segment,) = read_captions(path, file_name="pile.srt").segments
    assert len(segment.text) > 8_000_000


def test_a_parser_that_would_not_end_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "long.srt"
    path.write_text(flood(MAX_CUES - 1, step_ms=100, length_ms=90, text="a b c"))
    with pytest.raises(UnreadableFileError, match=r"long\.srt") as failure:
        read_captions(path, file_name="long.srt", limits=Limits(cpu_s=1, wall_s=1))
    assert failure.value.code == "parser_limit"


@pytest.mark.parametrize(
    "value",
    [
        {"segments": [[0, 1000, "a"], [500, 2000, "b"]]},
        {"segments": [[1000, 1000, "a"]]},
        {"segments": [[0, 1000, ""]]},
        {"segments": [[0, "x", "a"]]},
        {"segments": [[0, 1]]},
        {"segments": 7},
        {"repairs": {"unknown": 1}},
        {"repairs": CaptionRepairs().total},
        {},
        [],
        None,
    ],
    ids=repr,
)
def test_a_child_that_was_taken_over_cannot_break_the_promise(
    value: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def lying(*_: object, **__: object) -> Iterator[Item]:
        yield Item(value, b"")

    monkeypatch.setattr(reading, "run_bounded", lying)
    path = tmp_path / "talk.vtt"
    path.write_bytes(b"x")
    with pytest.raises(UnreadableFileError) as failure:
        read_captions(path, file_name="talk.vtt")
    assert failure.value.code == "damaged"
