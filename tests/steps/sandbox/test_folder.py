"""A child with a folder of its own writes there, so much and no more, and nowhere else."""

from pathlib import Path

import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.sandbox.bounded import missing_guards, run_bounded
from pipelines.steps.sandbox.limits import Limits

TARGETS = "tests.steps.sandbox.targets"


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where private folders are made; anybody may enter, as with /tmp."""
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder != Path("/tmp"):
            folder.chmod(0o755)
    made = tmp_path / "temporary"
    made.mkdir(mode=0o755)
    monkeypatch.setattr("tempfile.tempdir", str(made))
    return made


def test_it_makes_moves_and_removes_files_there_and_reaches_nothing_else(places: Path, tmp_path: Path) -> None:
    if missing := missing_guards():
        pytest.skip(f"this machine refuses: {missing}")
    beside = tmp_path / "beside"
    beside.mkdir(mode=0o777)
    beside.chmod(0o777)
    (beside / "secret").write_text("canary")
    args = {"elsewhere": str(beside)}
    (item,) = run_bounded(f"{TARGETS}:use_folder", args=args, limits=Limits(folder_mb=1))
    met = item.value["met"]
    assert (met.pop("write and move"), met.pop("make and remove")) == ("", "")
    assert {name: error for name, error in met.items() if error not in ("PermissionError", "OSError")} == {}
    assert item.value["left"] == ["b", "tool"]
    assert sorted(path.name for path in beside.iterdir()) == ["secret"]
    assert list(places.iterdir()) == []


@pytest.mark.parametrize(("file_mb", "files"), [(3, 20), (11, 1)])
def test_more_than_it_may_write_ends_it_and_the_folder_goes(places: Path, file_mb: int, files: int) -> None:
    limits = Limits(folder_mb=10, wall_s=20)
    with pytest.raises(UnreadableFileError, match="space") as caught:
        list(run_bounded(f"{TARGETS}:fill", args={"file_mb": file_mb, "files": files}, limits=limits))
    assert caught.value.code == "parser_limit"
    assert list(places.iterdir()) == []


def test_without_a_folder_nothing_is_written(places: Path, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="folder"):
        list(run_bounded(f"{TARGETS}:fill", args={"file_mb": 1, "files": 1}))
    (item, *_) = run_bounded(f"{TARGETS}:environment")
    assert item.value["pid"] == 1
    assert list(places.iterdir()) == []
