"""The page in chromium: kilobytes a first visit loads, seconds to a usable course, work of the main thread.

Sizes are gzip -9 of what came, whatever the encoding; work is CPU time of the renderer's main thread, so that a busy
machine does not change it. Sizes have budgets; where one is passed, it ends with 1. An answer of 2,000 tokens comes at
100 a second from a scripted model; 200 chats and a deck of 1,000 pages are scrolled. The service, its database and the
model are processes or threads of this machine. Run: `make page && python -m bench.page`; prints one JSON object.
"""

import gzip
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from pipelines.core import embedded
from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.files import FileStore
from pipelines.core.postgres import Connection, Database, database_urls
from pipelines.core.records import Slide
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.secrets.sign_in_tickets import make_ticket
from pipelines.core.settings import Settings
from pipelines.core.slides import replace_slides
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
CHATS, PAGES = 200, 1000
BUDGETS_KB = {"first_page": 95, "chat_adds": 130, "formulas_add": 95, "materials_add": 20, "settings_add": 20}
"""Most kilobytes (gzip) that each may load beside what was there before: of materials, the uploader is the largest."""


def measure(browser: Browser, url: str, ticket: str, model: FakeModel, deck: str) -> dict[str, Any]:
    """Everything, in one fresh browser context; `deck`: the path of a long one."""
    context = browser.new_context(base_url=url, viewport={"width": 1366, "height": 768}, locale="en-GB")
    page = context.new_page()
    files: dict[str, int] = {}
    page.on("response", lambda answer: _note(files, answer))
    page.goto(f"/#ticket={ticket}")
    page.get_by_role("link", name="Measured").wait_for()
    first, seen = _kilobytes(files), set(files)
    page.get_by_role("link", name="Measured").click()
    page.get_by_role("textbox", name="Your question").wait_for()
    page.wait_for_load_state("networkidle")  # what answers are drawn with comes after the box
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
    seen = set(files)
    page.get_by_role("link", name="Materials").click()
    page.get_by_role("heading", name="Materials", level=1).wait_for()
    materials = _kilobytes(files, seen)
    seen = set(files)
    course = page.url
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menuitem", name="Settings").click()
    page.get_by_role("heading", name="Settings", level=1).wait_for()
    sizes = {
        "first_page": first,
        "chat_adds": chat,
        "formulas_add": formulas,
        "materials_add": materials,
        "settings_add": _kilobytes(files, seen),
    }
    page.goto(course)
    return {
        "gzip_kb": sizes,
        "over_budget": {name: most for name, most in BUDGETS_KB.items() if sizes[name] > most},
        "usable_course_s": sorted(usable)[1],
        "streaming_2000_tokens": tasks,
        "scrolled": [_scrolled_chats(browser, page), _scrolled_deck(browser, page, deck)],
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

    def answered() -> None:
        _ask(page)
        page.get_by_role("button", name="Stop").wait_for()
        page.get_by_role("button", name="Stop").wait_for(state="detached", timeout=180_000)

    return {"words": len(words), **_worked(browser, page, answered)}


def _scrolled_chats(browser: Browser, page: Page) -> dict[str, Any]:
    """Work of the main thread while 200 chats are brought and scrolled through."""
    course = page.url.split("/courses/")[1].split("/")[0]
    page.evaluate(
        """async ([course, count]) => {
            for (let n = 0; n < count; n++) await fetch("/api/sessions", {method: "POST",
                headers: {"content-type": "application/json"},
                body: JSON.stringify({courseId: course, title: `Chat ${n} about the step size and its decay`})});
        }""",
        [course, CHATS],
    )
    page.goto(f"/courses/{course}")
    chats = page.get_by_role("navigation", name="Chats")
    chats.get_by_role("link", name="Chat 199").wait_for()

    def scrolled() -> None:
        while chats.get_by_role("button", name="Older chats").count():
            shown = chats.get_by_role("link").count()
            chats.get_by_role("button", name="Older chats").click()
            while chats.get_by_role("link").count() == shown:
                page.wait_for_timeout(50)
        _wheel(page, chats)

    return {"chats": CHATS, **_worked(browser, page, scrolled)}


def _scrolled_deck(browser: Browser, page: Page, address: str) -> dict[str, Any]:
    """Work of the main thread while the pages of a long deck are scrolled through."""
    page.goto(address)
    pages = page.get_by_role("link", name=re.compile(r"^Page 1\b")).first
    pages.wait_for()
    page.wait_for_load_state("networkidle")
    return {"pages": PAGES, **_worked(browser, page, lambda: _wheel(page, pages))}


def _wheel(page: Page, over: Locator) -> None:
    """Turn the wheel over a part of the page, as fast as a hand does."""
    over.hover()
    for _ in range(60):
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(16)


def _worked(browser: Browser, page: Page, act: Callable[[], None]) -> dict[str, Any]:
    """CPU time of the main thread's tasks while `act` goes on."""
    browser.start_tracing(page=page, categories=["toplevel", "disabled-by-default-devtools.timeline"])
    act()
    events = json.loads(browser.stop_tracing())["traceEvents"]
    mains = {
        (e["pid"], e["tid"])
        for e in events
        if e.get("name") == "thread_name" and e["args"].get("name") == "CrRendererMain"
    }
    tasks = [e.get("tdur", 0) / 1000 for e in events if e.get("name") == "RunTask" and (e["pid"], e["tid"]) in mains]
    return {
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


def _long_deck(connection: Connection, settings: Settings, course_id: UUID) -> str:
    """The path of a deck of many pages, all of which show the same picture."""
    picture = io.BytesIO()
    Image.effect_noise((800, 600), 60).convert("RGB").save(picture, "WEBP")
    image = FileStore.open(settings).add(io.BytesIO(picture.getvalue())).sha256
    document, _ = put_document(
        connection, sealer=Sealer.open_home(settings), course_id=course_id, title="Long", file_name="long.pdf",
        source_name="long.pdf", sha256="a" * 64, byte_count=1,
    )  # fmt: skip
    slides = [
        Slide(page=page, page_label=str(page), title=f"Page of momentum {page}", body=LINE.format(n=page), furniture="",
              section=None, text_source="layer", junk_chars=0, frame_group=page, image_sha256=image, width_pt=800,
              height_pt=600)
        for page in range(1, PAGES + 1)
    ]  # fmt: skip
    replace_slides(connection, document, slides, title="Long", code_version="1")
    return f"/courses/{course_id}/decks/{document.id}"


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
            deck = _long_deck(connection, settings, ensure_course(connection, "Measured").id)
        with psycopg.connect(database_urls(settings)[0], autocommit=True) as connection:
            ticket = make_ticket(connection)
        with running(settings) as service, sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            found = measure(browser, service.url, ticket, model, deck)
            print(json.dumps(found, indent=1))
            browser.close()
    finally:
        model.close()
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)
    if found["over_budget"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
