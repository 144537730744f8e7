"""Costs of adopting a former deployment: a made-up one of many chats and chunks, brought over, compared, synced.

`python -m bench.adopt --messages 1000000 --chunks 1000000` for a large one. Seconds are wall time beside seconds of
processor time, of this process with its workers and of the database's server. `theirs_slowed` is how much
longer the server takes for the former system's own queries while all is brought over: their median, by that before.
"""

import argparse
import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from pipelines.adoption.adopting import Adoption, look
from pipelines.adoption.former import open_former
from pipelines.adoption.moving import cut_over
from pipelines.adoption.verifying import verify
from pipelines.core import embedded
from pipelines.core.embedded import EmbeddedServer
from pipelines.core.postgres import Database
from pipelines.core.schemas import find_schemas
from pipelines.core.settings import Settings

DIMS, WORDS, TURNS, CHUNKS_A_DECK = 512, 60, 4, 100
VOCABULARY = [
    f"{head}{tail}" for head in "bcdfghjklmnprstvw" for tail in ("ane", "orium", "elis", "unta", "iko", "otra")
]
SCHEMA = f"""
create extension vector; create schema ai;
create table users (id uuid primary key, created_at timestamptz default now());
create table courses (id uuid primary key, code text unique, title text, instructor text);
create table user_courses (user_id uuid, course_id uuid, primary key (user_id, course_id));
create table documents (id uuid primary key, course_id uuid, owner_id uuid, filename text, checksum text,
                        size_bytes bigint, status text, created_at timestamptz default now());
create table ai.agno_sessions (session_id varchar primary key, session_type varchar, user_id varchar,
                               session_data jsonb, runs jsonb, created_at bigint, updated_at bigint);
create table ai.message_sources (id uuid primary key default gen_random_uuid(), message_id text, session_id text,
    source_id text, source_type text, chunk_number integer, content_preview text, document_id uuid,
    slide_number integer, lecture_id uuid, start_seconds float8, end_seconds float8, course_id uuid, owner_id uuid);
create index on ai.message_sources (message_id);
create table ai.slide_chunks_knowledge (id varchar primary key, meta_data jsonb, content text, embedding vector({DIMS}),
                                        created_at timestamptz default now());
"""

THEIRS = {
    "session_list": "select session_id, session_data, updated_at from ai.agno_sessions where user_id = %(person)s"
    " and session_type = 'agent' order by updated_at desc limit 20",
    "chunk_search": "select id, content from ai.slide_chunks_knowledge"
    " where meta_data @> jsonb_build_object('owner_id', %(person)s::text)"
    " order by embedding <=> (select embedding from ai.slide_chunks_knowledge limit 1) limit 5",
}
"""What the former system asks all day."""
ROUNDS, PAUSE_S, RESTING = 10, 0.3, 9
"""How often they are asked before, and the pause between two rounds: at least so long, and so many times as long as one
took, so that asking them is no load of its own."""


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--chunks", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="sb-bench-"))
    server = EmbeddedServer.use(home)
    try:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("create database former")
        url = server.url("former")
        people = fill(url, given.messages, given.chunks, random.Random(given.seed))
        print(json.dumps(measured(url, home, people, given.messages, given.chunks), indent=2))
    finally:
        server.leave()
        embedded.stop(home)


def fill(url: str, messages: int, chunks: int, rng: random.Random) -> list[UUID]:
    """Make the former deployment; the ids of its people."""
    decks = max(1, chunks // CHUNKS_A_DECK)
    people = [UUID(int=rng.getrandbits(128), version=4) for _ in range(max(1, decks // 10))]
    course = UUID(int=rng.getrandbits(128), version=4)
    with psycopg.connect(url) as connection:
        connection.execute(SCHEMA)  # type: ignore[arg-type]
        connection.execute("insert into courses values (%s, 'C 1', 'Made up', null)", [course])
        connection.cursor().executemany("insert into users (id) values (%s)", [[person] for person in people])
        connection.execute("insert into user_courses select id, %s from users", [course])
        _decks(connection, decks, people, course, rng)
        _chats(connection, messages // (2 * TURNS), people, course, rng)
        connection.execute("analyze")
    return people


def _decks(connection: psycopg.Connection, decks: int, people: list[UUID], course: UUID, rng: random.Random) -> None:
    made = [(UUID(int=rng.getrandbits(128), version=4), people[n % len(people)]) for n in range(decks)]
    connection.cursor().executemany(
        "insert into documents (id, course_id, owner_id, filename, checksum, size_bytes, status)"
        " values (%s, %s, %s, 'deck.pdf', 'c', 1, 'uploaded')",
        [(deck, course, owner) for deck, owner in made],
    )
    vectors = [json.dumps([round(rng.gauss(0, 1), 3) for _ in range(DIMS)]) for _ in range(50)]
    copy = "copy ai.slide_chunks_knowledge (id, meta_data, content, embedding) from stdin"
    with connection.cursor().copy(copy) as rows:
        for deck, owner in made:
            for page in range(1, CHUNKS_A_DECK + 1):
                meta = {
                    "document_id": str(deck),
                    "course_id": str(course),
                    "owner_id": str(owner),
                    "slide_number": page,
                }
                words = " ".join(rng.choices(VOCABULARY, k=WORDS))
                rows.write_row((f"{deck}-{page}_1", json.dumps(meta), words, vectors[page % len(vectors)]))


def _chats(connection: psycopg.Connection, chats: int, people: list[UUID], course: UUID, rng: random.Random) -> None:
    copy = "copy ai.agno_sessions from stdin"
    with connection.cursor().copy(copy) as rows:
        for chat in range(chats):
            runs: list[dict[str, Any]] = []
            said: list[dict[str, Any]] = []
            for turn in range(TURNS):
                words = " ".join(rng.choices(VOCABULARY, k=30))
                own = [
                    {"id": f"q{chat}-{turn}", "role": "user", "content": words, "created_at": 1_770_000_000},
                    {"id": f"a{chat}-{turn}", "role": "assistant", "content": words, "created_at": 1_770_000_000},
                ]
                history = [{**each, "from_history": True} for each in said]
                runs.append({"run_id": f"r{turn}", "status": "COMPLETED", "messages": [*history, *own]})
                said += own
            data = {"session_name": "A chat", "session_state": {"course_id": str(course)}}
            owner = str(people[chat % len(people)])
            rows.write_row(
                (f"s{chat}", "agent", owner, json.dumps(data), json.dumps(runs), 1_770_000_000, 1_770_000_000)
            )


def measured(url: str, home: Path, people: list[UUID], messages: int, chunks: int) -> dict[str, Any]:
    """Every step once."""
    settings = Settings(_env_file=None, studybuddy_home=home, database_url=url, database_schema="studybuddy")  # type: ignore[call-arg, arg-type]
    found: dict[str, Any] = {"messages": messages, "chunks": chunks}

    with psycopg.connect(url) as connection:
        schemas, postmaster = find_schemas(connection, "studybuddy"), _parent_of(connection.info.backend_pid)

    def step(name: str, work: Callable[[], Any]) -> None:
        began, used, served = time.perf_counter(), _cpu_s(), _server_cpu_s(postmaster)
        work()
        found[name] = {
            "s": round(time.perf_counter() - began, 2),
            "cpu_s": round(_cpu_s() - used, 2),
            "server_cpu_s": round(_server_cpu_s(postmaster) - served, 2),
        }

    def dry() -> None:
        with open_former(url, schemas) as former:
            look(former)

    def adopt() -> None:
        with open_former(url, database.schemas) as former:
            Adoption(database, former, model="made-up", base_url=None, workers=2).run()

    def compare() -> None:
        with open_former(url, database.schemas) as former:
            assert not verify(database, former).differences

    def move() -> None:
        with database.transaction() as connection:
            cut_over(connection, person=people[0])

    step("dry_run", dry)
    with Database.open(settings) as database:
        before = _Asking(url, people, ROUNDS).ended()
        during = _Asking(url, people)
        step("apply", adopt)
        found["theirs_slowed"] = {
            name: round(median(took) / median(before[name]), 2) for name, took in during.ended().items()
        }
        step("sync_of_nothing", adopt)
        with psycopg.connect(url) as connection:
            connection.execute("update ai.agno_sessions set session_data = '{}' where session_id = 's0'")
        step("sync_of_one_chat", adopt)
        step("verify", compare)
        step("cut_over_of_one", move)
        with psycopg.connect(url) as connection:
            size = sql.SQL(
                "select sum(pg_total_relation_size(c.oid)) from pg_class c"
                " where c.relnamespace::regnamespace::text = any(%s)"
            )
            for name, names in (("former_mb", ["public", "ai"]), ("ours_mb", ["studybuddy", "studybuddy_ai"])):
                found[name] = round(int(connection.execute(size, [names]).fetchall()[0][0]) / 1e6)
    found["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
    return found


class _Asking(Thread):
    """Somebody who asks the former system's queries now and then, as often as told, or until `ended` is asked for."""

    def __init__(self, url: str, people: list[UUID], rounds: int | None = None) -> None:
        super().__init__(daemon=True)
        self._url, self._people, self._rounds, self._ending = url, people, rounds, Event()
        self._took: dict[str, list[float]] = {name: [] for name in THEIRS}
        self.start()

    def run(self) -> None:
        """Ask; how long it took is the server's word, as this process is busy."""
        with psycopg.connect(self._url) as connection:
            for nth in count():
                for name, query in THEIRS.items():
                    person = {"person": str(self._people[nth % len(self._people)])}
                    told = connection.execute(f"explain (analyze, timing off, format json) {query}", person).fetchone()  # type: ignore[arg-type]
                    self._took[name].append(told[0][0]["Execution Time"] if told is not None else 0)
                connection.rollback()
                took = sum(each[-1] for each in self._took.values()) / 1000
                if nth + 1 == self._rounds or self._ending.wait(max(PAUSE_S, RESTING * took)):
                    return

    def ended(self) -> dict[str, list[float]]:
        """Of each query, how many milliseconds it took each time."""
        if self._rounds is None:
            self._ending.set()
        self.join()
        return self._took


def _parent_of(pid: int) -> int:
    return int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    """Fields of a process behind its name: state, parent, ...; twelfth to fifteenth its times, and its children's."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _server_cpu_s(postmaster: int) -> float:
    """Processor time of the database server: its processes that are there, and those that have ended."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found = _stat(int(folder.name))
            if postmaster in (int(found[1]), int(folder.name)):
                ticks += sum(int(each) for each in found[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _cpu_s() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main()
