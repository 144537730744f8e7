"""Configuration of every server of this project: uvicorn, bounded connections, no log of addresses, no banner."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from pipelines.http.connections import ConnectionLimits, bounded

GRACE_S = 3
"""Seconds uvicorn gives connections after all answers have ended."""

KEEP_ALIVE_S = 30
"""How long a connection may rest between two requests."""

MESSAGE_BYTES = 1_000_000
"""Largest message a WebSocket takes."""


TICK_S = 1.0
"""How often a server looks whether it was told to stop and what the date is, which answers carry in whole seconds.
uvicorn looks ten times a second, which nobody notices but the processor."""


class QuietServer(uvicorn.Server):
    """A uvicorn server that does next to nothing while nobody asks it anything."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End as a program that was asked to: uvicorn sends itself the signal again, and then nothing is cleaned up."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def main_loop(self) -> None:
        """Until told to stop."""
        while not await self.on_tick(0):  # 0: every tick also renews the date that answers carry
            await asyncio.sleep(TICK_S)


def server_config(
    app: Any, *, host: str, port: int, limits: ConnectionLimits | None = None, proxies: str | None = None
) -> uvicorn.Config:
    """Configuration of a server for `app`.

    Args:
        limits: None takes the usual ones.
        proxies: addresses, separated by commas, whose X-Forwarded headers are believed; None: nobody's.
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
        proxy_headers=proxies is not None,
        forwarded_allow_ips=proxies or "",
    )
