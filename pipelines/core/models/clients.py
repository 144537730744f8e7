"""Clients of model providers, with their connections. Nobody else builds one: what the calls send stands elsewhere.

The library takes most of a second to load and is loaded on first use.
"""

from typing import TYPE_CHECKING, Any

from pipelines.core.models.payers import Payer, address_guard, openrouter_api
from pipelines.core.settings import Settings

if TYPE_CHECKING:
    import httpx2
    import openai

CONNECT_TIMEOUT_S = 5.0
MAX_RETRIES = 4
"""Further tries after 408, 409, 429, 5xx and cut connections: the client waits what Retry-After says (at most two
minutes), or 0.5 to 8 s with jitter. Other answers are never tried again."""

NO_KEY = "none"
"""Sent where no key is set: local servers ignore it, the client insists on one."""


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
