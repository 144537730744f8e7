"""The one door to models: embed texts here or with any OpenAI-compatible URL, and the clients of chat and vision.

Belongs here: which client a setting asks for. What a call sends and checks stands in `embedder_remote.py` and
`completions.py`; how provider faults become our errors in `provider_faults.py`. Nobody else builds a client.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import SecretStr

from pipelines.core.errors import SettingsError
from pipelines.core.models.embedder_local import LocalEmbedder
from pipelines.core.models.embedder_remote import RemoteEmbedder
from pipelines.core.settings import LOCAL_EMBEDDING_MODEL, Settings

if TYPE_CHECKING:
    import openai

CONNECT_TIMEOUT_S = 5.0
MAX_RETRIES = 4
"""Further tries after 408, 409, 429, 5xx and cut connections: the client waits what Retry-After says (at most two
minutes), or 0.5 to 8 s with jitter. Other answers are never tried again."""

NO_KEY = "none"
"""Sent where no key is set: local servers ignore it, the client insists on one."""


class Embedder(Protocol):
    """Turns texts into vectors of one model. `model` and `dims` name the embedding set the vectors belong to."""

    @property
    def model(self) -> str:
        """Name of the model, as embedding sets keep it."""

    @property
    def dims(self) -> int:
        """Length of each vector."""

    @property
    def max_tokens(self) -> int:
        """Most tokens of one text that are read; the rest is not seen."""

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as `max_tokens` counts them; never less than the model sees."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, dims) float32, each row of length 1, in the order of `texts`; no texts give (0, dims).

        Raises:
            ProviderRefusedError, ProviderUnavailableError, SettingsError, EmbeddingMismatchError
        """


_local = LocalEmbedder()


def embedder(settings: Settings) -> Embedder:
    """The embedder the settings name. Cheap: models load and connections open on first use.

    Raises:
        SettingsError: a model name without a URL to ask, or EMBEDDING_DIMS that the local model does not have.
    """
    if settings.embedding_model == LOCAL_EMBEDDING_MODEL:
        if settings.embedding_dims != _local.dims:
            raise SettingsError(f"EMBEDDING_DIMS must be {_local.dims} for the local embedder.")
        return _local
    url = settings.embedding_base_url or settings.model_base_url
    if url is None:
        raise SettingsError("EMBEDDING_MODEL names a model, so EMBEDDING_BASE_URL or MODEL_BASE_URL must be set too.")
    key = settings.embedding_api_key
    if key is None and url == (settings.model_base_url or url):
        key = settings.model_api_key  # a key is never sent to another address than the one it was given for
    client = _client(url, key, settings)
    return RemoteEmbedder(client, model=settings.embedding_model, dims=settings.embedding_dims)


def chat_client(settings: Settings, *, key: SecretStr | None = None) -> "openai.OpenAI":
    """A client of MODEL_BASE_URL with timeouts and retries set; `key` stands in for MODEL_API_KEY (a user's own).

    Raises:
        SettingsError: MODEL_BASE_URL is unset.
    """
    return _client(_model_url(settings), key or settings.model_api_key, settings)


def async_chat_client(settings: Settings, *, key: SecretStr | None = None) -> "openai.AsyncOpenAI":
    """The same for asyncio, for the answer loop.

    Raises:
        SettingsError: MODEL_BASE_URL is unset.
    """
    import openai

    options = _options(_model_url(settings), key or settings.model_api_key, settings)
    # aiohttp parses HTTP in C: reading a streamed word costs half of what it costs with the usual transport.
    return openai.AsyncOpenAI(**options, http_client=openai.DefaultAioHttpClient(timeout=options["timeout"]))


def _model_url(settings: Settings) -> str:
    if settings.model_base_url is None:
        raise SettingsError("MODEL_BASE_URL is unset: no language model is connected.")
    return settings.model_base_url


def _client(url: str, key: SecretStr | None, settings: Settings) -> "openai.OpenAI":
    import openai

    return openai.OpenAI(**_options(url, key, settings))


def _options(url: str, key: SecretStr | None, settings: Settings) -> dict[str, Any]:
    import openai

    timeout = openai.Timeout(settings.model_timeout_s, connect=min(CONNECT_TIMEOUT_S, settings.model_timeout_s))
    return {
        "base_url": url,
        "api_key": key.get_secret_value() if key is not None else NO_KEY,
        "timeout": timeout,
        "max_retries": MAX_RETRIES,
    }
