"""Around an application without sign-in: the printed address signs a browser in, and nobody else gets through."""

import asyncio
from http.cookies import SimpleCookie

import pytest

from pipelines.http.local_gate import LocalGate
from pipelines.http.sign_in import LocalSignIn, sign_in_address

TOKEN = "t" * 43
HOST = "127.0.0.1:3000"
OWN = {"origin": f"http://{HOST}"}
BEARER = {"authorization": f"Bearer {TOKEN}"}


class Asked:
    """The gate around an application that notes what reaches it."""

    def __init__(self, token=TOKEN):
        self.reached = 0
        self.sign_in = LocalSignIn(token, service="dagster", port=3000)
        self.gate = LocalGate(self.application, sign_in=self.sign_in, executing=frozenset({"/graphql"}))

    async def application(self, scope, receive, send):
        self.reached += 1
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-frame-options", b"DENY")]})
        await send({"type": "http.response.body", "body": b"inside"})

    def ask(self, method="GET", path="/", query="", kind="http", **headers):
        """Status and headers of the answer; for a WebSocket the type of the first message."""
        sent = []
        pairs = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
        sent_headers = [(name.encode(), value.encode()) for name, value in pairs.items() if value is not None]
        scope = {"type": kind, "path": path, "query_string": query.encode(), "scheme": "http", "headers": sent_headers}
        if kind == "http":
            scope["method"] = method

        async def receive():
            return {"type": "websocket.connect"}

        async def send(message):
            sent.append(message)

        asyncio.run(self.gate(scope, receive, send))
        if kind == "websocket":
            return sent[0]["type"]
        return sent[0]["status"], dict(sent[0]["headers"]), sent[1].get("body", b"")

    def cookie(self):
        """The cookie of a browser that opened the printed address."""
        _, headers, _ = self.ask(query=f"token={TOKEN}")
        return headers[b"set-cookie"].decode().partition(";")[0]


@pytest.fixture
def asked():
    return Asked()


def test_without_a_credential_nothing_is_reached_and_a_sentence_says_how(asked):
    for path in ("/", "/graphql", "/runs/x", "/logs/a/out", "/server_info"):
        status, headers, body = asked.ask(path=path)
        assert status == 401 and headers[b"www-authenticate"] == b"Bearer" and b"studybuddy up" in body
    assert asked.ask("POST", "/graphql", content_type="application/json", content_length="2")[0] == 401
    assert asked.ask(kind="websocket") == "websocket.close"
    assert asked.reached == 0


def test_the_printed_address_signs_the_browser_in_and_leaves_no_token_behind(asked):
    assert sign_in_address(f"http://{HOST}", TOKEN) == f"http://{HOST}/?token={TOKEN}"
    status, headers, _ = asked.ask(path="/runs", query=f"token={TOKEN}")
    assert status == 303 and headers[b"location"] == b"/runs" and asked.reached == 0
    morsel = SimpleCookie(headers[b"set-cookie"].decode())["studybuddy_dagster_3000"]
    assert morsel["httponly"] and morsel["samesite"] == "Strict" and morsel["path"] == "/" and TOKEN not in morsel.value
    assert asked.ask(cookie=asked.cookie())[0] == 200
    assert asked.ask("POST", "/graphql", cookie=asked.cookie(), content_type="application/json", **OWN)[0] == 200
    assert asked.ask(kind="websocket", cookie=asked.cookie(), **OWN) == "websocket.accept"


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "/\r\nset-cookie: a=b", "/ü"])
def test_the_way_on_stays_here(asked, path):
    _, headers, _ = asked.ask(path=path, query=f"token={TOKEN}")
    place = headers[b"location"]
    assert place.startswith(b"/") and not place.startswith((b"//", b"/\\")) and b"\r" not in place and place.isascii()


@pytest.mark.parametrize(
    "query", ["token=", "token", f"token={TOKEN}x", f"token={TOKEN}&token={TOKEN}", "&".join("ab")]
)
def test_a_wrong_address_signs_nobody_in(asked, query):
    assert asked.ask(query=query)[0] == 401
    assert asked.ask(query="&".join(f"a{n}=1" for n in range(40)))[0] == 401


def test_an_empty_token_is_nobodys():
    empty = Asked("")
    for headers in (
        {"authorization": "Bearer "},
        {"authorization": "Bearer"},
        {"cookie": "studybuddy_dagster_3000=9999999999."},
    ):
        assert empty.ask(**headers)[0] == 401
    assert empty.ask(query="token=")[0] == 401
    key = Asked("").sign_in.set_cookie(secure=False).partition(";")[0]
    assert empty.ask(cookie=key)[0] == 401


def test_the_token_is_a_bearer_too(asked):
    assert asked.ask(**BEARER)[0] == 200
    assert asked.ask("POST", "/graphql", content_type="application/json", **BEARER)[0] == 200
    assert asked.ask(kind="websocket", **BEARER) == "websocket.accept"


def test_cookies_of_others_mean_nothing(asked):
    other = LocalSignIn(TOKEN, service="api", port=3000).set_cookie(secure=False).partition("=")[2].partition(";")[0]
    value = asked.cookie().partition("=")[2]
    until, _, signature = value.partition(".")
    late, early = str(int(until) + 1), "1000000000"
    for wrong in (other, f"{late}.{signature}", f"{early}.{signature}", f"{until}.", until, "", ".", f"-1.{signature}"):
        assert asked.ask(cookie=f"studybuddy_dagster_3000={wrong}")[0] == 401
    assert asked.ask(cookie=f"studybuddy_dagster_3001={value}")[0] == 401
    assert asked.ask(cookie=f"\x01bad==; studybuddy_dagster_3000={value}"[:200])[0] in (200, 401)


def test_a_signed_in_browser_cannot_be_used_by_other_pages(asked):
    cookie = asked.cookie()
    strangers = [
        {"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"},
        {"origin": "http://127.0.0.1:8000"}, {"sec_fetch_site": "same-site"}, {"sec_fetch_site": "cross-site"}, {},
    ]  # fmt: skip
    for stranger in strangers:
        status, _, _ = asked.ask("POST", "/graphql", cookie=cookie, content_type="application/json", **stranger)
        assert status in (403, 421)
        assert asked.ask(kind="websocket", cookie=cookie, **stranger) == "websocket.close"
    assert asked.reached == 0


def test_what_executes_is_asked_by_post_with_json(asked):
    query = "query=mutation%7BsetConcurrencyLimit(concurrencyKey:%22x%22,limit:3)%7D"
    for method in ("GET", "HEAD", "PUT", "OPTIONS"):
        assert asked.ask(method, "/graphql", query, **BEARER)[0] == 405
        assert asked.ask(method, "/graphql/", query, **BEARER)[0] == 405
    for kind in ("text/plain", "application/graphql", "application/x-www-form-urlencoded", None):
        assert asked.ask("POST", "/graphql", query, content_type=kind, content_length="3", **BEARER)[0] == 415
        assert asked.ask("POST", "/graphql", query, content_type=kind, **BEARER)[0] == 415
    assert asked.reached == 0


def test_bodies_are_bounded_by_what_they_say(asked):
    json = {"content_type": "application/json", **BEARER}
    assert asked.ask("POST", "/graphql", content_length="8000001", **json)[0] == 413
    assert asked.ask("POST", "/graphql", transfer_encoding="chunked", **json)[0] == 411
    assert asked.reached == 0


def test_answers_may_not_be_framed_or_embedded_by_others(asked):
    _, headers, body = asked.ask(**BEARER)
    assert body == b"inside" and headers[b"x-frame-options"] == b"DENY"  # the application's own stays
    assert (
        headers[b"cross-origin-resource-policy"] == b"same-origin" and headers[b"x-content-type-options"] == b"nosniff"
    )
