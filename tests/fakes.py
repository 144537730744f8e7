"""Other sides that really listen: a scripted OpenAI-compatible model server.

Each request takes the next script. A script is a list of steps: dicts are sent as stream chunks, numbers are pauses in
seconds, an event is a pause until it is set, `CUT` breaks the connection, `DROP` as the only step does so without an
answer, `Status` answers with an HTTP error, bytes go out as they are. A callable gets the request's JSON and returns a
script.
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

CUT = object()
HANG = object()
DROP = object()


@dataclass(frozen=True)
class Status:
    """An HTTP error before the stream."""

    code: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Script = Sequence[Any]


def text(*pieces: str, reason: str | None = "stop", usage: dict[str, Any] | None = None) -> list[Any]:
    """Chunks that say these pieces and end with `reason`; None ends without one, as a cut stream does."""
    steps: list[Any] = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    if reason is not None:
        steps.append({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        steps.append(
            {"choices": [], "usage": usage or {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}
        )
    return steps


def thinking(*pieces: str) -> list[Any]:
    """Chunks of reasoning."""
    return [{"choices": [{"index": 0, "delta": {"reasoning": piece}}]} for piece in pieces]


def calls(*queries: str, name: str = "search_course_materials", raw: bool = False) -> list[Any]:
    """A stream that calls the tool once for each query, its arguments cut in pieces."""
    steps: list[Any] = []
    for index, query in enumerate(queries):
        arguments = query if raw else json.dumps({"query": query})
        first = {"index": index, "id": f"call_{index}_{abs(hash(query)) % 10**8}", "type": "function",
                 "function": {"name": name, "arguments": ""}}  # fmt: skip
        steps.append({"choices": [{"index": 0, "delta": {"tool_calls": [first]}}]})
        for at in range(0, len(arguments), 7):
            piece = {"index": index, "function": {"arguments": arguments[at : at + 7]}}
            steps.append({"choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]})
    steps.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    return steps


class FakeModel:
    """The server, in a thread of its own. `requests` holds the JSON of every request, `closed` those hung up on.

    Requests for a chat's title come after the answer and by themselves: they get `title`, and are kept in `titled`.
    """

    def __init__(self) -> None:
        self.titled: list[dict[str, Any]] = []
        self.title: Script | Callable[[dict[str, Any]], Script] = text("")
        self.requests: list[dict[str, Any]] = []
        self.closed: list[int] = []
        self._scripts: list[Script | Callable[[dict[str, Any]], Script]] = []
        self.default: Script | Callable[[dict[str, Any]], Script] = text("Hello", " there.")
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait()

    @property
    def url(self) -> str:
        """Base URL for MODEL_BASE_URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    def script(self, *scripts: Script | Callable[[dict[str, Any]], Script]) -> None:
        """What the next requests get, in order; after them the default."""
        self._scripts = list(scripts)
        self.requests.clear()
        self.closed.clear()

    def close(self) -> None:
        """Stop listening."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(started))
        self._loop.close()

    async def _serve(self, started: threading.Event) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self._stop.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()  # a loop that ends before leaves the socket open

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lengths = [int(line.split(":")[1]) for line in head.lower().split("\r\n") if line.startswith("content-length:")]
        request = json.loads(await reader.readexactly(lengths[0])) if lengths else {}
        number = len(self.requests)
        if "title of at most five words" in str(request.get("messages", ["-"])[0]):
            self.titled.append(request)
            script = self.title
        else:
            self.requests.append(request)
            script = self._scripts.pop(0) if self._scripts else self.default
        steps = script(request) if callable(script) else script
        if steps and isinstance(steps[0], Status):
            _refuse(writer, steps[0])
            await writer.drain()
            return True
        if steps and steps[0] is DROP:
            writer.transport.abort()
            return False
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for step in steps:
            if step is CUT:
                writer.transport.abort()
                return False
            if step is HANG or isinstance(step, int | float):
                await self._pause(reader, 3600 if step is HANG else step, number)
                continue
            if isinstance(step, threading.Event):
                while not step.is_set():
                    await self._pause(reader, 0.02, number)
                continue
            body = step if isinstance(step, bytes) else b"data: " + json.dumps(step).encode() + b"\n\n"
            writer.write(b"%x\r\n%s\r\n" % (len(body), body))
            await writer.drain()
        if any(
            isinstance(step, dict) and any(c.get("finish_reason") for c in step.get("choices", ())) for step in steps
        ):
            writer.write(b"e\r\ndata: [DONE]\n\n\r\n")
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _pause(self, reader: asyncio.StreamReader, seconds: float, number: int) -> None:
        """Wait, and notice when the other side hangs up."""
        try:
            gone = await asyncio.wait_for(reader.read(1), seconds)
        except TimeoutError:
            return
        if gone == b"":
            self.closed.append(number)
            raise ConnectionResetError


def _refuse(writer: asyncio.StreamWriter, status: Status) -> None:
    body = json.dumps(status.body if status.body is not None else {"error": {"code": status.code, "message": "no"}})
    headers = "".join(f"{name}: {value}\r\n" for name, value in status.headers.items())
    writer.write(
        f"HTTP/1.1 {status.code} X\r\ncontent-type: application/json\r\n{headers}"
        f"content-length: {len(body)}\r\n\r\n{body}".encode()
    )
