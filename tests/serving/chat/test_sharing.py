"""Rated questions are shared with who teaches only where their reader says so, and used after a review alone."""

import json
from uuid import uuid4

import psycopg
import pytest

from tests.fakes import calls, text
from tests.serving.chat.test_loop import ask, parts_of


@pytest.fixture(scope="module")
def rows(service):
    with psycopg.connect(service.settings.database_url.get_secret_value(), autocommit=True) as connection:
        yield connection.execute


@pytest.fixture
def rate(service, material, model, rows):
    """Ask, rate, and say what waits then: `rate({"rating": "up", "share": True})` -> (the rating's path, proposals)."""

    def run(body, *, question="What does momentum damp?"):
        model.script(
            calls("momentum damps oscillation in narrow valleys, gradients and the learning rate"),
            text("It damps oscillation [1]."),
        )
        chat = str(uuid4())
        parts = parts_of(ask(service, material, question, chat=chat))
        path = f"/api/sessions/{chat}/messages/{parts[0]['messageId']}/feedback"
        assert service.http.put(path, json=body).status_code == 204
        return path, waiting(service, material)

    yield run
    rows("delete from proposed_questions")
    rows("delete from question_sets")


def waiting(service, material):
    return service.http.get(f"/api/courses/{material.course_id}/health").json()["proposals"]


def review(service, material, **body):
    return service.http.post(f"/api/courses/{material.course_id}/proposals/review", json=body)


def test_a_rating_alone_shares_nothing_and_what_was_shared_can_be_taken_back(service, material, rate):
    path, proposals = rate({"rating": "up"})
    assert proposals == []
    for body, count in (({"rating": "up", "share": True}, 1), ({"rating": "down", "share": True}, 1),
                        ({"rating": "up"}, 0), ({"rating": "up", "share": True}, 1)):  # fmt: skip
        assert service.http.put(path, json=body).status_code == 204
        assert len(waiting(service, material)) == count
    chat = path.split("/")[3]
    items = service.http.get(f"/api/sessions/{chat}/messages").json()["items"]
    assert items[1]["metadata"]["feedback"] == {"rating": "up", "reason": None, "shared": True}
    assert service.http.delete(path).status_code == 204
    assert waiting(service, material) == []


def test_what_was_cited_and_what_was_passed_over_is_looked_at_and_becomes_a_version(service, material, rate, rows):
    _, (proposal,) = rate({"rating": "up", "share": True})
    assert (proposal["origin"], proposal["question"], proposal["rating"]) == ("chat", "What does momentum damp?", "up")
    cited, passed_over = proposal["places"][0], proposal["places"][1]
    assert (cited["file"], cited["page"], cited["cited"], cited["usual"]) == ("week1.pdf", 2, True, True)
    assert (passed_over["page"], passed_over["cited"], passed_over["usual"]) == (1, False, False)
    kept = "select lines from question_sets where course_id = %s order by version desc"
    assert rows(kept, [material.course_id]).fetchone() is None, "nothing is evaluated with it before"
    done = review(service, material, take=[{"id": proposal["id"], "places": [0, 1]}])
    assert done.json() == {"taken": 1, "declined": 0, "version": 1}
    (line,) = rows(kept, [material.course_id]).fetchone()[0]
    said = json.loads(line)
    assert (said["kind"], said["pages"], said["origin"]) == ("slide", [2], "chat")
    assert said["cross_evidence"] == [{"kind": "slide", "file": "week1.pdf", "pages": [1]}]
    assert waiting(service, material) == []


def test_the_usual_place_of_an_answer_that_did_not_help_is_none_and_a_review_is_all_or_nothing(
    service, material, rate, rows
):
    _, (proposal,) = rate({"rating": "down", "share": True})
    assert not any(place["usual"] for place in proposal["places"])
    unknown, beyond = str(uuid4()), {"id": proposal["id"], "places": [99]}
    for body in ({"take": [{"id": proposal["id"], "places": []}], "decline": [unknown]}, {"take": [beyond]}):
        assert review(service, material, **body).status_code == 404
        assert len(waiting(service, material)) == 1
    assert review(service, material, take=[{"id": proposal["id"], "places": []}]).json()["version"] == 1
    (line,) = rows("select lines from question_sets where course_id = %s", [material.course_id]).fetchone()[0]
    assert json.loads(line)["kind"] == "none"
    assert review(service, material, decline=[proposal["id"]]).status_code == 404, "it is settled"


def test_a_file_that_is_its_owner_s_alone_is_not_named(service, material, rate, rows):
    rows("update documents set published = false where id = %s", [material.document_id])
    try:
        _, (proposal,) = rate({"rating": "up", "share": True})
    finally:
        rows("update documents set published = true where id = %s", [material.document_id])
    assert not [place for place in proposal["places"] if place["file"] == "week1.pdf"]
