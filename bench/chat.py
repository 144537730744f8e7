"""The chat beside its own upstream called directly: time to the first byte, cost of a delta, many streams at once.

A scripted model server, the service with its database, and the readers are processes of their own on one machine, so
every figure includes the load of the other two. No search: the model answers at once, which leaves the service's own
cost. Run: `python -m bench.chat [--streams 500] [--seconds 10]`; prints one JSON object.
"""

import argparse
import asyncio
import json
import multiprocessing
import shutil
import socket
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import psycopg

from pipelines.core import embedded
from pipelines.core.courses import ensure_course
from pipelines.core.postgres import Database, database_urls
from pipelines.core.secrets.local_token import local_token
from pipelines.core.settings import Settings
from serving.limits import Limits
from serving.run import serve


class Upstream(asyncio.Protocol):
    """One connection of the model server. A question says `count gap_ms`; to anything else, such as what asks for a
    chat's title, it answers one word at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.data = transport, b""

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, _, body = self.data.partition(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        if len(body) < length:
            return
        self.data = b""
        asked = json.loads(body)["messages"][-1]["content"].split()
        count, gap = asked if len(asked) == 2 else ("1", "0")
        self.left, self.gap = int(count), float(gap) / 1000
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        self.next()

    def next(self) -> None:
        """Send one delta, or the end."""
        if self.transport.is_closing():
            return
        if self.left:
            self.left -= 1
            self.send({"choices": [{"index": 0, "delta": {"content": f"word{self.left} "}}]})
            asyncio.get_running_loop().call_later(self.gap, self.next)
            return
        self.send({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self.transport.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")

    def send(self, chunk: dict[str, Any]) -> None:
        """Write one event as one HTTP chunk."""
        body = b"data: " + json.dumps(chunk).encode() + b"\n\n"
        self.transport.write(b"%x\r\n%s\r\n" % (len(body), body))


def run_upstream(port: int) -> None:
    """The model server, until killed."""

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=2000)
        await server.serve_forever()

    import uvloop

    uvloop.run(main())


def run_service(home: str, upstream: int, port: int) -> None:
    """The service, until killed."""
    serve(settings_of(home, upstream), "127.0.0.1", port, limits=Limits(runs_per_user=2000, runs=2000))


def settings_of(home: str, upstream: int) -> Settings:
    """A private home with the scripted model."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        studybuddy_home=Path(home),
        model_base_url=f"http://127.0.0.1:{upstream}/v1",
        chat_model="scripted",
        log_level="WARNING",
    )


@dataclass
class Seen:
    """What one reader saw; times in seconds from its request."""

    first_byte: float = 0.0
    first_text: float = 0.0
    total: float = 0.0
    deltas: int = 0
    whole: bool = False
    error: str = ""


@dataclass
class Target:
    """Where to ask: the upstream itself, or the service before it."""

    port: int
    path: str
    headers: str
    mark: bytes
    course: str | None = None

    def body(self, question: str, chat: str | None = None) -> bytes:
        """The request, as each of the two expects it. `chat` None: a new chat's id."""
        if self.course is None:
            return json.dumps(
                {"model": "m", "stream": True, "messages": [{"role": "user", "content": question}]}
            ).encode()
        message = {"id": uuid4().hex, "role": "user", "parts": [{"type": "text", "text": question}]}
        return json.dumps({"id": chat or uuid4().hex, "courseId": self.course, "messages": [message]}).encode()


async def ask(target: Target, question: str, chat: str | None = None) -> Seen:
    """One stream, read to its end."""
    seen, body = Seen(), target.body(question, chat)
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    start = time.perf_counter()
    writer.write(
        f"POST {target.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n{target.headers}"
        f"content-length: {len(body)}\r\n\r\n".encode()
        + body
    )
    await reader.readuntil(b"\r\n\r\n")
    tail = b""
    while not seen.whole:
        piece = await asyncio.wait_for(reader.read(65536), 120)
        now = time.perf_counter() - start
        if not piece:
            break
        seen.first_byte = seen.first_byte or now
        text = tail + piece
        seen.deltas += text.count(target.mark)
        if seen.deltas and not seen.first_text:
            seen.first_text = now
        seen.whole = b"[DONE]" in text
        if b'"error"' in piece or b'"abort"' in piece or b'{"error' in piece:
            seen.error = piece[-300:].decode(errors="replace")
        tail = text[-(len(target.mark) - 1) :] if target.mark not in text[-(len(target.mark) - 1) :] else b""
        seen.total = now
    writer.close()
    return seen


async def many(target: Target, question: str, streams: int, *, spread_s: float) -> list[Seen]:
    """Streams at once, begun evenly over `spread_s` seconds."""

    async def later(number: int) -> Seen:
        await asyncio.sleep(spread_s * number / streams)
        try:
            return await ask(target, question)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            return Seen(error=type(error).__name__)

    return list(await asyncio.gather(*(later(number) for number in range(streams))))


@dataclass
class Report:
    """Figures by name."""

    figures: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        self.figures[name] = round(value, 3)


def ms(values: list[float]) -> float:
    """Median, in milliseconds."""
    return 1000 * statistics.median(values)


async def first_byte(direct: Target, service: Target, report: Report, rounds: int = 40) -> None:
    """One stream at a time, the two in turn."""
    seen: dict[str, list[Seen]] = {"direct": [], "service": []}
    for number in range(rounds + 5):
        for name, target in (("direct", direct), ("service", service)):
            found = await ask(target, "5 1")
            if number >= 5:
                seen[name].append(found)
    there, here = ms([s.first_byte for s in seen["direct"]]), ms([s.first_byte for s in seen["service"]])
    report.add("one_stream_first_byte_direct_ms", there)
    report.add("one_stream_first_byte_ms", here)
    report.add("one_stream_first_byte_added_ms", here - there)
    report.add("one_stream_first_word_added_ms", ms([s.first_text for s in seen["service"]]) - there)


async def per_delta(direct: Target, service: Target, process: psutil.Process, report: Report, rounds: int = 3) -> None:
    """Fifty streams of 200 deltas, 50 ms apart, with everything stored; the two in turn, after a round to warm up.

    What is added to a delta is what is added to the whole stream, its beginning and its end included, by deltas.
    """
    added, busy, first = [], [], []
    for number in range(rounds + 1):
        there = await many(direct, "200 50", 50, spread_s=1)
        before = sum(process.cpu_times()[:2])
        here = await many(service, "200 50", 50, spread_s=1)
        if number:
            busy.append((sum(process.cpu_times()[:2]) - before) / (50 * 200))
            added.append((ms([s.total for s in here]) - ms([s.total for s in there])) / 200)
            first.append(ms([s.first_byte for s in here]))
        assert all(seen.whole for seen in [*there, *here])
    report.add("fifty_streams_added_per_delta_ms", statistics.median(added))
    report.add("fifty_streams_cpu_per_delta_ms", ms(busy))
    report.add("fifty_streams_first_byte_ms", statistics.median(first))


async def crowd(target: Target, process: psutil.Process, report: Report, name: str, streams: int, seconds: int) -> None:
    """Many streams of 20 deltas a second; memory is looked at every half second."""
    before, peak, done = process.memory_info().rss, 0, asyncio.Event()

    async def watch() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, process.memory_info().rss)
            await asyncio.sleep(0.5)

    watching = asyncio.create_task(watch())
    found = await many(target, f"{20 * seconds} 50", streams, spread_s=streams / 50)
    done.set()
    await watching
    report.add(f"{name}_streams", streams)
    failed = [seen.error for seen in found if seen.error or not seen.whole]
    report.add(f"{name}_failed", len(failed))
    report.figures[f"{name}_failures"] = sorted(set(failed))[:3]
    report.add(f"{name}_total_s", statistics.median([seen.total for seen in found]))
    report.add(f"{name}_first_byte_p95_ms", 1000 * sorted(seen.first_byte for seen in found)[int(0.95 * streams)])
    report.add(f"{name}_memory_growth_mb", (peak - before) / 1e6)


async def slow_readers(target: Target, process: psutil.Process, report: Report, readers: int = 200) -> None:
    """Readers who take the beginning of one long answer and then nothing, and what others wait beside them."""

    async def p95_ms() -> float:
        found = sorted([(await ask(target, "5 1")).first_byte for _ in range(60)])
        return 1000 * found[56]

    chat, alone, before = uuid4().hex, await p95_ms(), process.memory_info().rss
    answer = asyncio.create_task(ask(target, "6000 2", chat))
    await asyncio.sleep(1)
    slow = []
    for _ in range(readers):
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # what the kernel would take for them
        line.connect(("127.0.0.1", target.port))
        line.sendall(f"GET {target.path}/{chat}/stream HTTP/1.1\r\nhost: 127.0.0.1\r\n{target.headers}\r\n".encode())
        slow.append(line)
        await asyncio.sleep(0.005)
    beside = await p95_ms()
    whole = (await answer).whole
    grown = process.memory_info().rss - before
    begun = sum(line.recv(15) == b"HTTP/1.1 200 OK" for line in slow)
    for line in slow:
        line.close()
    assert whole and begun == readers, (whole, begun)
    report.add("slow_readers", readers)
    report.add("slow_readers_first_byte_p95_ratio", beside / alone)
    report.add("slow_readers_memory_growth_mb", grown / 1e6)


async def database_time(service: Target, url: str, report: Report, turns: int = 60) -> None:
    """What the database itself was busy for, chores included, divided by the turns."""

    def active() -> float:
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "select active_time, xact_commit from pg_stat_database where datname = current_database()"
            ).fetchone()
            assert row is not None
            return float(row[0])

    await asyncio.sleep(2)
    before = active()
    for _ in range(turns):
        await ask(service, "20 1")
    await asyncio.sleep(12)  # backends report what they did when they have been idle for a while
    report.add("database_ms_per_turn", (active() - before) / turns)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def measure(options: argparse.Namespace, home: str, upstream: int, port: int, pids: list[int]) -> Report:
    """All figures, the quiet ones first."""
    settings, report = settings_of(home, upstream), Report()
    with Database.open(settings) as database, database.transaction() as connection:
        course = str(ensure_course(connection, "Bench").id)
    token = f"authorization: Bearer {local_token(settings)}\r\n"
    direct = Target(upstream, "/v1/chat/completions", "", b'"content"')
    service = Target(port, "/api/chat", token, b'"text-delta"', course)
    process = psutil.Process(pids[0])
    for _ in range(200):
        try:
            await ask(service, "1 1")
            break
        except OSError:
            await asyncio.sleep(0.2)
    await first_byte(direct, service, report)
    await database_time(service, database_urls(settings)[0], report)
    await per_delta(direct, service, process, report)
    await slow_readers(service, process, report)
    await crowd(direct, psutil.Process(pids[1]), report, "crowd_direct", options.streams, options.seconds)
    await crowd(service, process, report, "crowd", options.streams, options.seconds)
    return report


def main() -> None:
    """Start the three, measure, stop them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    home, upstream, port = tempfile.mkdtemp(prefix="sb-bench-"), free_port(), free_port()
    context = multiprocessing.get_context("spawn")
    model = context.Process(target=run_upstream, args=(upstream,), daemon=True)
    service = context.Process(target=run_service, args=(home, upstream, port), daemon=True)
    model.start()
    service.start()
    assert service.pid is not None and model.pid is not None
    try:
        report = asyncio.run(measure(options, home, upstream, port, [service.pid, model.pid]))
        print(json.dumps(report.figures, indent=2))
    finally:
        service.terminate()
        service.join(20)
        model.kill()
        embedded.stop(Path(home))
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
