"""Who teaches corrects what was read, sees what it was, is told when somebody else was quicker, and undoes it."""

import pytest

from tests.serving.page.accessible import violations
from tests.serving.page.test_readers import deck_at, spoken

__all__ = ["spoken"]


def test_a_page_is_corrected_over_what_somebody_else_made_of_it_only_when_told_so_and_undone(opened, service, material):
    page = deck_at(opened(service), material, 4)
    text = f"/api/documents/{material.document_id}/pages/4/text"
    main = page.get_by_role("main")
    page.get_by_role("button", name="Correct this page").click()
    page.get_by_role("textbox", name="Text", exact=True).fill("A fair coin has one bit.")
    assert violations(page) == []
    assert service.http.put(text, json={"text": "Somebody else's words."}).status_code == 204
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").get_by_text("Somebody else's words.").wait_for()
    page.get_by_role("button", name="Save over it").click()
    main.get_by_text("A fair coin has one bit.").wait_for()
    page.get_by_text("Corrected by a teacher.").wait_for()
    page.get_by_text("As it was read").click()
    assert "See reference [9]" in main.inner_text()
    assert violations(page) == []
    page.get_by_role("button", name="Undo the correction").click()
    page.get_by_text("Corrected by a teacher.").wait_for(state="detached")
    assert "See reference [9]" in main.inner_text()


def test_the_title_of_a_deck_is_corrected_shown_as_such_to_students_and_undone(opened, service, material):
    page = deck_at(opened(service), material, 2)
    read = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("button", name="Correct the title").click()
    page.get_by_role("textbox", name="Title").fill("Coins, and what they tell")
    assert violations(page) == []
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Coins, and what they tell").wait_for()
    page.get_by_text(f"The title was corrected by a teacher; read was “{read}”.").wait_for()
    assert violations(page) == [] and page.title().startswith("Coins, and what they tell")
    page.get_by_role("button", name="Undo the correction of the title").click()
    page.get_by_role("heading", level=1, name=read, exact=True).wait_for()
    page.get_by_text("The title was corrected").wait_for(state="detached")


def test_a_title_that_somebody_else_corrected_meanwhile_is_shown_before_it_is_saved_over(opened, service, material):
    page = deck_at(opened(service), material, 2)
    page.get_by_role("button", name="Correct the title").click()
    path = f"/api/documents/{material.document_id}/title"
    assert service.http.put(path, json={"title": "Somebody else's"}).status_code == 204
    page.get_by_role("textbox", name="Title").fill("Mine")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").get_by_text("Somebody else's").wait_for()
    page.get_by_role("button", name="Save over it").click()
    page.get_by_role("heading", level=1, name="Mine").wait_for()
    assert service.http.delete(path).status_code == 204


@pytest.mark.slow
def test_a_line_of_a_transcript_is_corrected_where_it_stands_and_undone(opened, service, material, spoken):
    page = opened(service)
    page.goto(f"/courses/{material.course_id}/lectures/{spoken}")
    words = page.get_by_role("region", name="Transcript")
    words.get_by_role("button", name="Correct", exact=True).click()
    words.get_by_role("button", name="Correct the line at 0:04").click()
    words.get_by_role("textbox", name="Correct the line at 0:04").fill("This is the second sentence.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    words.get_by_role("button", name="0:04 This is the second sentence.").wait_for()
    words.get_by_text("As it was read").click()
    assert violations(page) == []
    words.get_by_role("button", name="Undo the correction").click()
    words.get_by_role("button", name="0:04 This is sentence 2.").wait_for()
    words.get_by_text("Corrected by a teacher.").wait_for(state="detached")
    page.get_by_role("button", name="Correct the title").click()
    page.get_by_role("textbox", name="Title").fill("A lecture of sentences")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="A lecture of sentences").wait_for()
    page.get_by_role("button", name="Undo the correction of the title").click()
    page.get_by_text("The title was corrected").wait_for(state="detached")
