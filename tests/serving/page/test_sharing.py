"""A reader shares a question with a yes of their own; who teaches takes it into the course's questions, or does not."""

import json

import psycopg
import pytest

from tests.fakes import calls, text
from tests.serving.page.accessible import violations
from tests.serving.page.conftest import PHONE
from tests.serving.page.test_student import ask, ended, in_course


@pytest.fixture
def rows(service, material):
    with psycopg.connect(service.settings.database_url.get_secret_value(), autocommit=True) as connection:
        connection.execute(
            "insert into proposed_questions (course_id, origin, question, places, model, prompt_version)"
            " values (%s, 'draft', 'How long is a step?', %s, 'writer', '1')",
            [material.course_id, json.dumps([{"kind": "slide", "file": "week1.pdf", "page": 1, "cited": True}])],
        )
        yield connection.execute
        connection.execute("delete from proposed_questions")
        connection.execute("delete from question_sets")


def test_a_question_is_shared_with_a_yes_reviewed_and_taken(opened, service, material, model, rows, tmp_path):
    page = in_course(opened(service), material)
    model.script(
        calls("momentum damps oscillation in narrow valleys, gradients and the learning rate"),
        text("It damps oscillation [1]."),
    )
    ask(page, "What does momentum damp?")
    ended(page)
    page.get_by_role("button", name="This helped").click()
    consent = page.get_by_role("group", name="Share the question")
    assert "Your name and the answer are not shown" in consent.inner_text()
    page.screenshot(path=tmp_path / "consent.png")
    assert violations(page) == []
    consent.get_by_role("button", name="Do not share").click()
    consent.wait_for(state="detached")
    waits = "select count(*) from proposed_questions where origin = 'chat'"
    assert rows(waits).fetchone() == (0,)
    page.get_by_role("button", name="This helped").click()
    page.get_by_role("button", name="This helped").click()
    consent.get_by_role("button", name="Share the question").click()
    page.get_by_text("Question shared, without your name").wait_for()
    page.reload()
    page.get_by_text("Question shared, without your name").wait_for()

    page.goto(f"/courses/{material.course_id}/health")
    page.get_by_role("link", name="2 questions to review").click()
    shared = page.get_by_role("group", name="What does momentum damp?")
    assert "the answer helped" in shared.inner_text()
    assert "Drafted by writer" in page.get_by_role("group", name="How long is a step?").inner_text()
    shared.get_by_role("radio", name="Take").check()
    assert shared.get_by_role("checkbox", name="week1.pdf, page 2").is_checked()
    assert not shared.get_by_role("checkbox", name="week1.pdf, page 1").is_checked()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=tmp_path / f"review-{scheme}.png", full_page=True)
    assert violations(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.screenshot(path=tmp_path / "review-phone.png", full_page=True)
    page.get_by_role("group", name="How long is a step?").get_by_role("radio", name="Decline").check()
    page.get_by_role("button", name="Save 2 decisions").click()
    page.get_by_role("button", name="Save 2 decisions").wait_for(state="hidden")
    page.get_by_role("group", name="How long is a step?").wait_for(state="hidden")
    (lines,) = rows("select lines from question_sets where course_id = %s", [material.course_id]).fetchone()
    assert [json.loads(line)["question"] for line in lines] == ["What does momentum damp?"]
