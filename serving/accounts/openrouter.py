"""OpenRouter's account addresses: a code exchanged for a key, what a key may spend, and the models it can use.

Nothing it answers is believed: not its length, its type, its time, nor that a key is one. Redirects are not followed.
"""

import asyncio
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pydantic import SecretStr

from pipelines.core.errors import AddressRefusedError, AddressUnreachableError
from pipelines.core.models.payers import address_guard, openrouter_api
from pipelines.core.settings import Settings
from serving.chat.parts import clean
from serving.log import log
from serving.problems import ProblemError

if TYPE_CHECKING:
    import httpx2

LONGEST_ANSWER = 200_000
LONGEST_LIST = 20_000_000
"""Bytes of a list of models; OpenRouter's has about one million."""
KEY = re.compile(r"sk-or-[A-Za-z0-9_-]{8,500}")
ANY_KEY = re.compile(r"[!-~]{4,1000}")
MODEL_NAME = re.compile(r"^[!-~]{1,200}$")
LONGEST_LABEL = 100
LIST_KEPT_S = 300.0
"""A list of models is asked for again after this time."""
LISTS_KEPT = 50
"""Lists of keys that are kept at a time; each has some hundred models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatus:
    """What OpenRouter says of a key, in US dollars; None: it does not say, or (a limit) there is none."""

    label: str | None
    limit_usd: float | None
    remaining_usd: float | None
    usage_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedModel:
    """A model that a key can use. Prices are US dollars for a million tokens; None: not said."""

    id: str
    name: str
    context_tokens: int | None
    prompt_usd: float | None
    completion_usd: float | None
    sees_images: bool
    calls_tools: bool


class OpenRouter:
    """Asks OpenRouter, and other servers that keys are good at, about keys. Opened on first use.

    Args:
        timeout_s: for one answer, to its last byte.
    """

    def __init__(self, settings: Settings, *, timeout_s: float) -> None:
        self._settings = settings
        self._api = openrouter_api(settings)
        self._timeout_s = timeout_s
        self._clients: dict[bool, httpx2.AsyncClient] = {}
        self._listed: dict[tuple[str, str | None], tuple[float, list[OfferedModel]]] = {}

    def sign_in_url(self, callback_url: str, challenge: str) -> str:
        """Where a browser is sent to, to come back to `callback_url` with a code."""
        query = {"callback_url": callback_url, "code_challenge": challenge, "code_challenge_method": "S256"}
        return f"{self._settings.openrouter_url.rstrip('/')}/auth?{urlencode(query)}"

    async def exchange(self, code: str, verifier: str) -> SecretStr:
        """The key for a code.

        Raises:
            ProblemError: `connect_refused`, `openrouter_unavailable`.
        """
        sent = {"code": code, "code_verifier": verifier, "code_challenge_method": "S256"}
        status, found = await self._ask("POST", f"{self._api}/auth/keys", sent=sent)
        key = found.get("key") if status == 200 else None
        if not isinstance(key, str) or not KEY.fullmatch(key):
            log("connect_refused", status=status)
            raise ProblemError("connect_refused")
        return SecretStr(key)

    async def status(self, key: SecretStr) -> KeyStatus:
        """What a key of OpenRouter may spend.

        Raises:
            ProblemError: `key_unusable`: it is refused, or it manages keys instead of paying; `openrouter_unavailable`.
        """
        status, found = await self._ask("GET", f"{self._api}/key", key=key)
        told = found.get("data") if status == 200 else None
        if not isinstance(told, dict) or told.get("is_management_key") or told.get("is_provisioning_key"):
            raise ProblemError("key_unusable")
        label = told.get("label")
        return KeyStatus(
            label=clean(label)[:LONGEST_LABEL] if isinstance(label, str) and label else None,
            limit_usd=_number(told.get("limit")),
            remaining_usd=_number(told.get("limit_remaining")),
            usage_usd=_number(told.get("usage")),
        )

    async def models(self, base_url: str, key: SecretStr | None, *, named: bool) -> list[OfferedModel]:
        """The models that a key can use there, by name; without a key those that anybody may look at.

        Args:
            named: a person named the address.

        Raises:
            ProblemError: `key_unusable`, `provider_unavailable`.
        """
        own = base_url == self._api and key is not None
        place = (base_url, key.get_secret_value() if key is not None else None)
        at, listed = self._listed.get(place, (0.0, []))
        if listed and time.monotonic() - at < LIST_KEPT_S:
            return listed
        try:
            status, found = await self._ask(
                "GET",
                f"{base_url}/models/user" if own else f"{base_url}/models",
                key=key,
                most=LONGEST_LIST,
                named=named,
            )
        except ProblemError as problem:
            raise ProblemError("provider_unavailable") from problem
        if status in (401, 403):
            raise ProblemError("key_unusable")
        told = found.get("data")
        models = [_model(each) for each in told if isinstance(each, dict)] if isinstance(told, list) else []
        listed = sorted((model for model in models if model is not None), key=lambda model: model.name.casefold())
        if len(self._listed) >= LISTS_KEPT:
            self._listed.clear()
        self._listed[place] = (time.monotonic(), listed)
        return listed

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        key: SecretStr | None = None,
        sent: dict[str, Any] | None = None,
        most: int = LONGEST_ANSWER,
        named: bool = False,
    ) -> tuple[int, dict[str, Any]]:
        """(status below 500, the JSON object of the answer; empty where the status is not 200)."""
        import httpx2

        headers = {"authorization": f"Bearer {key.get_secret_value()}"} if key is not None else {}
        try:
            async with asyncio.timeout(self._timeout_s):
                request = self._client(named).build_request(method, url, headers=headers, json=sent)
                answer = await self._client(named).send(request, stream=True)
                try:
                    body = await _body(answer, most)
                finally:
                    await answer.aclose()
        except (httpx2.HTTPError, AddressRefusedError, AddressUnreachableError, TimeoutError, ValueError) as error:
            log("openrouter_unavailable", error=type(error).__name__)
            raise ProblemError("openrouter_unavailable", retry_after_s=5) from None
        if answer.status_code == 429 or answer.status_code >= 500 or 300 <= answer.status_code < 400:
            log("openrouter_unavailable", status=answer.status_code)
            raise ProblemError("openrouter_unavailable", retry_after_s=5)
        if answer.status_code != 200:
            return answer.status_code, {}
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            log("openrouter_unavailable", error="no JSON")
            raise ProblemError("openrouter_unavailable", retry_after_s=5)
        return 200, found

    def _client(self, named: bool) -> "httpx2.AsyncClient":
        import httpx2

        from pipelines.core.net.transports import guarded_async_client

        if named not in self._clients:
            timeout = httpx2.Timeout(self._timeout_s)
            self._clients[named] = (
                guarded_async_client(address_guard(self._settings), timeout=timeout)
                if named
                else httpx2.AsyncClient(timeout=timeout, follow_redirects=False)
            )
        return self._clients[named]


async def _body(answer: "httpx2.Response", most: int) -> bytes:
    """The whole body.

    Raises:
        ValueError: it is longer than `most` bytes.
    """
    pieces, length = list[bytes](), 0
    async for piece in answer.aiter_bytes():
        length += len(piece)
        if length > most:
            raise ValueError("too long")
        pieces.append(piece)
    return b"".join(pieces)


def _model(told: dict[str, Any]) -> OfferedModel | None:
    name, id_ = told.get("name"), told.get("id")
    if not isinstance(id_, str) or not MODEL_NAME.fullmatch(id_):
        return None
    prices, design = told.get("pricing"), told.get("architecture")
    prices, design = prices if isinstance(prices, dict) else {}, design if isinstance(design, dict) else {}
    context, inputs, parameters = (
        told.get("context_length"),
        design.get("input_modalities"),
        told.get("supported_parameters"),
    )
    return OfferedModel(
        id=id_,
        name=clean(name)[:200] if isinstance(name, str) and name.strip() else id_,
        context_tokens=context if isinstance(context, int) and context > 0 else None,
        prompt_usd=_per_million(prices.get("prompt")),
        completion_usd=_per_million(prices.get("completion")),
        sees_images=isinstance(inputs, list) and "image" in inputs,
        calls_tools=isinstance(parameters, list) and "tools" in parameters,
    )


def _per_million(price: Any) -> float | None:
    try:
        found = _number(float(price)) if isinstance(price, str | int | float) else None
    except ValueError:
        return None
    return round(found * 1_000_000, 6) if found is not None and found >= 0 else None


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not -1e12 < value < 1e12:
        return None
    return float(value)
