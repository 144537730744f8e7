"""What outlives what: answers and readers, answers and processes, processes and signals."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.fakes import HANG, text
from tests.serving.chat.test_loop import ask, parts_of, said
from tests.serving.conftest import QUICK, running


def wait_for(test, seconds=60.0):
    end = time.monotonic() + seconds
    while not (found := test()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.03)
    return found


def history(service, chat):
    """The messages of a chat; none before it has been written down."""
    return service.http.get(f"/api/sessions/{chat}/messages").json().get("items", [])


def stored_text(service, chat):
    """The stream text of a chat's answers that is in the database."""
    with psycopg.connect(service.settings.database_url.get_secret_value()) as connection:
        found = connection.execute(
            "select e.data from chat_run_events e join chat_runs r on r.id = e.run_id"
            " join chat_sessions s on s.id = r.session_id where s.client_id = %s",
            [chat],
        )
        return "".join(data for (data,) in found)


def begin(service, material, chat, *, until="w1"):
    """Ask, read until a word has come, leave."""
    body = question(material, chat)
    with service.http.stream("POST", "/api/chat", json=body) as response:
        for line in response.iter_lines():
            if until in line:
                return


HANGING = [*text("w0 ", "w1 ", reason=None), HANG]
IMPATIENT = replace(QUICK, dead_after_s=3.0)
"""Of a service that closes answers of dead processes soon: none that is alive may be silent for so long."""


def test_an_answer_nobody_comes_back_to_is_ended_and_costs_no_more(modelled, material, model):
    with running(modelled, replace(QUICK, leave_grace_s=0.3)) as service:
        model.script(HANGING)
        chat = str(uuid4())
        begin(service, material, chat)
        wait_for(lambda: model.closed)
        answer = wait_for(lambda: history(service, chat)[1:])[0]
        assert answer["metadata"]["status"] == "stopped" and answer["parts"][-1]["text"] == "w0 w1 "


def test_a_deleted_chat_ends_its_answer(service, second, material, model):
    for deleter in (service, second):
        model.script(HANGING)
        chat = str(uuid4())
        begin(service, material, chat)
        assert deleter.http.delete(f"/api/sessions/{chat}").status_code == 204
        wait_for(lambda: model.closed)
    wait_for(lambda: len(service.runs) == 0)


WAITING = (
    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    " and application_name ~ '^studybuddy-api [0-9]+$'"
)


def test_a_chat_that_another_request_makes_just_now_takes_the_question(service, material, model):
    """Both found none; the one that comes second to the row asks in it instead of failing."""
    chat, answers = str(uuid4()), []
    model.script(text("Hello."))
    service.http.get("/api/courses")  # the person has joined the course
    with psycopg.connect(service.settings.database_url.get_secret_value()) as connection:
        connection.execute(
            "insert into chat_sessions (user_id, client_id, course_id)"
            " select user_id, %s, course_id from user_courses m join users u on u.id = m.user_id"
            " where course_id = %s and u.issuer = 'local'",
            [chat, material.course_id],
        )
        asking = threading.Thread(target=lambda: answers.append(ask(service, material, chat=chat)))
        asking.start()
        with psycopg.connect(service.settings.database_url.get_secret_value(), autocommit=True) as looking:
            wait_for(lambda: looking.execute(WAITING).fetchone()[0])
    asking.join(60)
    assert said(parts_of(answers[0])) == "Hello." and len(history(service, chat)) == 2


def test_the_answer_of_a_dead_process_is_closed_with_what_it_said(service, material, model):
    """A process is killed for real; another one on the same database frees the chat."""
    model.script(HANGING)
    chat = str(uuid4())
    with started(service.settings) as (process, port):
        other = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=service.headers, timeout=60)
        begin(SimpleNamespace(http=other), material, chat)
        wait_for(lambda: "w1" in stored_text(service, chat))
        process.kill()
        process.wait(30)
        assert ask(service, material, chat=chat).json()["error"]["code"] == "answer_in_progress"
        with service.http.stream("GET", f"/api/chat/{chat}/stream") as stream, running(service.settings, IMPATIENT):
            resumed = parts_of(SimpleNamespace(text=stream.read().decode()))
        assert said(resumed).strip() == "w0 w1" and resumed[-1]["type"] == "abort"
        answer = history(service, chat)[1]
        assert answer["metadata"]["status"] == "interrupted" and answer["parts"][-1]["text"].strip() == "w0 w1"
        model.script(text("On we go."))
        assert said(parts_of(ask(service, material, chat=chat))) == "On we go."
        other.close()


def beat_of(service, chat):
    """When the process that writes this chat's answer last said so."""
    with psycopg.connect(service.settings.database_url.get_secret_value()) as connection:
        return connection.execute(
            "select r.heartbeat_at from chat_runs r join chat_sessions s on s.id = r.session_id where s.client_id = %s",
            [chat],
        ).fetchone()[0]


def test_an_answer_goes_on_in_a_process_that_stood_still_and_was_taken_for_dead(modelled, second, material, model):
    go_on, answers = threading.Event(), []
    model.script([*text("w0 ", reason=None), go_on, *text("w1.")])
    chat = str(uuid4())

    def interrupted():
        found = second.http.get(f"/api/sessions/{chat}/messages").json().get("items", ())  # none: not asked yet
        return any(message["metadata"].get("status") == "interrupted" for message in found)

    patient = modelled.model_copy(update={"model_timeout_s": 100.0})
    with running(patient, replace(QUICK, beat_s=5.0)) as service, running(patient, IMPATIENT):
        asking = threading.Thread(target=lambda: answers.append(ask(service, material, chat=chat)))
        service.http.timeout = 100
        asking.start()
        wait_for(interrupted, 60)
        last = beat_of(second, chat)
        wait_for(lambda: beat_of(second, chat) > last, 60)
        go_on.set()
        asking.join(60)
    parts = parts_of(answers[0])
    assert said(parts) == "w0 w1." and parts[-1]["type"] == "finish"
    answer = history(second, chat)[1]
    assert answer["metadata"]["status"] == "done" and answer["parts"][-1]["text"] == "w0 w1."


def test_an_answer_whose_model_is_silent_is_as_alive_as_any(service, material, model):
    model.script(HANGING)
    chat = str(uuid4())
    begin(service, material, chat)
    for _ in range(3):
        last = beat_of(service, chat)
        wait_for(lambda last=last: beat_of(service, chat) > last)
    assert service.http.delete(f"/api/sessions/{chat}").status_code == 204


def test_a_clock_that_is_set_back_makes_no_dead_process_look_alive(service, material):
    chat = str(uuid4())
    assert ask(service, material, chat=chat).status_code == 200
    with psycopg.connect(service.settings.database_url.get_secret_value()) as connection:
        (key,) = connection.execute(
            "update chat_runs r set status = 'running', owner = gen_random_uuid(), ended_at = null,"
            " heartbeat_at = now() + interval '1 day' from chat_sessions s"
            " where s.id = r.session_id and s.client_id = %s returning r.message_key",
            [chat],
        ).fetchone()
        connection.execute("update chat_messages set status = 'running' where key = %s", [key])
    with running(service.settings, IMPATIENT):
        wait_for(lambda: history(service, chat)[-1]["metadata"]["status"] == "interrupted")


def question(material, chat, words="Count"):
    message = {"id": "q", "role": "user", "parts": [{"type": "text", "text": words}]}
    return {"id": chat, "courseId": str(material.course_id), "message": message}


def test_a_signal_closes_open_answers_in_time_and_the_log_holds_no_words(service, material, model):
    model.script(HANGING)
    chat, seen = str(uuid4()), []
    with started(service.settings, log_level="INFO") as (process, port):

        def read():
            url, body = f"http://127.0.0.1:{port}/api/chat", question(material, chat, "canary momentum")
            with httpx.stream("POST", url, json=body, headers=service.headers, timeout=60) as answer:
                seen.extend(answer.iter_text())

        reader = threading.Thread(target=read)
        reader.start()
        wait_for(lambda: "w1" in "".join(seen))
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=60)
        reader.join(30)
    parts = parts_of(SimpleNamespace(text="".join(seen)))
    assert said(parts) == "w0 w1 " and parts[-1]["type"] == "abort"
    assert history(service, chat)[1]["metadata"]["status"] == "interrupted"
    lines = [json.loads(line)["line"] for line in logged.splitlines() if line.startswith("{")]
    assert {"request", "run_ended", "draining"} <= {line["event"] for line in lines}
    assert all(line.get("request") for line in lines if line["event"] in ("request", "run_ended"))
    assert "canary" not in logged and "w0" not in logged


def test_a_draining_service_takes_no_more_questions(modelled, material, model):
    with running(modelled) as service:
        service.runs.draining = True
        refused = ask(service, material)
        assert refused.status_code == 503 and refused.headers["retry-after"] == "5"
        assert service.http.get("/readyz").status_code == 503


def test_too_many_answers_at_once_are_refused(modelled, material, model):
    with running(modelled, replace(QUICK, runs_per_user=1, drain_s=0.1)) as service:
        model.script(HANGING)
        begin(service, material, str(uuid4()))
        assert ask(service, material).json()["error"]["code"] == "too_many_answers"


def test_a_reader_on_another_process_keeps_an_answer_alive(modelled, material, model):
    limits = replace(QUICK, leave_grace_s=2.0)
    with running(modelled, limits) as writer, running(modelled, limits) as reader:
        pieces = [step for n in range(35) for step in (text(f"w{n} ", reason=None)[0], 0.1)]
        model.script([*pieces, *text("end.")])
        chat = str(uuid4())
        begin(writer, material, chat)
        answer = parts_of(reader.http.get(f"/api/chat/{chat}/stream"))
        assert said(answer).endswith("end.") and answer[-1]["type"] == "finish"


def test_connections_that_died_while_they_rested_are_not_noticed(service, second, quoting, material, model):
    """Every connection to the database is cut, as a restart does; the very next requests are answered."""
    with psycopg.connect(service.settings.database_url.get_secret_value(), autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 10_000) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and application_name ~ '^studybuddy-api [0-9]+$'"
        )
    for each in (service, second, quoting):
        assert each.http.get("/api/courses").status_code == 200
    model.script(text("Still here."))
    assert said(parts_of(ask(service, material))) == "Still here."


@pytest.fixture(autouse=True)
def no_leftovers(model):
    """Scripts of one test are not left to the next."""
    yield
    model.script()


@contextmanager
def started(settings, *, log_level="WARNING"):
    """The service as a process of its own: (process, port)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = textwrap.dedent(f"""
        from dataclasses import replace
        from pipelines.core.settings import Settings
        from serving.limits import Limits
        from serving.run import serve
        limits = Limits(beat_s=0.2, dead_after_s=60.0, flush_s=0.05, drain_s=1.0)
        serve(Settings(_env_file=None), "127.0.0.1", {port}, limits=limits)
    """)
    environment = {
        **os.environ,
        "STUDYBUDDY_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "DAGSTER_DATABASE_URL": settings.database_url.get_secret_value(),
        "LOG_LEVEL": log_level,
        **({"MODEL_BASE_URL": settings.model_base_url} if settings.model_base_url else {}),
        **({"CHAT_MODEL": settings.chat_model} if settings.chat_model else {}),
    }
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True)

    def ready():
        assert process.poll() is None, process.stderr.read()
        try:
            return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    with process:
        try:
            wait_for(ready, 60)
            yield process, port
        finally:
            process.kill()
