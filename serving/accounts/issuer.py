"""The OpenID provider that signs people in: its addresses and its keys, fetched ahead and kept through its outages."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import jwt

from serving.accounts.addresses import is_safe_url
from serving.log import log
from serving.problems import ProblemError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that are believed: those of a private key whose public half anybody may know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What the issuer publishes about itself. `name` is the `iss` of its tokens."""

    name: str
    authorization_endpoint: str | None
    token_endpoint: str | None
    token_auth: str
    jwks_uri: str


class Issuer:
    """One issuer. Fetches again by itself (`refresh`), and when a token names a key that nobody knows.

    Args:
        url: OIDC_ISSUER.
        cooldown_s: pause between fetches that tokens cause.
    """

    def __init__(
        self,
        url: str,
        http: httpx2.AsyncClient,
        *,
        cooldown_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url.rstrip("/")
        self._http = http
        self._cooldown_s = cooldown_s
        self._clock = clock
        self._provider: Provider | None = None
        self._keys: Mapping[str | None, jwt.PyJWK] = {}
        self._tried_at: float | None = None
        self._turn = asyncio.Lock()

    async def provider(self) -> Provider:
        """What the issuer says about itself.

        Raises:
            ProblemError: `sign_in_unavailable`: it could not be asked yet.
        """
        if self._provider is None:
            await self._refresh_if_due()
        if self._provider is None:
            raise ProblemError("sign_in_unavailable", retry_after_s=self._cooldown_s)
        return self._provider

    async def key(self, kid: str | None) -> jwt.PyJWK | None:
        """The key a token names; None: the issuer has no such key.

        Args:
            kid: None: the token names none, which is enough where the issuer has one key only.

        Raises:
            ProblemError: `sign_in_unavailable`: no key is known at all, so nobody can be told from a stranger.
        """
        if kid not in self._keys:
            await self._refresh_if_due()
        if not self._keys:
            raise ProblemError("sign_in_unavailable", retry_after_s=self._cooldown_s)
        return self._keys.get(kid)

    async def refresh(self) -> None:
        """Fetch addresses and keys; what is known stays where that fails."""
        async with self._turn:
            await self._fetch()

    async def _fetch(self) -> None:
        self._tried_at = self._clock()
        try:
            provider = _provider(await self._get(f"{self._url}/.well-known/openid-configuration"), self._url)
            keys = _keys(await self._get(provider.jwks_uri))
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, jwt.PyJWTError) as error:
            log("issuer_unavailable", error=type(error).__name__, reason=str(error)[:200])
            return
        self._provider, self._keys = provider, keys

    async def _refresh_if_due(self) -> None:
        async with self._turn:  # who waited here finds what was fetched meanwhile
            if self._tried_at is None or self._clock() - self._tried_at >= self._cooldown_s:
                await self._fetch()

    async def _get(self, url: str) -> Mapping[str, Any]:
        answer = await self._http.get(url, headers={"accept": "application/json"})
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict):
            raise ValueError(f"{url} is no JSON object")
        return found


def _provider(told: Mapping[str, Any], url: str) -> Provider:
    name = told.get("issuer")
    if not isinstance(name, str) or name.rstrip("/") != url:
        raise ValueError(f"the issuer calls itself {name!r}, not {url!r}")
    for each in ("jwks_uri", "authorization_endpoint", "token_endpoint"):
        if told.get(each) is not None and not (isinstance(told[each], str) and is_safe_url(told[each])):
            raise ValueError(f"{each} is not an https address")
    if "jwks_uri" not in told:
        raise ValueError("the issuer publishes no keys")
    methods = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Provider(
        name=name,
        authorization_endpoint=told.get("authorization_endpoint"),
        token_endpoint=told.get("token_endpoint"),
        token_auth="client_secret_basic" if "client_secret_basic" in methods else "client_secret_post",
        jwks_uri=told["jwks_uri"],
    )


def _keys(told: Mapping[str, Any]) -> Mapping[str | None, jwt.PyJWK]:
    """Keys by what tokens call them; the only one also by None.

    Raises:
        ValueError: there is none that can be used.
    """
    usable = [
        key
        for key in jwt.PyJWKSet.from_dict(dict(told)).keys
        if key.public_key_use in ("sig", None) and key.algorithm_name in ALGORITHMS
    ]
    if not usable:
        raise ValueError("the issuer publishes no key that can be used")
    by_name: dict[str | None, jwt.PyJWK] = {key.key_id: key for key in usable}
    return {None: usable[0], **by_name} if len(usable) == 1 else by_name
