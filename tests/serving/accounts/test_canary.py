"""A key goes through all that the service does with keys, at the loudest log, and is found nowhere afterwards (K1)."""

import json
import logging
import time
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.answering.turn import Bounds
from serving.log import set_up
from tests.canary import dump, files, leaks, new_canary, watched_processes
from tests.fake_openrouter import sse
from tests.serving.accounts.conftest import LIMITS, free_port, issuer_settings, searched_by
from tests.serving.accounts.test_openrouter import JSON, Connecting
from tests.serving.accounts.test_paying import FAULTS, QUESTION, ask, error_of
from tests.serving.conftest import running

STREAM = {"content-type": "text/event-stream"}
LONG = "Momentum keeps a running mean of past gradients. " * 14
SMALL = replace(LIMITS, answer=Bounds(history_chars=1200, retry_wait_s=0.1))


@pytest.fixture
def start(serving_settings, issuer, fake, material, rows):
    """`start(**settings)`: a service as a context manager; the material's course takes its people in."""

    def started(**more):
        port = free_port()
        settings = issuer_settings(serving_settings, issuer, port, openrouter_url=fake.url, chat_model="scripted",
                                   model_timeout_s=2.0, model_urls=f"{fake.url}/api/v1", **more)  # fmt: skip
        return running(settings, SMALL, port=port)

    yield started
    fake.answers.clear()
    rows("delete from model_keys")


def joined(there, rows, course_id):
    """A person of the course who has nothing but what they are given."""
    client = there.person("canary")
    person = client.get("/api/me").json()["id"]
    rows("insert into user_courses (user_id, course_id, role) values (%s, %s, 'student') on conflict do nothing",
         [person, course_id])  # fmt: skip
    return client, person


def paste(there, ada, secret):
    """The key pasted, refused in every way first."""
    there.fake.keys.discard(secret)
    told = [ada.put("/api/keys/openrouter", json={"key": secret}),
            ada.put("/api/keys/openrouter", json={"key": [secret]}),
            ada.put("/api/keys/compatible", json={"key": secret, "baseUrl": "http://127.0.0.1:1/"}),
            ada.put("/api/models/mine", json={"model": secret}), ada.get("/api/keys")]  # fmt: skip
    there.fake.keys.add(secret)
    return [*told, ada.put("/api/keys/openrouter", json={"key": secret})]


def answers(there, ada, secret, course_id):
    """Answers, and everything that a provider does in their place; it says the key back wherever it can."""
    told = []
    for answer, _ in FAULTS.values():
        ada.get("/api/keys")  # a key that was refused is taken again where OpenRouter says it is good
        echoed = (answer[0], answer[1], answer[2].replace(b"no", secret.encode()))
        there.fake.answers["/chat/completions"] = [echoed] * 3
        told.append(json.dumps(ask(ada, course_id)))
    there.fake.answers.clear()
    ada.get("/api/keys")
    return [*told, json.dumps(ask(ada, course_id))]


def long_chat(there, ada, secret, course_id, fault):
    """A chat that gets a title and a summary; each of both calls meets this fault once. `fault` None: none."""
    chat, told = uuid.uuid4().hex, []
    for turn in range(5):
        there.fake.answers["/chat/completions"] = [
            *([fault] if fault and turn > 2 else []), (200, STREAM, sse(LONG)), *([fault] if fault else []),
        ]  # fmt: skip
        told.append(json.dumps(ask(ada, course_id, f"{QUESTION} {turn} {secret[:4]}", chat=chat)))
        deadline = time.monotonic() + 10
        while there.fake.answers["/chat/completions"] and turn == 1 and time.monotonic() < deadline:
            time.sleep(0.02)  # the title is asked for behind the answer
    there.fake.answers.clear()
    return told


def exchanges(there, ada, secret):
    """OpenRouter connected: exchanges that fail, one that says more than a key, one that succeeds."""
    told = []
    faults = [(500, {}, secret.encode()), (200, JSON, json.dumps({"key": secret + " "}).encode()), (200, JSON, b""),
              (401, JSON, json.dumps({"error": secret}).encode()), (200, {"content-type": "text/html"}, b"<p>"),
              ]  # fmt: skip
    for fault in faults:
        back = there.fake.allow(there.begin(ada), key=secret)
        there.fake.answers["/auth/keys"] = [fault]
        told.append(ada.get(back))
    told.append(ada.get(there.fake.allow(there.begin(ada), key=secret)))
    paths = ("/api/me", "/api/keys", "/api/models", "/api/sessions", "/api/usage", "/api/audit", "/openapi.json")
    return told + [ada.get(path) for path in paths]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_key_that_went_through_everything_is_found_nowhere(
    start, material, issuer, fake, rows, serving_settings, capfd, caplog
):
    caplog.set_level(logging.DEBUG)
    set_up("DEBUG")
    secret, course = new_canary(), material.course_id
    try:
        with watched_processes() as seen:
            with start() as service:
                there = Connecting(service, issuer, fake)
                ada, person = joined(there, rows, course)
                told = paste(there, ada, secret) + answers(there, ada, secret, course)
                for fault in (None, (402, JSON, secret.encode()), (200, STREAM, sse(secret[:3], done=False))):
                    ada.get("/api/keys")
                    told += long_chat(there, ada, secret, course, fault)
                ada.get("/api/keys")
                told += exchanges(there, ada, secret)
                ada.put("/api/usage/cap", json={"dailyUsd": 0.0001})
                capped = ask(ada, course)
                assert error_of(capped) == "cap_reached"
                there.hang_up()
            with start(embedding_model="far/away", embedding_dims=3) as service, searched_by(rows, "far/away"):
                there = Connecting(service, issuer, fake)
                ada, _ = joined(there, rows, course)
                ada.put("/api/usage/cap", json={"dailyUsd": None})
                for name in ("revoked", "empty", "foreign", "html", "nothing", None):
                    fault = FAULTS[name][0] if name else None
                    ada.get("/api/keys")
                    fake.answers["/embeddings"] = [(fault[0], fault[1], secret.encode())] * 3 if fault else []
                    told.append(ada.get(f"/api/courses/{course}/search", params={"q": f"momentum {uuid.uuid4().hex}"}))
                there.hang_up()
    finally:
        set_up("WARNING")
        logging.getLogger("serving").propagate = True
    paid = {purpose for (purpose,) in rows("select distinct purpose from model_calls where user_id = %s", [person])}
    assert {"answer", "title", "summary"} <= paid, "and the key did go out for all of it"
    assert secret in fake.paid_with() and secret in fake.paid_with("/embeddings")
    out, err = capfd.readouterr()
    answered = "".join(each if isinstance(each, str) else each.text + str(each.headers) for each in told)
    places = {"answers": (answered + json.dumps(capped)).encode(), "log": (out + err + caplog.text).encode(), **seen,
              "database": dump(serving_settings.database_url.get_secret_value()),
              **files(Path(serving_settings.home))}  # fmt: skip
    assert leaks(secret, places) == []
