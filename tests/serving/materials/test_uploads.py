"""Uploads over HTTP: who may, is served; who may not, sends nothing; the content says what a file is."""

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.serving.materials.conftest import pdf, send, wav

VTT = b"WEBVTT\n\n00:00.000 --> 00:04.000\nToday we talk about momentum.\n"


def kept(people):
    """Names of all files in the store, unfinished ones too."""
    root = Path(people.signed.service.settings.home) / "files"
    return {path.name for path in root.rglob("*") if path.is_file()}


def test_an_upload_is_kept_under_its_content_and_waits_for_the_pipeline(people, rows):
    answer = send(people.teacher, people.course, pdf("whole"), name="C:\\slides\\Wöche 1.pdf")
    assert answer.status_code == 201
    told = answer.json()
    assert {told[each] for each in ("fileName", "status", "kind")} == {"Wöche 1.pdf", "waiting", "document"}
    ((sha256, source_name, owner, requested),) = rows(
        "select sha256, source_name, owner_id::text, requested_generation from documents where id = %s", [told["id"]]
    )
    assert (source_name, owner, requested) == ("Wöche 1.pdf", people.id_of(people.teacher), None)
    stored = Path(people.signed.service.settings.home) / "files" / sha256[:2] / sha256
    assert stored.read_bytes() == pdf("whole")


def test_a_student_s_deck_is_private_and_a_teacher_s_the_course_s_unless_kept_back(people):
    assert send(people.student, people.course).json()["published"] is False
    assert send(people.teacher, people.course).json()["published"] is True
    assert send(people.owner, people.course, published="false").json()["published"] is False
    answer = send(people.student, people.course, published="true")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_allowed")


def test_the_same_bytes_again_are_the_same_upload_and_another_s_are_their_own(people):
    content = pdf()
    first = send(people.student, people.course, content)
    again = [send(people.student, people.course, content), send(people.student, people.course, content, name="b.pdf")]
    assert [each.status_code for each in again] == [200, 200]
    assert {each.json()["id"] for each in again} == {first.json()["id"]}
    mate = send(people.mate, people.course, content)
    assert mate.status_code == 201 and mate.json()["id"] != first.json()["id"]
    with ThreadPoolExecutor(4) as pool:
        crossed = list(pool.map(lambda _: send(people.owner, people.course, content), range(4)))
    assert len({each.json()["id"] for each in crossed}) == 1, [each.text for each in crossed]


def test_other_bytes_under_a_name_are_its_new_version_while_it_is_theirs_to_change(people, rows):
    first = send(people.student, people.course).json()["id"]
    assert send(people.student, people.course).json()["id"] == first
    assert rows("select generation from documents where id = %s", [first]) == [(2,)]
    people.student.post(f"/api/documents/{first}/offer")
    people.teacher.post(f"/api/documents/{first}/publish")
    answer = send(people.student, people.course)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "same_name")
    assert rows("select generation from documents where id = %s", [first]) == [(2,)]


class TestLectures:
    def test_come_as_a_recording_as_captions_or_as_both_and_name_their_decks(self, people, sent, rows):
        deck = sent(people.teacher)
        fields = {"courseId": people.course, "deckIds": deck}
        files = {"file": ("w1.wav", wav()), "captions": ("w1.vtt", VTT)}
        both = people.teacher.post("/api/lectures", data=fields, files=files)
        assert both.status_code == 201 and both.json()["published"] is True, both.text
        assert rows("select document_id::text, given from lecture_documents where lecture_id = %s",
                    [both.json()["id"]]) == [(deck, True)]  # fmt: skip
        alone = send(people.teacher, people.course, VTT + b"More.\n", name="w2.vtt", kind="lectures")
        assert rows("select media_sha256, captions_name from lectures where id = %s", [alone.json()["id"]]) == [
            (None, "w2.vtt")
        ]
        wrong = people.teacher.post("/api/lectures", data=fields, files={**files, "captions": ("w1.vtt", wav())})
        assert wrong.json()["error"]["code"] == "bad_captions"

    def test_are_added_by_who_teaches_and_by_students_where_the_course_lets_them(self, people):
        assert send(people.student, people.course, wav(), kind="lectures").status_code == 403
        people.owner.patch(f"/api/courses/{people.course}", json={"studentsAddLectures": True})
        answer = send(people.student, people.course, wav(), kind="lectures")
        assert answer.status_code == 201 and answer.json()["published"] is False

    def test_name_no_deck_that_is_foreign_or_missing(self, people, sent):
        for foreign in (sent(people.stranger, people.other), sent(people.student), str(uuid4())):
            answer = send(people.teacher, people.course, wav(), kind="lectures", deckIds=foreign)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_a_foreign_course_looks_like_a_missing_one(people):
    before = kept(people)
    answers = [send(people.stranger, course) for course in (people.course, str(uuid4()))]
    assert {(each.status_code, each.text) for each in answers} == {(404, answers[0].text)}
    assert kept(people) == before


@pytest.mark.parametrize("fields", [{}, {"courseId": "x"}, {"published": "maybe"}, {"ownerId": str(uuid4())}])
def test_fields_are_those_that_there_are(people, fields):
    data = {"courseId": people.course, **fields} if fields else {}
    answer = people.teacher.post("/api/documents", data=data, files={"file": ("a.pdf", pdf())})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")


def test_a_form_without_a_file_or_with_its_fields_behind_it_is_refused(people):
    head = b'--x\r\nContent-Disposition: form-data; name="courseId"\r\n\r\n' + people.course.encode() + b"\r\n"
    file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + pdf() + b"\r\n"
    more = b'--x\r\nContent-Disposition: form-data; name="published"\r\n\r\ntrue\r\n'

    def post(body):
        headers = {"content-type": "multipart/form-data; boundary=x"}
        answer = people.teacher.post("/api/documents", content=body, headers=headers)
        return answer.status_code, answer.json().get("error", {}).get("code")

    before = kept(people)
    assert post(head + b"--x--\r\n") == (422, "file_missing")
    assert post(file + head + b"--x--\r\n") == (422, "invalid_request"), "the course comes before the file"
    for broken in (
        head + file + more + b"--x--\r\n",
        head + file,
        head + file + file + b"--x--\r\n",
        b"",
        b"junk" * 99,
    ):
        assert post(broken) == (400, "bad_form")
    assert post(head.replace(b"courseId", b"x" * 100_000) + b"--x--\r\n") == (400, "bad_form")
    assert kept(people) == before
    assert post(head + file + b"--x--\r\n") == (201, None)


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(name=st.text(st.characters(exclude_characters='"\r\n'), min_size=1, max_size=80))
@example(name="../../../etc/passwd")
@example(name="..")
@example(name="a\x1b[2J.pdf")
@example(name="x" * 300 + ".pdf")
def test_a_name_never_reaches_the_disk(people, rows, name):
    content, before = pdf(), kept(people)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="courseId"\r\n\r\n' + people.course.encode() + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
        + name.encode("utf-8", "replace") + b'"\r\n\r\n'
        + content + b"\r\n--x--\r\n"
    )  # fmt: skip
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = people.teacher.post("/api/documents", content=body, headers=headers)
    assert answer.status_code in (201, 409, 422), answer.text
    assert all(len(each) == 64 and each.isalnum() for each in kept(people) - before)
    if answer.status_code == 201:
        told = answer.json()["fileName"]
        assert "/" not in told and told.isprintable() and told not in ("", ".", "..")


class TestQuotas:
    def small(self, people, monkeypatch, **given):
        stores = people.signed.service.server.config.app.state.service.core.stores
        changed = stores.settings.model_copy(update=given)
        monkeypatch.setattr(type(stores), "settings", property(lambda _: changed), raising=False)

    def test_end_what_one_person_and_one_course_may_keep(self, people, monkeypatch):
        half = pdf() + b"\0" * 600_000
        self.small(people, monkeypatch, person_quota_mb=1)
        assert send(people.student, people.course, half, name="a.pdf").status_code == 201
        before = kept(people)
        answer = send(people.student, people.course, half + b"x", name="b.pdf")
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "person_quota")
        assert kept(people) == before
        assert send(people.mate, people.course, half, name="a.pdf").status_code == 201
        self.small(people, monkeypatch, person_quota_mb=10, course_quota_mb=1)
        answer = send(people.student, people.course, half + b"x", name="b.pdf")
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "course_quota")

    def test_are_kept_by_many_uploads_at_one_moment(self, people, monkeypatch, rows):
        self.small(people, monkeypatch, person_quota_mb=1)
        with ThreadPoolExecutor(4) as pool:
            sizes = [pdf() + b"\0" * 400_000 for _ in range(4)]
            came = list(pool.map(lambda at: send(people.student, people.course, sizes[at], name=f"{at}.pdf"), range(4)))
        assert sorted(each.status_code for each in came) == [201, 201, 413, 413]


class TestBeforeTheBody:
    """The body is offered a little at a time, for as long as the service takes it."""

    LENGTH = 80_000_000
    FEW = 1_000_000
    """Bytes that a service which has made up its mind may still be offered while it has no time to say so."""

    def offered(self, people, token, *, first=b"", length=LENGTH, path="/api/documents", patience_s=60.0):
        """(status, bytes that were taken before the answer came, for which each time so long is waited)."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Content-Length: {length}\r\n" + (f"Authorization: Bearer {token}\r\n" if token else "") + "\r\n"
        )
        with socket.create_connection(("127.0.0.1", people.signed.service.port), timeout=60) as line:
            line.sendall(head.encode() + first)
            taken = len(first)
            line.settimeout(patience_s)
            while taken < self.LENGTH:
                try:
                    answer = line.recv(4096)
                    assert b"connection: close" in answer.lower(), "what is left of the body is no next request"
                    return int(answer.split(b" ")[1]), taken
                except TimeoutError:
                    line.settimeout(60)
                    line.sendall(b"x" * 8192)
                    taken += 8192
                    line.settimeout(patience_s)
        raise AssertionError("all of it was read")

    def fields(self, course):
        return (
            f'--x\r\nContent-Disposition: form-data; name="courseId"\r\n\r\n{course}\r\n'
            '--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.4'
        ).encode()

    def test_nobody_is_refused(self, people):
        for path in ("/api/documents", "/api/lectures"):
            assert self.offered(people, None, path=path) == (401, 0)

    def test_what_is_too_large_is_refused(self, people):
        token = people.signed.issuer.mint(subject="big")
        assert self.offered(people, token, length=10**13) == (413, 0)

    def test_a_foreign_course_is_refused(self, people):
        token = people.signed.issuer.mint(subject=f"foreign-{uuid4().hex}")
        for course in (people.course, uuid4()):
            status, taken = self.offered(people, token, first=self.fields(course))
            assert (status, taken) == (404, len(self.fields(course)))

    def test_endless_fields_are_refused(self, people):
        token = people.signed.issuer.mint(subject="endless")
        begun = b'--x\r\nContent-Disposition: form-data; name="courseId"\r\n\r\n'
        status, taken = self.offered(people, token, first=begun, patience_s=0.3)
        assert status == 400 and taken <= self.FEW


def test_one_person_uploads_a_few_files_at_a_time(people, monkeypatch):
    state = people.signed.service.server.config.app.state.service
    state.uploading[UUID(people.id_of(people.student))] = state.limits.uploads_per_user
    answer = send(people.student, people.course)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_uploads")
    assert int(answer.headers["retry-after"]) >= 1
    assert send(people.mate, people.course).status_code == 201
    state.uploading.clear()


class TestLinks:
    def post(self, who, course, url, **fields):
        files = {"captions": ("w1.vtt", VTT)} if fields.pop("captions", False) else None
        fields = {"courseId": course, "url": url, **fields}
        if files is None:  # a form without a file, as browsers send it
            return who.post("/api/lectures", files={name: (None, value) for name, value in fields.items()})
        return who.post("/api/lectures", data=fields, files=files)

    def test_a_lecture_by_link_is_there_at_once_and_waits_to_be_fetched(self, people, sent, rows):
        deck, url = sent(people.teacher), "https://media.example.org/talks/week1.mp3?token=x"
        answer = self.post(people.teacher, people.course, url, deckIds=deck, captions=True)
        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert (told["fileName"], told["status"], told["published"]) == ("week1.mp3", "waiting", True)
        assert "token" not in answer.text, "a signed link is its owner's"
        again = self.post(people.teacher, people.course, url)
        assert (again.status_code, again.json()["id"]) == (200, told["id"])
        assert rows("select media_url, captions_name, media_sha256 from lectures where id = %s", [told["id"]]) == [
            (url, "w1.vtt", None)
        ]
        other = self.post(people.teacher, people.course, "https://media.example.org/other/week1.mp3").json()
        assert other["fileName"] == "week1 (2).mp3"
        assert people.teacher.delete(f"/api/lectures/{told['id']}").is_success

    @pytest.mark.parametrize(
        "url",
        ["", "ftp://a/b", "http://127.0.0.1/x", "http://[::ffff:a9fe:a9fe]/", "https://u:p@host/x", "http://host:22/x"],
    )
    def test_what_leads_nowhere_is_refused(self, people, url):
        answer = self.post(people.teacher, people.course, url)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_link")

    def test_are_for_who_may_add_lectures_and_stand_for_no_deck(self, people):
        url = "https://media.example.org/week1.mp3"
        assert self.post(people.student, people.course, url).status_code == 403
        assert self.post(people.stranger, people.course, url).status_code == 404
        both = send(people.teacher, people.course, wav(), kind="lectures", url=url)
        assert (both.status_code, both.json()["error"]["field"]) == (422, "url")
        deck = people.teacher.post("/api/documents", data={"courseId": people.course, "url": url},
                                   files={"file": ("a.pdf", pdf())})  # fmt: skip
        assert deck.status_code == 422
