"""News of people between processes, and what becomes of answers that are being written for one who is suspended."""

import threading
import time
from uuid import uuid4

import pytest

from tests.fakes import text
from tests.serving.accounts.conftest import LIMITS, SignedInService, free_port, issuer_settings
from tests.serving.conftest import running


@pytest.fixture(scope="module")
def two(modelled, material, issuer):
    """Two processes' worth of services on one database, behind one issuer."""
    port, other = free_port(), free_port()
    with (
        running(issuer_settings(modelled, issuer, port), LIMITS, port=port) as first,
        running(issuer_settings(modelled, issuer, other), LIMITS, port=other) as second,
    ):
        yield SignedInService(first, issuer), SignedInService(second, issuer)


def until(client, status, path="/api/me"):
    deadline = time.monotonic() + 30
    while (found := client.get(path).status_code) != status:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_a_token_that_ended_in_one_process_is_out_in_all(two):
    first, second = two
    with first.program(subject="tom") as tom:
        made = tom.post("/api/tokens", json={"name": "x", "scopes": ["read"]}).json()
        with second.program(made["token"]) as elsewhere:
            assert elsewhere.get("/api/me").status_code == 200, "and now it is remembered there"
            tom.delete(f"/api/tokens/{made['id']}")
            until(elsewhere, 401)


@pytest.mark.parametrize(
    ("lost", "status"),
    [
        ("update users set suspended_at = now() where id = %(user)s", 403),
        ("delete from user_courses where user_id = %(user)s", 404),
        (None, 404),
    ],
    ids=["suspended", "removed", "erased by themselves"],
)
def test_the_answer_for_who_lost_the_right_to_it_ends_and_every_reader_of_it_too(
    two, model, material, rows, lost, status
):
    first, second = two
    name = f"ted-{uuid4().hex}"
    with first.program(subject=name) as ted, second.program(subject=name) as elsewhere:
        user_id = ted.get("/api/me").json()["id"]
        rows("insert into user_courses (user_id, course_id, role) values (%s, %s, 'student')",
             [user_id, material.course_id])  # fmt: skip
        model.script([*text("Half", reason=None), 60, *text(" never")])
        chat, ends, begun = uuid4().hex, {}, set()
        body = {"id": chat, "courseId": str(material.course_id), "trigger": "submit-message",
                "messages": [{"id": "q", "role": "user", "parts": [{"type": "text", "text": "Slowly"}]}]}  # fmt: skip

        def read(name, method, client, path, **more):
            with client.stream(method, path, **more) as answer:
                begun.add(name)
                ends[name] = (answer.status_code, b"".join(answer.iter_raw()), time.monotonic())

        asked = threading.Thread(target=read, args=("asked", "POST", ted, "/api/chat"), kwargs={"json": body})
        asked.start()
        deadline = time.monotonic() + 60  # the first answer of a process loads its client
        while not rows("select 1 from chat_run_events e join chat_runs r on r.id = e.run_id"
                       " join chat_sessions s on s.id = r.session_id"
                       " where s.user_id = %s and e.data like '%%Half%%'", [user_id]):  # fmt: skip
            assert time.monotonic() < deadline
            time.sleep(0.05)
        follows = threading.Thread(target=read, args=("follows", "GET", elsewhere, f"/api/chat/{chat}/stream"))
        follows.start()
        while "follows" not in begun:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        ended = time.monotonic()
        if lost is not None:
            rows(lost, {"user": user_id})
        else:
            assert ted.delete("/api/me").status_code == 202
        asked.join(40), follows.join(40)
        for answered, seen, at in ends.values():
            assert answered == 200 and b"Half" in seen and b"never" not in seen, ends
            assert at - ended <= 20, "at the next beat; on a machine with nothing else to do that is under 5 s"
        for each in (ted, elsewhere):
            until(each, status, path=f"/api/courses/{material.course_id}")
        assert ted.post("/api/chat", json={**body, "id": uuid4().hex}).status_code == status


@pytest.mark.parametrize(
    ("lost", "code"),
    [
        ("update users set suspended_at = now() where id = %(user)s", b"suspended"),
        ("delete from user_courses where user_id = %(user)s", b"not_found"),
        ("delete from users where id = %(user)s", b"not_found"),
    ],
    ids=["suspended", "removed", "gone"],
)
def test_so_does_the_answer_that_no_chat_keeps(two, model, material, rows, lost, code):
    first, _ = two
    with first.program(subject=f"tia-{uuid4().hex}") as tia:
        user_id = tia.get("/api/me").json()["id"]
        rows("insert into user_courses (user_id, course_id, role) values (%s, %s, 'student')",
             [user_id, material.course_id])  # fmt: skip
        model.script([*text("Half", reason=None), 60, *text(" never")])
        asked = {"model": str(material.course_id), "stream": True, "messages": [{"role": "user", "content": "Slowly"}]}
        seen = b""
        with tia.stream("POST", "/v1/chat/completions", json=asked) as answer:
            for piece in answer.iter_raw():
                seen += piece
                if b"Half" in seen and lost:
                    rows(lost, {"user": user_id})
                    lost = None
        assert b"never" not in seen and b'"code":"' + code + b'"' in seen, seen
        assert len(first.service.runs) == 0
