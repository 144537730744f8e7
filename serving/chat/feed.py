"""The text of one answer's stream in memory, and readers that follow it from its first part.

Belongs here: waiting and catching up. A reader that is slow, or comes late, gets the next pieces in one: what is sent
is bounded by the answer, not by the readers.
"""

import asyncio
from collections.abc import AsyncIterator

from serving.chat.parts import OPEN, PING


class Feed:
    """Append-only stream text. `hold()` keeps what follows from readers until `release()`."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._visible = 0
        self._held = False
        self._waiting: list[asyncio.Future[bool]] = []
        self.ended = False
        self.readers = 0
        self.left_at: float | None = None
        """Loop time the last reader left; None while nobody has come or someone reads."""

    def append(self, piece: bytes) -> None:
        """Add stream text."""
        self._pieces.append(piece)
        if not self._held:
            self._visible += 1
            self._wake()

    def hold(self) -> None:
        """Keep what is appended from now on to ourselves."""
        self._held = True

    def drop_held(self) -> None:
        """Forget what was held."""
        del self._pieces[self._visible :]

    def release(self) -> None:
        """Show what was held."""
        self._held, self._visible = False, len(self._pieces)
        self._wake()

    def end(self) -> None:
        """Nothing more comes."""
        self.ended = True
        self.release()

    def since(self, start: int) -> tuple[str, int]:
        """(text from piece `start` on, held pieces included, number of the piece after it)."""
        return b"".join(self._pieces[start:]).decode(), len(self._pieces)

    async def read(self, ping_s: float) -> AsyncIterator[bytes]:
        """All the stream text from the beginning, then what comes, until the end; comments while nothing comes."""
        loop = asyncio.get_running_loop()
        self.readers += 1
        self.left_at = None
        try:
            sent, first = 0, OPEN
            while True:
                if sent < self._visible or first:
                    sent, upto = self._visible, sent
                    yield first + b"".join(self._pieces[upto:sent])
                    first = b""
                elif self.ended:
                    return
                elif not await self._changed(loop, ping_s):
                    yield PING
        finally:
            self.readers -= 1
            if not self.readers:
                self.left_at = loop.time()

    async def _changed(self, loop: asyncio.AbstractEventLoop, wait_s: float) -> bool:
        """Wait for more; False when `wait_s` seconds brought nothing."""
        future: asyncio.Future[bool] = loop.create_future()
        timer = loop.call_later(wait_s, _answer, future, False)
        self._waiting.append(future)
        try:
            return await future
        finally:
            timer.cancel()

    def _wake(self) -> None:
        for future in self._waiting:
            _answer(future, True)
        self._waiting.clear()


def _answer(future: asyncio.Future[bool], answer: bool) -> None:
    if not future.done():
        future.set_result(answer)
