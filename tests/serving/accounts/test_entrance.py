"""Signing in with a real browser: by the ticket of `studybuddy open`, and by the issuer's page."""

import json
import subprocess
from pathlib import Path

import psycopg
import pytest

from pipelines.core.secrets.sign_in_tickets import make_ticket


@pytest.fixture(scope="module")
def browser(chromium, modules):
    """Take a step in the browser and see the page: `browser("open", address)`."""
    command = ["node", Path(__file__).with_name("entrance.mjs"), modules / "package.json", chromium]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        if process.stdout.readline().strip() != "launched":
            pytest.skip("chromium does not start on this machine: no page can be looked at")

        def step(*given):
            process.stdin.write(json.dumps(given) + "\n")
            seen = json.loads(process.stdout.readline())
            assert "failed" not in seen, seen["failed"]
            assert seen["problems"] == [] and seen["cookies"] == "", "no script sees the session"
            return seen

        yield step
        process.stdin.close()
        process.wait(20)


def test_a_ticket_signs_in_and_leaves_no_trace_in_the_address(browser, quoting, serving_settings):
    with psycopg.connect(serving_settings.database_url.get_secret_value(), autocommit=True) as connection:
        address = f"{quoting.url}/#ticket={make_ticket(connection)}"
    browser("open", address)
    assert browser("until", "Signed in.")["url"] == f"{quoting.url}/"
    browser("reload")
    browser("until", "Signed in.")
    browser("click", "Sign out")
    assert "studybuddy open" in browser("until", "not signed in")["who"]
    browser("forget")
    browser("open", address)
    seen = browser("until", "not signed in")
    assert "run `studybuddy open` again" in seen["alert"] and "ticket" not in seen["url"]


def test_the_issuer_s_page_signs_in_and_no_other_page_can_use_it(browser, signed):
    signed.issuer.subject, signed.issuer.claims = "ada", {}
    browser("open", signed.url)
    browser("until", "You are not signed in.")
    browser("click", "Sign in")
    seen = browser("until", "Signed in as ada of the tests.")
    assert seen["url"] == f"{signed.url}/" and not seen["alert"]
    browser("open", f"{signed.issuer.url}/keys")  # another port of this machine: the same site, which gets the cookies
    for headers in ({}, {"content-type": "application/json"}, {"content-type": "text/plain"}):
        browser("post", f"{signed.url}/api/auth/sign-out", headers)
    browser("open", signed.url)
    browser("until", "Signed in as ada of the tests.")
    browser("open", f"{signed.url}/api/auth/callback?code=x&state=y")
    seen = browser("until", "Signed in as ada")
    assert "begun too long ago or in another browser" in seen["alert"]
    browser("click", "Sign out")
    browser("until", "You are not signed in.")
