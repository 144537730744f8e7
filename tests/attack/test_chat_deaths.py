"""kill -9 of the API at every commit of an answer: the chat is free again, and what was said is kept or never was."""

import itertools
import signal
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from pipelines.core.secrets.local_token import local_token
from pipelines.core.settings import Settings
from tests.attack import works
from tests.attack.conftest import DESCRIBED
from tests.attack.deaths import PATIENCE_S, Place, Table, begin
from tests.attack.relay import Moment, Relay
from tests.fakes import Script, calls, text


def writes(request: dict[str, Any]) -> Script:
    """A model that searches once and then answers, slowly enough for its words to be stored in several batches."""
    if any(message["role"] == "tool" for message in request["messages"]):
        return [*text("Momentum ", reason=None), 0.2, *text("remembers ", reason=None), 0.2, *text("steps [1].")]
    return calls("momentum")


@dataclass(frozen=True)
class Reader:
    """A client of one server: asks, and looks at what is kept."""

    port: int
    headers: dict[str, str]
    course_id: str

    def ask(self, chat: str) -> str:
        """The stream of an answer, as far as it came."""
        message = {"id": uuid4().hex, "role": "user", "parts": [{"type": "text", "text": "What does momentum do?"}]}
        body, came = {"id": chat, "courseId": self.course_id, "message": message}, ""
        with suppress(httpx.TransportError), httpx.stream("POST", self._url("/api/chat"), json=body, timeout=60,
                                                          headers=self.headers) as answer:  # fmt: skip
            for piece in answer.iter_text():
                came += piece
        return came

    def history(self, chat: str) -> list[dict[str, Any]]:
        """The messages of a chat; none where there is no such chat."""
        answer = httpx.get(self._url(f"/api/sessions/{chat}/messages"), headers=self.headers, timeout=60)
        return answer.json()["items"] if answer.status_code == 200 else []

    def wait(self) -> None:
        """Return when the server is ready."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                if httpx.get(self._url("/readyz"), timeout=60).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError("the API did not start")

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def serving(place: Place, url: str) -> Iterator[tuple[BaseProcess, Reader]]:
    """The API in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = begin(place, url, works.serve, port)
    with psycopg.connect(place.url) as connection:
        (course_id,) = connection.execute("select id from courses").fetchone()
    token = local_token(Settings(_env_file=None, studybuddy_home=place.home))
    reader = Reader(port, {"authorization": f"Bearer {token}"}, str(course_id))
    try:
        reader.wait()
        yield process, reader
    finally:
        process.terminate()
        process.join()


def being_written(last: dict[str, Any]) -> bool:
    """Whether the last message of a chat is an answer that is not ended, or a question before one has come."""
    return last["role"] == "user" or last["metadata"]["status"] == "running"


def die(start: Place, moments: Iterable[tuple[int, Moment]], table: Table) -> None:
    """Kill the API at each of these moments after a question came; another one on the same database goes on."""
    with Relay(start.admin_url) as relay, serving(start, start.url) as (_, other):
        for number, moment in moments:
            chat = str(uuid4())
            with serving(start, relay.url(start.database)) as (process, reader):
                relay.arm(number, moment)
                came = reader.ask(chat)
                process.join(1)  # what it writes after the last byte
                relay.arm(None)
                if process.exitcode is None:
                    assert came.endswith("[DONE]\n\n")
                    return
                assert process.exitcode == -signal.SIGKILL, start.said()
            where = f"{moment} commit {number}"
            deadline = time.monotonic() + PATIENCE_S
            while (found := other.history(chat)) and being_written(found[-1]):
                assert time.monotonic() < deadline, f"{where}: the answer is being written for ever"
                time.sleep(0.1)
            assert [message["role"] for message in found] in ([], ["user", "assistant"]), where
            status = found[-1]["metadata"]["status"] if found else "nothing stored"
            assert "[DONE]" in other.ask(chat), where
            assert other.history(chat)[-1]["metadata"]["status"] == "done", where
            table.count("chat", status)


@pytest.fixture
def answering(start, model) -> Iterator[Place]:
    """A place whose chats are answered by the scripted model."""
    model.default = writes
    yield replace(start, environment={**start.environment, "CHAT_MODEL": "scripted"})
    model.default = DESCRIBED


@pytest.mark.attack
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", ["chat"])
def test_an_answer_whose_process_dies_at_any_commit_is_closed_and_its_chat_goes_on(name, answering, table):
    die(answering, ((number, moment) for number in itertools.count(1) for moment in ("before", "after")), table)


@pytest.mark.attack
@pytest.mark.brief
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["chat"])
def test_an_answer_whose_process_dies_at_a_commit_is_closed_and_its_chat_goes_on(name, answering):
    table = Table()
    die(answering, [(3, "after")], table)
    assert table.deaths.total() == 1
