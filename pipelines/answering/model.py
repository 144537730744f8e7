"""One streamed call to the model: from the provider's bytes to typed deltas, merged by network read.

Belongs here: asking, waiting and what a lost connection means; what the chunks say is read by `wire.py`. The raw bytes
of `with_streaming_response` are read instead of the openai client's objects, which cost 2.4 times the CPU; its
connections and errors stay. A stream that ends without saying so was cut.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.answering.thoughts import ThoughtSplitter, thinks_aloud
from pipelines.answering.wire import ChunkReader, Delta, cut
from pipelines.core.errors import ProviderUnavailableError
from pipelines.core.models.meter import Meter, Used
from pipelines.core.models.provider_faults import garbage, translated

if TYPE_CHECKING:
    import openai

BUFFERED_S = 0.001
"""A piece that came sooner had been read from the network already."""

LINE_MAX = 4_000_000
"""Longest line, or whole answer, that is waited for, in bytes; a provider that sends more speaks another language."""


@dataclass(slots=True)
class Habits:
    """What calls to a model have taught about it, for every later one.

    `tools` turns False when it says that it cannot call any; `thinks_aloud`: it thinks at the beginning of its answer.
    """

    thinks_aloud: bool
    tools: bool = True

    @classmethod
    def of(cls, name: str) -> "Habits":
        """What is expected of a model of this name before it is asked."""
        return cls(thinks_aloud=thinks_aloud(name))


class ChatModel:
    """A model behind an OpenAI-compatible URL.

    Args:
        habits: shared by all who ask this model; None: nothing is known of it.
        meter: who pays; None: nobody counts.
    """

    def __init__(
        self,
        client: "openai.AsyncOpenAI",
        name: str,
        *,
        pause: Callable[[], float] = lambda: 0.0,
        habits: Habits | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._client = client.with_options(max_retries=0)  # what may be retried is decided where tokens are counted
        self._pause = pause
        self._meter = meter
        self.habits = habits or Habits.of(name)
        self.name = name

    async def stream(
        self, messages: list[dict[str, Any]], *, tools: list[dict[str, Any]], may_call: bool
    ) -> AsyncGenerator[Delta]:
        """Ask once; a server whose stream holds nothing at all is asked once more, for the whole answer.

        Args:
            messages: in the wire's own form.
            tools: declared tools, empty for none; with `may_call` False they stay declared but must not be called.

        Raises:
            ProviderRefusedError, ProviderUnavailableError: also in mid-stream; `stream_cut` when it ends too early.
        """
        request: dict[str, Any] = {"messages": messages}
        if tools:
            request |= {"tools": tools, "tool_choice": "auto" if may_call else "none"}
        for streamed in (True, False):
            thoughts = ThoughtSplitter(hold=self.habits.thinks_aloud)
            reader = ChunkReader(self.name, thoughts)
            reason = None
            async with aclosing(self._ask(request, reader, streamed=streamed)) as deltas:
                async for delta in deltas:
                    reason = delta.finish_reason or reason
                    yield delta
            if thoughts.stray or reader.spoke:
                self.habits.thinks_aloud = thoughts.stray and not reader.separate_thinking
            if reader.spoke or reason not in (None, "stop", "other"):
                return

    async def _ask(self, request: dict[str, Any], reader: ChunkReader, *, streamed: bool) -> AsyncGenerator[Delta]:
        if streamed:
            request = request | {"stream_options": {"include_usage": True}}
        metered = self._meter.call_async() if self._meter is not None else nullcontext(Used())
        async with metered as used:
            with translated(self.name):
                # As `extra_body` the request goes out as it is; walking through typed arguments took half the time.
                opened = self._client.chat.completions.with_streaming_response.create(
                    model=self.name, messages=[], stream=streamed, extra_body=request
                )
                async with opened as response:
                    async for delta in self._deltas(response.iter_bytes(), reader):
                        used.began = True
                        if delta.usage:
                            used.take(delta.usage)
                        yield delta

    async def _deltas(self, pieces: AsyncIterator[bytes], reader: ChunkReader) -> AsyncGenerator[Delta]:
        rest, whole = b"", False
        asked = time.monotonic()
        try:
            async for piece in pieces:
                waited = time.monotonic() - asked > BUFFERED_S
                rest += piece
                if len(rest) > LINE_MAX or rest.lstrip()[:1] == b"<":  # a page: somebody else answers at this address
                    raise garbage(self.name)
                whole = whole or rest.lstrip()[:1] == b"{"  # no event stream: the answer itself, whatever its type says
                if not whole:
                    *lines, rest = rest.split(b"\n")
                    for delta in reader.lines(lines):
                        yield delta
                if waited and (pause := self._pause()):
                    await asyncio.sleep(pause)  # let words gather; those that have gathered are taken without a pause
                asked = time.monotonic()
            for delta in reader.whole(rest) if whole else reader.lines([rest]):
                yield delta
        except (Exception, asyncio.CancelledError) as error:
            for delta in reader.flush():
                yield delta
            raise self._named(error) from None
        for delta in reader.flush():
            yield delta
        if not reader.finished:
            raise cut(self.name)

    def _named(self, error: BaseException) -> BaseException:
        """What ended the reading, as an error of ours where it came from the connection."""
        if type(error).__name__ == "ReadTimeout":
            return ProviderUnavailableError(f"{self.name}: the provider fell silent.", code="timeout")
        lost = isinstance(error, OSError | asyncio.IncompleteReadError)
        return cut(self.name) if lost or type(error).__module__.partition(".")[0] in ("httpx2", "aiohttp") else error
