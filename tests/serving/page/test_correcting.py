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
