"""A bad day: the database is killed, notes are damaged, ports are taken; what runs is found, mended or named."""

import itertools
import os
import signal
import sys
import threading
import time
from contextlib import suppress

import psycopg
import pytest
from pydantic import SecretStr

from pipelines.core import embedded
from pipelines.core.embedded import EmbeddedServer
from pipelines.core.errors import SettingsError, StorageUnavailableError, TransientError
from pipelines.core.postgres import Database
from pipelines.core.settings import Settings
from pipelines.runtime import services
from tests.homes import private_home

DAMAGES = {
    "empty": b"",
    "a newline": b"\n",
    "half": b'{"supervisor": {"host": "h", "pi',
    "other JSON": b"[1, 2]",
    "no text": b"\xff\xfe\x00",
}


@pytest.fixture(scope="module")
def settings():
    """A home with an embedded server of its own, and any free ports."""
    with private_home() as home:
        yield Settings(_env_file=None, studybuddy_home=home, dagster_port=0, api_port=0)


@pytest.fixture(scope="module")
def running(settings):
    """Everything up, with a graph that loads fast; ended after the module, whatever happened."""
    found = services.up(settings, definitions="tests.runtime.tiny")
    yield found
    services.down(settings)


def until(condition, timeout_s=60):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def answering(settings):
    return all(service.answers for service in services.running(settings).services)


def postmaster(settings):
    """Process of the database; None where its note is gone or not whole, because it ends or starts just now."""
    try:
        return int((settings.home / "postgres" / "postmaster.pid").read_text().partition("\n")[0])
    except (FileNotFoundError, ValueError):
        return None


def test_a_killed_database_is_back_by_itself_with_every_commit_and_few_words(settings, running):
    url = EmbeddedServer.use(settings.home).url("studybuddy")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table kept (n integer)")
        connection.execute("insert into kept values (1)")
    os.kill(postmaster(settings), signal.SIGKILL)
    until(lambda: not embedded.alive(settings.home))
    until(lambda: embedded.alive(settings.home) and answering(settings))
    with psycopg.connect(url) as connection:
        assert connection.execute("select n from kept").fetchall() == [(1,)]
    said = sum(path.stat().st_size for path in (settings.home / "logs").iterdir())
    assert said < 10 * 25_000, "of a death a quarter of what one may say"


@pytest.mark.attack
@pytest.mark.brief
@pytest.mark.timeout(600)
def test_ten_deaths_of_the_database_under_load_lose_nothing_that_was_committed(settings, running, capsys):
    url = EmbeddedServer.use(settings.home).url("studybuddy")
    with psycopg.connect(url) as connection:
        connection.execute("create table counted (n integer); grant all on counted to public")
    database = Database(url)
    committed, over = [], threading.Event()

    def count():
        for number in itertools.count():
            if over.is_set():
                return
            with suppress(StorageUnavailableError):
                with database.transaction() as connection:
                    connection.execute("insert into counted values (%s)", [number])
                committed.append(number)

    writer = threading.Thread(target=count)
    writer.start()
    took = []
    try:
        for death in range(10):
            before, first = time.monotonic(), postmaster(settings)
            os.kill(first, (signal.SIGKILL, signal.SIGQUIT)[death % 2])  # SIGQUIT: `pg_ctl stop -m immediate`
            until(lambda first=first: postmaster(settings) not in (None, first) and answering(settings))
            took.append(time.monotonic() - before)
    finally:
        over.set()
        writer.join()
    with database.transaction() as connection:
        kept = {n for (n,) in connection.execute("select n from counted")}
    database.close()
    assert committed
    assert kept >= set(committed)
    said = sum(path.stat().st_size for path in (settings.home / "logs").iterdir())
    assert said < 10 * 25_000, "of a death a quarter of what one may say"
    with capsys.disabled():
        sys.stdout.write(f"\nten deaths of the database, {len(committed)} commits, none lost; all answered again after "
                         + ", ".join(f"{seconds:.1f}" for seconds in took) + " s\n")  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_note_of_what_runs_is_written_anew(settings, running, damage):
    services._state_path(settings.home).write_bytes(damage)
    assert services.running(settings).supervisor == running.supervisor
    until(lambda: services.running(settings).services == running.services)
    assert services.up(settings).already


def test_a_lost_note_is_written_anew(settings, running):
    services._state_path(settings.home).unlink()
    until(lambda: services.running(settings) is not None)
    assert services.running(settings).services == running.services


def test_with_a_damaged_note_everything_still_ends_and_the_database_with_it(settings, running):
    EmbeddedServer.use(settings.home).leave()  # this process used it in a test before
    services._state_path(settings.home).write_bytes(b"{")
    assert services.down(settings)
    assert services.running(settings) is None
    assert not running.supervisor.alive
    assert not any(service.process.alive for service in running.services)
    until(lambda: not embedded.alive(settings.home), 10)


def test_one_port_for_two_servers_is_said_before_anything_starts(settings):
    port = services._port  # a free one, as `up` finds it
    with services.ExitStack() as probes:
        free = port(probes, services.LOOPBACK, 0, "API_PORT")
    same = settings.model_copy(update={"dagster_port": free, "api_port": free})
    with pytest.raises(SettingsError, match="API_PORT"):
        services.up(same, definitions="tests.runtime.tiny")
    assert services.running(settings) is None


@pytest.mark.slow
def test_a_service_that_does_not_start_is_named_with_what_it_said(settings):
    without = settings.model_copy(update={"signing_key": SecretStr("short")})
    with pytest.raises(TransientError, match=r"api did not come up; see .*api\.log\. It said last: SIGNING_KEY"):
        services.up(without, definitions="tests.runtime.tiny")
    assert services.running(settings) is None


def test_a_home_that_cannot_be_written_to_is_a_sentence(tmp_path):
    (tmp_path / "home").write_text("a file, where a folder should be")
    with pytest.raises(SettingsError, match="STUDYBUDDY_HOME"):
        services.up(Settings(_env_file=None, studybuddy_home=tmp_path / "home"))
