"""A canary: a secret that goes through the system, and every place in which it or a form of it could lie afterwards."""

import base64
import os
import threading
import urllib.parse
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

TABLES = (
    "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')"
)
LOOK_S = 0.05


def new_canary() -> str:
    """A key as OpenRouter gives them, like no other."""
    return f"sk-or-v1-{uuid.uuid4().hex}canary{uuid.uuid4().hex}"


def forms(secret: str) -> set[bytes]:
    """Ways in which a secret could lie somewhere: plain, reversed, in hex, quoted, in part, in base64 at any offset."""
    plain = secret.encode()
    found = {plain, plain[::-1], plain.hex().encode(), urllib.parse.quote(secret, safe="").encode(), plain[9:30]}
    return found | {base64.b64encode(b"x" * n + plain)[4:-4] for n in range(3)}


def leaks(secret: str, places: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    """(place, form) of whatever is found; empty places are a mistake of the test."""
    assert not [place for place, hay in places.items() if not hay and not place.startswith("/")]
    return [(place, form) for place, hay in places.items() for form in forms(secret) if form in hay]


def dump(url: str) -> bytes:
    """Every value of every table of a database as text, bytes as they are too, and what connections asked last."""
    found = list[bytes]()
    with psycopg.connect(url, autocommit=True) as connection:
        for name in connection.execute(TABLES).fetchall():
            query = sql.SQL("select t::text from {} t").format(sql.Identifier(*name))
            for (line,) in connection.execute(query):
                found.append(line.encode("utf-8", "replace"))
                found += [bytes.fromhex(piece) for piece in _hex(line)]
        found += [line.encode() for (line,) in connection.execute("select coalesce(query, '') from pg_stat_activity")]
    assert len(found) > 20, "it was looked at"
    return b"\n".join(found)


def files(*folders: Path) -> dict[str, bytes]:
    """Every file below these folders."""
    return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def processes(ids: Iterable[int] | None = None) -> dict[str, bytes]:
    """Command line and environment of these processes, or (None) of every one that may be read."""
    found = dict[str, bytes]()
    known = ids if ids is not None else (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    for each in known:
        for name in ("cmdline", "environ"):
            with suppress(OSError):  # it has ended, or is another's
                found[f"/proc/{each}/{name}"] = Path(f"/proc/{each}/{name}").read_bytes()
    return found


@contextmanager
def watched_processes() -> Iterator[dict[str, bytes]]:
    """What is to be seen of this process's children meanwhile, those that live shortly too, and of all at the end."""
    seen: dict[str, bytes] = {}
    over = threading.Event()

    def note(found: dict[str, bytes]) -> None:
        for place, content in found.items():
            if content not in seen.setdefault(place, b""):
                seen[place] += content

    def look() -> None:
        while not over.wait(LOOK_S):
            note(processes(_children(os.getpid())))

    watching = threading.Thread(target=look, daemon=True)
    watching.start()
    try:
        yield seen
    finally:
        over.set()
        watching.join()
        note(processes())


def _children(parent: int) -> list[int]:
    """Processes that a process has started, and theirs."""
    found = list[int]()
    with suppress(OSError):
        for thread in Path(f"/proc/{parent}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found += [int(child), *_children(int(child))]
    return found


def _hex(line: str) -> Iterator[str]:
    for piece in line.split("\\\\x")[1:]:
        digits = piece.split('"')[0].split(",")[0].rstrip(")")
        if len(digits) % 2 == 0 and all(char in "0123456789abcdef" for char in digits):
            yield digits
