"""Requests that are about one upload in pieces, in turns: one at a time, the newest one soon."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(slots=True)
class Turn:
    """The request that is at an upload, and how many there are with those behind it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    requests: int = 0
    reading: asyncio.Timeout | None = None


class Turns:
    """Requests about one upload take turns in this process. A newer one ends the reading of an older one: its sender
    has come back on another connection, and the old one may only not know yet that it is cut."""

    def __init__(self) -> None:
        self._turns: dict[UUID, Turn] = {}

    @asynccontextmanager
    async def turn(self, upload_id: UUID) -> AsyncIterator[Turn]:
        """Wait for the turn of a request."""
        turn = self._turns.setdefault(upload_id, Turn())
        turn.requests += 1
        if turn.reading is not None:
            turn.reading.reschedule(asyncio.get_running_loop().time())
            turn.reading = None
        try:
            async with turn.lock:
                yield turn
        finally:
            turn.requests -= 1
            if not turn.requests:
                self._turns.pop(upload_id, None)
