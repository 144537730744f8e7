"""Configuration of every server of this project: uvicorn, bounded connections, no log of addresses, no banner."""

from typing import Any

import uvicorn

from pipelines.http.connections import ConnectionLimits, bounded

GRACE_S = 3
"""Seconds uvicorn gives connections after all answers have ended."""

KEEP_ALIVE_S = 30
"""How long a connection may rest between two requests."""

MESSAGE_BYTES = 1_000_000
"""Largest message a WebSocket takes."""


def server_config(app: Any, *, host: str, port: int, limits: ConnectionLimits | None = None) -> uvicorn.Config:
    """Configuration of a server for `app`.

    Args:
        limits: None takes the usual ones.
    """
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=bounded(limits),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=KEEP_ALIVE_S,
        ws_max_size=MESSAGE_BYTES,
        proxy_headers=False,
    )
