"""Cookies of this service: one for a browser's session, one for the browser that began to sign in."""

from hashlib import sha256

from starlette.requests import cookie_parser

from pipelines.http.rules import Scope, header


class Cookies:
    """Names and attributes.

    Args:
        key: of this home. All ports of a host share their cookies, so the names of two homes must differ.
        secure: by https alone. Then the names begin with `__Host-`, and no neighbouring host can set them.
    """

    def __init__(self, key: bytes, *, secure: bool) -> None:
        self._secure = secure
        prefix, suffix = "__Host-" if secure else "", sha256(key).hexdigest()[:8]
        self.session = f"{prefix}studybuddy_{suffix}"
        self.browser = f"{prefix}studybuddy_browser_{suffix}"

    @staticmethod
    def read(scope: Scope, name: str) -> str | None:
        """The value of the cookie `name`; None: the browser sent none."""
        return cookie_parser(header(scope, b"cookie") or "").get(name) or None

    def set(self, name: str, value: str, *, life_s: float) -> str:
        """A `Set-Cookie` header that keeps `value` for so long."""
        secure = "; Secure" if self._secure else ""
        return f"{name}={value}; Path=/; Max-Age={round(life_s)}; HttpOnly; SameSite=Lax{secure}"

    def drop(self, name: str) -> str:
        """A `Set-Cookie` header that takes the cookie away."""
        return self.set(name, "", life_s=0)
