"""Personal access tokens: told once, good for what they were made for, gone when they are ended."""

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest


@pytest.fixture
def ada(signed):
    with signed.program(subject=f"ada-{uuid4()}") as client:
        yield client
        for token in client.get("/api/tokens").json()["items"]:
            client.delete(f"/api/tokens/{token['id']}")


def make(client, *scopes, name="laptop", **more):
    answer = client.post("/api/tokens", json={"name": name, "scopes": scopes or ["read"], **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_token_speaks_for_its_person_and_its_secret_is_told_once(signed, ada, rows):
    made = make(ada)
    with signed.program(made["token"]) as program:
        assert program.get("/api/me").json()["id"] == ada.get("/api/me").json()["id"]
        assert program.get("/api/courses").status_code == 200
    listed = ada.get("/api/tokens")
    assert made["token"] not in listed.text
    (token,) = listed.json()["items"]
    assert (token["id"], token["name"], token["scopes"], token["expiresAt"]) == (made["id"], "laptop", ["read"], None)
    assert token["usedAt"] is not None
    kept = rows("select to_jsonb(t)::text from access_tokens t")
    assert made["token"] not in str(kept) and made["token"].removeprefix("sbp_") not in str(kept)


def test_its_use_is_written_down_seldom(signed, ada, rows):
    made = make(ada)
    with signed.program(made["token"]) as program:
        program.get("/api/me")
        (first,) = rows("select used_at from access_tokens where id = %s", [made["id"]])
        forget(signed, ada)
        program.get("/api/me")
        assert rows("select used_at from access_tokens where id = %s", [made["id"]]) == [first]
        rows("update access_tokens set used_at = used_at - interval '1 hour'")
        forget(signed, ada)
        program.get("/api/me")
        assert rows("select used_at > %s from access_tokens where id = %s", [first[0], made["id"]]) == [(True,)]


def forget(signed, client):
    from uuid import UUID

    user_id = UUID(client.get("/api/me").json()["id"])
    signed.service.server.config.app.state.service.accounts.authenticator.forget(user_id)


def test_a_token_does_what_it_is_for_and_nothing_else(signed, ada):
    with signed.program(make(ada, "read")["token"]) as reader, signed.program(make(ada, "chat")["token"]) as asker:
        for answer in (
            reader.post("/api/sessions", json={"courseId": str(uuid4())}),
            reader.post("/api/chat", json={}),
            reader.get("/api/tokens"),
            reader.post("/api/tokens", json={"name": "more", "scopes": ["upload"]}),
            asker.get("/api/courses"),
            asker.get("/api/tokens"),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_missing")
        assert asker.post("/api/sessions", json={"courseId": str(uuid4())}).status_code == 404
        assert reader.get("/api/sessions").status_code == 200
        assert asker.get("/api/me").status_code == reader.get("/api/me").status_code == 200


def test_an_ended_token_is_out_at_once_also_elsewhere(signed, ada, rows):
    made = make(ada)
    with signed.program(made["token"]) as program:
        assert program.get("/api/me").status_code == 200
        assert ada.delete(f"/api/tokens/{made['id']}").status_code == 204
        assert program.get("/api/me").status_code == 401
    assert ada.delete(f"/api/tokens/{made['id']}").status_code == 404


def test_a_token_that_an_operator_ends_is_out_everywhere(signed, ada, rows):
    made = make(ada)
    with signed.program(made["token"]) as program:
        assert program.get("/api/me").status_code == 200
        rows("delete from access_tokens where id = %s", [made["id"]])  # as `studybuddy tokens revoke` does
        deadline = time.monotonic() + 20
        while program.get("/api/me").status_code != 401:
            assert time.monotonic() < deadline, "it is remembered"
            time.sleep(0.05)


def test_nobody_ends_or_sees_another_s_token(signed, ada):
    made = make(ada)
    with signed.program(subject="eve") as eve:
        foreign, missing = eve.delete(f"/api/tokens/{made['id']}"), eve.delete(f"/api/tokens/{uuid4()}")
        assert (foreign.status_code, foreign.text) == (missing.status_code, missing.text) == (404, missing.text)
        assert eve.get("/api/tokens").json() == {"items": []}
    assert len(ada.get("/api/tokens").json()["items"]) == 1


def test_an_expired_token_is_out(signed, ada, rows):
    soon = datetime.now(UTC) + timedelta(hours=1)
    made = make(ada, expiresAt=soon.isoformat())
    rows("update access_tokens set expires_at = now() - interval '1 second' where id = %s", [made["id"]])
    with signed.program(made["token"]) as program:
        assert program.get("/api/me").status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x"},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["account"]},
        {"name": "x", "scopes": ["read", "everything"]},
        {"name": "", "scopes": ["read"]},
        {"name": " \x00 ", "scopes": ["read"]},
        {"name": "x" * 201, "scopes": ["read"]},
        {"name": "x", "scopes": ["read"], "expiresAt": "2001-01-01T00:00:00Z"},
        {"name": "x", "scopes": ["read"], "expiresAt": "2999-01-01T00:00:00"},
        {"name": "x", "scopes": ["read"], "expiresAt": "never"},
        {"name": "x", "scopes": ["read"], "userId": "00000000-0000-4000-8000-000000000000"},
        {"name": "x", "scopes": ["read"], "token": "sbp_mine"},
    ],
    ids=str,
)
def test_a_token_that_cannot_be_is_refused(ada, body):
    answer = ada.post("/api/tokens", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
    assert ada.get("/api/tokens").json()["items"] == []


def test_there_is_an_end_to_the_tokens_of_one_person(signed, ada, rows):
    most = signed.service.server.config.app.state.limits.tokens_per_user
    for _ in range(most):
        make(ada)
    refused = ada.post("/api/tokens", json={"name": "one more", "scopes": ["read"]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "too_many_tokens")


@pytest.mark.parametrize("secret", ["sbp_", "sbp_x", "sbp_" + "A" * 43, "sbp_" + "-" * 4000])
def test_an_invented_token_is_refused(signed, secret):
    with signed.program(secret) as program:
        assert program.get("/api/me").status_code == 401
