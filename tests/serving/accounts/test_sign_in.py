"""Signing in by the issuer's page, as a browser and as those who would use another's browser."""

import time
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest

from serving.accounts.addresses import is_own_path

COOKIE = "studybuddy_"


@pytest.fixture(autouse=True)
def ada(signed):
    signed.issuer.subject, signed.issuer.claims = "ada", {}
    yield
    signed.issuer.asleep = False


def begin(browser, to="/"):
    """To the issuer, which sends the browser back: the query it was sent with, and the address it comes back to."""
    begun = browser.get("/api/auth/sign-in", params={"returnTo": to})
    assert begun.status_code == 303, begun.text
    place = begun.headers["location"]
    return parse_qs(urlsplit(place).query), httpx.get(place).headers["location"]


def sign_in(browser, to="/"):
    _, back = begin(browser, to)
    return browser.get(back)


def is_in(browser):
    return browser.get("/api/me").status_code == 200


def test_a_browser_goes_to_the_issuer_and_comes_back_signed_in(signed, rows):
    with signed.browser() as browser:
        query, back = begin(browser, "/courses?open=1")
        assert {name: query[name] for name in ("response_type", "client_id", "redirect_uri", "scope")} == {
            "response_type": ["code"], "client_id": ["studybuddy-tests"], "scope": ["openid profile email"],
            "redirect_uri": [f"{signed.url}/api/auth/callback"],
        }  # fmt: skip
        assert query["code_challenge_method"] == ["S256"] and len(query["code_challenge"][0]) == 43
        assert len(query["nonce"][0]) == 43
        done = browser.get(back)
        assert (done.status_code, done.headers["location"]) == (303, "/courses?open=1")
        assert (done.headers["referrer-policy"], done.headers["cache-control"]) == ("no-referrer", "no-store")
        cookie = done.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/;" in cookie and "Domain" not in cookie
        assert browser.get("/api/me").json()["name"] == "ada of the tests"
        secret = cookie.partition("=")[2].partition(";")[0]
        kept = rows("select to_jsonb(s)::text from browser_sessions s")
        kept += rows("select to_jsonb(s)::text from used_sign_ins s")
        assert len(kept) >= 2 and secret not in str(kept), "what is kept opens nothing"


def test_two_tabs_of_a_browser_may_sign_in_at_once(signed):
    with signed.browser() as browser:
        (_, first), (_, second) = begin(browser, "/one"), begin(browser, "/two")
        assert browser.get(second).headers["location"] == "/two"
        assert browser.get(first).headers["location"] == "/one"


def refused(browser, back, code="sign_in_expired"):
    """The page that a refused browser sees, and the problem that a program gets."""
    answer = browser.get(back)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/?signIn={code}")
    assert not is_in(browser)


def test_another_browser_cannot_end_what_this_one_began(signed):
    with signed.browser() as browser, signed.browser() as other, signed.browser() as third:
        _, back = begin(browser)
        begin(third)
        before = signed.issuer.requests["/token"]
        refused(other, back)  # one that began nothing
        refused(third, back)  # one that has begun a sign-in of its own
        assert signed.issuer.requests["/token"] == before, "nothing was exchanged"
        assert browser.get(back).headers["location"] == "/" and is_in(browser)
        program = httpx.get(back)
        assert (program.status_code, program.json()["error"]["code"]) == (403, "sign_in_expired")


def test_a_sign_in_comes_back_once(signed):
    with signed.browser() as browser:
        _, back = begin(browser)
        browser.get(back)
        before = signed.issuer.requests["/token"]
        again = browser.get(back)
        assert again.headers["location"] == "/?signIn=sign_in_expired"
        assert signed.issuer.requests["/token"] == before


def test_a_sign_in_is_used_up_even_where_the_exchange_fails(signed):
    with signed.browser() as browser:
        _, back = begin(browser)
        signed.issuer.asleep = True
        refused(browser, back, "sign_in_unavailable")
        signed.issuer.asleep = False
        refused(browser, back)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda back: back.replace("state=", "state=x"),
        lambda back: back.partition("&state=")[0],
        lambda back: back + "&state=again",
        lambda back: back.rpartition(".")[0] + ".",
        lambda back: back.replace("state=", "state=.&was="),
        lambda back: back.replace("state=", "state=%00%ff&was="),
    ],
)
def test_a_changed_state_is_refused(signed, spoil):
    with signed.browser() as browser:
        _, back = begin(browser)
        before = signed.issuer.requests["/token"]
        refused(browser, spoil(back))
        assert signed.issuer.requests["/token"] == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda back: back.replace("code=", "code=x"),
        lambda back: back.replace("code=", "was="),
        lambda back: back.replace("code=", "code=&was="),
        lambda back: back + "&error=access_denied",
        lambda back: back + "&iss=https%3A%2F%2Fevil.example",
    ],
    ids=["another code", "no code", "an empty code", "an error", "another issuer's answer"],
)
def test_an_answer_that_does_not_sign_in_is_refused(signed, spoil):
    with signed.browser() as browser:
        _, back = begin(browser)
        refused(browser, spoil(back), "sign_in_refused")


def test_an_answer_that_names_the_right_issuer_is_taken(signed):
    with signed.browser() as browser:
        _, back = begin(browser)
        assert browser.get(back, params={"iss": signed.issuer.url, **dict(httpx.URL(back).params)}).status_code == 303
        assert is_in(browser)


def test_a_code_that_was_begun_in_another_browser_signs_nobody_in(signed):
    """Whoever gets a victim to redeem the attacker's code would have the victim work in the attacker's account."""
    with signed.browser() as victim, signed.browser() as attacker:
        _, theirs = begin(victim)
        _, mine = begin(attacker)
        swapped = httpx.URL(theirs).copy_set_param("code", httpx.URL(mine).params["code"])
        refused(victim, str(swapped), "sign_in_refused")


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "else"},
        {"aud": None, "azp": "https://front.example"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"azp": "else"},
        {"azp": "https://front.example"},
        {"sub": None},
        {"sts": "pending"},
    ],
    ids=str,
)
def test_an_id_token_that_is_not_ours_signs_nobody_in(signed, claims):
    with signed.browser() as browser:
        _, back = begin(browser)
        signed.issuer.claims = claims
        refused(browser, back, "sign_in_refused")


def test_a_suspended_person_does_not_get_in(signed, rows):
    signed.issuer.subject = "sam"
    with signed.browser() as browser:
        sign_in(browser)
        user_id = browser.get("/api/me").json()["id"]
        rows("update users set suspended_at = now() where id = %s", [user_id])
        _, back = begin(browser)
        refused(browser, back, "suspended")
        rows("update users set suspended_at = null where id = %s", [user_id])
        assert sign_in(browser).headers["location"] == "/"
        until(browser, 200)


def until(client, status):
    deadline = time.monotonic() + 60
    while (found := client.get("/api/me").status_code) != status:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_who_is_suspended_is_out_at_once_whatever_they_show(signed, rows):
    signed.issuer.subject = "sue"
    with signed.browser() as browser, signed.program(subject="sue") as program:
        sign_in(browser)
        made = program.post("/api/tokens", json={"name": "x", "scopes": ["read"]}).json()
        with signed.program(made["token"]) as script:
            clients = (browser, program, script)
            assert [client.get("/api/me").status_code for client in clients] == [200] * 3
            rows("update users set suspended_at = now() where subject = 'sue'")
            for client in clients:
                until(client, 403)
                assert client.get("/api/me").json()["error"]["code"] == "suspended"
            rows("update users set suspended_at = null where subject = 'sue'")
            for client in clients:
                until(client, 200)


def test_signing_in_again_begins_a_new_session_and_ends_the_old_one(signed):
    with signed.browser() as browser:
        sign_in(browser)
        old = dict(browser.cookies)
        sign_in(browser)
        new = dict(browser.cookies)
        assert [name for name in new if new[name] != old.get(name)], "the session is another"
        assert httpx.get(f"{signed.url}/api/me", cookies=old).status_code == 401
        assert is_in(browser)


def test_signing_out_ends_the_session_and_not_only_the_cookie(signed):
    with signed.browser() as browser, signed.browser() as elsewhere:
        sign_in(browser)
        sign_in(elsewhere)
        held = dict(browser.cookies)
        assert browser.post("/api/auth/sign-out", json={}).status_code == 204
        assert not is_in(browser) and httpx.get(f"{signed.url}/api/me", cookies=held).status_code == 401
        assert is_in(elsewhere)


def test_signing_out_everywhere_ends_every_session_of_this_person_alone(signed):
    with signed.browser() as one, signed.browser() as two, signed.browser() as other:
        sign_in(one), sign_in(two)
        signed.issuer.subject = "ben"
        sign_in(other)
        assert one.post("/api/auth/sign-out", json={"everywhere": True}).status_code == 204
        assert not is_in(one) and not is_in(two) and is_in(other)


def test_a_session_ends_when_nobody_uses_it_and_in_any_case_after_a_while(signed, rows):
    limits = signed.service.server.config.app.state.limits
    idle = "update browser_sessions set seen_at = now() - make_interval(secs => %s)"
    for ended, seconds in ((idle, [limits.session_idle_s + 1]), ("update browser_sessions set ends_at = now()", [])):
        with signed.browser() as browser:
            sign_in(browser)
            rows(ended, seconds)
            assert not is_in(browser)


def test_a_session_in_use_goes_on(signed, rows):
    with signed.browser() as browser:
        sign_in(browser)
        rows("update browser_sessions set seen_at = now() - interval '1 hour'")
        assert is_in(browser)
        assert rows("select count(*) from browser_sessions where seen_at > now() - interval '1 minute'") == [(1,)]


EVIL = ["https://evil.example/", "//evil.example/", "/\\evil.example/", "/\t/evil.example", "/\n/evil.example", "evil",
        "javascript:alert(1)", "\\\\evil.example", "/ /evil.example", "http:/evil.example", "", "///evil.example",
        "/\u2028/x", "/é"]  # fmt: skip


@pytest.mark.parametrize("to", EVIL)
def test_nobody_is_led_elsewhere(signed, to):
    with signed.browser() as browser:
        answer = browser.get("/api/auth/sign-in", params={"returnTo": to})
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, "query.returnTo")


@pytest.mark.parametrize("to", ["/", "/a/b?c=%2F%2Fd#e", "/%09/evil.example", "/a//b", "/a?next=https://evil.example"])
def test_own_pages_are_come_back_to(to):
    assert is_own_path(to)


def test_a_cookie_alone_changes_nothing_that_a_page_of_another_origin_asks_for(signed):
    with signed.browser() as browser:
        sign_in(browser)
        cookies = dict(browser.cookies)
    strangers = [
        {"origin": "http://127.0.0.1:9", "sec-fetch-site": "same-site"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
        {"origin": "http://127.0.0.1:9"},
        {"origin": "https://front.example", "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-site"},
        {},
    ]
    for headers in strangers:
        answer = httpx.post(f"{signed.url}/api/auth/sign-out", json={}, headers=headers, cookies=cookies)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin"), headers
    for headers in ({"origin": signed.url}, {"sec-fetch-site": "same-origin"}):
        body = {"courseId": str(uuid4())}
        answer = httpx.post(f"{signed.url}/api/sessions", json=body, headers=headers, cookies=cookies)
        assert answer.status_code == 404, headers


def test_a_token_beside_a_cookie_is_what_counts(signed):
    with signed.browser() as browser:
        sign_in(browser)
        browser.headers["authorization"] = "Bearer nonsense"
        assert browser.get("/api/me").status_code == 401


def test_an_issuer_that_is_away_is_said(signed):
    with signed.browser() as browser:
        _, back = begin(browser)
        signed.issuer.asleep = True
        assert browser.get(back).headers["location"] == "/?signIn=sign_in_unavailable"
