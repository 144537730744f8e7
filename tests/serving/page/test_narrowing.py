"""Questions that stay within one deck, and sources that their readers report as wrong."""

import psycopg
import pytest

from tests.fakes import text
from tests.serving.page.accessible import violations
from tests.serving.page.test_student import CHIP, ask, ended, in_course, last, searched


@pytest.mark.slow
def test_a_question_is_narrowed_to_one_deck_and_a_wrong_source_is_reported(
    opened, service, material, model, serving_settings
):
    page = in_course(opened(service), material)
    page.get_by_role("button", name="Ask about one deck or lecture").click()
    page.get_by_role("dialog").get_by_role("searchbox").fill("WEEK")
    assert violations(page) == [], "what a question is narrowed to"
    page.get_by_role("dialog").get_by_role("button", name="week1.pdf").click()
    page.get_by_text("Only in week1.pdf").wait_for()
    model.script(*searched("The rate sets steps [1]."), text("Otherwise."))
    ask(page)
    ended(page)
    question = page.get_by_role("article", name="Question")
    question.locator("xpath=..").get_by_text("Only in week1.pdf").wait_for()
    chat = page.url.rpartition("/")[2]
    kept = service.http.get(f"/api/sessions/{chat}/messages").json()["items"]
    assert kept[0]["metadata"]["sourceIds"] == [str(material.document_id)]
    page.get_by_role("button", name="Ask about the whole course again").click()
    page.get_by_role("button", name="Edit question").click()
    page.get_by_role("textbox", name="The question, edited").fill("And otherwise?")
    page.get_by_role("button", name="Ask this instead").click()
    last(page).get_by_text("Otherwise.").wait_for()
    ended(page)
    kept = service.http.get(f"/api/sessions/{chat}/messages").json()["items"]
    assert kept[0]["metadata"]["sourceIds"] == [str(material.document_id)], "an edited question stays within it"
    page.get_by_role("button", name="Previous version").first.click()
    page.get_by_role("button", name=CHIP).click()
    page.get_by_role("button", name="Report as wrong").click()
    page.get_by_role("textbox", name="Reason").fill("This is about something else")
    page.get_by_role("button", name="Report", exact=True).click()
    page.get_by_text("Reported. Thank you.").wait_for()
    with psycopg.connect(serving_settings.database_url.get_secret_value()) as connection:
        (reason,) = connection.execute("select reason from source_reports").fetchall()[-1]
    assert reason == "This is about something else"
