"""The door of MCP: loads the protocol's library with the first request, so that nobody else waits or pays for it."""

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager


class McpDoor:
    """Hands requests to the MCP server of this process."""

    def __init__(self) -> None:
        self._opening: asyncio.Task[StreamableHTTPSessionManager] | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def opened(self) -> "StreamableHTTPSessionManager":
        """The server's side of the protocol, made at the first call."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> "StreamableHTTPSessionManager":
        module = await asyncio.to_thread(import_module, "serving.programs.server")
        manager: StreamableHTTPSessionManager = module.manager()
        running = asyncio.Event()

        async def keep() -> None:
            async with manager.run():  # begun and ended by one task, as it must be
                running.set()
                await asyncio.Event().wait()

        self._keeping = asyncio.create_task(keep())
        await running.wait()
        return manager

    async def close(self) -> None:
        """End what is under way."""
        for task in (self._opening, self._keeping):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])


class HandedOver(Response):
    """The answer of the MCP server to a request whose body was read already."""

    def __init__(self, manager: "StreamableHTTPSessionManager", body: bytes) -> None:
        super().__init__()
        self._manager, self._content = manager, body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it answer."""
        unread = True

        async def receiving() -> Message:
            nonlocal unread
            if unread:
                unread = False
                return {"type": "http.request", "body": self._content, "more_body": False}
            return await receive()

        await self._manager.handle_request(scope, receiving, send)
