"""Courses are made, found, joined and left; who is not in one cannot tell that it is there."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.serving.courses.conftest import joined


def test_who_makes_a_course_owns_it_and_two_courses_may_have_one_name(people):
    said = {"name": "Optimisation", "code": "OPT-1", "term": "WS 26", "instructor": "Ada", "language": "en"}
    made = [people.owner.post("/api/courses", json=said).json() for _ in range(2)]
    assert made[0]["id"] != made[1]["id"]
    for course in made:
        assert course == {**said, "id": course["id"], "role": "owner", "open": False, "archived": False,
                          "studentsAddLectures": False}  # fmt: skip
        assert people.owner.get(f"/api/courses/{course['id']}").json() == course
        assert course in people.owner.get("/api/courses").json()["items"]


@pytest.mark.parametrize("field", ["id", "role", "createdAt", "officialKey", "archivedAt", "deletedAt", "ownerId"])
def test_what_the_server_decides_cannot_be_sent(people, field):
    assert people.owner.post("/api/courses", json={"name": "x", field: "owner"}).status_code == 422
    assert people.owner.patch(f"/api/courses/{people.course}", json={field: "owner"}).status_code == 422


def test_what_is_changed_is_what_was_given(people):
    path = f"/api/courses/{people.course}"
    before = people.owner.get(path).json()
    changed = people.owner.patch(path, json={"code": "X 1", "open": True}).json()
    assert changed == {**before, "code": "X 1", "open": True}
    assert people.owner.patch(path, json={"code": None}).json() == {**before, "open": True}
    assert people.owner.patch(path, json={"name": "  "}).status_code == 422
    for who in (people.teacher, people.student):
        assert who.patch(path, json={"name": "mine"}).status_code == 403
    assert people.owner.get(path).json()["name"] == before["name"]


def test_an_open_course_is_found_and_joined_a_closed_or_archived_one_is_not(people):
    word = uuid4().hex
    made = people.owner.post("/api/courses", json={"name": f"Baking {word}", "code": "100%", "open": True}).json()
    path, join = f"/api/courses/{made['id']}", f"/api/courses/{made['id']}/members/me"

    def found(who, words=word):
        return [each["id"] for each in who.get("/api/courses/catalogue", params={"q": words}).json()["items"]]

    assert found(people.stranger) == [made["id"]] == found(people.stranger, f"100% baking {word.upper()}")
    assert found(people.stranger, f"1%{word}") == []
    assert people.stranger.post(join).json()["role"] == "student"
    assert people.owner.post(join).json()["role"] == "owner", "who belongs to it stays what they are"
    for said in ({"open": False}, {"open": True, "archived": True}):
        people.owner.patch(path, json=said)
        assert found(people.student) == []
        assert people.student.post(join).status_code == 404
        assert people.stranger.get(path).status_code == 200, "members go on reading"
    assert people.student.post(f"/api/courses/{people.other}/members/me").status_code == 404


class TestInvitations:
    def made(self, people, who=None, **more):
        return (who or people.owner).post(f"/api/courses/{people.course}/invitations", json={"role": "student", **more})

    def test_lets_in_as_often_as_it_says(self, people):
        made = self.made(people, uses=1).json()
        assert made["url"] == f"{people.signed.url}/join/{made['code']}"
        path = f"/api/invitations/{made['code']}/accept"
        assert people.mate.post(path).json() == {"courseId": people.course, "role": "student"}, "spends nothing"
        assert people.stranger.post(path).json() == {"courseId": people.course, "role": "student"}
        late = people.new().post(path)
        assert (late.status_code, late.json()["error"]["code"]) == (410, "invitation_ended")

    def test_says_who_invites_to_what_to_who_holds_its_code(self, people):
        until = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
        made = self.made(people, role="teacher", expiresAt=until.isoformat()).json()
        said = people.stranger.get(f"/api/invitations/{made['code']}").json()
        assert datetime.fromisoformat(said.pop("expiresAt")) == until
        inviter = people.owner.get("/api/me").json()["name"]
        course = people.owner.get(f"/api/courses/{people.course}").json()["name"]
        assert said == {"courseName": course, "role": "teacher", "invitedBy": inviter, "joinedAs": None}
        assert people.mate.get(f"/api/invitations/{made['code']}").json()["joinedAs"] == "student"
        assert people.stranger.get(f"/api/courses/{people.course}").status_code == 404, "reading lets nobody in"

    def test_that_has_ended_looks_like_one_that_there_never_was(self, people, rows):
        used, timed, revoked, archived = (self.made(people, uses=1).json() for _ in range(4))
        people.new().post(f"/api/invitations/{used['code']}/accept")
        rows("update invitations set expires_at = now() - interval '1 s' where id = %s", [timed["id"]])
        people.owner.delete(f"/api/courses/{people.course}/invitations/{revoked['id']}")
        assert people.stranger.get(f"/api/invitations/{archived['code']}").status_code == 200
        people.owner.patch(f"/api/courses/{people.course}", json={"archived": True})
        codes = ["nothing", *(each["code"] for each in (used, timed, revoked, archived))]
        read = {people.stranger.get(f"/api/invitations/{code}").text for code in codes}
        accepted = {people.stranger.post(f"/api/invitations/{code}/accept").text for code in codes}
        assert read == accepted
        assert len(read) == 1
        assert "ask for a new one" in read.pop()
        member = people.mate.get(f"/api/invitations/{used['code']}")
        assert member.json()["joinedAs"] == "student", "who belongs to the course finds it"

    def test_is_spent_once_however_many_come_at_one_moment(self, people):
        path = f"/api/invitations/{self.made(people, uses=3).json()['code']}/accept"
        crowd = [people.new() for _ in range(10)]
        with ThreadPoolExecutor(10) as pool:
            came = sorted(answer.status_code for answer in pool.map(lambda who: who.post(path), crowd))
        assert came == [200] * 3 + [410] * 7

    def test_ends_by_time_and_by_being_revoked(self, people, rows):
        timed = self.made(people, expiresAt=(datetime.now(UTC) + timedelta(hours=1)).isoformat()).json()
        revoked = self.made(people).json()
        rows("update invitations set expires_at = now() - interval '1 s' where id = %s", [timed["id"]])
        one = f"/api/courses/{people.course}/invitations/{revoked['id']}"
        assert people.student.delete(one).status_code == 403
        assert people.teacher.delete(one).status_code == 204
        for each in (timed, revoked):
            assert people.stranger.post(f"/api/invitations/{each['code']}/accept").status_code == 410
        assert people.stranger.post("/api/invitations/nothing/accept").status_code == 410
        past = {"expiresAt": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
        assert self.made(people, **past).status_code == 422

    def test_invites_up_to_ones_own_role(self, people):
        asked = [
            self.made(people, who, role=role).status_code
            for who in (people.owner, people.teacher, people.student, people.stranger)
            for role in ("student", "teacher", "owner")
        ]
        assert asked == [201] * 3 + [201, 201, 403] + [403] * 3 + [404] * 3

    def test_raises_who_is_there_and_lowers_nobody(self, people):
        joined(people.owner, people.course, as_="teacher", who=people.student)
        code = self.made(people).json()["code"]
        assert people.owner.post(f"/api/invitations/{code}/accept").json()["role"] == "owner"

    def test_its_code_is_told_once_and_kept_nowhere(self, people, rows):
        made = self.made(people).json()
        listed = people.teacher.get(f"/api/courses/{people.course}/invitations")
        assert made["id"] in listed.text and made["code"] not in listed.text
        assert made["code"] not in str(rows("select to_jsonb(i)::text from invitations i"))
        assert people.student.get(f"/api/courses/{people.course}/invitations").status_code == 403


class TestMembers:
    def listed(self, people, who):
        found = who.get(f"/api/courses/{people.course}/members").json()["items"]
        return {each["userId"]: each for each in found}

    def test_are_listed_and_students_are_told_no_addresses(self, people, rows):
        ids = [people.id_of(who) for who in (people.owner, people.teacher, people.student, people.mate)]
        for user_id in ids:
            rows("update users set email = id || '@example.org' where id = %s", [user_id])
        seen, all_of_it = self.listed(people, people.student), self.listed(people, people.teacher)
        assert set(seen) == set(ids) and [each["role"] for each in all_of_it.values()][:2] == ["owner", "teacher"]
        assert [each["email"] is None for each in seen.values()].count(False) == 1 and seen[ids[2]]["email"]
        assert all(each["email"] for each in all_of_it.values())

    def test_get_other_roles_from_owners_alone(self, people):
        path = f"/api/courses/{people.course}/members/{people.id_of(people.student)}"
        for who, status in ((people.teacher, 403), (people.student, 403), (people.stranger, 404), (people.owner, 200)):
            assert who.patch(path, json={"role": "teacher"}).status_code == status
        assert self.listed(people, people.owner)[people.id_of(people.student)]["role"] == "teacher"
        nobody = f"/api/courses/{people.course}/members/{people.id_of(people.stranger)}"
        assert people.owner.patch(nobody, json={"role": "teacher"}).status_code == 404

    def test_leave_by_themselves_and_are_let_go_by_owners(self, people):
        course = f"/api/courses/{people.course}"
        mate = f"{course}/members/{people.id_of(people.mate)}"
        assert [who.delete(mate).status_code for who in (people.student, people.teacher)] == [403, 403]
        assert people.owner.delete(mate).status_code == 204
        assert people.student.delete(f"{course}/members/me").status_code == 204
        for who in (people.mate, people.student):
            assert who.get(course).status_code == 404
            assert who.get(f"{course}/search", params={"q": "anything"}).status_code == 404
        assert people.owner.delete(mate).status_code == 404

    def test_include_an_owner_always(self, people):
        course = f"/api/courses/{people.course}"
        refused = [
            people.owner.delete(f"{course}/members/me"),
            people.owner.patch(f"{course}/members/me", json={"role": "student"}),
        ]
        assert [(each.status_code, each.json()["error"]["code"]) for each in refused] == [(409, "last_owner")] * 2
        joined(people.owner, people.course, as_="owner", who=people.teacher)
        with ThreadPoolExecutor(2) as pool:
            leaving = pool.map(lambda who: who.delete(f"{course}/members/me"), (people.owner, people.teacher))
        assert sorted(each.status_code for each in leaving) == [204, 409], "two owners cannot both be gone"


def test_a_read_token_changes_no_course_and_sees_its_members(people):
    token = people.owner.post("/api/tokens", json={"name": "x", "scopes": ["read"]}).json()["token"]
    course = f"/api/courses/{people.course}"
    with people.signed.program(token) as weak:
        assert weak.get(f"{course}/members").status_code == 200
        for answer in (
            weak.post("/api/courses", json={"name": "z"}),
            weak.patch(course, json={"name": "z"}),
            weak.post(f"{course}/invitations", json={"role": "owner"}),
            weak.delete(f"{course}/members/me"),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_missing")
