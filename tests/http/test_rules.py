"""Who is a stranger: by name, by origin, by the site a browser names, by the kind of body."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.http.rules import OWN_NAMES, has_foreign_body, refused


def scope(method="POST", kind="http", **headers):
    given = {"host": "127.0.0.1:3000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in given.items() if value is not None]
    return {"type": kind, "headers": pairs} | ({"method": method} if kind == "http" else {})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:3000", "localhost", "LOCALHOST:1", "[::1]:3000", "[::1]"])
def test_own_names_are_answered_on_every_port(host):
    assert refused(scope("GET", host=host)) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:3000", "127.0.0.1.evil.example", "localhost.evil.example", "", None, "127.0.0.1:",
        "localhost@evil.example", "127.0.0.1:3000:evil.example", "127.0.0.1, evil.example", "127.0.0.1 ",
        "[::1", "::1", "127.0.0.1:123456", "127.0.0.1\t", "127.1", "2130706433",
    ],
)  # fmt: skip
def test_other_names_are_refused_also_for_looking(host):
    for kind in ("http", "websocket"):
        assert refused(scope("GET", kind, host=host)) == "bad_host"


def test_two_host_headers_are_no_name():
    twice = scope("GET")
    twice["headers"].append((b"host", b"127.0.0.1"))
    assert refused(twice) == "bad_host"


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "", "http://127.0.0.1:8000", "http://127.0.0.1", "http://localhost:3000",
     "http://127.0.0.1:3000.evil.example", "http://evil.example/127.0.0.1:3000", "127.0.0.1:3000",
     "http://127.0.0.1:3000, http://evil.example"],
)  # fmt: skip
def test_a_page_of_another_origin_may_look_and_change_nothing(origin):
    assert refused(scope("GET", origin=origin)) is None
    for method in ("POST", "PUT", "PATCH", "DELETE", "X-UNKNOWN"):
        assert refused(scope(method, origin=origin)) == "foreign_origin"
    assert refused(scope(kind="websocket", origin=origin)) == "foreign_origin"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_the_browser_calls_another_site_changes_nothing(site):
    assert refused(scope(sec_fetch_site=site)) == "foreign_origin"
    assert refused(scope(sec_fetch_site=site, origin="http://127.0.0.1:3000")) == "foreign_origin"


def test_own_pages_and_programs_may():
    assert refused(scope(origin="http://127.0.0.1:3000", sec_fetch_site="same-origin")) is None
    assert refused(scope(kind="websocket", origin="http://127.0.0.1:3000")) is None
    assert refused(scope()) is None


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/jsonx",
     "text/plain; application/json"],
)  # fmt: skip
def test_a_body_of_another_kind_is_foreign(kind):
    assert has_foreign_body(scope(content_type=kind, content_length="5"))
    assert has_foreign_body(scope(content_type=kind))
    assert not has_foreign_body(scope("GET", content_type=kind))


def test_json_and_no_body_are_not():
    assert not has_foreign_body(scope(content_type="Application/JSON; charset=utf-8", content_length="5"))
    assert not has_foreign_body(scope(content_length="0")) and not has_foreign_body(scope())
    assert has_foreign_body(scope(transfer_encoding="chunked"))


@given(st.text(st.characters(max_codepoint=255, exclude_categories=("Cc",))), st.text(st.characters(max_codepoint=255)))
def test_no_header_is_too_odd_to_be_judged(host, origin):
    answer = refused(scope(host=host, origin=origin))
    assert answer in ("bad_host", "foreign_origin") or host.lower().split(":")[0].strip("[]") in OWN_NAMES
