"""The example page in a real browser: what a student sees of answers, citations, reloads, stops and faults."""

import json
import shutil
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.fakes import Status, calls, text
from tests.serving.conftest import EXAMPLE


@pytest.fixture(scope="module")
def page_url(modules, service, tmp_path_factory):
    """The page's own server, which hands /api on to the service."""
    folder = tmp_path_factory.mktemp("page")
    for name in ("index.html", "page.jsx", "server.mjs"):
        shutil.copy(EXAMPLE / name, folder / name)
    (folder / "node_modules").symlink_to(modules / "node_modules")
    (folder / "token").write_text(service.token, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["node", folder / "server.mjs", str(port), service.url, folder / "token"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def browser(chromium, modules, page_url, material, tmp_path):
    """Take a step in a fresh browser and see the page: `browser("ask", "What is momentum?")`."""
    driver = Path(__file__).with_name("browser.mjs")
    command = ["node", driver, modules / "package.json", chromium, f"{page_url}/?course={material.course_id}",
               tmp_path / "page.png"]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        if process.stdout.readline().strip() != "launched":
            pytest.skip("chromium does not start on this machine: the example page cannot be looked at")

        def step(*given):
            process.stdin.write(json.dumps(given) + "\n")
            seen = json.loads(process.stdout.readline())
            assert "failed" not in seen, seen["failed"]
            assert seen["problems"] == seen["dialogs"] == []
            return seen

        yield step
        process.stdin.close()
        process.wait(20)


@pytest.fixture(autouse=True)
def no_leftovers(model):
    yield
    model.script()


def searched(*words):
    return [calls("gradient descent learning rate"), text(*words)]


def test_its_server_hands_on_nothing_of_other_sites(page_url, material):
    own = page_url.removeprefix("http://")
    strangers = [
        ({"host": "evil.example"}, 421), ({"host": "127.0.0.1"}, 421), ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403), ({"origin": "http://127.0.0.1:1"}, 403), ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
    ]  # fmt: skip
    for headers, status in strangers:
        assert httpx.post(f"{page_url}/api/chat", json={}, headers=headers).status_code == status
    assert httpx.get(f"{page_url}/api/courses", headers={"host": "evil.example"}).status_code == 421
    assert httpx.get(f"{page_url}/", headers={"host": "evil.example"}).status_code == 421
    assert httpx.post(f"{page_url}/api/chat", content="{}", headers={"content-type": "text/plain"}).status_code == 415
    assert httpx.get(f"{page_url}/api/courses", headers={"host": own}).status_code == 200


def test_a_citation_opens_the_slide_it_names(browser, model):
    model.script(*searched("The **rate** sets each step [1], as in `x[1]`.\n\n", "> too large diverges [1] [99]"))
    browser("ask", "What does the learning rate do?")
    browser("until words", "diverges")
    answer = browser("until", "ready")["articles"][1]
    assert "as in x[1]." in answer["text"] and "[99]" not in answer["text"] and "**" not in answer["text"]
    assert {"strong", "code", "blockquote"} <= set(answer["tags"])
    browser("click", "article .cite", "[1]")
    card = browser("until card")["card"]
    browser("picture")
    assert card["where"] == "week1.pdf, page 1: Gradient descent" and card["image"] == 64


def test_nothing_a_model_writes_becomes_markup_or_a_request(browser, model):
    markup = "<img src=x onerror=alert(1)> <script>alert(2)</script> ![a](http://127.0.0.2/a.png)"
    model.script(text(markup, " [go](javascript:alert(3)) end"))
    browser("ask", "Attack me")
    browser("until words", "end")
    seen = browser("until", "ready")["articles"][1]
    assert "script>alert(2)" in seen["text"], "what was written stays readable"
    assert not {"img", "script", "a"} & set(seen["tags"])


def test_a_reload_comes_back_to_the_answer_being_written(browser, model):
    model.script([*text("Half", reason=None), 1.5, *text(" and whole")])
    browser("ask", "Slowly please")
    browser("until words", "Half")
    assert browser("reload")["articles"][0]["text"] == "Slowly please"
    browser("until words", "Half and whole")
    seen = browser("until", "ready")
    assert [each["role"] for each in seen["articles"]] == ["user", "assistant"]


def test_a_stopped_answer_keeps_what_it_said(browser, model):
    model.script([*text("Only this", reason=None), 30])
    browser("ask", "Talk for ever")
    browser("until words", "Only this")
    browser("click", "#stop")
    browser("until", "ready")
    assert browser("reload")["articles"][1]["text"] == "Only this"


def test_a_fault_is_a_sentence_and_can_be_tried_again(browser, model):
    model.script([Status(402)], text("Now it works."))
    browser("ask", "Is there credit?")
    alert = browser("until", "error")["alert"]
    assert "credit" in alert and "{" not in alert
    browser("click", "[role=alert] button", "Try again")
    browser("until words", "Now it works.")
    assert browser("until", "ready")["alert"] is None
