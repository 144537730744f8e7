"""Members and invitations: two people in two browsers, one who teaches and one who is let in by a link."""

from tests.serving.page.accessible import violations
from tests.serving.page.conftest import PHONE


def make_course(page, name):
    page.get_by_role("button", name="New course").click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("button", name="Create").click()
    page.get_by_role("link", name="Members").click()


def invite(page, **chosen):
    page.get_by_role("button", name="Invite", exact=True).click()
    for label, option in chosen.items():
        page.get_by_label(label.replace("_", " ")).select_option(option)
    page.get_by_role("button", name="Create link").click()
    link = page.get_by_role("textbox", name="Invitation link").input_value()
    page.get_by_role("button", name="Done").click()
    return link


def test_a_link_lets_a_student_in_who_sees_nothing_of_teaching_until_they_teach(entered):
    ada = entered("ada-m", name="Ada Lovelace")
    make_course(ada, "Thermodynamics")
    link = invite(ada, Good_for="7")
    ada.get_by_text("Lets people in as student").wait_for()
    assert violations(ada) == []

    ben = entered("ben-m", name="Ben", viewport=PHONE)
    assert not ben.get_by_role("link", name="Thermodynamics").count(), "a stranger does not see it"
    ben.goto(link)
    ben.get_by_text("Ada Lovelace invites you to Thermodynamics as a student.").wait_for()
    assert violations(ben) == [], "an invitation"
    ben.get_by_role("button", name="Join course").click()
    ben.get_by_role("heading", name="Thermodynamics").wait_for()
    assert not ben.get_by_role("link", name="Members").count()
    ben.goto(f"{ben.url}/members")
    ben.get_by_text("for those who teach").wait_for()
    assert not ben.get_by_role("button", name="Invite").count()

    ada.reload()
    ada.get_by_text("2 people").wait_for()
    ada.get_by_label("Role of Ben").select_option("teacher")
    ada.get_by_role("status").get_by_text("Ben is now: teacher.").wait_for()
    ben.reload()
    ben.get_by_role("listitem").filter(has_text="Ada Lovelace").wait_for()
    assert not ben.get_by_label("Role of Ada").count(), "roles are for owners to give"
    assert violations(ben) == []
    assert ben.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    ada.on("dialog", lambda asked: asked.accept())
    ada.get_by_role("button", name="Remove Ben").click()
    ada.get_by_text("1 person").wait_for()
    ada.get_by_role("button", name="Revoke").click()
    ada.get_by_text("Nobody can come in").wait_for()
    ada.get_by_role("button", name="Leave").click()
    ada.get_by_role("alert").get_by_text("needs an owner").wait_for()
    eve = entered("eve-m", name="Eve")
    eve.goto(link)
    eve.get_by_role("alert").get_by_text("This invitation is not good").wait_for()
    assert not eve.get_by_role("button", name="Join course").count()
