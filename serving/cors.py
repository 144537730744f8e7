"""Other frontends' pages (CORS): those of ALLOWED_ORIGINS may ask with a token of their own, and never by cookie."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pipelines.http.rules import header

MAY_SEND = (
    "authorization, content-type, last-event-id, mcp-method, mcp-name, mcp-protocol-version, mcp-session-id, range, "
    "tus-resumable, upload-length, upload-metadata, upload-offset, *"  # the last: what clients say of themselves
)
MAY_READ = (
    "accept-ranges, content-disposition, content-location, content-range, location, retry-after, tus-extension, "
    "tus-max-size, tus-resumable, tus-version, upload-expires, upload-length, upload-offset, www-authenticate, "
    "x-request-id, x-should-retry, x-vercel-ai-ui-message-stream"
)
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
KEPT_S = 600
"""How long a browser remembers that it may ask."""


def cors_headers(scope: Scope, origins: frozenset[str]) -> Sequence[tuple[bytes, bytes]]:
    """Headers that let the page that asks read the answer, if it is one of `origins`. Never with credentials."""
    if not origins:
        return ()
    origin = header(scope, b"origin")
    vary = (b"vary", b"origin")
    if origin is None or origin not in origins:
        return (vary,)
    return (
        vary,
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", MAY_READ.encode()),
    )


def is_preflight(scope: Scope, origins: frozenset[str]) -> bool:
    """Whether a browser asks if a page of one of `origins` may ask what it is about to."""
    return (
        scope["method"] == "OPTIONS"
        and header(scope, b"origin") in origins
        and header(scope, b"access-control-request-method") is not None
    )


async def preflight(scope: Scope, receive: Receive, send: Send) -> None:
    """It may."""
    headers = {
        "access-control-allow-methods": METHODS,
        "access-control-allow-headers": MAY_SEND,
        "access-control-max-age": str(KEPT_S),
    }
    await Response(status_code=204, headers=headers)(scope, receive, send)
