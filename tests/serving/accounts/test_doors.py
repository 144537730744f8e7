"""Doors: what settings open to whom, and the combinations with which nothing starts."""

import httpx
import pytest

from pipelines.core.errors import SettingsError
from pipelines.core.settings import Settings
from serving.accounts.cookies import Cookies
from serving.accounts.doors import doors_of
from serving.run import make_server

ISSUER = {"oidc_issuer": "https://login.example", "oidc_client_id": "us", "public_url": "https://study.example"}


def doors(host=None, **given):
    return doors_of(Settings(_env_file=None, **given), host)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"api_host": "0.0.0.0"}, "API_HOST"),
        ({"api_host": "192.0.2.1"}, "API_HOST"),
        ({"api_host": "study.example"}, "API_HOST"),
        ({"public_url": "https://study.example"}, "PUBLIC_URL"),
        ({"oidc_client_id": "us"}, "OIDC_CLIENT_ID"),
        ({"oidc_client_secret": "x"}, "OIDC_CLIENT_SECRET"),
        ({"oidc_audience": "us"}, "OIDC_AUDIENCE"),
        ({"operators": "olga"}, "OPERATORS"),
        ({**ISSUER, "oidc_issuer": "http://login.example"}, "OIDC_ISSUER"),
        ({**ISSUER, "oidc_issuer": "login.example"}, "OIDC_ISSUER"),
        ({**ISSUER, "public_url": "http://study.example"}, "PUBLIC_URL"),
        ({**ISSUER, "public_url": "study.example"}, "PUBLIC_URL"),
        ({**ISSUER, "public_url": "https://study.example/study"}, "PUBLIC_URL"),
        ({**ISSUER, "public_url": "https://user@study.example"}, "PUBLIC_URL"),
        ({**ISSUER, "public_url": "https://study.example:x"}, "PUBLIC_URL"),
        ({**ISSUER, "public_url": None}, "PUBLIC_URL"),
        ({**ISSUER, "allowed_origins": "*"}, "ALLOWED_ORIGINS"),
        ({**ISSUER, "allowed_origins": "https://a.example, null"}, "ALLOWED_ORIGINS"),
        ({"oidc_issuer": "https://login.example"}, "OIDC_AUDIENCE"),
    ],
    ids=str,
)
def test_what_would_let_strangers_in_does_not_start(given, named):
    with pytest.raises(SettingsError, match=f"^{named}: "):
        make_server(Settings(_env_file=None, **given))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_one_person_on_this_machine_needs_no_settings(host):
    found = doors(host)
    assert found.issuer is None and not found.page and not found.secure


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_with_an_issuer_any_address_is_bound(host):
    found = doors(host, **ISSUER)
    assert found.page and found.secure
    assert found.names == {"127.0.0.1", "::1", "localhost", "study.example"} | ({host} - {"0.0.0.0", "::"})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://Study.Example/", "https://study.example"),
        ("https://study.example:443", "https://study.example"),
        ("https://study.example:8443/", "https://study.example:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_what_browsers_write(written, meant):
    assert doors(**{**ISSUER, "public_url": written}).public_origin == meant


def test_cookies_are_bound_to_the_host_where_there_is_https_and_told_apart_between_homes():
    secure, plain, other = Cookies(b"a", secure=True), Cookies(b"a", secure=False), Cookies(b"b", secure=True)
    assert secure.session.startswith("__Host-") and "; Secure" in secure.set(secure.session, "x", life_s=1)
    assert not plain.session.startswith("__") and "Secure" not in plain.set(plain.session, "x", life_s=1)
    assert len({secure.session, secure.browser, other.session, plain.session}) == 4


def test_other_frontends_may_ask_with_a_token_and_read_the_answer(signed):
    token = {"authorization": f"Bearer {signed.issuer.mint()}"}
    for origin in ("https://front.example", "http://localhost:5173"):
        asked = httpx.options(
            f"{signed.url}/api/chat", headers={"origin": origin, "access-control-request-method": "POST"}
        )
        assert asked.status_code == 204 and asked.headers["access-control-allow-origin"] == origin
        assert "authorization" in asked.headers["access-control-allow-headers"]
        sent = httpx.post(
            f"{signed.url}/api/chat", json={}, headers={**token, "origin": origin, "sec-fetch-site": "cross-site"}
        )
        assert (sent.status_code, sent.headers["access-control-allow-origin"]) == (422, origin)
        nobody = httpx.get(f"{signed.url}/api/me", headers={"origin": origin})
        assert (nobody.status_code, nobody.headers["access-control-allow-origin"]) == (401, origin)
        for answer in (asked, sent, nobody):
            assert "access-control-allow-credentials" not in answer.headers
            assert "origin" in answer.headers["vary"]


STRANGERS = ["http://evil.example", "null", "https://front.example.evil.example", "http://front.example", "*",
             "https://front.example:8443", "https://FRONT.example", "https://front.example/", "http://localhost:5174",
             "https://front.example, https://evil.example"]  # fmt: skip


@pytest.mark.parametrize("origin", STRANGERS)
def test_pages_of_strangers_read_nothing_and_change_nothing(signed, quoting, origin):
    token = {"authorization": f"Bearer {signed.issuer.mint()}", "origin": origin}
    for service in (signed.url, quoting.url):
        answers = [
            httpx.options(f"{service}/api/chat", headers={"origin": origin, "access-control-request-method": "POST"}),
            httpx.get(f"{service}/api/me", headers=token),
            httpx.get(f"{service}/livez", headers=token),
            httpx.post(f"{service}/api/chat", json={}, headers=token),
        ]
        assert not [name for answer in answers for name in answer.headers if name.startswith("access-control")]
        assert answers[-1].status_code == 403


def test_headers_of_proxies_are_believed_where_that_is_set_and_nowhere_else():
    usual = make_server(Settings(_env_file=None)).config
    assert usual.proxy_headers is False
    behind = make_server(Settings(_env_file=None, **ISSUER, trusted_proxies="10.0.0.1")).config
    assert (behind.proxy_headers, behind.forwarded_allow_ips) == (True, "10.0.0.1")
