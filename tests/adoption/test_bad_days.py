"""Bad days of an adoption, with real processes: killed in mid-batch, cut off, on a full disk; then it goes on.

Where a process is, is decided by a row that it waits for: an entry of the ledger that another transaction has made.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from bench.adopt import fill
from pipelines.adoption.values import made_id
from pipelines.core.settings import REPOSITORY
from tests.adoption.conftest import Deployment
from tests.runtime.test_bad_places import disk

pytestmark = [pytest.mark.attack, pytest.mark.brief]

MESSAGES, CHUNKS = 4_000, 5_200
"""Several batches, and enough chunks that processes are started to count their words."""
PATIENCE_S = 120
ADOPTERS = "application_name ~ '^studybuddy( adoption)? [0-9]+$' and datname = current_database()"
WITHOUT_LEDGER = {
    "chats": "select count(*) from chat_sessions s where not exists"
    " (select from adopted_units where id = 'chat:' || s.id)",
    "chunks": "select count(*) from chunks c where not exists"
    " (select from adopted_units where id = c.kind || 's:' || c.source_id)",
    "decks": "select count(*) from documents d where not exists (select from adopted_units where id = 'deck:' || d.id)",
    "rows": "select count(*) from adopted_rows r where unit <> '' and not exists"
    " (select from adopted_units where id = r.unit)",
}
"""What is here of units that the ledger does not know: something half-written."""
WHOLE = {
    "chat_sessions": MESSAGES // 8, "chat_messages": MESSAGES, "chunks": CHUNKS, "chunk_embeddings": CHUNKS,
    "chunk_terms": CHUNKS, "documents": CHUNKS // 100,
}  # fmt: skip


@dataclass(frozen=True)
class Machine:
    """The command line beside a deployment of many chats and chunks."""

    here: Deployment

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`studybuddy adopt`, begun."""
        own = {"STUDYBUDDY_HOME": os.fspath(self.here.home), "DATABASE_URL": self.here.url}
        kept = {name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")}
        return subprocess.Popen(
            [sys.executable, "-c", "from pipelines.cli import main; main()", "adopt", *arguments],
            env={**kept, **own, "DATABASE_SCHEMA": "studybuddy", "PYTHONPATH": os.fspath(REPOSITORY)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *arguments: str) -> tuple[int, str]:
        """Its exit status, and what it said."""
        return self.end(self.start(*arguments))

    def end(self, started: subprocess.Popen[str]) -> tuple[int, str]:
        """Its exit status, and what it said. Nobody gets a trace to read."""
        said, errors = started.communicate(timeout=PATIENCE_S)
        assert "Traceback" not in said + errors, errors[-3000:]
        return started.returncode, said or errors

    def finish(self) -> None:
        """A second run brings the rest, and everything is there once."""
        assert self.run("--apply", "--json")[0] == 0
        assert {table: self.here.rows(f"select count(*) from {table}")[0][0] for table in WHOLE} == WHOLE  # noqa: S608
        assert json.loads(self.run("verify", "--json")[1])["differences"] == 0

    def half_written(self) -> dict[str, int]:
        """Rows whose unit the ledger does not know, by what they are."""
        return {name: found for name, query in WITHOUT_LEDGER.items() if (found := self.here.rows(query)[0][0])}

    @contextmanager
    def held_at(self, kind: str, nth: int) -> Iterator[None]:
        """Whoever writes the n-th unit of this kind waits, until this ends."""
        table, id_ = {"chat": ("ai.agno_sessions", "session_id"), "slides": ("public.documents", "id")}[kind]
        keys = sorted(row[0] for row in self.here.rows(f"select {id_}::text from {table}"))  # noqa: S608
        unit = f"chat:{made_id('chat', keys[nth])}" if kind == "chat" else f"slides:{keys[nth]}"
        with psycopg.connect(self.here.url) as holding:
            holding.execute("insert into studybuddy.adopted_units (id, kind, hash) values (%s, 'x', '')", [unit])
            yield
            holding.rollback()

    def wait_until_held(self) -> None:
        """Return when a writer waits."""
        self._wait(f"select count(*) from pg_stat_activity where {ADOPTERS} and wait_event_type = 'Lock'", 1)  # noqa: S608

    def wait_until_alone(self) -> None:
        """Return when nobody adopts any more."""
        self._wait(f"select count(*) from pg_stat_activity where {ADOPTERS}", 0)  # noqa: S608

    def _wait(self, query: str, wanted: int) -> None:
        until = time.monotonic() + PATIENCE_S
        while self.here.rows(query)[0][0] != wanted:
            assert time.monotonic() < until, f"{query} never gave {wanted}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def made(server, tmp_path_factory):
    """A deployment of many chats and chunks, which is copied for each test."""
    name = "former_of_bad_days"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name}")
    fill(server.url(name), MESSAGES, CHUNKS, random.Random(7))
    return name


@pytest.fixture
def machine(server, made, tmp_path_factory):
    """A copy of it, with our schemas and nothing in them."""
    with copied(server, made, tmp_path_factory.mktemp("home")) as machine:
        yield machine


@contextmanager
def copied(server, made: str, home: Path, *more: str) -> Iterator[Machine]:
    name = f"{made}_copy"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {made} {' '.join(more)}")
    made_here = Machine(Deployment(server.url(name), home))
    with made_here.here.open():
        pass
    try:
        yield made_here
    finally:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"drop database {name} with (force)")


def children_of(pid: int) -> set[int]:
    """Processes that this one has started."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return {int(each) for each in found.stdout.split()}


def test_killed_at_several_moments_it_leaves_whole_units_and_nobody_behind_and_then_goes_on(machine):
    before = machine.here.theirs()
    for kind, nth in (("slides", 1), ("slides", 45), ("chat", 30), ("chat", 480)):
        with machine.held_at(kind, nth):
            begun = machine.start("--apply")
            machine.wait_until_held()
            helpers = children_of(begun.pid)
            begun.send_signal(signal.SIGKILL)
            begun.communicate(timeout=PATIENCE_S)
        machine.wait_until_alone()
        assert machine.half_written() == {}
        until = time.monotonic() + PATIENCE_S
        while alive := {pid for pid in helpers if Path(f"/proc/{pid}").exists()}:
            assert time.monotonic() < until, f"{alive} wait for work for ever"
            time.sleep(0.05)
    done = machine.here.rows("select count(*) from adopted_units")[0][0]
    assert done > CHUNKS // 100, "what was brought over before it was killed stays"
    machine.finish()
    assert machine.here.theirs() == before


def test_a_connection_lost_in_mid_batch_is_a_sentence_and_a_second_run_brings_the_rest(machine):
    cut = f"select pg_terminate_backend(pid) from pg_stat_activity where {ADOPTERS}"  # noqa: S608
    for kind, nth in (("slides", 30), ("chat", 200)):
        with machine.held_at(kind, nth):
            begun = machine.start("--apply")
            machine.wait_until_held()
            machine.here.rows(cut)
        status, said = machine.end(begun)
        assert status == 1 and "cannot be reached now" in " ".join(said.split()), said
        assert machine.half_written() == {}
    machine.finish()


def test_on_a_full_disk_it_says_so_keeps_whole_units_and_goes_on_when_there_is_room(server, made, tmp_path_factory):
    folder = Path(tempfile.mkdtemp(prefix="sb-disk-"))  # not in pytest's folder: the server's user may not enter that
    folder.chmod(0o755)
    with disk(folder, 120):
        data = folder / "data"
        data.mkdir()
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            owner = Path(connection.execute("show data_directory").fetchone()[0]).stat()
            os.chown(data, owner.st_uid, owner.st_gid)
            connection.execute(f"create tablespace small location '{data}'")
        with copied(server, made, tmp_path_factory.mktemp("home"), "tablespace small") as machine:
            ballast = folder / "ballast"
            left = os.statvfs(folder)
            ballast.write_bytes(bytes(left.f_bavail * left.f_frsize - (8 << 20)))
            status, said = machine.run("--apply")
            assert status == 1 and "disk is full" in " ".join(said.split()), said
            assert machine.half_written() == {}
            ballast.unlink()
            machine.finish()
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("drop tablespace small")
