"""Bad places to run in: a full or read-only disk, few open files, two who start at once; a sentence or recovery each.

A disk of its own for each test is a small tmpfs, which only root may mount; elsewhere these tests are skipped.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from pipelines.core import embedded
from pipelines.core.embedded import EmbeddedServer
from pipelines.core.settings import REPOSITORY
from tests.defs.lectures import CAPTIONS
from tests.homes import private_home

pytestmark = [pytest.mark.attack, pytest.mark.brief, pytest.mark.timeout(600)]

DISK_MB = 230
"""A cluster of three databases takes 75 MB; its log may take some segments of 16 MB more."""

FILLED = ("lectures", "transcripts", "ai.lecture_chunks_knowledge", "ai.chunk_embeddings")
"""Tables that get a row from each of the files."""


@contextmanager
def disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A disk of this size at `folder`.

    Skips where this account may mount nothing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", folder], check=False, capture_output=True
    )
    if made.returncode:
        pytest.skip("a small disk cannot be mounted here (that takes root): full and read-only disks are not tried")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Nothing free on this disk."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    yield
    ballast.unlink()


class Machine:
    """The command line with a home of its own."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self.files = [folder / "one.vtt", folder / "two.vtt"]
        for number, file in enumerate(self.files):
            file.write_bytes(CAPTIONS + b"\n00:10.000 --> 00:12.000\nThis is number %d.\n" % number)
        kept = {name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")}
        own = {"STUDYBUDDY_HOME": os.fspath(home), "API_PORT": "0", "DAGSTER_PORT": "0"}
        self.environment = {**kept, **own, "PYTHONPATH": os.fspath(REPOSITORY)}

    def run(self, *arguments: str | Path, open_files: int | None = None) -> subprocess.CompletedProcess[str]:
        """A command's end. Whatever happens, nobody gets a trace to read."""
        limits = ["prlimit", f"--nofile={open_files}:{open_files}"] if open_files is not None else []
        done = subprocess.run([*limits, *self.command(*arguments)], env=self.environment, check=False,
                              capture_output=True, text=True, timeout=300)  # fmt: skip
        assert "Traceback" not in done.stdout + done.stderr, done.stderr[-3000:]
        return done

    def command(self, *arguments: str | Path) -> list[str]:
        """Its words."""
        return [sys.executable, "-c", "from pipelines.cli import main; main()", *map(os.fspath, arguments)]

    def ingest(self, number: int, **more: int) -> subprocess.CompletedProcess[str]:
        """One of the files, ingested."""
        return self.run("ingest", "--course", "Optimisation", self.files[number], **more)

    def rows(self) -> dict[str, int]:
        """Rows of the tables an upload fills."""
        server = EmbeddedServer.use(self.home)
        try:
            with psycopg.connect(server.url("studybuddy")) as connection:
                return {table: connection.execute(f"select count(*) from {table}").fetchone()[0] for table in FILLED}  # noqa: S608
        finally:
            server.leave()


ONE, TWO = ({**dict.fromkeys(FILLED, count), "ai.chunk_embeddings": 2 * count} for count in (1, 2))
"""A chunk has two vectors: one more for questions in other languages."""


@pytest.fixture
def machine(tmp_path) -> Iterator[Machine]:
    """A machine with one file ingested, on a disk of its own."""
    with private_home() as home, disk(home.parent, DISK_MB):
        made = Machine(home, tmp_path)
        assert made.ingest(0).returncode == 0
        yield made
        made.run("down")
        embedded.stop(home)


def test_on_a_full_disk_a_command_says_so_and_all_is_there_when_there_is_space_again(machine):
    words = ["--course", "Optimisation"]
    with full(machine.home.parent):
        commands = (["search", *words, "slope"], ["ingest", *words, machine.files[1]], ["up"])
        tried = [machine.run(*command) for command in commands]
        for done in tried:  # closing a database frees a little, which may be enough for the next
            assert done.returncode == 0 or "full" in done.stderr, done.stderr
    assert tried[0].returncode == 1
    assert machine.rows() == (TWO if tried[1].returncode == 0 else ONE)
    assert machine.ingest(1).returncode == 0
    assert machine.rows() == TWO


def test_a_disk_that_fills_up_under_running_services_is_said_and_they_go_on_when_there_is_space(machine):
    assert machine.run("up").returncode == 0
    with full(machine.home.parent):
        refused = machine.ingest(1)
        assert refused.returncode == 1
        assert refused.stderr.strip() or "failed" in refused.stdout
    assert machine.run("up").returncode == 0  # all of it answers again
    assert machine.ingest(1).returncode == 0
    assert machine.rows() == TWO
    assert sum(path.stat().st_size for path in (machine.home / "logs").iterdir()) < 300_000


@pytest.mark.parametrize("folder", ["files", "dagster", "postgres/pg_wal"])
def test_a_folder_that_is_full_alone_is_said_and_fills_no_row(machine, folder, tmp_path):
    place = machine.home / folder
    kept = tmp_path / "kept"
    subprocess.run(["cp", "-a", place, kept], check=True)
    with disk(place, 40):
        subprocess.run(["cp", "-a", f"{kept}/.", place], check=True)
        with full(place):
            tried = machine.ingest(1)
        said = tried.stderr + tried.stdout
        assert tried.returncode == 0 or "full" in said or "No space left" in said, said
        assert machine.rows() == (TWO if tried.returncode == 0 else ONE)  # in short runs Dagster needs no space
        assert machine.ingest(1).returncode == 0
        assert machine.rows() == TWO
        embedded.stop(machine.home)


def test_a_home_that_is_read_only_is_a_sentence(machine):
    subprocess.run(["mount", "-o", "remount,ro", machine.home.parent], check=True)
    try:
        for command in (["ingest", "--course", "Optimisation", machine.files[1]], ["up"], ["status"]):
            refused = machine.run(*command)
            assert refused.returncode == 1
            assert "Read-only file system" in refused.stderr, refused
    finally:
        subprocess.run(["mount", "-o", "remount,rw", machine.home.parent], check=True)
    assert machine.rows() == ONE


@pytest.mark.parametrize("open_files", [30, 100])
def test_few_open_files_are_enough_or_said(machine, open_files):
    done = machine.ingest(1, open_files=open_files)
    if done.returncode:
        assert done.stderr.strip()
        assert machine.ingest(1).returncode == 0
    assert machine.rows() == TWO


def test_two_who_start_the_services_at_once_start_them_once(machine):
    said = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    both = [subprocess.Popen(machine.command("up"), env=machine.environment, **said) for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("already" in words for words in said) == 1
