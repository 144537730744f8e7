"""Rules about requests that no server of this project answers: foreign names, foreign pages, bodies other than JSON.

Pure functions of an ASGI scope. A browser sends a request wherever a page tells it to, with the cookies of the host,
and cookies know no ports: another program on 127.0.0.1 is a stranger like any web site.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Names of this machine for itself: what may be bound without sign-in."""

OWN_NAMES = frozenset(LOOPBACK)
"""Names every server answers under. Others of this deployment are added where a server is made, and nowhere else."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP status and a sentence for people."""

    status: int
    message: str


REFUSALS: Mapping[str, Refusal] = {
    "bad_host": Refusal(421, "This service does not answer under that name."),
    "foreign_origin": Refusal(403, "Another site may not do that here; use this service's own address."),
    "not_json": Refusal(415, "The body must be JSON, and say so: `Content-Type: application/json`."),
}
"""Codes of `refused`, and `not_json` for servers that take nothing else."""

Scope = Mapping[str, Any]


def header(scope: Scope, name: bytes) -> str | None:
    """The value of a header (`name` in lower case), joined by commas where repeated; None where it is missing."""
    values = [value for key, value in scope["headers"] if key == name]
    return b",".join(values).decode("latin-1") if values else None


def changes_state(scope: Scope) -> bool:
    """Whether a request may change something: any method but the safe ones, and every WebSocket."""
    return scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS


def media_type(scope: Scope) -> str:
    """The media type of the request's body, in lower case and without parameters; empty: it names none."""
    return (header(scope, b"content-type") or "").partition(";")[0].strip().lower()


def is_json(scope: Scope) -> bool:
    """Whether the request says that its body is JSON."""
    return media_type(scope) == "application/json"


def is_same_origin(scope: Scope, public_origin: str | None = None) -> bool:
    """Whether a browser says that one of this server's own pages sent the request. False also for programs.

    Args:
        public_origin: where browsers reach this server, such as `https://study.example`; its plain-http twin is a
            stranger, whom anybody on the way can play. None: wherever the request says it went.
    """
    origin = header(scope, b"origin")
    if origin is None:
        return header(scope, b"sec-fetch-site") == "same-origin"
    host = (header(scope, b"host") or "").lower()
    if origin.lower() == public_origin:
        return True
    here = public_origin is None or _name(host) in LOOPBACK
    return here and origin.partition("://")[2].lower() == host


def refused(
    scope: Scope,
    names: frozenset[str] = OWN_NAMES,
    *,
    public_origin: str | None = None,
    origins: frozenset[str] = frozenset(),
) -> str | None:
    """Why this request must not be answered, a code of `REFUSALS`; None: nothing speaks against it.

    Args:
        names: names this server answers under.
        public_origin: see `is_same_origin`.
        origins: other sites whose pages may ask, with a token of their own and never by cookie.
    """
    if _name(header(scope, b"host") or "") not in names:
        return "bad_host"
    if not changes_state(scope) or header(scope, b"origin") in origins:
        return None
    if header(scope, b"sec-fetch-site") in ("cross-site", "same-site"):
        return "foreign_origin"
    if header(scope, b"origin") is not None and not is_same_origin(scope, public_origin):
        return "foreign_origin"
    return None


def has_foreign_body(scope: Scope) -> bool:
    """Whether the request brings a body, or says that it does, that is no JSON: what a form of any page can send."""
    brings = (
        header(scope, b"content-length") not in (None, "0")
        or header(scope, b"transfer-encoding") is not None
        or header(scope, b"content-type") is not None
    )
    return brings and changes_state(scope) and not is_json(scope)


def _name(host: str) -> str | None:
    """The name in a Host header, without the port; None where it is none."""
    found = _HOST.fullmatch(host.lower())
    return (found[1] or found[2]) if found else None
