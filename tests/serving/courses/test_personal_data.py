"""What is a person's own over HTTP: taken away as a file, erased, told in the audit trail; what models cost them."""

import csv
import io
import json
import time
import zipfile
from uuid import uuid4

import pytest

from tests.serving.courses.conftest import joined
from tests.serving.materials.conftest import pdf, send

SPENT = (
    "insert into model_calls (user_id, course_id, purpose, model, own_key, status, prompt_tokens, completion_tokens,"
    " cost_usd, ended_at) values (%s, %s, %s, %s, %s, %s, 10, 5, %s, now())"
)


def sent(by, course, **fields):
    answer = send(by, course, pdf(uuid4().hex), name=f"{uuid4().hex}.pdf", kind="documents", **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


@pytest.fixture
def spent(people, rows):
    """Notes a call to a model: `spent(client, course, usd)`."""

    def note(who, course, usd, *, own_key=True, status="done", model="m", purpose="answer"):
        rows(SPENT, [people.id_of(who), course, purpose, model, own_key, status, usd])

    return note


def test_everything_of_a_person_comes_as_one_file_and_nothing_of_others(people, rows):
    mine, others = people.student, people.mate
    deck = sent(mine, people.course)
    sent(others, people.course)
    token = mine.post("/api/tokens", json={"name": "laptop", "scopes": ["read"]}).json()
    mine.post("/api/sessions", json={"courseId": people.course, "title": "My chat"})
    others.post("/api/sessions", json={"courseId": people.course, "title": "Their chat"})
    answer = mine.get("/api/me/export")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        tables = {name: json.loads(archive.read(name)) for name in names if name.startswith("tables/")}
        uploads = [name for name in names if name.startswith("uploads/")]
        whole = b"".join(archive.read(name) for name in names)
        assert archive.read(uploads[0]).startswith(b"%PDF")
    assert [row["id"] for row in tables["tables/documents.json"]] == [deck] and len(uploads) == 1
    assert [row["title"] for row in tables["tables/chat_sessions.json"]] == ["My chat"]
    assert [row["name"] for row in tables["tables/access_tokens.json"]] == ["laptop"]
    assert {row["action"] for row in tables["tables/audit_events.json"]} >= {
        "role.given",
        "token.made",
        "data.exported",
    }
    assert b"Their chat" not in whole and people.id_of(others).encode() not in whole
    ((kept,),) = rows("select encode(hash, 'hex') from access_tokens where id = %s", [token["id"]])
    assert kept.encode() not in whole and token["token"].encode() not in whole


def test_files_of_one_name_both_come_and_no_name_leads_out_of_its_folder(people, rows):
    for name in ("same", "same"):
        made = sent(people.student, people.course)
        rows("update documents set file_name = %s where id = %s", [f"{name}.pdf", made])
    made = sent(people.student, people.course)
    rows("update documents set file_name = '../../out.pdf' where id = %s", [made])
    rows("update courses set name = '..' where id = %s", [people.course])
    with zipfile.ZipFile(io.BytesIO(people.student.get("/api/me/export").content)) as archive:
        uploads = sorted(name for name in archive.namelist() if name.startswith("uploads/"))
    assert uploads == ["uploads/_/2 same.pdf", "uploads/_/_/_/out.pdf", "uploads/_/same.pdf"]


def test_a_file_that_is_gone_is_named_and_all_others_come(people, rows):
    made = sent(people.student, people.course)
    sent(people.student, people.course)
    rows("update documents set sha256 = %s, file_name = 'gone.pdf' where id = %s", ["0" * 64, made])
    with zipfile.ZipFile(io.BytesIO(people.student.get("/api/me/export").content)) as archive:
        assert b"gone.pdf" in archive.read("missing.txt")
        assert len([name for name in archive.namelist() if name.startswith("uploads/")]) == 1


def test_who_is_erased_is_out_everywhere_and_somebody_new_when_they_come_again(people, rows):
    mine, before = people.teacher, people.id_of(people.teacher)
    public, private = sent(mine, people.course), sent(mine, people.course, published="false")
    token = mine.post("/api/tokens", json={"name": "laptop", "scopes": ["read"]}).json()["token"]
    with people.signed.program(token) as weak:
        assert weak.get("/api/me").json()["id"] == before
        assert weak.delete("/api/me").status_code == 403
        mine.post("/api/sessions", json={"courseId": people.course})
        assert mine.delete("/api/me").status_code == 202
        assert weak.get("/api/me").status_code == 401
    again = mine.get("/api/me").json()["id"]
    assert again != before and mine.get("/api/sessions").json()["items"] == []
    assert mine.get("/api/courses").json()["items"] == []
    assert people.owner.get(f"/api/documents/{private}").status_code == 404
    kept = people.owner.get(f"/api/documents/{public}").json()
    assert (kept["published"], kept["own"]) == (True, False)
    assert rows("select 1 from users where id = %s", [before]) == []
    assert [event["action"] for event in mine.get("/api/audit").json()["items"]] == []


def test_on_a_machine_of_one_person_nobody_is_erased(quoting):
    before = quoting.http.get("/api/me").json()
    answer = quoting.http.delete("/api/me")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "only_person")
    assert quoting.http.get("/api/me").json() == before


def test_the_trail_is_read_by_its_subject_and_by_operators(people, rows):
    student = people.id_of(people.student)
    people.owner.patch(f"/api/courses/{people.course}/members/{student}", json={"role": "teacher"})
    deck = sent(people.student, people.course, published="true")
    people.owner.delete(f"/api/documents/{deck}")
    seen = people.student.get("/api/audit").json()["items"]
    owner = people.id_of(people.owner)
    told = [(event["action"], event["actorId"] == owner) for event in seen if event["actorId"] != student]
    assert told[:2] == [("upload.deleted", True), ("role.changed", True)]
    assert not [event for event in people.mate.get("/api/audit").json()["items"] if event["subjectId"] == student]
    rows("update users set operator = true where id = %s", [people.id_of(people.stranger)])
    deadline = time.monotonic() + 60
    while not people.stranger.get("/api/me").json()["operator"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    me = people.id_of(people.stranger)
    own = people.stranger.get("/api/audit", params={"mine": True}).json()["items"]
    assert own and all(me in (event["actorId"], event["subjectId"]) for event in own)
    page = people.stranger.get("/api/audit", params={"limit": 2}).json()
    rest = people.stranger.get("/api/audit", params={"limit": 1000, "before": page["nextBefore"]}).json()
    ids = [event["id"] for event in page["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True) and {event["id"] for event in seen} <= set(ids)


def test_everybody_is_told_what_their_calls_cost_and_an_owner_what_the_course_does(people, spent):
    spent(people.student, people.course, 0.25)
    spent(people.student, None, 0.5, status="failed")
    spent(people.mate, people.course, 1.0, own_key=False)
    mine = people.student.get("/api/usage").json()
    assert mine["totalUsd"] == 0.75 == sum(row["costUsd"] for row in mine["rows"])
    assert [(row["failed"], row["courseId"]) for row in mine["rows"]] == [(True, None), (False, people.course)]
    assert sum(day["calls"] for day in mine["days"]) == 2 and sum(day["costUsd"] for day in mine["days"]) == 0.75
    brief = people.student.get("/api/usage", params={"rows": 1}).json()
    assert brief["totalUsd"] == 0.75 and brief["more"] and brief["rows"] == mine["rows"][:1] and not mine["more"]
    assert mine["today"] == {"spentUsd": 0.75, "capUsd": None, "ownCapUsd": None}
    of_course = people.owner.get("/api/usage", params={"courseId": people.course}).json()
    assert of_course["totalUsd"] == 1.25 and of_course["today"]["spentUsd"] == 1.0
    assert people.id_of(people.mate) not in json.dumps(of_course)
    assert people.teacher.get("/api/usage", params={"courseId": people.course}).status_code == 403
    assert people.stranger.get("/api/usage").json()["rows"] == []


def test_the_table_of_costs_opens_in_a_spreadsheet_and_holds_no_formula(people, spent):
    spent(people.student, people.course, 0.25, model="=cmd|'/c calc'!A1")
    answer = people.student.get("/api/usage/export")
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = list(csv.DictReader(io.StringIO(answer.text)))
    assert row["model"] == "'=cmd|'/c calc'!A1" and float(row["cost_usd"]) == 0.25 and row["prompt_tokens"] == "10"


def test_a_person_and_a_courses_owner_set_their_own_caps(people):
    assert people.student.put("/api/usage/cap", json={"dailyUsd": 0.5}).status_code == 204
    assert people.student.get("/api/usage").json()["today"]["capUsd"] == 0.5
    assert people.student.put("/api/usage/cap", json={"dailyUsd": None}).status_code == 204
    assert people.student.get("/api/usage").json()["today"]["capUsd"] is None
    for wrong in (-1, "x", 1e300):
        assert people.student.put("/api/usage/cap", json={"dailyUsd": wrong}).status_code == 422
    assert people.owner.put(f"/api/courses/{people.course}/cap", json={"dailyUsd": 3}).status_code == 204
    today = people.owner.get("/api/usage", params={"courseId": people.course}).json()["today"]
    assert today == {"spentUsd": 0.0, "capUsd": 3.0, "ownCapUsd": 3.0}
    joined(people.owner, people.course, as_="teacher", who=(new := people.new()))
    assert new.put(f"/api/courses/{people.course}/cap", json={"dailyUsd": 3}).status_code == 403
