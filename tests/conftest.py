"""Fixtures all rooms share: the shared course material, and a real migrated database cloned for each test."""

import gc
import itertools
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from pipelines.core import embedded
from pipelines.core.embedded import EmbeddedServer
from pipelines.core.migrate import migrate
from pipelines.core.postgres import Database
from pipelines.core.settings import Settings

for optional in ("pymupdf.layout", "pymupdf4llm", "rfc3987_syntax"):
    # Nobody here uses what PyMuPDF, and jsonschema for addresses in JSON, import with themselves where it is there; it
    # would take 1.5 s and 2.5 s of every test process.
    sys.modules.setdefault(optional, None)  # type: ignore[arg-type]

gc.disable()  # until everything is collected: what is made till then stays, and looking through it took 7 s of 30


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end: they are not looked through for garbage again."""
    gc.freeze()
    gc.enable()


SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
_numbers = itertools.count(1)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # In the background of a script the shell ignores SIGINT. Dagster, which runs inside some tests, takes what SIGINT
    # does for SIGTERM too, and every process the tests start would then ignore being asked to end.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real decks, captions, recordings and damaged files; skips where it is not laid beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not here: this test reads real course material from beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """A PostgreSQL server of this test session, with a migrated `template_app` database. Stopped and removed after."""
    home = Path(tempfile.mkdtemp(prefix="sb-test-"))
    server = EmbeddedServer.use(home)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("alter system set fsync = off")  # nothing here has to survive a power cut
        connection.execute("alter system set synchronous_commit = off")
        connection.execute("select pg_reload_conf()")
        connection.execute("create database template_app")
    migrate(server.url("template_app"))
    yield server
    server.leave()
    embedded.stop(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def database_url(server: EmbeddedServer) -> Iterator[str]:
    """URL of a fresh migrated database of this test alone."""
    with fresh_database(server) as url:
        yield url


@contextmanager
def fresh_database(server: EmbeddedServer) -> Iterator[str]:
    """URL of a migrated database that goes with the block; for fixtures that several tests share."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template template_app")  # type: ignore[arg-type]
    yield server.url(name)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")  # type: ignore[arg-type]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open `Database` on a fresh migrated database."""
    with Database(database_url) as database:
        yield database


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of a private home on the test's own database; nothing is read from the environment's `.env`."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        studybuddy_home=tmp_path / "home",
        database_url=database_url,  # type: ignore[arg-type]
        dagster_database_url=database_url,  # type: ignore[arg-type]
    )
