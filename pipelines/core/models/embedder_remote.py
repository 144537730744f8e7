"""The embedder behind any OpenAI-compatible `/embeddings`; nothing it answers is believed.

Asks for floats, because several servers answer base64 requests with nothing, and without a word about that where a
server refuses it; puts answers in order by their index; checks count, dimension and finiteness; halves a batch the
server finds too large.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.core.errors import EmbeddingMismatchError, ProviderRefusedError
from pipelines.core.models.meter import Meter, Used
from pipelines.core.models.provider_faults import garbage, raise_error_body, translated
from pipelines.core.models.weights import readable

if TYPE_CHECKING:
    import openai

BATCH = 64
"""Texts a request. No maximum is documented for most servers; a refused batch is halved."""
MAX_TOKENS = 1024
"""Tokens a text may have, counted as below: a whole slide, and within the 8,000 of usual models by far."""
BYTES_PER_TOKEN = 2
"""The tokenizer is unknown here: two bytes a token is fewer than prose (4) or formulas (2-3) have in common ones."""
BLANK = "-"
"""Stands for a text without characters, which servers refuse."""


class RemoteEmbedder:
    """One model behind one URL.

    Args:
        dims: checked against every answer.
        meter: None: nobody counts the calls.
        options: fields that go with each request, such as a dimension some servers want to be asked for.
    """

    max_tokens = MAX_TOKENS
    multilingual = None

    def __init__(
        self,
        client: "openai.OpenAI",
        *,
        model: str,
        dims: int,
        meter: Meter | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._client, self._options = client, dict(options or {})
        self._takes_floats = True  # until the server refuses to be asked for them
        self._meter = meter
        self.model = model
        self.dims = dims

    def count_tokens(self, text: str) -> int:
        """An upper estimate of the tokens of `text`."""
        return len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN + 1

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors of `texts`: (n, dims) float32, each of length 1, in their order. Text past `max_tokens` is cut off.

        Raises:
            ProviderRefusedError: bad key, no credit, bad request, or an answer that makes no sense.
            ProviderUnavailableError: 429, 5xx, timeout, no connection, after all tries.
            EmbeddingMismatchError: vectors of another dimension than EMBEDDING_DIMS.
        """
        sent = [_cut(readable(text)).strip() or BLANK for text in texts]
        rows: list[npt.NDArray[np.float32]] = []
        for start in range(0, len(sent), BATCH):
            rows.extend(self._embed_batch(sent[start : start + BATCH]))
        return np.stack(rows) if rows else np.empty((0, self.dims), dtype=np.float32)

    def _embed_batch(self, texts: list[str]) -> list[npt.NDArray[np.float32]]:
        try:
            answer = self._ask(texts)
        except ProviderRefusedError as error:
            if error.code not in ("bad_request", "context_too_long") or len(texts) == 1:
                raise
            middle = len(texts) // 2
            return [*self._embed_batch(texts[:middle]), *self._embed_batch(texts[middle:])]
        return self._checked(getattr(answer, "data", None), len(texts))

    def _ask(self, texts: list[str]) -> Any:
        with self._meter.call() if self._meter is not None else nullcontext(Used()) as used:
            try:
                answer = self._request(texts)
            except ValueError:  # the client's own complaint about an answer without data
                raise garbage(self.model) from None
            raise_error_body(self.model, answer)
            used.take(getattr(answer, "usage", None))
            return answer

    def _request(self, texts: list[str]) -> Any:
        import openai
        from openai.types import CreateEmbeddingResponse

        with translated(self.model):
            if self._takes_floats:
                try:
                    return self._client.embeddings.create(
                        model=self.model, input=texts, encoding_format="float", extra_body=self._options
                    )
                except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                    if "encoding_format" not in str(error):
                        raise
                self._takes_floats = False
            body = {"model": self.model, "input": texts, **self._options}
            return self._client.post("/embeddings", body=body, cast_to=CreateEmbeddingResponse)

    def _checked(self, data: Any, count: int) -> list[npt.NDArray[np.float32]]:
        if not isinstance(data, list) or len(data) != count:
            raise garbage(self.model)
        indexes = [getattr(item, "index", None) for item in data]
        if indexes != [None] * count:
            if sorted(indexes, key=str) != sorted(range(count), key=str):
                raise garbage(self.model)
            data = sorted(data, key=lambda item: item.index)
        return [self._vector(getattr(item, "embedding", None)) for item in data]

    def _vector(self, values: Any) -> npt.NDArray[np.float32]:
        try:
            vector = np.asarray(values, dtype=np.float32)
        except (TypeError, ValueError):
            raise garbage(self.model) from None
        length = float(np.linalg.norm(vector)) if vector.ndim == 1 else 0.0
        if not np.isfinite(length) or length == 0.0:
            raise garbage(self.model)
        if vector.size != self.dims:
            raise EmbeddingMismatchError(
                f"{self.model} answers vectors of {vector.size} dimensions, not {self.dims}; set "
                f"EMBEDDING_DIMS={vector.size}, or add the set with --dims {vector.size}."
            )
        return vector / np.float32(length)


def _cut(text: str) -> str:
    most = MAX_TOKENS * BYTES_PER_TOKEN
    return text if len(text) * 4 <= most else text.encode("utf-8")[:most].decode("utf-8", "ignore")
