"""Nobody gets in without the token, nothing is read before, and every refusal is the short JSON."""

import http.client
import re
import stat

import psycopg
import pytest
from fastapi import Request

from pipelines.core.errors import SettingsError
from pipelines.core.secrets.local_token import local_token
from pipelines.core.weak_sandboxes import note_sandbox
from serving.accounts.asking import Nobody, Reader
from serving.app import create_app
from serving.guard import open_paths, router
from serving.run import make_server

OPEN = {
    "/livez", "/readyz", "/metrics", "/api/auth", "/api/auth/sign-in", "/api/auth/callback", "/api/auth/ticket",
    "/.well-known/oauth-protected-resource/mcp",
}  # fmt: skip


NOWHERE = "00000000-0000-4000-8000-000000000000"


def routes():
    for path, methods in create_app().openapi()["paths"].items():
        for method in methods:
            yield method.upper(), re.sub(r"\{page\}", "1", re.sub(r"\{(?!page)\w+\}", NOWHERE, path))


@pytest.mark.parametrize(("method", "path"), [pair for pair in routes() if pair[1] not in OPEN])
def test_every_route_asks_for_the_token(quoting, method, path):
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {quoting.token}"}):
        answer = quoting.http.request(method, path, headers={"authorization": "", **headers})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert method == "HEAD" or answer.json()["error"]["code"] == "not_authenticated"


def test_what_anybody_may_ask_is_known_by_heart():
    assert open_paths(create_app()) == OPEN


def test_a_route_that_does_not_say_who_asks_cannot_be_written():
    async def careless(request: Request) -> None: ...

    async def undecided(person: Reader, nobody: Nobody) -> None: ...

    for endpoint in (careless, undecided):
        with pytest.raises(TypeError, match="who asks"):
            router(tag="x").get("/api/x")(endpoint)


def test_a_route_beside_the_guarded_ones_keeps_the_service_from_starting():
    app = create_app()

    @app.get("/api/beside")
    async def beside() -> None: ...

    with pytest.raises(TypeError, match="/api/beside is not guarded"):
        open_paths(app)


def test_anybody_may_ask_whether_it_lives(quoting):
    assert quoting.http.get("/livez", headers={"authorization": ""}).text == "ok"
    assert quoting.http.get("/readyz", headers={"authorization": ""}).json()["ready"] is True


def test_readiness_warns_of_a_weak_sandbox_and_tells_strangers_no_more(quoting):
    assert quoting.http.get("/readyz").json()["warnings"] == []
    with psycopg.connect(quoting.settings.database_url.get_secret_value(), autocommit=True) as connection:
        note_sandbox(connection, "machine-1", missing="landlock (no files): refused")
        told = quoting.http.get("/readyz", headers={"authorization": ""})
        note_sandbox(connection, "machine-1", missing=None)
    assert (told.status_code, told.json()["ready"], told.json()["warnings"]) == (200, True, ["weak_sandbox"])
    assert "machine-1" not in told.text
    assert quoting.http.get("/readyz").json()["warnings"] == []


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil"])
def test_a_strange_host_name_is_refused(quoting, host):
    assert quoting.http.get("/api/courses", headers={"host": host}).status_code in (400, 421)


def test_a_stranger_s_body_is_not_read(quoting):
    connection = http.client.HTTPConnection("127.0.0.1", quoting.port, timeout=10)
    connection.putrequest("POST", "/api/chat")
    connection.putheader("content-length", "80000000")
    connection.endheaders()  # not one byte of the body is sent
    assert connection.getresponse().status == 401
    connection.close()


def test_a_body_that_is_too_large_is_refused_by_its_length_and_by_its_bytes(quoting):
    assert quoting.http.post("/api/chat", content=b" " * 8_000_001).status_code == 413
    json = {"content-type": "application/json"}
    lying = quoting.http.post("/api/chat", content=(b" " * 100_000 for _ in range(90)), headers=json)
    assert lying.status_code == 413 and lying.json()["error"]["code"] == "body_too_large"


def test_every_answer_has_a_request_id_and_is_not_sniffed(quoting):
    answer = quoting.http.get("/api/nowhere")
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "not_found"
    assert len(answer.headers["x-request-id"]) == 32 and answer.headers["x-content-type-options"] == "nosniff"
    assert quoting.http.put("/api/chat").json()["error"]["code"] == "method_not_allowed"


def test_only_loopback_is_bound_without_sign_in(serving_settings):
    with pytest.raises(SettingsError, match="API_HOST"):
        make_server(serving_settings, "192.0.2.1", 0)


def test_the_token_is_kept_for_its_owner_alone(settings):
    token = local_token(settings)
    assert local_token(settings) == token and len(token) >= 40
    path = settings.home / "run" / "api.token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
