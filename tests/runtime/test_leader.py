"""Of several daemons one works; another takes over when it ends, and it ends when another has taken over."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from pipelines.runtime.leader import LOCK

DAEMON = """
import sys, time
from pipelines.runtime import leader
leader.ASK_S = leader.LOOK_S = 0.1
leader.lead(sys.argv[1])
print("works", flush=True)
time.sleep(60)
"""


@pytest.fixture
def daemons(database_url):
    """Starts one more process that leads or stands by."""
    started = []

    def start() -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", DAEMON, database_url]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def works(process):
    """Waits until it does."""
    assert process.stdout.readline() == "works\n"


def stands_by(process):
    """Waits until it says so."""
    assert process.stderr.readline() == "Another daemon works; this one stands by.\n"


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def leaders(connection):
    """The database's processes that hold the lock, as a list of numbers."""
    rows = connection.execute(
        "select pid from pg_locks join pg_database on oid = database"
        " where locktype = 'advisory' and granted and datname = current_database()"
    ).fetchall()
    return [pid for (pid,) in rows]


def test_a_second_daemon_stands_by_until_the_first_is_gone(daemons):
    first = daemons()
    works(first)
    second = daemons()
    stands_by(second)
    first.kill()
    works(second)


def test_a_daemon_whose_session_ended_goes_on_where_nobody_stands_by(daemons, database_url):
    alone = daemons()
    works(alone)
    with psycopg.connect(database_url, autocommit=True) as connection:
        (session,) = leaders(connection)
        connection.execute("select pg_terminate_backend(%s)", [session])
        until(lambda: leaders(connection) not in ([], [session]))
    assert alone.poll() is None


def test_a_daemon_that_lost_its_session_to_another_ends(daemons, database_url):
    first = daemons()
    works(first)
    with psycopg.connect(database_url, autocommit=True) as connection, psycopg.connect(database_url) as other:
        (session,) = leaders(connection)
        taking = threading.Thread(target=other.execute, args=(f"select pg_advisory_lock({LOCK})",))
        taking.start()
        waits = "select 1 from pg_locks where locktype = 'advisory' and not granted"
        until(lambda: connection.execute(waits).fetchone() is not None)
        connection.execute("select pg_terminate_backend(%s)", [session])
        taking.join()
        assert first.wait(20) == 1
    assert first.stderr.read() == "Another daemon works now; this one ends.\n"
