"""Local mode: one person on one machine, whose browser is signed in by a ticket and by nothing else."""

import stat
import time
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from pipelines.cli import make_app, open_browser
from pipelines.core.secrets.sign_in_tickets import LIFE_S, make_ticket
from tests.serving.conftest import running


@pytest.fixture
def ticket(serving_settings):
    """Make a ticket, as `studybuddy open` does."""

    def make(life_s=LIFE_S):
        with psycopg.connect(serving_settings.database_url.get_secret_value(), autocommit=True) as connection:
            return make_ticket(connection, life_s)

    return make


@pytest.fixture
def browser(quoting):
    headers = {"origin": quoting.url, "sec-fetch-site": "same-origin"}
    with httpx.Client(base_url=quoting.url, headers=headers, timeout=60) as client:
        yield client


def use(browser, ticket):
    return browser.post("/api/auth/ticket", json={"ticket": ticket})


def test_a_ticket_signs_a_browser_in_as_the_local_user(quoting, browser, ticket):
    assert browser.get("/api/me").status_code == 401
    done = use(browser, ticket())
    assert done.status_code == 204
    cookie = done.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie, "plain http on loopback"
    assert browser.get("/api/me").json() == quoting.http.get("/api/me").json()
    assert browser.get("/api/me").json()["operator"] is True
    assert browser.get("/api/courses").json() == quoting.http.get("/api/courses").json()


def test_a_ticket_is_good_once_and_for_a_minute(browser, ticket, quoting):
    spent = ticket()
    use(browser, spent)
    for bad in (spent, ticket(life_s=-1), "A" * 43):
        with httpx.Client(base_url=quoting.url) as other:
            answer = use(other, bad)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ticket_expired")
            assert other.get("/api/me").status_code == 401


@pytest.mark.parametrize("bad", ["", "x", None, 7, ["A" * 43], "A" * 44, "A" * 42 + "\x00"])
def test_what_is_no_ticket_is_refused(browser, bad):
    assert use(browser, bad).status_code == 422


def test_a_page_of_another_site_cannot_sign_a_browser_in(quoting, ticket):
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = httpx.post(f"{quoting.url}/api/auth/ticket", json={"ticket": ticket()}, headers=headers)
        assert answer.status_code == 403
    form = httpx.post(f"{quoting.url}/api/auth/ticket", data={"ticket": ticket()})
    assert form.status_code == 415


def test_a_ticket_opens_nothing_where_people_sign_in_by_an_issuer(signed, ticket):
    with signed.browser() as browser:
        assert use(browser, ticket()).status_code == 403


def test_neither_the_local_token_nor_a_local_session_opens_a_service_with_an_issuer(signed, browser, ticket):
    use(browser, ticket())
    assert httpx.get(f"{signed.url}/api/me", cookies=dict(browser.cookies)).status_code == 401
    with signed.program(signed.service.token) as program:
        assert program.get("/api/me").status_code == 401


def test_tokens_of_people_of_the_issuer_open_nothing_in_local_mode(signed, quoting):
    with signed.program() as program:
        made = program.post("/api/tokens", json={"name": "x", "scopes": ["read"]}).json()
    for token in (made["token"], signed.issuer.mint()):
        answer = httpx.get(f"{quoting.url}/api/me", headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401


def test_there_is_no_page_of_an_issuer_in_local_mode(browser):
    assert browser.get("/api/auth/sign-in").json()["error"]["code"] == "no_sign_in"


def test_what_ended_is_removed(quoting, browser, ticket, rows):
    use(browser, ticket())
    ticket(life_s=-1)
    rows("update browser_sessions set ends_at = now() - interval '1 second'")
    rows("insert into used_sign_ins (id, ends_at) values ('old', now() - interval '1 second')")
    with running(quoting.settings):  # a service forgets when it starts, and every few minutes
        deadline = time.monotonic() + 60
        while rows("select 1 from browser_sessions where ends_at < now()") and time.monotonic() < deadline:
            time.sleep(0.05)
    for name in ("browser_sessions", "sign_in_tickets", "used_sign_ins"):
        assert rows(f"select count(*) from {name} where ends_at < now()") == [(0,)]  # noqa: S608  names of ours


@pytest.fixture
def command(quoting, serving_settings, monkeypatch):
    """`studybuddy open` of this home, while its API runs; gives its output and what the browser was given."""
    opened = []
    monkeypatch.setattr(open_browser, "get_settings", lambda: serving_settings)
    monkeypatch.setattr(open_browser, "_url", lambda _: f"{quoting.url}/")
    monkeypatch.setattr(open_browser.webbrowser, "open", lambda url: opened.append(url) or True)

    def run(*arguments):
        return CliRunner().invoke(make_app(["open"]), ["open", *arguments]), opened

    return run


def test_open_gives_the_browser_a_file_of_its_owner_and_the_address_behind_a_hash(command, browser, serving_settings):
    done, opened = command()
    assert done.exit_code == 0, done.output
    address = urlsplit(done.stdout.strip())
    assert not address.query and address.fragment.startswith("ticket=")
    (page,) = opened
    path = serving_settings.home / "run" / "open.html"
    assert page == path.as_uri() and "ticket" not in page, "other processes see what a browser is started with"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and address.geturl() in path.read_text()
    assert use(browser, address.fragment.removeprefix("ticket=")).status_code == 204


def test_open_can_print_the_address_alone(command):
    done, opened = command("--print")
    assert done.exit_code == 0 and "#ticket=" in done.stdout and opened == []


def test_open_says_what_to_do_where_nothing_runs(settings, monkeypatch):
    monkeypatch.setattr(open_browser, "get_settings", lambda: settings)
    done = CliRunner().invoke(make_app(["open"]), ["open", "--print"])
    assert done.exit_code == 1 and "studybuddy up" in done.stderr


def test_the_page_runs_its_own_script_only(quoting):
    answer = httpx.get(f"{quoting.url}/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; " in policy and "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-cache" and answer.headers["referrer-policy"] == "same-origin"
