"""What the sandbox tests run inside the child: well-behaved functions and hostile ones."""

import ctypes
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.core.errors import UnreadableFileError

Items = Iterator[tuple[Any, bytes]]


def count(source: BinaryIO | None, *, up_to: int) -> Items:
    for number in range(up_to):
        yield {"number": number}, b"x" * number


def read_all(source: BinaryIO) -> Items:
    yield len(data := source.read()), data


def environment(source: BinaryIO | None) -> Items:
    yield (
        {
            "names": sorted(os.environ),
            "descriptors": [str(fd) for fd in Path("/proc/self/fd").iterdir()],
            "pid": os.getpid(),
        },
        b"",
    )


def spin(source: BinaryIO | None) -> Items:
    yield os.getpid(), b""
    while True:
        pass


def sleep(source: BinaryIO | None, *, seconds: float) -> Items:
    yield os.getpid(), b""
    time.sleep(seconds)


def steady(source: BinaryIO | None, *, items: int, seconds: float) -> Items:
    for number in range(items):
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass
        yield number, b""


def eat_memory(source: BinaryIO | None) -> Items:
    hoard = []
    while True:
        hoard.append(bytearray(50 << 20))
        yield len(hoard), b""


def flood(source: BinaryIO | None) -> Items:
    while True:
        yield None, b"x" * (1 << 20)


def crash(source: BinaryIO | None) -> Items:
    yield 1, b""
    ctypes.string_at(0)


def leave(source: BinaryIO | None) -> Items:
    yield 1, b""
    os._exit(3)


def refuse(source: BinaryIO | None) -> Items:
    yield 1, b""
    raise UnreadableFileError("This PDF has no pages.", code="zero_pages")


def stumble(source: BinaryIO | None) -> Items:
    raise KeyError("a mistake of ours")


def garbage(source: BinaryIO | None) -> Items:
    for fd in range(3, 256):
        try:
            os.write(fd, b"\x00\x00\x00\x00\x05\x00\x00\x00\x00nope!" + b"\xff" * 64)
        except OSError:
            continue
    os._exit(0)
    yield


def with_threads(source: BinaryIO | None) -> Items:
    seen: list[int] = []
    threads = [threading.Thread(target=seen.append, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield sorted(seen), b""


def attempts(source: BinaryIO | None, *, port: int, secret: str) -> Items:
    """Tries everything a taken-over parser would try; yields what each attempt met."""
    tries: dict[str, Callable[[], object]] = {
        "connect": lambda: socket.create_connection(("127.0.0.1", port), timeout=2),
        "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "read a secret": lambda: Path(secret).read_text(),
        "read passwords": lambda: Path("/etc/passwd").read_text(),
        "look around": lambda: list(Path("/etc").iterdir()),
        "read another process": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
        "write": lambda: Path(secret).with_name("written").write_text("x"),
        "run a program": lambda: subprocess.run(["/bin/true"], check=False),
        "become another program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
        "fork": os.fork,
        "kill the parent": lambda: os.kill(os.getppid(), signal.SIGTERM),
    }
    for name, attempt in tries.items():
        try:
            attempt()
            yield [name, "done"], b""
        except OSError as error:
            yield [name, type(error).__name__], b""
