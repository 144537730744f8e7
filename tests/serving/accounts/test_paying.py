"""Who pays for answers: the asker's own key and no other; what a provider does to it is said in one sentence."""

import json
import subprocess
import sys
import uuid

import pytest

from tests.fake_openrouter import sse
from tests.serving.accounts.conftest import LIMITS, free_port, issuer_settings, searched_by
from tests.serving.accounts.test_openrouter import JSON, Connecting
from tests.serving.conftest import running

QUESTION = "What does momentum do in narrow valleys?"


@pytest.fixture(scope="module")
def there(serving_settings, material, issuer, fake):
    port = free_port()
    settings = issuer_settings(serving_settings, issuer, port, openrouter_url=fake.url, chat_model="scripted",
                               model_timeout_s=2.0, model_urls=f"{fake.url}/api/v1")  # fmt: skip
    with running(settings, LIMITS, port=port) as service:
        yield Connecting(service, issuer, fake)


@pytest.fixture
def asker(there, rows, material):
    """Makes a member of the course: `asker("ada", key=...)`, connected where a key is given."""

    def make(name, *, key=None):
        client = there.person(name)
        person = client.get("/api/me").json()["id"]
        rows("insert into user_courses (user_id, course_id, role) values (%s, %s, 'student') on conflict do nothing",
             [person, material.course_id])  # fmt: skip
        if key is not None:
            there.fake.keys.add(key)
            assert client.put("/api/keys/openrouter", json={"key": key}).status_code == 204
        there.fake.seen.clear()
        return client

    yield make
    there.hang_up()
    there.fake.answers.clear()
    rows("delete from model_keys")


def ask(client, course_id, text=QUESTION, chat=None):
    """The parts of the answer's stream."""
    message = {"id": uuid.uuid4().hex, "role": "user", "parts": [{"type": "text", "text": text}]}
    body = {"id": chat or uuid.uuid4().hex, "courseId": str(course_id), "message": message}
    with client.stream("POST", "/api/chat", json=body) as answer:
        assert answer.status_code == 200, answer.read()
        return [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: {")]


def error_of(parts):
    found = [part for part in parts if part["type"] == "error"]
    return json.loads(found[0]["errorText"])["error"]["code"] if found else None


def words(parts):
    return "".join(part["delta"] for part in parts if part["type"] == "text-delta")


def test_without_a_key_the_passages_are_quoted_and_a_link_says_how_to_get_an_answer(asker, material, there):
    chat = uuid.uuid4().hex
    ben = asker("ben")
    parts = ask(ben, material.course_id, chat=chat)
    kinds = [part["type"] for part in parts]
    assert "source-document" in kinds and "Momentum keeps a running mean" in words(parts)
    assert error_of(parts) == "connect_openrouter" and kinds[-1] == "error"
    (link,) = [part for part in parts if part["type"] == "data-connect"]
    assert link["data"] == {"provider": "openrouter", "url": "/api/auth/openrouter"}
    assert payers_of(there.fake, QUESTION) == set(), "nobody was asked"
    answer = ben.get(f"/api/sessions/{chat}/messages").json()["items"][-1]
    assert {"text", "source-document", "data-connect"} <= {part["type"] for part in answer["parts"]}, "and it is kept"


def payers_of(fake, words):
    """The keys that paid for calls about this, titles included."""
    return {key for path, key, body in list(fake.seen) if path.endswith("/completions") and words in json.dumps(body)}


def test_the_asker_pays_and_nobody_else(asker, material, there):
    keys = {"ada": "sk-or-v1-key-of-ada", "ben": "sk-or-v1-key-of-ben"}
    clients = {name: asker(name, key=key) for name, key in keys.items()}
    for turn, name in enumerate(("ben", "ada", "ben")):
        question = f"{QUESTION} ({turn})"
        parts = ask(clients[name], material.course_id, question)
        assert error_of(parts) is None and words(parts).startswith("It says so")
        assert payers_of(there.fake, question) == {keys[name]}
    clients["ben"].delete("/api/keys/openrouter")
    assert error_of(ask(clients["ben"], material.course_id, "And momentum again?")) == "connect_openrouter"
    assert payers_of(there.fake, "And momentum again?") == set()
    assert error_of(ask(clients["ada"], material.course_id)) is None


def test_the_asker_chooses_the_model_before_the_course_does(asker, material, there, rows):
    ada = asker("ada", key="sk-or-v1-key-of-ada")

    def asked():
        question = f"{QUESTION} {uuid.uuid4().hex}"
        ask(ada, material.course_id, question)
        bodies = [body for path, _, body in list(there.fake.seen) if path.endswith("/completions")]
        return {body["model"] for body in bodies if question in json.dumps(body)}

    assert asked() == {"scripted"}
    rows("update courses set chat_model = 'of/the-course' where id = %s", [material.course_id])
    try:
        assert asked() == {"of/the-course"}
        assert ada.put("/api/models/mine", json={"model": "plain"}).status_code == 204
        assert asked() == {"plain"}
    finally:
        rows("update courses set chat_model = null")
        rows("update users set chat_model = null")


HTML = (200, {"content-type": "text/html"}, b"<html><body>Sign in to the network</body></html>")
FAULTS = {
    "revoked": ((401, JSON, b'{"error": {"code": 401, "message": "User not found."}}'), "key_rejected"),
    "empty": ((402, JSON, b'{"error": {"code": 402, "message": "Insufficient credits"}}'), "no_credit"),
    "foreign": ((403, JSON, b'{"error": {"code": 403, "message": "no"}}'), "forbidden"),
    "no such model": ((404, JSON, b'{"error": {"code": 404, "message": "No endpoints"}}'), "provider_refused"),
    "too often": ((429, {"retry-after": "60"}, b"{}"), "rate_limited"),
    "down": ((503, {}, b"upstream connect error"), "provider_unavailable"),
    "html": (HTML, "garbage"),
    "nothing": ((200, {"content-type": "text/event-stream"}, b""), "stream_cut"),
    "moved": ((307, {"location": "http://127.0.0.1:9/v1"}, b""), "provider_refused"),
    "cut": ((200, {"content-type": "text/event-stream"}, sse("Half an answer", done=False)), "stream_cut"),
    "revoked in mid-answer": (
        (200, {"content-type": "text/event-stream"}, sse("Half an answer", done=False)
         + b'data: {"error": {"code": 401, "message": "key sk-or-v1-x disabled"}, "choices": []}\n\n'), "key_rejected",
    ),
    "empty in mid-answer": (
        (200, {"content-type": "text/event-stream"}, sse("Half an answer", done=False)
         + b'data: {"error": {"code": 402, "message": "no"}, "choices": [{"finish_reason": "error"}]}\n\n'),
        "no_credit",
    ),
    "foreign in mid-answer": (
        (200, {"content-type": "text/event-stream"}, sse("Half an answer", done=False)
         + b'data: {"error": {"code": 403, "message": "no"}, "choices": []}\n\n'), "forbidden",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_a_provider_does_to_a_key_is_one_sentence_and_the_answer_is_kept_as_far_as_it_came(
    asker, material, there, name
):
    answer, code = FAULTS[name]
    chat, ada = uuid.uuid4().hex, asker("ada", key="sk-or-v1-key-of-ada")
    there.fake.answers["/chat/completions"] = [answer] * 3
    parts = ask(ada, material.course_id, chat=chat)
    assert error_of(parts) == code and "sk-or-v1" not in json.dumps(parts)
    kept = ada.get(f"/api/sessions/{chat}/messages").json()["items"][-1]
    said = "".join(part["text"] for part in kept["parts"] if part["type"] == "text")
    assert ("Half an answer" in said) is (b"Half" in answer[2])
    assert ("data-connect" in {part["type"] for part in parts}) is (code == "key_rejected")
    there.fake.answers.clear()
    again = ask(ada, material.course_id)
    assert error_of(again) == ("connect_openrouter" if code == "key_rejected" else None)
    (item,) = ada.get("/api/keys").json()["items"]
    assert item["state"] == "connected", "OpenRouter says now that it is good, so it is used again"
    assert error_of(ask(ada, material.course_id)) is None


def test_nobody_else_is_paid_for_by_a_key_pasted_for_another_address(asker, material, there):
    ada = asker("ada")
    there.fake.keys.add("another-providers-key")
    sent = {"key": "another-providers-key", "baseUrl": f"{there.fake.url}/api/v1"}
    assert ada.put("/api/keys/compatible", json=sent).status_code == 204
    question = f"{QUESTION} (paid elsewhere)"
    assert error_of(ask(ada, material.course_id, question)) is None
    assert payers_of(there.fake, question) == {"another-providers-key"}


def test_the_service_leaves_no_image_of_its_memory():
    code = (
        "import resource; from pathlib import Path; from pipelines.core.home import stay_private; stay_private();"
        "print(resource.getrlimit(resource.RLIMIT_CORE), Path('/proc/self/coredump_filter').read_text().strip())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["(0,", "0)", "00000000"]


def test_an_unpaid_search_by_a_provider_is_refused_with_the_same_code(serving_settings, issuer, fake, material, rows):
    port = free_port()
    settings = issuer_settings(serving_settings, issuer, port, openrouter_url=fake.url, embedding_model="far/away")
    with running(settings, LIMITS, port=port) as service:
        there = Connecting(service, issuer, fake)
        client = there.person("searcher")
        person = client.get("/api/me").json()["id"]
        rows(
            "insert into user_courses (user_id, course_id, role) values (%s, %s, 'student')",
            [person, material.course_id],
        )
        with searched_by(rows, "far/away"):
            answer = client.get(f"/api/courses/{material.course_id}/search", params={"q": "momentum"})
        there.hang_up()
    assert answer.status_code == 412 and answer.json()["error"]["code"] == "connect_openrouter"
