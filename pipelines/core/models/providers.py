"""The one door to models: embed texts here or with any OpenAI-compatible URL, and the clients of chat and vision.

Belongs here: which client a payer's calls go through. What a call sends and checks stands in `embedder_remote.py` and
`completions.py`; how provider faults become our errors in `provider_faults.py`. Nobody else builds a client.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt

from pipelines.core.errors import SettingsError
from pipelines.core.models.embedder_local import LocalEmbedder
from pipelines.core.models.embedder_multilingual import MultilingualEmbedder
from pipelines.core.models.embedder_remote import RemoteEmbedder
from pipelines.core.models.meter import Meter, Purpose
from pipelines.core.models.payers import (
    NOBODY,
    Payer,
    address_guard,
    find_means,
    openrouter_api,
    payer_of_vectors,
)
from pipelines.core.postgres import Connection
from pipelines.core.settings import LOCAL_EMBEDDING_MODEL, Settings

if TYPE_CHECKING:
    import httpx2
    import openai

    from pipelines.core.stores import Stores

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

    @property
    def multilingual(self) -> "Embedder | None":
        """The embedder of the second set, for questions that are not in English; None: this one answers them too."""

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as `max_tokens` counts them; never less than the model sees."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, dims) float32, each row of length 1, in the order of `texts`; no texts give (0, dims).

        Raises:
            ProviderRefusedError, ProviderUnavailableError, SettingsError, EmbeddingMismatchError
        """


_multilingual = MultilingualEmbedder()
_local = {
    (second, briefly): LocalEmbedder(
        threads=1 if briefly else 0, optimised=not briefly, multilingual=_multilingual if second else None
    )
    for second in (False, True)
    for briefly in (False, True)
}
"""The local embedder of this process, with a second one beside it or none, and for long or `briefly`."""


def wants_second_vectors(settings: Settings) -> bool:
    """Whether chunks get second vectors, for other languages: only beside the local embedder, which reads English."""
    return settings.multilingual_search and settings.embedding_model == LOCAL_EMBEDDING_MODEL


def load_second_embedder() -> None:
    """Load the model of second vectors now, in a process whose children share it.

    Raises:
        SettingsError: its wheel is not here as this version expects it.
    """
    _multilingual.load()


def embedder(
    settings: Settings, meter: Meter | None = None, clients: "Clients | None" = None, *, briefly: bool = False
) -> Embedder:
    """The embedder the settings name. Cheap: models load and connections open on first use.

    Args:
        meter: who pays, where a provider makes the vectors; None: the operator, and nobody counts.
        clients: connections to share; None: its own.
        briefly: this process embeds a question or two and ends; a local model is then loaded in a fifth of the time.

    Raises:
        SettingsError: EMBEDDING_DIMS that the local model does not have.
        KeyMissingError: the operator pays for nobody.
    """
    if settings.embedding_model == LOCAL_EMBEDDING_MODEL:
        if settings.embedding_dims != LocalEmbedder.dims:
            raise SettingsError(f"EMBEDDING_DIMS must be {LocalEmbedder.dims} for the local embedder.")
        return _local[wants_second_vectors(settings), briefly]
    payer = meter.payer if meter is not None else payer_of_vectors(NOBODY, settings, None)
    client = (clients or Clients(settings)).of(payer)
    return RemoteEmbedder(client, model=settings.embedding_model, dims=settings.embedding_dims, meter=meter)


def embedder_for(
    stores: "Stores",
    find_payer: Callable[[Connection], UUID | None],
    purpose: Purpose,
    *,
    course_id: UUID | None = None,
    run_id: str | None = None,
    clients: "Clients | None" = None,
    briefly: bool = False,
) -> Embedder:
    """The embedder of the settings; where a provider makes the vectors, a person pays.

    Args:
        find_payer: the id of this person (None: the operator pays), asked only where there is something to pay.
        briefly: see `embedder`.

    Raises:
        SettingsError, KeyMissingError, StorageUnavailableError
    """
    settings = stores.settings
    if settings.embedding_model == LOCAL_EMBEDDING_MODEL:
        return embedder(settings, briefly=briefly)
    with stores.database.transaction() as connection:
        means = find_means(connection, find_payer(connection), course_id=course_id)
    payer = payer_of_vectors(means, settings, stores.sealer)
    meter = Meter.of(stores, payer, purpose, course_id=course_id, run_id=run_id)
    return embedder(settings, meter, clients)


class Clients:
    """Clients for many payers, who share connections. Opened on first use; a context manager, which closes them.

    Redirects are not followed: a key is sent to no other address than the one it is for.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._shared: dict[bool, openai.OpenAI] = {}

    def of(self, payer: Payer) -> "openai.OpenAI":
        """A client for calls this payer pays, with timeouts and retries set."""
        import openai

        if payer.named not in self._shared:
            options = _options(payer, self._settings)
            self._shared[payer.named] = openai.OpenAI(**options, http_client=self._http(payer))
        return self._shared[payer.named].with_options(
            **_options(payer, self._settings), default_headers=_headers(payer, self._settings)
        )

    def _http(self, payer: Payer) -> "httpx2.Client":
        from pipelines.core.net.transports import direct_client, guarded_client

        timeout = _timeout(self._settings)
        if payer.named:
            return guarded_client(address_guard(self._settings), timeout=timeout)
        return direct_client(timeout=timeout)

    def close(self) -> None:
        """Close every connection."""
        for client in self._shared.values():
            client.close()

    def __enter__(self) -> "Clients":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClients:
    """The same for asyncio; `close` closes them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._shared: dict[bool, openai.AsyncOpenAI] = {}

    def of(self, payer: Payer) -> "openai.AsyncOpenAI":
        """A client for calls this payer pays, with timeouts and retries set."""
        import openai

        if payer.named not in self._shared:
            options = _options(payer, self._settings)
            self._shared[payer.named] = openai.AsyncOpenAI(**options, http_client=self._http(payer))
        return self._shared[payer.named].with_options(
            **_options(payer, self._settings), default_headers=_headers(payer, self._settings)
        )

    def _http(self, payer: Payer) -> "httpx2.AsyncClient":
        import openai

        from pipelines.core.net.transports import guarded_async_client

        timeout = _timeout(self._settings)
        if payer.named:
            return guarded_async_client(address_guard(self._settings), timeout=timeout)
        # aiohttp parses HTTP in C: reading a streamed word costs half of what it costs with the usual transport.
        return openai.DefaultAioHttpClient(timeout=timeout, follow_redirects=False)

    @staticmethod
    def warm() -> None:
        """Load the client library now, a second of a core, in a thread that keeps nobody waiting."""
        import openai.resources.chat  # noqa: F401

    async def close(self) -> None:
        """Close every connection."""
        for client in self._shared.values():
            await client.close()


def _timeout(settings: Settings) -> "openai.Timeout":
    import openai

    return openai.Timeout(settings.model_timeout_s, connect=min(CONNECT_TIMEOUT_S, settings.model_timeout_s))


def _options(payer: Payer, settings: Settings) -> dict[str, Any]:
    return {
        "base_url": payer.base_url,
        "api_key": payer.key.get_secret_value() if payer.key is not None else NO_KEY,
        "timeout": _timeout(settings),
        "max_retries": MAX_RETRIES,
    }


def _headers(payer: Payer, settings: Settings) -> dict[str, str]:
    """What OpenRouter is told of us, for people who look at what they spent."""
    if payer.base_url != openrouter_api(settings):
        return {}
    return {"X-OpenRouter-Title": "StudyBuddy"} | ({"HTTP-Referer": settings.public_url} if settings.public_url else {})
