"""Teachers correct and undo, readers see both; wrong sources and unanswered questions reach who teaches, nameless."""

import json
from uuid import uuid4

import pytest

from tests.serving.materials.conftest import wav
from tests.serving.materials.test_readers import read

__all__ = ["read"]


@pytest.fixture
def deck(people, sent, read):
    upload = sent(people.teacher)
    read(upload, ["Wind power", "Betz' law"])
    return upload


def page(who, deck, number=1):
    return who.get(f"/api/documents/{deck}/pages").json()["items"][number - 1]


def test_a_page_says_what_was_corrected_and_what_was_read(people, deck):
    path = f"/api/documents/{deck}/pages/1/text"
    before = page(people.mate, deck)
    assert (before["readText"], before["readTitle"]) == (None, None)
    assert people.teacher.put(path, json={"text": " As it is. "}).status_code == 204
    assert people.owner.put(path, json={"title": "Wind"}).status_code == 204, "the newest correction alone holds"
    after = page(people.mate, deck)
    assert (after["title"], after["readTitle"]) == ("Wind", "Wind power")
    assert after["text"] == after["readText"] == before["text"]
    assert page(people.mate, deck, 2)["readText"] is None
    for _ in range(2):
        assert people.teacher.delete(path).status_code == 204
    assert page(people.mate, deck) == before
    for bad in ({}, {"text": "  "}, {"title": None, "text": None}, {"text": "x" * 20_001}):
        assert people.teacher.put(path, json=bad).status_code == 422
    assert people.teacher.put(path.replace("pages/1", "pages/9"), json={"text": "x"}).status_code == 404
    assert people.mate.put(path, json={"text": "x"}).status_code == 403


def test_a_line_is_corrected_in_the_transcript_and_its_captions(people, sent, read, deck):
    lecture = sent(people.teacher, content=wav(), kind="lectures")
    read.lecture(lecture, deck)
    path = f"/api/lectures/{lecture}/segments/2"
    assert people.teacher.put(path, json={"text": "The wind brings power."}).status_code == 204
    first, second = people.mate.get(f"/api/lectures/{lecture}/transcript").json()["items"]
    assert (second["text"], second["readText"]) == ("The wind brings power.", "The wind carries energy.")
    assert first["readText"] is None
    assert "The wind brings power." in people.mate.get(f"/api/lectures/{lecture}/captions.vtt").text
    assert people.teacher.delete(path).status_code == 204
    assert people.mate.get(f"/api/lectures/{lecture}/transcript").json()["items"][1]["readText"] is None
    assert people.teacher.put(path.replace("/2", "/3"), json={"text": "x"}).status_code == 404


def test_a_title_is_corrected_told_beside_what_was_read_and_undone(people, sent, read, deck):
    lecture = sent(people.teacher, content=wav(), kind="lectures")
    read.lecture(lecture, deck)
    for path, shown in ((f"/api/documents/{deck}", "pages"), (f"/api/lectures/{lecture}", "transcript")):
        before = people.mate.get(f"{path}/{shown}").json()
        assert before["readTitle"] is None
        for title in ("Wind", " Wind power "):
            assert people.teacher.put(f"{path}/title", json={"title": title}).status_code == 204
        after = people.mate.get(f"{path}/{shown}").json()
        assert (after["title"], after["readTitle"]) == ("Wind power", before["title"])
        assert after["fileName"] == before["fileName"], "its file keeps its name"
        for bad in ({}, {"title": "  "}, {"title": "x" * 301}):
            assert people.teacher.put(f"{path}/title", json=bad).status_code == 422
        assert people.mate.put(f"{path}/title", json={"title": "x"}).status_code == 403
        assert people.mate.delete(f"{path}/title").status_code == 403
    said = people.mate.get(f"/api/documents/{deck}/pages").json()["items"][1]["said"]
    assert said[0]["title"] == "Wind power", "also where the page says in which lecture it was spoken about"
    for path, shown in ((f"/api/documents/{deck}", "pages"), (f"/api/lectures/{lecture}", "transcript")):
        for _ in range(2):
            assert people.teacher.delete(f"{path}/title").status_code == 204
        assert people.mate.get(f"{path}/{shown}").json()["readTitle"] is None


def test_first_questions_are_suggested_about_headings_as_they_were_corrected(people, deck):
    people.teacher.put(f"/api/documents/{deck}/pages/2/text", json={"title": "The limit of Betz"})
    headings = people.mate.get(f"/api/courses/{people.course}/suggestions").json()["items"]
    assert "Betz' law" not in [each["heading"] for each in headings]


def test_what_was_corrected_moves_with_the_deck(people, sent, deck, rows):
    other = people.teacher.post("/api/courses", json={"name": "Next year"}).json()["id"]
    people.teacher.put(f"/api/documents/{deck}/pages/2/text", json={"title": "Betz"})
    moved = people.teacher.patch(f"/api/documents/{deck}", json={"courseId": other}).json()["id"]
    kept = rows("select page, title, course_id::text from corrections where document_id = %s", [moved])
    assert kept == [(2, "Betz", other)]


@pytest.fixture
def answered(rows):
    """Write down an answer to a question of somebody: `answered(who, course, "Why?", passages=[...])`; its key."""

    def turn(who, course, question, passages, cites=None):
        chat_id, key = uuid4().hex, uuid4()
        who.post("/api/sessions", json={"id": chat_id, "courseId": course})
        parts = [{"type": "tool-searchCourse", "state": "output-available", "output": {"passages": passages}}]
        rows("with q as (insert into chat_messages (session_id, id, role, content, status, depth, parts)"
             " select id, 'q', 'user', %s, 'done', 1, '[]' from chat_sessions where client_id = %s"
             " returning key, session_id)"
             " insert into chat_messages (key, session_id, id, parent_key, role, content, status, depth, parts)"
             " select %s, session_id, 'a', key, 'assistant', '', 'done', 2, %s from q",
             [question, chat_id, key, json.dumps(parts)])  # fmt: skip
        if cites is None:
            return None
        ((source,),) = rows(
            "insert into ai.message_sources (message_key, course_id, handle, chunk_id, kind, source_id, title,"
            " file_name, page, quote) values (%s, %s, 1, gen_random_uuid(), 'slide', %s, 't', 'deck.pdf', 2, 'q')"
            " returning id::text", [key, course, cites],
        )  # fmt: skip
        return source

    return turn


def health(who, course):
    return who.get(f"/api/courses/{course}/health").json()


def test_questions_that_found_nothing_are_told_together_and_without_names(people, answered):
    name = people.student.get("/api/me").json()["id"]
    answered(people.student, people.course, "What is a  wyvern?", [])
    answered(people.mate, people.course, "what is a wyvern", [])
    answered(people.mate, people.course, "What is wind?", [{"handle": 1}])
    answered(people.stranger, people.other, "Somewhere else?", [])
    found = health(people.teacher, people.course)
    assert [(each["question"], each["asked"]) for each in found["questions"]] == [("what is a wyvern", 2)]
    assert name not in json.dumps(found) and found["dagsterUrl"] is None
    assert health(people.owner, people.course)["questions"] == found["questions"]
    assert people.student.get(f"/api/courses/{people.course}/health").status_code == 403
    assert people.stranger.get(f"/api/courses/{people.course}/health").status_code == 404


def test_what_was_not_read_and_lectures_without_slides_are_told(people, sent, deck, rows):
    lecture = sent(people.teacher, content=wav(), kind="lectures")
    rows("update lectures set stages = '{\"lecture_slides\": {\"began_at\": \"2026-01-01T00:00:00Z\","
         " \"ended_at\": \"2026-01-01T00:00:01Z\"}}' where id = %s", [lecture])  # fmt: skip
    found = health(people.teacher, people.course)
    (upload,) = found["uploads"]
    assert (upload["id"], upload["findings"][0]["pages"]) == (deck, [2])
    assert [each["id"] for each in found["lecturesWithoutSlides"]] == [lecture]


def test_a_wrong_source_reaches_who_teaches_without_a_name_until_it_is_settled(people, answered, deck, sent, read):
    source = answered(people.student, people.course, "Why?", [{"handle": 1}], cites=deck)
    path = f"/api/sources/{source}/reports"
    for reason in ("", "It says 60 %."):
        assert people.student.post(path, json={"reason": reason}).status_code == 201
    assert people.mate.post(path, json={}).status_code == 404
    (report,) = health(people.teacher, people.course)["reports"]
    assert (report["uploadId"], report["page"], report["reason"]) == (deck, 2, "It says 60 %.")
    settle = f"/api/courses/{people.course}/reports/{report['id']}"
    assert people.student.delete(settle).status_code == 403
    assert people.teacher.delete(settle).status_code == 204
    assert health(people.owner, people.course)["reports"] == []
    assert people.teacher.delete(settle).status_code == 404


def test_what_a_student_keeps_private_reaches_nobody_by_a_report(people, answered, sent):
    kept = sent(people.student)
    source = answered(people.student, people.course, "Why?", [{"handle": 1}], cites=kept)
    assert people.student.post(f"/api/sources/{source}/reports", json={}).status_code == 201
    assert health(people.teacher, people.course)["reports"] == []


def test_whoever_sits_at_the_machine_is_led_to_dagster(quoting, material):
    url = quoting.http.get(f"/api/courses/{material.course_id}/health").json()["dagsterUrl"]
    assert url == f"http://127.0.0.1:{quoting.settings.dagster_port}/assets"
