"""What a person sets for themselves on the page: who pays, what it costs, their programs, their data, its looks."""

import zipfile

import psycopg
import pytest

from tests.fake_openrouter import FakeOpenRouter
from tests.serving.accounts.conftest import issuer, rows, signed  # noqa: F401  a service of its own, with an issuer
from tests.serving.conftest import home_of_its_own, running
from tests.serving.page.accessible import violations
from tests.serving.page.conftest import PHONE

SPENT = """insert into model_calls
(user_id, purpose, model, own_key, status, prompt_tokens, completion_tokens, cost_usd, began_at, ended_at)
select id, 'answer', 'scripted', true, 'done', 10, 5, %s, now() - %s * interval '1 day', now() from users
where issuer = 'local'"""


@pytest.fixture(scope="module")
def openrouter():
    """An OpenRouter that listens."""
    fake = FakeOpenRouter()
    yield fake
    fake.close()


@pytest.fixture(scope="module")
def paying(server, tmp_path_factory, openrouter):
    """A service whose people connect that OpenRouter, and spend nothing but what a test says."""
    with (
        home_of_its_own(server, tmp_path_factory) as found,
        running(found.model_copy(update={"openrouter_url": openrouter.url})) as service,
    ):
        yield service


def in_settings(page):
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Settings").click()
    page.get_by_role("heading", name="Settings", level=1).wait_for()
    return page


def test_a_key_is_connected_a_model_chosen_and_a_limit_set(opened, paying, openrouter):
    page = opened(paying, elsewhere=openrouter.url)
    with psycopg.connect(paying.settings.database_url.get_secret_value()) as connection:
        connection.cursor().executemany(SPENT, [(0.5, 0), (0.25, 0), (0.004, 3)])
    in_settings(page)
    openrouter.answers["/auth/keys"] = [(403, {"content-type": "application/json"}, b'{"error": {"code": 403}}')]
    page.get_by_role("link", name="Connect OpenRouter").click()
    page.get_by_role("alert").get_by_text("OpenRouter gave no key").wait_for()
    assert "openrouter=" not in page.url
    page.get_by_role("link", name="Connect OpenRouter").click()
    page.get_by_text("Connected", exact=True).wait_for()
    page.get_by_text("USD 4.90 of USD 5.00 left").wait_for()
    plain = page.get_by_role("radio", name="A plain one")
    plain.check()
    page.get_by_role("button", name="Use this model").click()
    page.get_by_text("A plain one answers you, paid with your key.").wait_for()
    usage = page.get_by_role("region", name="Usage")
    usage.get_by_text("USD 0.75").first.wait_for()
    assert usage.get_by_role("img", name="Bars of the cost").locator("rect").count() == 30
    table = usage.get_by_role("table")
    cells = [row.split("\t")[1:] for row in table.inner_text().replace("\xa0", " ").splitlines()[1:]]
    assert cells == [["2", "USD 0.75"], ["1", "USD 0.004"]]
    usage.get_by_label("Most a day, in US dollars").fill("2")
    usage.get_by_role("button", name="Save").click()
    usage.get_by_text("Today: USD 0.75 of USD 2.00.").wait_for()
    assert paying.http.get("/api/usage").json()["today"]["ownCapUsd"] == 2
    with page.expect_download() as download:
        usage.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "usage.csv"
    assert violations(page) == []
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Disconnect").click()
    page.get_by_role("link", name="Connect OpenRouter").wait_for()
    assert paying.http.get("/api/keys").json() == {"items": []}


def test_a_token_is_shown_once_and_the_language_is_kept(opened, paying):
    page = in_settings(opened(paying, viewport=PHONE))
    page.get_by_text(f"{paying.url}/mcp").wait_for()
    page.get_by_role("button", name="New token").click()
    page.get_by_role("textbox", name="Name").fill("nightly export")
    page.get_by_role("checkbox", name="ask questions").uncheck()
    page.get_by_role("combobox", name="It ends after").select_option("no end")
    assert violations(page) == [], "the form of a token"
    page.get_by_role("button", name="Create").click()
    secret = page.get_by_role("textbox", name="Token").input_value()
    assert len(secret) > 20 and violations(page) == [], "a token"
    page.keyboard.press("Escape")
    (token,) = paying.http.get("/api/tokens").json()["items"]
    assert (token["name"], token["scopes"], token["expiresAt"]) == ("nightly export", ["read"], None)
    page.reload()
    page.get_by_text("never used").wait_for()
    assert secret not in page.content()
    page.get_by_text("Token made: nightly export").wait_for()
    page.get_by_label("Language").select_option(label="Deutsch")
    page.get_by_role("heading", name="Einstellungen", level=1).wait_for()
    assert page.get_by_label("Sprache").evaluate("select => select === document.activeElement")
    page.get_by_label("Farben").select_option(label="Dunkel")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.get_by_text("Token angelegt: nightly export").wait_for()
    assert violations(page) == [], "in German, on a phone"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="nightly export widerrufen").click()
    page.get_by_text("Du hast kein Token.").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Meine Daten mitnehmen").click()
    assert zipfile.is_zipfile(download.value.path())


def test_language_and_theme_come_along_to_another_browser(entered):
    page = in_settings(entered("ada-lt", name="Ada"))
    page.get_by_label("Theme").select_option(label="Dark")
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        page.get_by_label("Language").select_option(label="Deutsch")
    page.get_by_role("heading", name="Einstellungen", level=1).wait_for()
    other = entered("ada-lt", name="Ada")
    other.get_by_role("heading", name="Kurse", level=1).wait_for()
    assert other.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    assert other.evaluate("document.documentElement.lang") == "de"


@pytest.mark.slow
def test_somebody_erases_themselves_by_typing_a_word(opened, signed, rows):  # noqa: F811
    signed.issuer.subject, signed.issuer.claims = "ephemeral", {}
    page = opened(signed.service, signed_in=False, elsewhere=signed.issuer.url)
    page.goto("/settings")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="Erase my data").click()
    last = page.get_by_role("button", name="Erase everything of mine")
    page.get_by_label("Type ERASE to go on").fill("erase")
    assert last.is_disabled()
    page.get_by_label("Type ERASE to go on").fill("ERASE")
    last.click()
    page.get_by_role("heading", name="Sign in").wait_for()
    assert rows("select 1 from users where subject = 'ephemeral'") == []
