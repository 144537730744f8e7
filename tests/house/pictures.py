"""README's pictures: the page over the sample course, where a scripted model answers. `make pictures` takes them anew.

The sample course is read as `make demo` reads it, in a home of its own that is removed afterwards.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from pipelines.core import embedded
from pipelines.core.postgres import database_urls
from pipelines.core.secrets.sign_in_tickets import make_ticket
from pipelines.core.settings import Settings
from tests.fakes import FakeModel, Script, calls, text
from tests.house.modules import ROOT
from tests.serving.conftest import running

PICTURES = ROOT / "docs" / "pictures"
SIZE = {"width": 1366, "height": 768}
SHARPER = 1.5
"""Dots of a picture for each of the page's, because readers' screens have more than one."""

QUESTION = "How much power does the wind bring to a rotor?"
ANSWER = (
    "The power in the wind grows with the **cube of its speed**: twice the wind brings eight times the power "
    "{formula}.\n\n"
    "$$P = \\frac{{1}}{{2}}\\,\\rho\\,A\\,v^3$$\n\n"
    "Here $\\rho$ is the density of the air, $A$ the area that the blades sweep and $v$ the speed of the wind. A "
    "rotor takes only a part of it: at best 16/27, and good modern turbines three quarters of that {limit}."
)
CITED = {"formula": "The power in the wind", "limit": "The Betz limit"}
"""Headings of the pages that the answer cites."""


def answer(request: dict[str, Any]) -> Script:
    """The answer, whose handles are those that the search gave the pages it cites."""
    told = next(message["content"] for message in reversed(request["messages"]) if message["role"] == "tool")
    handles = {}
    for name, heading in CITED.items():
        found = re.search(rf'number="(\d+)" from="[^"]*, page \d+[^"]*: {heading}', told)
        assert found, f"the search found no page on {heading}"
        handles[name] = f"[{found[1]}]"
    return text(ANSWER.format(**handles))


def main() -> None:
    """Set up a home with the sample course, take the pictures, leave nothing behind."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("chromium is not installed: no picture can be taken.")
    subprocess.run([sys.executable, "web/build.py"], check=True, cwd=ROOT)
    home, model = Path(tempfile.mkdtemp(prefix="sb-pictures-")), FakeModel()
    settings = Settings(_env_file=None, studybuddy_home=home, model_base_url=model.url, chat_model="scripted")
    try:
        variables = {**os.environ, "STUDYBUDDY_HOME": str(home)}
        studybuddy = Path(sys.executable).with_name("studybuddy")
        subprocess.run([studybuddy, "demo"], check=True, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL)
        with psycopg.connect(database_urls(settings)[0], autocommit=True) as connection:
            ticket = make_ticket(connection)
        model.script(calls("power of the wind on a rotor"), answer)
        with running(settings) as service, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_context(
                base_url=service.url, viewport=SIZE, device_scale_factor=SHARPER, locale="en-GB", color_scheme="light"
            ).new_page()
            page.goto(f"/#ticket={ticket}")
            page.get_by_role("link", name="Sample course").click()
            _answered(page)
            _keep(page, "answer")
            _lecture(page)
            _keep(page, "lecture")
            browser.close()
    finally:
        model.close()
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def _answered(page: Page) -> None:
    """A question with its answer, and the page it cites beside it."""
    page.get_by_role("textbox", name="Your question").fill(QUESTION)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_role("button", name="Copy answer").wait_for()
    page.get_by_role("math").first.wait_for(state="attached")
    page.get_by_role("article", name="Answer").get_by_role("button", name=re.compile("^Source ")).first.click()
    page.get_by_role("complementary", name="Source").get_by_test_id("passage").first.wait_for()


def _lecture(page: Page) -> None:
    """A lecture where it is spoken about the page beside it."""
    page.get_by_role("link", name="Materials").click()
    page.get_by_role("link", name="wind-power-lecture").first.click()
    words = page.get_by_role("region", name="Transcript")
    page.get_by_text("Why the blade turns").first.click()
    words.locator("[aria-current=true]").wait_for()


def _keep(page: Page, name: str) -> None:
    """A picture of the page once all in it is there, small enough to be looked at in passing."""
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # what faded in is there
    PICTURES.mkdir(exist_ok=True)
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.convert("RGB").save(PICTURES / f"{name}.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
