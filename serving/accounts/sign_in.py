"""Signing in by a page: to the issuer and back (OpenID Connect, authorization code with PKCE), bound to the browser.

Nothing is written down until a sign-in comes back, so strangers who only begin fill nothing: what has to be known again
is in `state`, signed together with a secret of the browser's cookie, from which verifier and nonce are derived.
"""

import base64
import binascii
import hmac
import json
import ssl
import time
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from pipelines.core.settings import Settings
from serving.accounts.doors import Audience, Doors
from serving.accounts.issuer import Issuer
from serving.accounts.signed_tokens import Claims, TokenVerifier
from serving.limits import Limits
from serving.log import log
from serving.problems import ProblemError

CALLBACK = "/api/auth/callback"
SCOPES = "openid profile email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A sign-in under way: `id`, the page it goes back to, and when it is too old (seconds since 1970)."""

    id: str
    return_to: str
    ends_at: float


class SignIn:
    """Sends browsers to the issuer and takes them back.

    Args:
        key: signs `state`.
    """

    def __init__(
        self, settings: Settings, *, doors: Doors, issuer: Issuer, verifier: TokenVerifier, key: bytes, limits: Limits
    ) -> None:
        assert doors.client_id and doors.public_origin  # noqa: S101  checked with the settings
        self._client_id = doors.client_id
        secret = settings.oidc_client_secret
        self._client_secret = secret.get_secret_value() if secret is not None else None
        self._redirect_uri = doors.public_origin + CALLBACK
        self._issuer = issuer
        self._verifier = verifier
        self._key = key
        self._limits = limits
        self._tls = ssl.create_default_context()
        self._audience = Audience(names=frozenset({doors.client_id}), parties=frozenset({doors.client_id}))

    async def begin(self, browser: str, return_to: str) -> str:
        """The issuer's address that this browser is sent to.

        Args:
            browser: the secret in the browser's cookie.
            return_to: page of ours to come back to: see `addresses.is_own_path`.

        Raises:
            ProblemError: `sign_in_unavailable`.
        """
        provider = await self._issuer.provider()
        if provider.authorization_endpoint is None:
            raise ProblemError("sign_in_unavailable")
        attempt = Attempt(id=token_urlsafe(16), return_to=return_to, ends_at=time.time() + self._limits.sign_in_s)
        async with self._client(provider.token_auth) as client:
            url, _ = client.create_authorization_url(
                provider.authorization_endpoint,
                state=self._sign(attempt, browser),
                nonce=_derived(browser, "nonce", attempt),
                code_verifier=_derived(browser, "verifier", attempt),
            )
        return str(url)

    def read(self, browser: str | None, state: str | None) -> Attempt:
        """The sign-in that `state` names, begun in this browser.

        Raises:
            ProblemError: `sign_in_expired`: another browser's, changed, or too old.
        """
        attempt = self._read(browser, state) if browser and state else None
        if attempt is None or attempt.ends_at < time.time():
            raise ProblemError("sign_in_expired")
        return attempt

    async def finish(self, attempt: Attempt, browser: str, *, code: str, issuer: str | None) -> Claims:
        """Who signed in, by the code the issuer sent the browser back with.

        Args:
            issuer: whom the answer says it is from (RFC 9207); None: it does not.

        Raises:
            ProblemError: `sign_in_refused`, `sign_in_unavailable`.
        """
        provider = await self._issuer.provider()
        if provider.token_endpoint is None or (issuer is not None and issuer != provider.name):
            raise ProblemError("sign_in_refused")
        try:
            async with self._client(provider.token_auth) as client:
                told: dict[str, Any] = await client.fetch_token(
                    provider.token_endpoint,
                    code=code,
                    redirect_uri=self._redirect_uri,
                    code_verifier=_derived(browser, "verifier", attempt),
                )
        except (httpx2.TransportError, httpx2.HTTPStatusError) as error:
            log("issuer_unavailable", error=type(error).__name__)
            raise ProblemError("sign_in_unavailable", retry_after_s=5) from None
        except (OAuthError, httpx2.HTTPError, ValueError, TypeError) as error:
            log("sign_in_refused", error=type(error).__name__)
            raise ProblemError("sign_in_refused") from None
        claims = None
        if isinstance(id_token := told.get("id_token"), str):
            nonce = _derived(browser, "nonce", attempt)
            claims = await self._verifier.verify(id_token, self._audience, nonce=nonce)
        if claims is None:
            log("sign_in_refused", error="id_token")
            raise ProblemError("sign_in_refused")
        return claims

    def _client(self, token_auth: str) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self._client_id,
            self._client_secret,
            token_endpoint_auth_method=token_auth if self._client_secret else "none",
            scope=SCOPES,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            timeout=self._limits.issuer_timeout_s,
            verify=self._tls,
        )

    def _sign(self, attempt: Attempt, browser: str) -> str:
        told = json.dumps([attempt.id, attempt.return_to, int(attempt.ends_at)]).encode()
        body = base64.urlsafe_b64encode(told).rstrip(b"=").decode()
        return f"{body}.{self._signature(body, browser)}"

    def _read(self, browser: str, state: str) -> Attempt | None:
        body, _, signature = state.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(body, browser).encode()):
            return None
        try:
            id_, return_to, ends_at = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        except (ValueError, binascii.Error):
            return None
        return Attempt(id=id_, return_to=return_to, ends_at=ends_at)

    def _signature(self, body: str, browser: str) -> str:
        return hmac.new(self._key, f"{body}|{browser}".encode(), sha256).hexdigest()


def _derived(browser: str, purpose: str, attempt: Attempt) -> str:
    found = hmac.new(browser.encode(), f"{purpose}|{attempt.id}".encode(), sha256).digest()
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode()
