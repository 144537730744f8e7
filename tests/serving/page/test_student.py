"""What a student does on the page, with a scripted model behind the real service."""

import re

import pytest

from tests.fakes import Status, calls, text
from tests.serving.page.conftest import PHONE, ticket

QUESTION = "What does the learning rate do?"
CHIP = re.compile(r"^Source \d+: ")


def searched(*words, **more):
    return [calls("gradient descent learning rate"), text(*words, **more)]


def in_course(page, material):
    page.goto(f"/courses/{material.course_id}")
    page.get_by_role("textbox", name="Your question").wait_for()
    return page


def ask(page, words=QUESTION):
    page.get_by_role("textbox", name="Your question").fill(words)
    page.get_by_role("button", name="Ask", exact=True).click()


def last(page):
    return page.get_by_role("article", name="Answer").last


def ended(page):
    page.get_by_role("button", name="Copy answer").last.wait_for()


def test_a_ticket_signs_in_once_and_leaves_the_address(opened, quoting):
    page = opened(quoting, signed_in=False)
    page.goto("/settings")
    page.get_by_role("heading", name="Sign in").wait_for()
    assert "studybuddy open" in page.get_by_role("main").inner_text()
    address = f"/#ticket={ticket(quoting)}"
    page.goto("/")
    page.get_by_role("heading", name="Sign in").wait_for()  # a page that is still starting would take the ticket, once
    page.goto(address)
    page.reload()
    page.get_by_role("heading", name="Courses", level=1).wait_for()
    assert "ticket" not in page.url
    other = opened(quoting, signed_in=False)
    other.goto(address)
    other.get_by_text("good once").wait_for()


def test_a_citation_is_alive_while_the_answer_is_written_and_opens_the_page_beside_it(opened, service, material, model):
    page = in_course(opened(service), material)
    model.script(
        calls("gradient descent learning rate"), [*text("The rate [1] sets ", reason=None), 1.5, *text("steps. END")]
    )
    ask(page)
    chip = page.get_by_role("button", name="Source 1: week1.pdf, page 1")
    chip.click()
    assert page.get_by_role("button", name="Stop").count(), "while it is written"
    pane = page.get_by_role("complementary", name="Source")
    pane.get_by_role("img", name="week1.pdf, page 1").wait_for()
    assert "Gradient descent moves the weights" in pane.inner_text()
    deck = f"/courses/{material.course_id}/decks/{material.document_id}?page=1"
    assert pane.get_by_role("link", name="Open deck").get_attribute("href") == deck
    ended(page)
    page.keyboard.press("Escape")
    pane.wait_for(state="detached")
    assert chip.evaluate("chip => chip === document.activeElement"), "the focus is back where it came from"
    assert re.search(r"/courses/[0-9a-f-]+/chats/\w+$", page.url)


def test_words_of_a_model_are_shown_as_they_are_meant_and_run_nothing(opened, service, material, model):
    page = in_course(opened(service), material)
    model.script(*searched(
        r"Power is $P = \frac{1}{2}\rho v^3$ and \(x\,y\), for $5 or $10 [1].", "\n\n$$\\int_0^1 x\\,dx$$\n\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1  # [1]\n```\n\n",
        '<script>document.title = "owned"</script> ![x](http://127.0.0.2/a.png) [away](http://127.0.0.2/) '
        "[run](javascript:alert(1)) END",
    ))  # fmt: skip
    ask(page)
    ended(page)
    answer = last(page)
    answer.get_by_role("math").nth(2).wait_for(state="attached")
    assert answer.get_by_role("math").count() == 3
    assert answer.get_by_role("table").count() == 1 and answer.locator("pre .hljs-number").count() == 1
    shown = answer.evaluate(
        "e => { e = e.cloneNode(true); e.querySelectorAll('.katex').forEach(x => x.remove()); return e.innerText }"
    )
    assert "$5 or $10" in shown and "$$" not in shown and "|--" not in shown and "x = 1  # [1]" in shown
    assert answer.get_by_role("button", name=CHIP).count() == 1, "[1] in code is code"
    assert not answer.locator("script, img, iframe, a[href^='javascript']").count()
    assert "away" in shown and not answer.get_by_role("link").count(), "where it leads can be read, not followed"
    assert "owned" not in page.title()


def test_a_reload_and_a_lost_connection_come_back_to_the_answer(opened, service, material, model):
    page = in_course(opened(service), material)
    model.script([*text("Half", reason=None), 3, *text(" and whole. END")])
    ask(page)
    last(page).get_by_text("Half").wait_for()
    page.reload()
    last(page).get_by_text("Half and whole. END").wait_for()
    ended(page)
    assert page.get_by_role("article").count() == 2 and last(page).inner_text().count("Half") == 1


def test_a_stopped_answer_keeps_its_words_and_says_so(opened, service, material, model):
    page = in_course(opened(service), material)
    model.script([*text("Only this", reason=None), 30])
    ask(page, "Talk for ever")
    last(page).get_by_text("Only this").wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("You stopped this answer.").wait_for()
    assert "Only this" in last(page).inner_text()


def test_asked_again_and_asked_otherwise_both_versions_are_there(opened, service, material, model):
    page = in_course(opened(service), material)
    model.script(text("First."), text("Second."), text("Third."))
    ask(page)
    ended(page)
    page.get_by_role("button", name="Ask again").click()
    page.get_by_text("2 of 2").wait_for()
    assert "Second." in last(page).inner_text()
    page.get_by_role("button", name="Previous version").click()
    last(page).get_by_text("First.").wait_for()
    page.get_by_role("button", name="Edit question").click()
    page.get_by_role("textbox", name="The question, edited").fill("Something else?")
    page.get_by_role("button", name="Ask this instead").click()
    last(page).get_by_text("Third.").wait_for()
    page.get_by_text("2 of 2").wait_for()
    page.get_by_role("button", name="Previous version").first.click()
    page.get_by_role("article", name="Question").get_by_text(QUESTION).wait_for()


def test_chats_are_listed_renamed_searched_and_deleted(opened, service, material, model):
    page = in_course(opened(service), material)
    model.script(text("One."))
    ask(page, "A question of its own")
    ended(page)
    chats = page.get_by_role("navigation", name="Chats")
    chats.get_by_role("link", name="A question of its own").wait_for()
    chats.get_by_role("button", name="More: A question of its own").click()
    page.get_by_role("menuitem", name="Rename").click()
    chats.get_by_role("textbox", name="Chat title").fill("Renamed <b>here</b>")
    page.keyboard.press("Enter")
    renamed = chats.get_by_role("link", name="Renamed <b>here</b>")
    renamed.wait_for()
    page.get_by_role("link", name="New chat").click()
    page.get_by_role("article").first.wait_for(state="detached")
    chats.get_by_role("searchbox", name="Search chats").fill("own question nowhere")
    chats.get_by_text("No chat has these words.").wait_for()
    chats.get_by_role("searchbox", name="Search chats").fill("renamed")
    renamed.click()
    page.get_by_role("article", name="Answer").get_by_text("One.").wait_for()
    page.once("dialog", lambda dialog: dialog.accept())
    chats.get_by_role("button", name="More: Renamed").click()
    page.get_by_role("menuitem", name="Delete").click()
    renamed.wait_for(state="detached")


def test_a_fault_is_a_sentence_and_can_be_tried_again(opened, service, material, model):
    page = in_course(opened(service), material)
    model.script([Status(402)], text("Now it works."))
    ask(page, "Is there credit?")
    alert = page.get_by_role("alert")
    assert "credit" in alert.inner_text() and "{" not in alert.inner_text()
    alert.get_by_role("button", name="Try again").click()
    last(page).get_by_text("Now it works.").wait_for()


def test_without_a_model_passages_are_quoted_and_a_phone_shows_them_in_a_sheet(opened, quoting, material):
    page = in_course(opened(quoting, viewport=PHONE), material)
    ask(page)
    ended(page)
    assert last(page).locator("blockquote").count() >= 1
    page.get_by_role("link", name="Connect OpenRouter").wait_for()
    ask(page, "Who won the football match yesterday?")
    page.get_by_role("link", name="Connect OpenRouter").nth(1).wait_for()
    assert not last(page).get_by_role("button", name=CHIP).count(), "told also where nothing is found"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("button", name=CHIP).first.click()
    page.get_by_role("dialog", name="Source").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Source").wait_for(state="detached")
    page.get_by_role("button", name="Chats").click()
    page.get_by_role("link", name="New chat").click()
    page.get_by_role("dialog").wait_for(state="detached")


@pytest.mark.slow
def test_a_copied_answer_has_its_sources_and_a_chat_is_a_file(opened, service, material, model):
    page = in_course(opened(service, permissions=["clipboard-read", "clipboard-write"]), material)
    model.script(*searched("The rate sets steps [1]."))
    ask(page)
    ended(page)
    page.get_by_role("button", name="Copy answer").click()
    assert page.evaluate("navigator.clipboard.readText()") == "The rate sets steps [1].\n\n[1] week1.pdf, page 1"
    page.get_by_role("button", name="Export chat").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Markdown").click()
    assert download.value.suggested_filename.endswith(".md")
