"""The page's materials: who teaches uploads and sees what became of each file, a student sees what is for them."""

import os
import re
from types import SimpleNamespace
from uuid import uuid4

import pytest

from tests.serving.accounts.conftest import issuer, rows, signed  # noqa: F401  a service of its own, with an issuer
from tests.serving.courses.conftest import people  # noqa: F401  who teach and learn there
from tests.serving.materials.conftest import pdf, send
from tests.serving.page.accessible import violations
from tests.serving.page.conftest import PHONE
from tests.serving.page.relay import Relay

READING = '{"slides": {"run_id": "r", "began_at": "2026-01-01T00:00:00+00:00", "done": 12, "total": 78}}'


def files(*names):
    """Files to choose: of a name that says so, empty or none that can be read; a PDF else."""
    content = {"empty.pdf": b"", "tool.exe": b"MZ\x90\0" * 99}
    return [
        {"name": name, "mimeType": "application/octet-stream", "buffer": content.get(name, pdf())} for name in names
    ]


BECAME = """
update documents set requested_generation = generation, stages = coalesce(%(stages)s::jsonb, stages),
    failure_code = %(failure)s, failure = %(failure)s,
    failed_generation = case when %(failure)s::text is not null then generation end
where course_id = %(course)s and file_name = %(name)s returning id"""
"""What the pipeline would write of a deck."""


@pytest.fixture
def became(rows):  # noqa: F811
    """Have the deck of a course be read so far, or fail: `became(course, name, failure="damaged")`."""

    def write(course, name, *, stages=None, failure=None):
        assert len(rows(BECAME, {"course": course, "name": name, "stages": stages, "failure": failure})) == 1

    return write


def row(page, name):
    return page.get_by_role("list").first.locator(":scope > li").filter(has_text=name)


def test_who_teaches_uploads_and_sees_what_became_of_each_file(opened, quoting, became):
    course = quoting.http.post("/api/courses", json={"name": f"Course {uuid4().hex[:8]}"}).json()["id"]
    page = opened(quoting)
    page.goto(f"/courses/{course}")
    page.get_by_role("link", name="Materials").click()
    page.get_by_text("No materials yet").wait_for()
    assert violations(page) == [], "nothing there"
    chosen = files("good.pdf", "bad.pdf", "locked.pdf", "empty.pdf", "tool.exe")
    page.get_by_label("Upload files").set_input_files(chosen)
    row(page, "empty.pdf").get_by_text("The file is empty.").wait_for()
    row(page, "tool.exe").get_by_text("cannot be read as a document").wait_for()
    for name in ("good.pdf", "bad.pdf", "locked.pdf"):
        row(page, name).get_by_text("Waiting").wait_for()

    became(course, "good.pdf", stages=READING)
    row(page, "good.pdf").get_by_role("progressbar", name="Reading page 12 of 78").wait_for()
    became(course, "bad.pdf", failure="damaged")
    row(page, "bad.pdf").get_by_text("Could not be read: the file is damaged.").wait_for()
    became(course, "locked.pdf", failure="password_required")
    row(page, "locked.pdf").get_by_label("Password").fill("open sesame")
    assert violations(page) == [], "one of each"
    row(page, "locked.pdf").get_by_role("button", name="Unlock").click()
    row(page, "locked.pdf").get_by_text("Waiting").wait_for()
    row(page, "bad.pdf").get_by_role("button", name="Retry").click()
    row(page, "bad.pdf").get_by_text("Waiting").wait_for()

    page.get_by_role("button", name="Add by link").click()
    page.get_by_label("Link to a recording").fill("ftp://example.org/week1.mp4")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("alert").get_by_text("This link cannot be fetched").wait_for()
    page.get_by_label("Link to a recording").fill("https://example.org/week1.mp4")
    page.get_by_role("button", name="Add", exact=True).click()
    row(page, "week1.mp4").get_by_text("Waiting").wait_for()

    row(page, "empty.pdf").get_by_role("button", name="Close the message").click()
    row(page, "empty.pdf").wait_for(state="detached")
    page.get_by_label("Upload files").set_input_files([{**chosen[0], "name": "again.pdf"}])
    row(page, "again.pdf").get_by_text("The same file is here already, as good.pdf.").wait_for()


def test_files_of_one_name_are_told_apart_by_their_folders(opened, quoting, rows):  # noqa: F811
    course = quoting.http.post("/api/courses", json={"name": f"Course {uuid4().hex[:8]}"}).json()["id"]
    for name in ("en.pdf", "fr.pdf", "other.pdf"):
        assert send(quoting.http, course, name=name).status_code == 201
    rows("update documents set source_name = left(file_name, 2) || '/01.pdf', file_name = '01.pdf'"
         " where course_id = %s and file_name <> 'other.pdf' returning id", [course])  # fmt: skip
    page = opened(quoting)
    page.goto(f"/courses/{course}/materials")
    for name in ("en/01.pdf", "fr/01.pdf", "other.pdf"):
        row(page, name).wait_for()


@pytest.mark.slow
def test_an_upload_goes_on_when_the_network_is_back_and_after_the_page_was_closed(opened, quoting, tmp_path):
    course = quoting.http.post("/api/courses", json={"name": f"Course {uuid4().hex[:8]}"}).json()["id"]
    path = tmp_path / "large.pdf"
    path.write_bytes(pdf() + os.urandom(3_000_000))
    asked = []
    with Relay(quoting.port) as relay:
        page = opened(SimpleNamespace(url=relay.url, settings=quoting.settings))
        context = page.context
        context.on("request", lambda request: asked.append((request.method, request.headers.get("upload-offset"))))
        page.goto(f"/courses/{course}/materials")
        page.get_by_text("No materials yet").wait_for()
        relay.lose_after(1_500_000)
        page.get_by_label("Upload files").set_input_files(path)
        row(page, path.name).get_by_text("The connection is lost").wait_for()
        page.close()

        relay.lose_after(None)
        page = context.new_page()
        page.goto(f"/courses/{course}/materials")
        row(page, path.name).get_by_text("Waiting", exact=True).wait_for()
        assert [verb for verb, _ in asked].count("POST") == 1
        assert int([at for verb, at in asked if verb == "PATCH"][-1]) > 500_000, "what had come is not sent again"
        page.close()
    listed = quoting.http.get("/api/documents", params={"courseId": course}).json()["items"]
    assert [(each["fileName"], each["byteCount"] > 3_000_000) for each in listed] == [("large.pdf", True)]


@pytest.mark.slow
def test_who_teaches_renames_dates_and_deletes(opened, quoting):
    course = quoting.http.post("/api/courses", json={"name": f"Course {uuid4().hex[:8]}"}).json()["id"]
    assert send(quoting.http, course, name="old.pdf").status_code == 201
    page = opened(quoting, viewport=PHONE)
    page.goto(f"/courses/{course}/materials")

    def choose(name, item):
        row(page, name).get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name=item).click()

    choose("old.pdf", "Rename")
    page.get_by_role("textbox", name="Name").fill("new.pdf")
    page.get_by_role("button", name="Save").click()
    row(page, "new.pdf").wait_for()
    choose("new.pdf", "Date of release")
    page.get_by_label("Students see it from").fill("2099-12-01T08:00")
    page.get_by_role("button", name="Save").click()
    row(page, "new.pdf").get_by_text(re.compile("Students see it from .*2099")).wait_for()
    choose("new.pdf", "Keep private")
    row(page, "new.pdf").get_by_text("Only you see it").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.once("dialog", lambda dialog: dialog.accept())
    choose("new.pdf", "Delete")
    page.get_by_text("No materials yet").wait_for()


def test_a_student_sees_what_is_for_them_and_offers_their_own(opened, people):  # noqa: F811
    send(people.teacher, people.course, name="published.pdf")
    send(people.teacher, people.course, name="draft.pdf", published="false")
    send(people.mate, people.course, name="of a mate.pdf")
    page = opened(people.signed.service, signed_in=False, elsewhere=people.signed.issuer.url)
    name = people.student.get("/api/me").json()["name"]
    people.signed.issuer.subject, people.signed.issuer.claims = name.split()[0], {}
    page.goto(f"/courses/{people.course}/materials")
    page.get_by_role("link", name="Sign in").click()
    row(page, "published.pdf").wait_for()
    assert row(page, "published.pdf").get_by_role("button").count() == 0, f"{name} may change nothing of it"
    page.get_by_label("Upload files").set_input_files(files("mine.pdf"))
    mine = row(page, "mine.pdf")
    mine.get_by_text("Only you see it").wait_for()
    assert people.teacher.get("/api/documents", params={"courseId": people.course}).text.count("mine.pdf") == 0
    mine.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Offer to the course").click()
    mine.get_by_text("You offered it to the course").wait_for()
    listed = people.teacher.get("/api/documents", params={"courseId": people.course}).json()["items"]
    assert [each["fileName"] for each in listed].count("mine.pdf") == 1
    shown = page.get_by_role("main").inner_text()
    assert "draft.pdf" not in shown and "of a mate.pdf" not in shown
