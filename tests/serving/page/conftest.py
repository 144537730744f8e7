"""The built page in a real browser: signed in, on a wide window, and watched for what it must not do."""

import re
import runpy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from pipelines.core.secrets.sign_in_tickets import make_ticket
from serving.page import Page as Built
from tests.house.modules import ROOT
from tests.serving.accounts.conftest import SignedInService, issuer, rows, signed
from tests.serving.conftest import QUICK, Service, running

__all__ = ["issuer", "rows", "signed"]

SHOTS = ROOT / ".pytest_cache" / "shots"
"""Pictures of pages whose test failed."""

WIDE = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    """The page of today's sources, built where it is not."""
    builder = runpy.run_path(str(ROOT / "web" / "build.py"))
    try:
        builder["build"]()
    except SystemExit as failed:
        pytest.skip(f"the page cannot be built on this machine ({failed})")
    assert Built.read().version


@pytest.fixture(scope="module")
def browser(chromium, built) -> Iterator[Browser]:
    """One browser for a module's tests; each page has a context of its own.

    Not for longer: while it is there, a loop of asyncio runs in this thread, and other tests start their own.
    """
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" and report.failed:
        for page in getattr(item, "opened_pages", ()):
            if not page.is_closed():
                SHOTS.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=SHOTS / (re.sub(r"\W+", "-", item.nodeid)[-80:] + ".png"))
    return report


@pytest.fixture
def opened(browser, request) -> Iterator[Callable[..., Page]]:
    """Open a window at a service: `opened(service)` signed in, `opened(service, signed_in=False)` a stranger's.

    At its end no window may have asked another origin than `elsewhere` for anything, or told an error.
    """
    request.node.opened_pages = pages = []

    def open_page(
        service: Service,
        *,
        signed_in: bool = True,
        language: str = "en-GB",
        viewport: dict[str, int] = WIDE,
        elsewhere: str = "blob:",
        **more,
    ) -> Page:
        context = browser.new_context(base_url=service.url, locale=language, viewport=viewport, **more)
        context.set_default_timeout(60_000)  # a machine that runs all tests at once is slow
        page = context.new_page()
        page.problems = []
        pages.append(page)
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda said: page.problems.append(said.text) if said.type == "error" else None)
        page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith((service.url, "blob:", elsewhere)) else page.problems.append(asked.url)
            ),
        )
        if signed_in:
            page.goto(f"/#ticket={ticket(service)}")
            page.get_by_role("heading", level=1).wait_for()
        return page

    yield open_page
    problems = [problem for page in pages for problem in page.problems if not EXPECTED.search(problem)]
    for page in pages:
        page.context.close()
    assert not problems


@pytest.fixture
def entered(opened, signed: SignedInService) -> Callable[..., Page]:
    """Sign somebody in at the issuer's, in a browser of their own: `entered("ada", name="Ada")`."""

    def enter(subject: str, *, name: str | None = None, **more) -> Page:
        signed.issuer.subject, signed.issuer.claims = subject, {"name": name} if name else {}
        page = opened(signed.service, signed_in=False, elsewhere=signed.issuer.url, **more)
        page.goto("/")
        page.get_by_role("link", name=re.compile("^(Sign in|Anmelden)$")).click()
        page.get_by_role("heading", name=re.compile("^(Courses|Kurse)$"), level=1).wait_for()
        return page

    return enter


EXPECTED = re.compile(r"net::ERR_|status of (401|402|403|404|409|410|422|502)")
"""Errors that a browser writes down by itself when a test makes the service refuse or go away."""


def ticket(service: Service) -> str:
    """A ticket as `studybuddy open` makes it."""
    with psycopg.connect(service.settings.database_url.get_secret_value(), autocommit=True) as connection:
        return make_ticket(connection)


@pytest.fixture(scope="package")
def service(modelled) -> Iterator[Service]:
    """A service with the scripted model."""
    with running(modelled, replace(QUICK, beat_s=1.0)) as service:
        yield service


@pytest.fixture(autouse=True)
def no_leftovers(model):
    """Answers that one test scripted are no other's."""
    yield
    model.script()


def picture(page: Page, path: Path) -> None:
    """A picture of all of a page."""
    page.screenshot(path=path, full_page=True)
