"""One streamed call to the model: from the provider's lines to typed pieces, merged by network read.

Belongs here: the provider's wire. The raw lines of `with_streaming_response` are read instead of the openai client's
objects, which cost 2.4 times the CPU; its connections and errors stay. A stream that ends without saying why was cut.
Sources: the OpenAI streaming format and OpenRouter's guides on streaming and errors.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.core.errors import ProviderRefusedError, ProviderUnavailableError, StudyBuddyError
from pipelines.core.provider_faults import fault, garbage, translated

if TYPE_CHECKING:
    import openai

BUFFERED_S = 0.001
"""A piece that came sooner had been read from the network already."""

LINE_MAX = 4_000_000
"""Longest line that is waited for, in bytes; a provider that sends more speaks another language."""


@dataclass(slots=True)
class ToolPiece:
    """Part of a tool call: `index` says which; `id` and `name` come once, `arguments` in pieces of JSON text."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class Delta:
    """What one network read brought. Empty texts and None mean nothing of the kind."""

    text: str = ""
    reasoning: str = ""
    reasoning_details: list[Any] = field(default_factory=list)
    tools: list[ToolPiece] = field(default_factory=list)
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    model: str | None = None


class ChatModel:
    """A model behind an OpenAI-compatible URL. `tools` turns False when it says that it cannot call any."""

    def __init__(self, client: "openai.AsyncOpenAI", name: str, *, pause: Callable[[], float] = lambda: 0.0) -> None:
        self._client = client.with_options(max_retries=0)  # what may be retried is decided where tokens are counted
        self._pause = pause
        self.name = name
        self.tools = True

    async def stream(
        self, messages: list[dict[str, Any]], *, tools: list[dict[str, Any]], may_call: bool
    ) -> AsyncGenerator[Delta]:
        """Ask once.

        Args:
            messages: in the wire's own form.
            tools: declared tools, empty for none; with `may_call` False they stay declared but must not be called.

        Raises:
            ProviderRefusedError, ProviderUnavailableError: also in mid-stream; `stream_cut` when it ends too early.
        """
        request: dict[str, Any] = {"messages": messages, "stream_options": {"include_usage": True}}
        if tools:
            request |= {"tools": tools, "tool_choice": "auto" if may_call else "none"}
        with translated(self.name):
            # As `extra_body` the request goes out as it is; walking through typed arguments took half the time.
            opened = self._client.chat.completions.with_streaming_response.create(
                model=self.name, messages=[], stream=True, extra_body=request
            )
            async with opened as response:
                async for delta in self._deltas(response.iter_bytes()):
                    yield delta

    async def _deltas(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[Delta]:
        finished, rest = False, b""
        asked = time.monotonic()
        try:
            async for piece in pieces:
                waited = time.monotonic() - asked > BUFFERED_S
                rest += piece
                if len(rest) > LINE_MAX:
                    raise garbage(self.name)
                *lines, rest = rest.split(b"\n")
                for delta in self._merged(lines):
                    finished = finished or delta.finish_reason is not None
                    yield delta
                if waited and (pause := self._pause()):
                    await asyncio.sleep(pause)  # let words gather; those that have gathered are taken without a pause
                asked = time.monotonic()
        except StudyBuddyError:
            raise
        except (OSError, asyncio.IncompleteReadError):
            raise self._cut() from None
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in ("httpx2", "aiohttp"):
                raise
            raise self._broken(error) from None
        for delta in self._merged([rest]):
            finished = finished or delta.finish_reason is not None
            yield delta
        if not finished:
            raise self._cut()

    def _broken(self, error: Exception) -> ProviderUnavailableError:
        if type(error).__name__ == "ReadTimeout":
            return ProviderUnavailableError(f"{self.name}: the provider fell silent.", code="timeout")
        return self._cut()

    def _cut(self) -> ProviderUnavailableError:
        return ProviderUnavailableError(f"{self.name}: the provider's stream broke off.", code="stream_cut")

    def _merged(self, lines: list[bytes]) -> Iterator[Delta]:
        """These lines as one delta, none when they hold comments and blanks only; a fault comes after what it ended."""
        delta: Delta | None = None
        texts: list[str] = []
        failed: StudyBuddyError | None = None
        for line in lines:
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if not data or data == b"[DONE]":
                continue
            delta = delta or Delta()
            try:
                self._add(self._chunk(data), delta, texts)
            except StudyBuddyError as error:
                failed = error
                break
        if delta is not None:
            delta.text = "".join(texts)
            yield delta
        if failed is not None:
            raise failed

    def _chunk(self, data: bytes) -> dict[str, Any]:
        try:
            chunk = json.loads(data)
        except ValueError:
            chunk = None
        if not isinstance(chunk, dict):
            raise garbage(self.name)
        return chunk

    def _add(self, chunk: dict[str, Any], delta: Delta, texts: list[str]) -> None:
        if chunk.get("error"):
            raise self._error(chunk["error"])
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            delta.usage = usage
        if isinstance(chunk.get("model"), str):
            delta.model = chunk["model"]
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return
        said = choice.get("delta")
        if isinstance(said, dict):
            if isinstance(content := said.get("content"), str):
                texts.append(content)
            thought = said.get("reasoning") or said.get("reasoning_content")
            if isinstance(thought, str):
                delta.reasoning += thought
            if isinstance(details := said.get("reasoning_details"), list):
                delta.reasoning_details += details
            for call in said.get("tool_calls") or ():
                if isinstance(call, dict):
                    delta.tools.append(_tool_piece(call))
        reason = choice.get("finish_reason")
        if reason == "error":
            raise self._error(None)
        if isinstance(reason, str):
            delta.finish_reason = reason

    def _error(self, error: object) -> StudyBuddyError:
        """A fault told inside the stream; its number may be an HTTP status, text, or missing."""
        code = error.get("code") if isinstance(error, dict) else None
        status = int(code) if isinstance(code, int) or (isinstance(code, str) and code.isdigit()) else 502
        found = fault(self.name, status, error)
        if "context_length" in json.dumps(error, default=str):
            return ProviderRefusedError(found.message, code="context_too_long")
        return found


def _tool_piece(call: dict[str, Any]) -> ToolPiece:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    index = call.get("index")
    return ToolPiece(
        index=index if isinstance(index, int) else 0,
        id=str(call.get("id") or ""),
        name=str(function.get("name") or ""),
        arguments=str(function.get("arguments") or ""),
    )
