"""The service's runner: it binds what it may, and a stop lets open answers end.

Belongs here: the server around the application. Without an issuer it binds loopback addresses and nothing else.
"""

import asyncio
import gc
import sys
from collections.abc import Callable
from socket import socket

import uvicorn

from pipelines.core.home import prepare_home, stay_private
from pipelines.core.secrets.local_token import local_token
from pipelines.core.settings import Settings
from pipelines.http.connections import raise_file_limit
from pipelines.http.server import QuietServer, server_config
from serving.app import create_app
from serving.limits import Limits
from serving.log import set_up

GC_THRESHOLD = 10_000
"""Objects made before the collector looks for cycles among them; Python's 700 is for programs that make few."""


class Server(QuietServer):
    """Ends the answers under way before the connections: uvicorn alone would cut them, or wait for ever."""

    def __init__(self, config: uvicorn.Config, drain: Callable[[], "asyncio.Future[None] | None"]) -> None:
        super().__init__(config)
        self._drain = drain
        self.alone = False
        """The process does nothing else, so its garbage collector may be set to suit the service."""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start; where alone, tell the garbage collector that what is there now stays.

        It would look through all of it again and again, for a tenth of a second each time, in the middle of answers.
        """
        await super().startup(sockets)
        if self.alone:
            gc.collect()
            gc.freeze()
            gc.set_threshold(GC_THRESHOLD)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Drain, then shut down."""
        if (draining := self._drain()) is not None:
            await draining
        await super().shutdown(sockets)


def serve(
    settings: Settings, host: str | None = None, port: int | None = None, *, limits: Limits | None = None
) -> None:
    """Serve until told to stop; the local user's token is printed first.

    Args:
        host, port: None take API_HOST and API_PORT; port 0 takes a free one.

    Raises:
        SettingsError: see `serving/accounts/doors.py`.
    """
    server = make_server(settings, host, port, limits=limits)
    server.alone = True
    stay_private()
    prepare_home(settings.home)
    raise_file_limit()
    set_up(settings.log_level)
    told = f"  token: {local_token(settings)}" if settings.oidc_issuer is None else ""
    print(f"http://{server.config.host}:{server.config.port}{told}", file=sys.stderr)  # noqa: T201
    server.run()


def make_server(
    settings: Settings, host: str | None = None, port: int | None = None, *, limits: Limits | None = None
) -> Server:
    """The server, not started.

    Raises:
        SettingsError: see `serve`.
    """
    host = settings.api_host if host is None else host
    port = settings.api_port if port is None else port
    app = create_app(settings, limits=limits, host=host)

    def drain() -> "asyncio.Future[None] | None":
        state = getattr(app.state, "service", None)
        return asyncio.ensure_future(state.runs.drain()) if state is not None else None

    config = server_config(
        app,
        host=host,
        port=port,
        limits=limits.connections if limits else None,
        proxies=settings.trusted_proxies or None,
    )
    return Server(config, drain)
