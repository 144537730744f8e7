"""Decks and lectures are seen by whom they are for, and changed by who may; for everybody else they are not there."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.serving.materials.conftest import send, wav


def listed(who, course, kind="documents"):
    answer = who.get(f"/api/{kind}", params={"courseId": course})
    assert answer.status_code == 200, answer.text
    return {each["id"] for each in answer.json()["items"]}


def one(upload):
    return f"/api/documents/{upload}"


def test_what_is_private_is_its_owner_s_also_from_teachers(people, sent):
    upload = sent(people.student)
    assert people.student.get(one(upload)).json()["own"] is True and upload in listed(people.student, people.course)
    for who in (people.owner, people.teacher, people.mate):
        assert who.get(one(upload)).status_code == 404 and upload not in listed(who, people.course)
        for verb, path in (("delete", ""), ("post", "/publish"), ("post", "/offer"), ("post", "/reprocess")):
            assert getattr(who, verb)(one(upload) + path).status_code == 404


def test_an_offer_is_seen_by_who_teaches_and_published_or_declined_by_them(people, sent):
    upload = sent(people.student)
    assert people.student.post(one(upload) + "/publish").status_code == 403, "a student does not publish"
    assert people.student.post(one(upload) + "/offer").status_code == 204
    assert people.teacher.get(one(upload)).json()["offered"] is True
    assert people.mate.get(one(upload)).status_code == 404
    assert people.teacher.post(one(upload) + "/decline").status_code == 204
    assert people.teacher.get(one(upload)).status_code == 404
    assert people.student.get(one(upload)).json()["offered"] is False
    people.student.post(one(upload) + "/offer")
    assert people.student.delete(one(upload) + "/offer").status_code == 204
    assert people.teacher.get(one(upload)).status_code == 404
    people.student.post(one(upload) + "/offer")
    assert people.teacher.post(one(upload) + "/publish").status_code == 204
    seen = people.mate.get(one(upload)).json()
    assert (seen["published"], seen["offered"], seen["own"]) == (True, False, False)
    for answer in (
        people.student.post(one(upload) + "/unpublish"),
        people.student.delete(one(upload)),
        people.student.patch(one(upload), json={"fileName": "x.pdf"}),
        people.mate.delete(one(upload)),
        people.mate.post(one(upload) + "/reprocess"),
        people.mate.patch(one(upload), json={}),
    ):
        assert answer.status_code in (200, 403)
        assert answer.status_code == 403 or answer.request.content == b"{}"
    assert people.owner.post(one(upload) + "/unpublish").status_code == 204
    assert people.owner.get(one(upload)).status_code == 404 and people.student.get(one(upload)).status_code == 200


def test_a_teacher_keeps_their_own_back_and_publishes_it_again(people, sent):
    upload = sent(people.teacher)
    assert people.student.get(one(upload)).status_code == 200
    for _ in range(2):
        assert people.teacher.post(one(upload) + "/unpublish").status_code == 204
    assert [who.get(one(upload)).status_code for who in (people.teacher, people.owner, people.student)] == [
        200,
        404,
        404,
    ]
    assert people.teacher.post(one(upload) + "/publish").status_code == 204
    assert people.student.get(one(upload)).status_code == 200


def test_what_is_published_from_a_date_is_never_seen_before(people, sent):
    upload = sent(people.teacher, published="false")
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert people.student.post(one(upload) + "/publish", json={"releaseAt": soon}).status_code == 404
    assert people.teacher.post(one(upload) + "/publish", json={"releaseAt": soon}).status_code == 204
    assert people.student.get(one(upload)).status_code == 404
    assert people.owner.get(one(upload)).json()["published"] is True


def test_what_is_not_released_yet_is_seen_by_who_teaches(people, sent):
    upload = sent(people.teacher)
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert people.student.patch(one(upload), json={"releaseAt": soon}).status_code == 403
    assert people.owner.patch(one(upload), json={"releaseAt": soon}).json()["releaseAt"] is not None
    assert people.student.get(one(upload)).status_code == 404 and people.owner.get(one(upload)).status_code == 200
    assert people.owner.patch(one(upload), json={"releaseAt": None}).json()["releaseAt"] is None
    assert people.student.get(one(upload)).status_code == 200


def test_a_name_is_changed_where_it_is_one_and_free(people, sent):
    first, second = sent(people.teacher), sent(people.teacher)
    assert people.teacher.patch(one(first), json={"fileName": "Week 1"}).json()["fileName"] == "Week 1.pdf"
    taken = people.teacher.patch(one(second), json={"fileName": "Week 1.pdf"})
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "same_name")
    for name in ("../up.pdf", "a\x07.pdf", "é" * 200):
        assert people.teacher.patch(one(second), json={"fileName": name}).status_code == 422
    for field in ("id", "ownerId", "published", "generation", "sha256"):
        assert people.teacher.patch(one(second), json={field: "x"}).status_code == 422


def test_reprocessing_and_a_password_make_a_new_generation_and_the_password_is_sealed(people, sent, rows):
    upload = sent(people.teacher)
    assert people.teacher.post(one(upload) + "/reprocess").status_code == 204
    answer = people.teacher.post(one(upload) + "/unlock", json={"password": "hunter2-hunter2"})
    assert answer.status_code == 204
    ((generation, sealed),) = rows("select generation, password_sealed from documents where id = %s", [upload])
    assert generation == 3 and b"hunter2" not in bytes(sealed)
    assert "hunter2" not in people.teacher.get(one(upload)).text
    assert people.student.post(one(upload) + "/unlock", json={"password": "x"}).status_code == 403


def test_what_is_deleted_is_gone_at_once(people, sent, rows):
    upload = sent(people.student)
    assert people.student.delete(one(upload)).status_code == 204
    assert people.student.get(one(upload)).status_code == 404 and upload not in listed(people.student, people.course)
    assert people.student.delete(one(upload)).status_code == 404
    assert rows("select deleted_at is not null from documents where id = %s", [upload]) == [(True,)]


def test_one_s_own_is_moved_to_another_course_of_one_s_own(people, sent):
    mine = people.student.post("/api/courses", json={"name": "Mine"}).json()["id"]
    upload = sent(people.student)
    moved = people.student.patch(one(upload), json={"courseId": mine}).json()
    assert (moved["courseId"], moved["published"]) == (mine, False)
    assert people.student.get(one(upload)).status_code == 404 and moved["id"] in listed(people.student, mine)
    for course in (people.other, str(uuid4())):
        refused = people.student.patch(one(moved["id"]), json={"courseId": course})
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "not_found")
    theirs = sent(people.teacher)
    joined = people.teacher.post("/api/courses", json={"name": "Teacher's"}).json()["id"]
    assert people.owner.patch(one(theirs), json={"courseId": joined}).status_code == 404
    assert people.teacher.patch(one(theirs), json={"courseId": joined}).json()["published"] is True


def test_who_leaves_keeps_what_is_theirs_alone_and_sees_nothing_else(people, sent):
    mine, published = sent(people.student), sent(people.teacher)
    people.student.delete(f"/api/courses/{people.course}/members/me")
    assert people.student.get(one(mine)).status_code == 200 and people.student.get(one(published)).status_code == 404
    assert people.student.get("/api/documents", params={"courseId": people.course}).status_code == 404
    assert send(people.student, people.course).status_code == 404
    assert people.student.delete(one(mine)).status_code == 204


def test_decks_and_lectures_have_addresses_of_their_own(people, sent):
    lecture = send(people.teacher, people.course, wav(), name="w.wav", kind="lectures").json()["id"]
    deck = sent(people.teacher)
    assert listed(people.student, people.course, "lectures") == {lecture}
    assert listed(people.student, people.course) == {deck}
    assert people.teacher.get(f"/api/documents/{lecture}").status_code == 404
    assert people.teacher.get(f"/api/lectures/{deck}").status_code == 404
    assert people.teacher.get(f"/api/lectures/{lecture}").json()["kind"] == "lecture"


def test_the_status_is_told_with_its_stages_and_findings(people, sent, rows):
    upload = sent(people.teacher)
    stages = '{"slides": {"run_id": "r", "began_at": "2026-01-01T00:00:00+00:00", "note": "2 of 3 pages", '
    stages += '"done": 2, "total": 3}}'
    rows("update documents set requested_generation = generation, stages = %s where id = %s", [stages, upload])
    rows("insert into findings (course_id, document_id, ordinal, page, code, sentence, advice, source_sha256) "
         "select course_id, id, 0, 3, 'no_text', 'nothing could be read', 'Export it again.', sha256 "
         "from documents where id = %s", [upload])  # fmt: skip
    told = people.student.get(one(upload)).json()
    assert told["status"] == "running"
    assert [(each["name"], each["note"], each["done"], each["total"], each["endedAt"]) for each in told["stages"]] == [
        ("slides", "2 of 3 pages", 2, 3, None)
    ]
    assert [(each["code"], each["pages"], each["advice"]) for each in told["findings"]] == [
        ("no_text", [3], "Export it again.")
    ]
    rows("update documents set failed_generation = generation, failure_code = 'damaged', failure = 'It is damaged.' "
         "where id = %s", [upload])  # fmt: skip
    told = people.student.get(one(upload)).json()
    assert (told["status"], told["failureCode"], told["note"]) == ("failed", "damaged", "It is damaged.")


@pytest.mark.parametrize("kind", ["documents", "lectures"])
def test_a_foreign_upload_looks_like_a_missing_one(people, sent, kind):
    foreign = sent(people.teacher) if kind == "documents" else send(
        people.teacher, people.course, wav(), name="w.wav", kind=kind).json()["id"]  # fmt: skip
    for verb, path, body in (
        ("GET", "", None), ("PATCH", "", {"fileName": "x.pdf"}), ("PATCH", "", {}), ("DELETE", "", None),
        ("POST", "/publish", None), ("POST", "/unpublish", None), ("POST", "/offer", None), ("DELETE", "/offer", None),
        ("POST", "/decline", None), ("POST", "/reprocess", None),
    ):  # fmt: skip
        answers = {
            (answer.status_code, answer.text)
            for answer in (
                people.stranger.request(verb, f"/api/{kind}/{each}{path}", json=body) for each in (foreign, uuid4())
            )
        }
        assert len(answers) == 1 and answers.pop()[0] == 404, (verb, path)


def test_the_one_person_of_a_machine_manages_what_the_command_line_uploaded(quoting, material):
    """Courses that were made at the terminal are theirs from the first request on, whatever it asks."""
    deck = f"/api/documents/{material.document_id}"
    assert quoting.http.get(deck).json()["own"] is True
    answer = send(quoting.http, str(material.course_id), name="mine.pdf")
    assert answer.status_code == 201 and answer.json()["published"] is True, answer.text
    assert quoting.http.delete(f"/api/documents/{answer.json()['id']}").status_code == 204
