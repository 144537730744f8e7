"""The page in chromium: kilobytes a first visit loads, seconds to a usable course, work of the main thread.

Sizes are gzip -9 of what came, whatever the encoding; work is CPU time of the renderer's main thread, so that a busy
machine does not change it. An answer of 2,000 tokens comes at 100 a second from a scripted model. The service, its
database and the model are processes or threads of this machine. Run: `make page && python -m bench.page`; prints one
JSON object.
"""

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from playwright.sync_api import Browser, Page, sync_playwright

from pipelines.core import embedded
from pipelines.core.courses import ensure_course
from pipelines.core.postgres import Database, database_urls
from pipelines.core.secrets.sign_in_tickets import make_ticket
from pipelines.core.settings import Settings
from tests.fakes import FakeModel, text
from tests.serving.conftest import running

LINE = (
    "Momentum keeps a **moving average** of gradients, so that steps even out; see *slide* {n} and the rate {n}/7.\n\n"
)
EXTRAS = {2: "| a | b |\n|---|---|\n| 1 | 2 |\n\n", 4: "```python\nx = x - lr * v\n```\n\n"}
LONG = "".join(LINE.format(n=n) + EXTRAS.get(n % 5, "") for n in range(90))
FORMULA = "The power is $P = \\frac{1}{2}\\rho A v^3$."
PAUSE_S = 0.01
FRAME_MS = 50


def measure(browser: Browser, url: str, ticket: str, model: FakeModel) -> dict[str, Any]:
    """Everything, in one fresh browser context."""
    context = browser.new_context(base_url=url, viewport={"width": 1366, "height": 768}, locale="en-GB")
    page = context.new_page()
    files: dict[str, int] = {}
    page.on("response", lambda answer: _note(files, answer))
    page.goto(f"/#ticket={ticket}")
    page.get_by_role("link", name="Measured").wait_for()
    first, seen = _kilobytes(files), set(files)
    page.get_by_role("link", name="Measured").click()
    page.get_by_role("textbox", name="Your question").wait_for()
    chat = _kilobytes(files, seen)
    seen = set(files)
    model.script(text(FORMULA))
    _ask(page)
    page.get_by_role("math").first.wait_for(state="attached")
    page.get_by_role("button", name="Copy answer").wait_for()
    formulas = _kilobytes(files, seen)
    tasks = _streamed(browser, page, model)
    page.context.storage_state(path=(state := Path(tempfile.mkdtemp()) / "state.json"))
    usable = [_usable(browser, url, state) for _ in range(3)]
    return {
        "gzip_kb": {"first_page": first, "chat_adds": chat, "formulas_add": formulas},
        "usable_course_s": sorted(usable)[1],
        "streaming_2000_tokens": tasks,
    }


def _usable(browser: Browser, url: str, state: Path) -> float:
    """Seconds from an empty cache to a question box, signed in."""
    context = browser.new_context(base_url=url, storage_state=state)
    page = context.new_page()
    began = time.monotonic()
    page.goto("/")
    page.get_by_role("link", name="Measured").click()
    page.get_by_role("textbox", name="Your question").wait_for()
    took = time.monotonic() - began
    context.close()
    return round(took, 2)


def _streamed(browser: Browser, page: Page, model: FakeModel) -> dict[str, Any]:
    """Work of the main thread while the long answer is written."""
    words = LONG.split(" ")
    pieces = [each for word in words for each in (*text(f"{word} ", reason=None), PAUSE_S)]
    model.script([*pieces, *text("END")])
    browser.start_tracing(page=page, categories=["toplevel", "disabled-by-default-devtools.timeline"])
    _ask(page)
    page.get_by_role("button", name="Stop").wait_for()
    page.get_by_role("button", name="Stop").wait_for(state="detached", timeout=180_000)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    mains = {
        (e["pid"], e["tid"])
        for e in events
        if e.get("name") == "thread_name" and e["args"].get("name") == "CrRendererMain"
    }
    tasks = [e.get("tdur", 0) / 1000 for e in events if e.get("name") == "RunTask" and (e["pid"], e["tid"]) in mains]
    return {
        "words": len(words),
        "longest_task_ms": round(max(tasks)),
        f"tasks_over_{FRAME_MS}_ms": sum(task > FRAME_MS for task in tasks),
        "cpu_s": round(sum(tasks) / 1000, 1),
    }


def _ask(page: Page) -> None:
    page.get_by_role("textbox", name="Your question").fill("What is momentum?")
    page.get_by_role("button", name="Ask", exact=True).click()


def _note(files: dict[str, int], answer: Any) -> None:
    if answer.request.resource_type in ("document", "script", "stylesheet") and answer.status == 200:
        files.setdefault(answer.url, len(gzip.compress(answer.body(), 9)))


def _kilobytes(files: dict[str, int], seen: set[str] | None = None) -> float:
    return round(sum(size for url, size in files.items() if url not in (seen or ())) / 1000, 1)


def main() -> None:
    """Set up a home with one course, measure, and leave nothing behind."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print(json.dumps({"skipped": "chromium is not installed"}))
        return
    subprocess.run([sys.executable, "web/build.py"], check=True)
    home, model = Path(tempfile.mkdtemp(prefix="sb-bench-")), FakeModel()
    settings = Settings(_env_file=None, studybuddy_home=home, model_base_url=model.url, chat_model="scripted")
    try:
        with Database.open(settings) as database, database.transaction() as connection:
            ensure_course(connection, "Measured")
        with psycopg.connect(database_urls(settings)[0], autocommit=True) as connection:
            ticket = make_ticket(connection)
        with running(settings) as service, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            print(json.dumps(measure(browser, service.url, ticket, model), indent=1))
            browser.close()
    finally:
        model.close()
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
