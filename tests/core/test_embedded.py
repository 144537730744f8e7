"""The embedded server on a bad day: it is killed, nobody asks for its exit status, its configuration is an old one."""

import ctypes
import os
import signal
import stat
import threading
from contextlib import suppress

import psycopg
import pytest

from pipelines.core import embedded, postgres
from pipelines.core.embedded import EmbeddedServer
from pipelines.core.errors import StorageUnavailableError
from pipelines.core.migrate import migrate
from pipelines.core.postgres import RECONNECT_S, Database
from tests.homes import private_home

PR_SET_CHILD_SUBREAPER = 36


@pytest.fixture(scope="module")
def home():
    with private_home() as folder:
        yield folder


@pytest.fixture
def orphans():
    """This process is the parent of every orphan below it, and asks for nobody's exit status before the end."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    yield
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0)


def postmaster(home):
    return int((home / "postgres" / "postmaster.pid").read_text().partition("\n")[0])


def test_a_killed_server_starts_again_although_its_process_number_stays_taken(home, orphans):
    server = EmbeddedServer.use(home)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create table kept as select 1 as n")
    dead = postmaster(home)
    os.kill(dead, signal.SIGKILL)
    while embedded.alive(home):
        pass
    os.kill(dead, 0)  # nobody has asked for its exit status
    embedded.start_again(home)
    assert postmaster(home) != dead
    with psycopg.connect(server.url("postgres")) as connection:
        assert connection.execute("select n from kept").fetchall() == [(1,)]
    assert os.waitpid(dead, 0)[1] == signal.SIGKILL


def test_a_killed_server_starts_again_although_another_process_has_its_number_now(home):
    EmbeddedServer.use(home)
    dead = postmaster(home)
    os.kill(dead, signal.SIGKILL)
    while embedded.alive(home):
        pass
    note = home / "postgres" / "postmaster.pid"
    note.write_text(note.read_text().replace(str(dead), str(os.getpid()), 1))
    assert not embedded.alive(home)
    embedded.start_again(home)
    assert postmaster(home) not in (dead, os.getpid()) and embedded.alive(home)


def test_a_server_that_is_killed_as_soon_as_it_has_started_holds_nobody_up(home):
    EmbeddedServer.use(home)
    note = home / "postgres" / "postmaster.pid"
    killed = []
    for wait_s in (0.0, 0.03, 0.06, 0.09, 0.12):
        first, over = postmaster(home), threading.Event()

        def kill_when_ready(first=first, wait_s=wait_s, over=over):
            os.kill(first, signal.SIGKILL)
            while not over.is_set():
                with suppress(FileNotFoundError):
                    lines = note.read_text().split()
                    if lines[-1:] == ["ready"] and lines[0] != str(first):
                        over.wait(wait_s)
                        os.kill(int(lines[0]), signal.SIGKILL)
                        killed.append(lines[0])
                        while embedded.alive(home):
                            pass
                        return

        killer = threading.Thread(target=kill_when_ready)
        killer.start()
        while embedded.alive(home):
            pass
        with suppress(StorageUnavailableError):
            embedded.start_again(home)
        over.set()
        killer.join()
        embedded.start_again(home)
        assert embedded.alive(home)
    assert killed, "none was killed while its start was waited for"


def test_who_waits_for_a_database_gets_it_when_it_is_back(home, monkeypatch):
    monkeypatch.setattr(postgres, "POOL_TIMEOUT_S", 90.0)
    with psycopg.connect(EmbeddedServer.use(home).url("postgres"), autocommit=True) as connection:
        connection.execute("create database waited")
    url = EmbeddedServer.use(home).url("waited")
    migrate(url)
    with Database(url) as database:
        os.kill(postmaster(home), signal.SIGKILL)
        back = threading.Timer(2 * RECONNECT_S, embedded.start_again, [home])  # after the pool has given up
        back.start()
        with database.transaction() as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        back.join()


def test_only_its_own_account_reaches_the_socket_of_a_server_that_trusts_who_does(home):
    EmbeddedServer.use(home)
    (socket,) = (path for path in (home / "postgres").iterdir() if path.is_socket())
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700


def test_a_home_of_an_earlier_version_gets_the_settings_of_this_one(home):
    server = EmbeddedServer.use(home)
    server.leave()
    conf = home / "postgres" / "postgresql.conf"
    conf.write_text("\n".join(line for line in conf.read_text().splitlines() if "unix_socket_perm" not in line) + "\n")
    with psycopg.connect(EmbeddedServer.use(home).url("postgres")) as connection:
        assert connection.execute("show unix_socket_permissions").fetchone() == ("0700",)
        assert connection.execute("show shared_buffers").fetchone() == ("256MB",)
    EmbeddedServer.use(home).leave()
