"""How the page is to everybody: accessible in both themes, in German as in English, quiet where it is switched off."""

import pytest

from tests.fakes import calls, text
from tests.serving.page.accessible import violations
from tests.serving.page.conftest import PHONE, WIDE
from tests.serving.page.test_student import CHIP, ask, ended, in_course


@pytest.mark.parametrize(
    "viewport", [pytest.param(WIDE, id="wide"), pytest.param(PHONE, id="phone", marks=pytest.mark.slow)]
)
def test_everybody_can_use_a_conversation_and_its_source(opened, service, material, model, viewport):
    page = opened(service, viewport=viewport)
    assert violations(page) == [], "courses"
    in_course(page, material)
    assert violations(page) == [], "an empty chat"
    model.script(
        calls("gradient descent learning rate"),
        text(
            "# Rate\n\nIt sets $x$ [1].\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n",
            "```python\nx = 1\n```\n\n> said\n\n- [x] done",
        ),
    )
    ask(page)
    ended(page)
    page.get_by_role("math").first.wait_for(state="attached")
    assert violations(page) == [], "an answer"
    page.get_by_role("button", name=CHIP).click()
    page.get_by_role("img", name="week1.pdf, page 1").wait_for()
    assert violations(page) == [], "its source"


def test_who_is_signed_out_can_use_the_page_too(opened, quoting):
    page = opened(quoting, signed_in=False)
    page.goto("/")
    page.get_by_role("heading", name="Sign in").wait_for()
    assert violations(page) == []


def test_on_a_phone_the_page_one_is_on_is_in_sight_among_the_course_s_pages(opened, service, material):
    page = opened(service, viewport=PHONE)
    page.goto(f"/courses/{material.course_id}/settings")
    here = page.get_by_role("navigation").get_by_role("link", name="Course settings")
    here.wait_for()
    box = here.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]


def test_a_german_browser_gets_german(opened, quoting):
    page = opened(quoting, language="de-DE")
    page.get_by_role("heading", name="Kurse", level=1).wait_for()
    assert page.evaluate("document.documentElement.lang") == "de"
    assert page.get_by_role("button", name="Neuer Kurs").count() == 1
    refusal = {"error": {"code": "cap_reached", "message": "Today's limit is reached."}}
    page.route("**/api/courses", lambda route: route.fulfill(status=402, json=refusal))
    page.reload()
    page.get_by_role("alert").get_by_text("Das Limit für heute ist erreicht").wait_for()


def test_without_scripts_it_says_so(opened, quoting):
    page = opened(quoting, signed_in=False, java_script_enabled=False)
    page.goto("/")
    assert "needs JavaScript" in page.locator("noscript p").first.inner_text()
