"""What an operator does on the page: looks whether the service is well, finds a person, suspends them, lets them in."""

from tests.serving.accounts.conftest import issuer, signed  # noqa: F401  a service of its own, with an issuer
from tests.serving.page.accessible import violations
from tests.serving.page.conftest import PHONE


def as_person(opened, signed, subject, **more):  # noqa: F811
    signed.issuer.subject, signed.issuer.claims = subject, {"name": subject.capitalize()}
    page = opened(signed.service, signed_in=False, elsewhere=signed.issuer.url, **more)
    page.goto("/operator")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("heading", name="Operator", level=1).wait_for()
    return page


def test_an_operator_sees_the_service_and_suspends_a_person(opened, signed):  # noqa: F811
    mallory = as_person(opened, signed, "mallory", viewport=PHONE)
    mallory.get_by_text("for who runs the service").wait_for()
    mallory.get_by_role("button", name="Account").click()
    assert mallory.get_by_role("menuitem").all_inner_texts() == ["Settings", "Sign out"]
    page = as_person(opened, signed, "olga")
    page.get_by_text("The database answers.").wait_for()
    page.get_by_text("StudyBuddy", exact=True).last.wait_for()
    page.get_by_role("searchbox", name="Search people").fill("mallory")
    page.get_by_text("1 person", exact=True).wait_for()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="More: Mallory").click()
    page.get_by_role("menuitem", name="Suspend").click()
    page.get_by_text("suspended since").wait_for()
    assert violations(page) == []
    mallory.goto("/")
    mallory.get_by_role("alert").wait_for()
    page.get_by_role("button", name="More: Mallory").click()
    page.get_by_role("menuitem", name="Let in again").click()
    page.get_by_text("suspended since").wait_for(state="detached")
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == [], "on a phone"
