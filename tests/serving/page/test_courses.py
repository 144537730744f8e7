"""Courses that are open to all: found, joined and left by one person, opened, renamed and archived by another."""

from tests.serving.page.accessible import violations
from tests.serving.page.conftest import PHONE


def test_an_open_course_is_found_joined_and_left_until_it_is_archived(entered):
    ada = entered("ada-c", name="Ada")
    ada.get_by_role("button", name="New course").click()
    ada.get_by_role("textbox", name="Name").fill("Optics")
    ada.get_by_role("button", name="Create").click()
    ada.get_by_role("link", name="Course settings").click()
    about = ada.get_by_role("form", name="About the course")
    about.get_by_label("Name").fill("Optics of open water")
    about.get_by_label("Term").fill("SS26")
    about.get_by_label("Open to all").check()
    about.get_by_role("button", name="Save").click()
    about.get_by_text("Saved").wait_for()
    spending = ada.get_by_role("form", name="Spending")
    spending.get_by_label("US dollars a day").fill("1.5")
    spending.get_by_role("button", name="Save").click()
    spending.get_by_text("Saved").wait_for()
    ada.reload()
    assert spending.get_by_label("US dollars a day").input_value() == "1.5"
    assert violations(ada) == [], "settings of a course"

    ben = entered("ben-c", name="Ben", viewport=PHONE)
    ben.get_by_role("button", name="Find a course").click()
    ben.get_by_role("searchbox", name="Search open courses").fill("water")
    ben.get_by_role("button", name="Join Optics of open water").wait_for()
    assert violations(ben) == [], "open courses"
    ben.get_by_role("button", name="Join Optics of open water").click()
    ben.get_by_role("heading", name="Optics of open water").wait_for()
    assert not ben.get_by_role("link", name="Course settings").count()
    ben.goto("/")
    ben.on("dialog", lambda asked: asked.accept())
    course = ben.get_by_role("link", name="Optics of open water")
    ben.get_by_role("button", name="More: Optics of open water").click()
    ben.get_by_role("menuitem", name="Leave course").click()
    course.wait_for(state="detached")
    ada.goto("/")
    ada.on("dialog", lambda asked: asked.accept())
    ada.get_by_role("button", name="More: Optics of open water").click()
    ada.get_by_role("menuitem", name="Leave course").click()
    ada.get_by_role("alert").get_by_text("needs an owner").wait_for()
    ada.get_by_role("link", name="Optics of open water").click()
    ada.get_by_role("link", name="Course settings").click()
    about.get_by_label("Archived").check()
    about.get_by_role("button", name="Save").click()
    about.get_by_text("Saved").wait_for()
    ada.goto("/")
    ada.get_by_text("1 archived course").click()
    ada.get_by_role("link", name="Optics of open water").wait_for()
    assert violations(ada) == [], "archived courses"
