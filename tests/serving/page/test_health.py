"""A course's health as who teaches it sees it: what was not read, with its pictures, and what to do about it."""

import io
import re

import pytest
from PIL import Image

from pipelines.core.files import FileStore
from tests.serving.materials.conftest import send, wav
from tests.serving.materials.test_corrections import answered
from tests.serving.materials.test_readers import read
from tests.serving.page.accessible import violations
from tests.serving.page.conftest import PHONE

__all__ = ["answered", "read"]


@pytest.fixture
def ailing(signed, serving_settings, rows, read, answered):
    """A course of ada-h's in which something of each kind is wrong: its id."""
    with signed.program(subject="ada-h") as ada, signed.program(subject="ben-h") as student:
        course = ada.post("/api/courses", json={"name": "Wind"}).json()["id"]
        scan, broken = (send(ada, course, name=name).json()["id"] for name in ("scan.pdf", "broken.pdf"))
        talk = send(ada, course, wav(), name="talk.wav", kind="lectures").json()["id"]
        read(scan, [f"Page {number}" for number in range(1, 10)])
        picture = io.BytesIO()
        Image.new("RGB", (640, 480), "teal").save(picture, "WEBP")
        picture.seek(0)
        drawn = FileStore.open(serving_settings).add(picture).sha256
        rows("update slides set image_sha256 = %s where document_id = %s", [drawn, scan])
        rows("insert into findings (course_id, document_id, ordinal, page, code, sentence, advice, source_sha256)"
             " select course_id, id, page, page, 'unsure_text', 'it is too blurred.', 'Scan it again.', sha256"
             " from documents, generate_series(3, 9) page where id = %s", [scan])  # fmt: skip
        rows("update documents set failed_generation = generation, failure_code = 'damaged',"
             " failure = 'The file is damaged. Export it again.' where id = %s", [broken])  # fmt: skip
        rows("update lectures set stages = '{\"lecture_slides\": {\"began_at\": \"2026-01-01T00:00:00Z\","
             " \"ended_at\": \"2026-01-01T00:00:01Z\"}}' where id = %s", [talk])  # fmt: skip
        code = ada.post(f"/api/courses/{course}/invitations", json={"role": "student"}).json()["code"]
        student.post(f"/api/invitations/{code}/accept")
        answered(student, course, "What is a wyvern?", [])
        source = answered(student, course, "Why?", [{"handle": 1}], cites=scan)
        assert student.post(f"/api/sources/{source}/reports", json={"reason": "It says 60 %."}).status_code == 201
        return course


def test_who_teaches_sees_what_was_not_read_why_and_what_to_do(entered, ailing):
    page = entered("ada-h")
    page.goto(f"/courses/{ailing}")
    page.get_by_role("link", name="Course health").click()
    page.get_by_role("heading", name="Course health").wait_for()
    page.get_by_role("link", name="2 files need you").wait_for()
    broken = page.get_by_role("article", name="broken.pdf")
    assert "Could not be read" in broken.inner_text() and "Export" in broken.inner_text()
    scan = page.get_by_role("article", name="scan.pdf")
    assert "Pages 3–9: Text in a picture" in scan.inner_text() and "What to do: Scan it again" in scan.inner_text()
    picture = scan.get_by_role("img", name="scan.pdf, page 3")
    picture.scroll_into_view_if_needed()
    page.wait_for_timeout(100)
    assert picture.evaluate("async image => (await image.decode(), image.naturalWidth)") == 320
    assert not scan.get_by_role("img", name="scan.pdf, page 9").count()
    scan.get_by_role("button", name="Show all 7 pages").click()
    scan.get_by_role("img", name="scan.pdf, page 9").wait_for()
    for part in ("talk.wav", "What is a wyvern?", "asked once", "It says 60 %."):
        assert part in page.get_by_role("main").inner_text()
    assert not page.get_by_role("link", name="Open in Dagster").count(), "not for people from elsewhere"
    assert violations(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    leads = scan.get_by_role("link", name="page 3").get_attribute("href")
    assert re.search(rf"^/courses/{ailing}/decks/[^/]+\?page=3$", leads)
    page.get_by_role("button", name="Take off the list").click()
    page.get_by_text("It says 60 %.").wait_for(state="detached")


@pytest.mark.slow
def test_a_course_that_is_well_says_so_and_leads_an_engineer_to_dagster(opened, quoting, material):
    page = opened(quoting)
    page.goto(f"/courses/{material.course_id}/health")
    page.get_by_text("The course is doing well").wait_for()
    assert page.get_by_role("link", name="Open in Dagster").get_attribute("href").endswith("/assets")
    assert violations(page) == []
