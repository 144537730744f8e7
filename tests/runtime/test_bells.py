"""What wakes loops: a ring ends a sleep, not too often; a word in the database is heard, also after it was away."""

import threading
import time

import psycopg
import pytest

from pipelines.runtime.bells import Bell, listen
from pipelines.runtime.users import Use, Users, others


def test_a_ring_ends_the_sleep_and_one_that_came_before_it_too():
    bell = Bell(threading.Event())
    threading.Timer(0.05, bell.ring).start()
    began = time.monotonic()
    assert not bell.wait(30)
    bell.ring()
    assert not bell.wait(30)
    assert time.monotonic() - began < 20


def test_between_two_looks_some_time_passes_however_often_it_rings():
    bell = Bell(threading.Event(), least_s=0.2)
    bell.ring()
    bell.wait(30)
    began = time.monotonic()
    bell.ring()
    bell.wait(30)
    assert time.monotonic() - began >= 0.19


def test_one_of_many_is_seen_at_once_the_next_like_it_later_and_anything_else_meanwhile():
    bell = Bell(threading.Event(), stream_s=60)
    bell.ring(one_of_many=True)
    assert not bell.wait(60)
    began = time.monotonic()
    bell.ring(one_of_many=True)
    threading.Timer(0.2, bell.ring).start()
    assert not bell.wait(60)
    assert 0.19 < time.monotonic() - began < 50
    bell.ring(one_of_many=True)
    assert not bell.wait(60)
    assert time.monotonic() - began < 50, "the one before was none of many"


def test_the_end_of_the_program_ends_every_sleep():
    ending = threading.Event()
    bell = Bell(ending, stream_s=60)
    bell.ring(one_of_many=True)
    assert not bell.wait(30)
    bell.ring(one_of_many=True)
    threading.Timer(0.05, ending.set).start()
    assert bell.wait(30)
    assert bell.is_set()


def test_a_word_is_heard_also_when_the_connection_was_cut_meanwhile(database_url):
    heard = []
    ending = listen(database_url, "some_channel", heard.append, application="ears")

    def until(condition):
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    until(lambda: heard == [""])  # connected: something may have been said before
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("notify some_channel, 'one'")
        until(lambda: heard == ["", "one"])
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'ears %'"
        )
        until(lambda: heard == ["", "one", ""])
        connection.execute("notify some_channel, 'two'")
        until(lambda: heard[-1] == "two")
    ending.set()


@pytest.mark.parametrize("users", [1, 2])
def test_services_for_commands_are_needed_until_the_last_has_left(tmp_path, users):
    services = Users(tmp_path)
    uses = [Use(tmp_path).__enter__() for _ in range(users)]
    assert not services.gone()
    for left, use in enumerate(uses, start=1):
        use.__exit__(None, None, None)
        assert others(tmp_path) is (left < users)
    assert services.gone()
    assert not others(tmp_path)  # the services themselves hold the lock now: they are ending
    services._file.close()
