"""A lost master key is no outage: what it sealed is asked for again, everything else works, and operators are told."""

import base64

import pytest

from tests.serving.accounts.conftest import LIMITS, free_port, issuer_settings
from tests.serving.accounts.test_openrouter import Connecting
from tests.serving.accounts.test_paying import QUESTION, ask, error_of, words
from tests.serving.conftest import running

KEY = "sk-or-v1-of-somebody-whose-master-key-is-lost"


@pytest.fixture
def services(serving_settings, material, issuer, fake, rows):
    """`services(b"k")`: the service under this master key, on the database that all of them share."""

    def start(letter):
        port = free_port()
        master_key = base64.b64encode(letter * 32).decode()
        settings = issuer_settings(serving_settings, issuer, port, openrouter_url=fake.url, chat_model="scripted",
                                   master_keys=master_key)  # fmt: skip
        return running(settings, LIMITS, port=port)

    yield start
    rows("delete from model_keys")


def warned(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200 and answer.json()["ready"]
    return answer.json()["warnings"]


def test_is_a_warning_and_a_key_to_connect_again(services, material, issuer, fake, rows):
    fake.keys.add(KEY)
    with services(b"a") as service:
        there = Connecting(service, issuer, fake)
        ada = there.person("ada-lost")
        person = ada.get("/api/me").json()["id"]
        rows("insert into user_courses (user_id, course_id, role) values (%s, %s, 'student')",
             [person, material.course_id])  # fmt: skip
        assert ada.put("/api/keys/openrouter", json={"key": KEY}).status_code == 204
        assert error_of(ask(ada, material.course_id)) is None and warned(service.http) == []
        chats = ada.get("/api/sessions").json()["items"]
        there.hang_up()
    with services(b"b") as service:
        there = Connecting(service, issuer, fake)
        ada, olga = there.person("ada-lost"), there.person("olga")
        assert warned(service.http) == ["lost_master_key"]
        (said,) = olga.get("/api/operator/service").json()["warnings"]
        assert "sealed 1 keys" in said and "connect" in said
        (key,) = ada.get("/api/keys").json()["items"]
        assert key["state"] == "reconnect"
        parts = ask(ada, material.course_id, QUESTION)
        assert error_of(parts) == "connect_openrouter" and "Momentum keeps a running mean" in words(parts)
        assert [chat["id"] for chat in chats] == [chat["id"] for chat in ada.get("/api/sessions").json()["items"][-1:]]
        chat, decks = f"/api/sessions/{chats[0]['id']}/messages", f"/api/documents?courseId={material.course_id}"
        for path in ("/api/me", "/api/models", "/api/usage", "/api/courses", "/api/me/export", chat, decks):
            assert ada.get(path).status_code < 500, path
        assert ada.put("/api/keys/openrouter", json={"key": KEY}).status_code == 204
        assert warned(service.http) == [] and error_of(ask(ada, material.course_id)) is None
        there.hang_up()
