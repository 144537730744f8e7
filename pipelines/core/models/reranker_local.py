"""The reranker of this machine: a cross-encoder as ONNX in a folder of the operator's, with its tokenizer.

A folder as exports to ONNX leave it: `tokenizer.json`, and `model.onnx` beside it or in `onnx/`. No package with the
weights of one was found that could come along, so none does.
"""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.core.errors import ProviderUnavailableError, SettingsError
from pipelines.core.models.provider_faults import garbage
from pipelines.core.models.weights import readable

MODELS = ("model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx")
INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
MAX_TOKENS = 512
"""Of question and passage together, as such models were trained; chunks have at most half of it."""
MAX_CHARS = 20_000
"""Longer text is cut before it is split into tokens."""
BATCH = 4
"""Pairs a call: between two calls is looked whether there is time left."""


class LocalReranker:
    """One model on this machine's CPU; it loads on first use, or with `load`."""

    def __init__(self, folder: Path, *, depth: int, budget_ms: float) -> None:
        self.model = folder.name
        self.depth = depth
        self.budget_ms = budget_ms
        self._folder = folder
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    def load(self) -> None:
        """Load the model and let it read a first pair.

        Raises:
            SettingsError: the folder lacks a file, or the model is no cross-encoder.
        """
        with self._lock:
            if self._loaded is None:
                self._loaded = self._open()

    def score(self, question: str, passages: Sequence[str]) -> list[float]:
        """How well each passage answers the question, in their order.

        Raises:
            ProviderUnavailableError: it takes longer than `budget_ms`.
            ProviderRefusedError: a score is no number.
            SettingsError: as `load`.
        """
        self.load()
        assert self._loaded is not None  # noqa: S101  just loaded
        until = time.monotonic() + self.budget_ms / 1000
        scores: list[float] = []
        for start in range(0, len(passages), BATCH):
            if time.monotonic() > until:
                raise ProviderUnavailableError(f"{self.model} did not answer in time.", code="timeout")
            scores.extend(map(float, _read(*self._loaded, question, passages[start : start + BATCH])))
        if not np.all(np.isfinite(scores)):
            raise garbage(self.model)
        return scores

    def _open(self) -> tuple[Any, Any]:
        found = [self._folder / name for name in MODELS if (self._folder / name).is_file()]
        words = self._folder / "tokenizer.json"
        if not found or not words.is_file():
            lacks = "tokenizer.json" if found else "model.onnx"
            raise SettingsError(
                f"RERANKER_MODEL: {self._folder} holds no {lacks}; name a folder with both, or set RERANKER_BASE_URL."
            )
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ModuleNotFoundError:
            raise SettingsError("RERANKER_MODEL: a folder needs onnxruntime: install studybuddy[local].") from None

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            tokenizer = Tokenizer.from_file(str(words))
            tokenizer.enable_truncation(MAX_TOKENS)
            tokenizer.enable_padding(**_padding(tokenizer))
            session = onnxruntime.InferenceSession(str(found[0]), options, providers=["CPUExecutionProvider"])
            fits = {each.name for each in session.get_inputs()} <= INPUTS
            fits = fits and _read(tokenizer, session, "question", ["passage", "another"]).shape == (2,)
        except Exception:  # both libraries raise bare ones, each of its own for each fault
            fits = False
        if not fits:
            raise SettingsError(
                f"RERANKER_MODEL: {found[0]} is no cross-encoder that can be used: one that reads pairs of texts as "
                "its tokenizer.json splits them, and gives each pair one number."
            )
        return tokenizer, session


def _padding(tokenizer: Any) -> dict[str, Any]:
    known = tokenizer.padding
    if known is not None:
        return {name: known[name] for name in ("pad_id", "pad_token", "pad_type_id")}
    token = next((each for each in ("[PAD]", "<pad>") if tokenizer.token_to_id(each) is not None), "[PAD]")
    return {"pad_id": tokenizer.token_to_id(token) or 0, "pad_token": token}


def _read(tokenizer: Any, session: Any, question: str, passages: Sequence[str]) -> npt.NDArray[np.float32]:
    """One number a passage; a model that knows two classes gives how much more the second is."""
    asked = readable(question)[:MAX_CHARS]
    rows = tokenizer.encode_batch([(asked, readable(passage)[:MAX_CHARS]) for passage in passages])
    given = {
        "input_ids": np.array([row.ids for row in rows], dtype=np.int64),
        "attention_mask": np.array([row.attention_mask for row in rows], dtype=np.int64),
        "token_type_ids": np.array([row.type_ids for row in rows], dtype=np.int64),
    }
    wanted = [each.name for each in session.get_inputs()]
    (logits, *_) = session.run(None, {name: given[name] for name in wanted})
    logits = np.asarray(logits, dtype=np.float32)
    if logits.ndim == 2 and logits.shape[1] == 2:
        return np.asarray(logits[:, 1] - logits[:, 0])
    return logits.reshape(-1) if logits.size == len(passages) else logits
