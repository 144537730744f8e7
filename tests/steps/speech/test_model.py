"""Where the speech weights come from, and what people are told when they are not there."""

from pathlib import Path

import pytest

from pipelines.core.errors import SettingsError
from pipelines.steps.speech.model import EMBEDDED, load_model


def test_the_embedded_model_is_put_together_once_and_repaired_when_damaged(tmp_path: Path) -> None:
    model = load_model(EMBEDDED, cache=tmp_path)
    weights = tmp_path / "whisper-base/model.bin"
    made = weights.stat()
    assert (model.name, made.st_size) == ("faster-whisper/base/int8", 145_217_532)
    load_model(EMBEDDED, cache=tmp_path)
    assert weights.stat().st_mtime_ns == made.st_mtime_ns
    with weights.open("r+b") as opened:
        opened.truncate(1000)
    load_model(EMBEDDED, cache=tmp_path)
    assert weights.stat().st_size == made.st_size
    assert sorted(p.name for p in weights.parent.iterdir()) == [
        "config.json",
        "model.bin",
        "tokenizer.json",
        "vocabulary.txt",
    ]


def test_a_name_that_is_not_here_and_cannot_be_fetched_names_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(SettingsError, match=r"WHISPER_MODEL=small is not on this machine"):
        load_model("small", cache=tmp_path)


@pytest.mark.parametrize("name", ["no-such-size", "../elsewhere"])
def test_a_name_nobody_knows_names_the_setting(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="WHISPER_MODEL="):
        load_model(name, cache=tmp_path)


def test_a_folder_without_a_model_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="damaged or missing"):
        load_model(str(tmp_path), cache=tmp_path)


def test_a_device_this_machine_lacks_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="WHISPER_DEVICE=quantum"):
        load_model(EMBEDDED, cache=tmp_path, device="quantum")


def test_a_compute_type_nobody_knows_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="WHISPER_COMPUTE_TYPE=int7"):
        load_model(EMBEDDED, cache=tmp_path, compute_type="int7")
