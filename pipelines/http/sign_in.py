"""The local user's way into a server for browsers: the printed address carries the token, which becomes a cookie.

Cookies of one host are shared by all its ports, so each service has a cookie of its own name, and what is in it opens
that service alone and ends by itself; it never is the token.
"""

import hmac
import time
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from pipelines.http.rules import Scope, header

COOKIE_DAYS = 30


class LocalSignIn:
    """Knows the one local user of `service` by the token or by the service's cookie.

    Args:
        token: the bearer token; an empty one lets nobody in.
        service: short name; cookies of one service mean nothing to another.
        port: told apart too, because two homes may run the same service.
    """

    def __init__(self, token: str, *, service: str, port: int) -> None:
        self._token = token.encode()
        self._key = sha256(f"cookie|{service}|".encode() + self._token).digest()
        self.cookie_name = f"studybuddy_{service}_{port}"

    def has_token(self, scope: Scope) -> bool:
        """Whether the request carries the bearer token."""
        scheme, _, token = (header(scope, b"authorization") or "").partition(" ")
        return scheme.lower() == "bearer" and self._same(token.strip())

    def has_cookie(self, scope: Scope) -> bool:
        """Whether the request carries this service's cookie, whole and not too old."""
        try:
            found = SimpleCookie(header(scope, b"cookie") or "").get(self.cookie_name)
        except CookieError:
            return False
        until, _, signature = (found.value if found else "").partition(".")
        if not (until.isascii() and until.isdigit() and len(until) < 12):
            return False
        right = hmac.compare_digest(signature.encode(), self._signature(until).encode())
        return bool(self._token) and right and int(until) >= time.time()

    def asked_by_address(self, scope: Scope) -> bool:
        """Whether the address itself carries the token (`?token=...`)."""
        try:
            values = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20).get("token", [])
        except ValueError:
            return False
        return len(values) == 1 and self._same(values[0])

    def set_cookie(self, *, secure: bool) -> str:
        """The value of a `Set-Cookie` header that signs this browser in."""
        seconds = COOKIE_DAYS * 86_400
        until = str(int(time.time()) + seconds)
        value = f"{self.cookie_name}={until}.{self._signature(until)}"
        return f"{value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")

    def _same(self, token: str) -> bool:
        return bool(self._token) and hmac.compare_digest(token.encode(), self._token)

    def _signature(self, until: str) -> str:
        return hmac.new(self._key, until.encode(), sha256).hexdigest()


def sign_in_address(url: str, token: str) -> str:
    """The address that signs a browser in."""
    return f"{url.rstrip('/')}/?token={token}"
