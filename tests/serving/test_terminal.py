"""Searches of commands: asked of the service that runs they are those a command makes by itself."""

import asyncio
import socket
import tempfile
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.core.search.by_name import find_hits
from pipelines.core.search.door import ask_running, door_of
from pipelines.core.stores import Stores
from serving.search import Searcher
from serving.terminal import door_for_commands

COURSE = "Learning machines"
QUESTION = "What does momentum keep?"


@pytest.fixture
def stores(serving_settings, material):
    """Stores with a course, and a home with a short name: the path of a socket may have about 100 characters."""
    with tempfile.TemporaryDirectory(prefix="sb-") as folder:
        settings = serving_settings.model_copy(update={"studybuddy_home": Path(folder)})
        with Stores.open(settings) as stores:
            yield stores


@asynccontextmanager
async def answering(stores):
    searcher = Searcher(stores)
    async with door_for_commands(stores.settings, searcher):
        yield
    searcher.close()


def asked(stores, settings=None, **more):
    """What `ask_running` says while a service with the settings of `stores` runs."""

    async def main():
        async with answering(stores):
            given = {"course": COURSE, "limit": 5, **more}
            return await asyncio.to_thread(ask_running, settings or stores.settings, QUESTION, **given)

    return asyncio.run(main())


@pytest.mark.parametrize("kinds", [(), ("slide",), ("speech",)])
def test_a_running_service_finds_what_the_command_finds_by_itself(stores, kinds):
    by_itself = find_hits(stores, QUESTION, course=COURSE, limit=5, kinds=kinds)
    assert by_itself
    assert asked(stores, kinds=kinds) == by_itself


def test_where_nothing_runs_and_where_something_was_killed_nobody_answers(stores):
    assert ask_running(stores.settings, QUESTION, course=COURSE, limit=5) is None
    door_of(stores.settings).parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(door_of(stores.settings)))
    assert ask_running(stores.settings, QUESTION, course=COURSE, limit=5) is None
    assert asked(stores), "a service that starts takes the place of a dead one"


def test_a_command_with_other_settings_searches_by_itself(stores):
    assert asked(stores, settings=stores.settings.model_copy(update={"multilingual_search": False})) is None
    assert asked(stores, settings=stores.settings.model_copy(update={"dagster_port": 1})), "ports find nothing"


def test_what_fails_is_left_to_the_command_to_say(stores):
    assert asked(stores, course="No such course") is None


@pytest.mark.parametrize("words", [b"", b"[]\n", b"{}\n", b"\xff\n", b'{"like": ' + b"9" * 100_000])
def test_nonsense_is_answered_with_nothing_and_the_next_question_as_ever(stores, words):
    def ask():
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(str(door_of(stores.settings)))
            door.sendall(words)
            door.shutdown(socket.SHUT_WR)
            return door.recv(1)

    async def main():
        async with answering(stores):
            assert await asyncio.to_thread(ask) == b""
            return await asyncio.to_thread(ask_running, stores.settings, QUESTION, course=COURSE, limit=5)

    assert asyncio.run(main())


def test_only_its_user_may_ask(stores):
    async def main():
        async with answering(stores):
            door = door_of(stores.settings)
            return door.stat().st_mode & 0o777, door.parent.stat().st_mode & 0o777

    assert asyncio.run(main()) == (0o600, 0o700)


def test_a_home_whose_path_is_too_long_for_a_socket_has_a_service_without_a_door(stores, tmp_path):
    home = tmp_path / ("long" * 30)
    asyncio.run(_nothing(replace(stores, settings=stores.settings.model_copy(update={"studybuddy_home": home}))))


async def _nothing(stores):
    async with answering(stores):
        pass
