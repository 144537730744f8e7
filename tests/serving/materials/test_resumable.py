"""Uploads in pieces (tus): true offsets whatever happens on the way, the rules of forms, nobody else's hands."""

import base64
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from pipelines.core.files import FileStore
from pipelines.core.partial.files import PartialFileBusyError, PartialFiles
from pipelines.core.partial.sweep import sweep_partial_uploads
from pipelines.core.postgres import Database
from tests.serving.materials.conftest import pdf, send, wav

TUS = {"tus-resumable": "1.0.0"}
PIECE = {**TUS, "content-type": "application/offset+octet-stream"}


def told(course, *, name="deck.pdf", kind="document", **more):
    """Upload-Metadata."""
    said = {"filename": name, "courseId": course, "kind": kind, **more}
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())


def begin(who, course, length, **said):
    headers = {**TUS, "upload-length": str(length), "upload-metadata": told(course, **said)}
    return who.post("/api/uploads", headers=headers)


def begun(who, course, length, **said):
    answer = begin(who, course, length, **said)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def go_on(who, place, at, content, **headers):
    return who.patch(place, content=content, headers={**PIECE, "upload-offset": str(at), **headers})


def offset(who, place):
    return int(who.head(place, headers=TUS).headers["upload-offset"])


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def parts(people):
    folder = Path(people.signed.service.settings.home) / "files" / "partial"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_a_file_in_pieces_becomes_what_it_would_have_as_a_form(people, rows):
    content = pdf() + os.urandom(3_000_000)
    place = begun(people.student, people.course, len(content), name="C:\\slides\\Wöche 1.pdf", filetype="text/html")
    asked = people.student.head(place, headers=TUS)
    assert (asked.status_code, asked.headers["upload-offset"], asked.headers["upload-length"]) == (
        200, "0", str(len(content)))  # fmt: skip
    assert asked.headers["cache-control"] == "no-store" and "upload-expires" in asked.headers
    assert asked.headers["upload-metadata"] == told(people.course, name="C:\\slides\\Wöche 1.pdf", filetype="text/html")
    first = go_on(people.student, place, 0, content[:1_500_000])
    assert (first.status_code, first.headers["upload-offset"], first.headers["tus-resumable"]) == (
        204, "1500000", "1.0.0")  # fmt: skip
    name = place.rpartition("/")[2]
    part = Path(people.signed.service.settings.home) / "files" / "partial" / name
    assert part.stat().st_mode & 0o777 == 0o600 and part.parent.stat().st_mode & 0o777 == 0o700
    last = go_on(people.student, place, 1_500_000, content[1_500_000:])
    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(content)))
    made = people.student.get(last.headers["content-location"]).json()
    assert (made["fileName"], made["published"], made["byteCount"]) == ("Wöche 1.pdf", False, len(content))
    ((sha256,),) = rows("select sha256 from documents where id = %s", [made["id"]])
    stored = Path(people.signed.service.settings.home) / "files" / sha256[:2] / sha256
    assert stored.read_bytes() == content and name not in parts(people)
    again = people.student.head(place, headers=TUS)
    assert (again.headers["upload-offset"], again.headers["content-location"]) == (
        str(len(content)), last.headers["content-location"])  # fmt: skip
    assert code(go_on(people.student, place, 0, b"x")) == (409, "wrong_offset")


def test_a_machine_that_does_not_have_the_part_refuses_what_follows_it_and_takes_all_from_the_beginning(people):
    """As where two machines share no folder for parts: a clear refusal, true offsets, nothing mixed."""
    content = pdf() + os.urandom(100_000)
    place = begun(people.student, people.course, len(content), name="elsewhere.pdf")
    assert go_on(people.student, place, 0, content[:50_000]).status_code == 204
    part = Path(people.signed.service.settings.home) / "files" / "partial" / place.rpartition("/")[2]
    part.rename(part.with_name("another machine"))
    assert code(go_on(people.student, place, 50_000, content[50_000:])) == (409, "wrong_offset")
    assert offset(people.student, place) == 0
    made = go_on(people.student, place, 0, content)
    assert people.student.get(made.headers["content-location"]).json()["byteCount"] == len(content)
    part.with_name("another machine").unlink()


def test_the_same_bytes_again_are_the_same_upload_and_a_lecture_is_one(people):
    content = pdf()
    by_form = send(people.teacher, people.course, content).json()["id"]
    place = begun(people.teacher, people.course, len(content))
    assert go_on(people.teacher, place, 0, content).headers["content-location"] == f"/api/documents/{by_form}"
    sound = wav()
    place = begun(people.teacher, people.course, len(sound), kind="lecture", name="w1.wav", published="false")
    made = people.teacher.get(go_on(people.teacher, place, 0, sound).headers["content-location"]).json()
    assert (made["kind"], made["published"]) == ("lecture", False)


class TestBrokenConnections:
    def raw(self, people, token, place, at, length, body):
        """Send the head of a piece and some of its body; the open connection."""
        head = (
            f"PATCH {place} HTTP/1.1\r\nHost: 127.0.0.1\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {at}\r\n"
            f"Content-Type: application/offset+octet-stream\r\nContent-Length: {length}\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        )
        line = socket.create_connection(("127.0.0.1", people.signed.service.port), timeout=60)
        line.sendall(head.encode() + body)
        return line

    def arrived(self, people, place, size):
        """Wait until the service has written so much."""
        part = Path(people.signed.service.settings.home) / "files" / "partial" / place.rpartition("/")[2]
        deadline = time.monotonic() + 60
        while not part.exists() or part.stat().st_size < size:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    @pytest.fixture
    def someone(self, people):
        """A student of the course who has a token to show on a line of their own."""
        subject = f"cut-{uuid4().hex}"
        who = people.signed.program(subject=subject)
        people.more.append(who)
        code = people.teacher.post(f"/api/courses/{people.course}/invitations", json={"role": "student"}).json()["code"]
        who.post(f"/api/invitations/{code}/accept")
        return who, people.signed.issuer.mint(subject=subject)

    def test_a_cut_upload_goes_on_at_its_true_offset_and_is_whole_in_the_end(self, people, someone, rows):
        who, token = someone
        content = pdf() + os.urandom(5_000_000)
        place, at = begun(who, people.course, len(content)), 0
        for cut in (70_001, 1_100_000, 2_222_222):
            line = self.raw(people, token, place, at, len(content) - at, content[at : at + cut])
            line.close()
            self.arrived(people, place, at + cut)
            assert offset(who, place) == at + cut
            at += cut
        last = go_on(who, place, at, content[at:])
        made = last.headers["content-location"].rpartition("/")[2]
        ((sha256,),) = rows("select sha256 from documents where id = %s", [made])
        assert FileStore.open(people.signed.service.settings).open_read(sha256).read() == content

    def test_who_comes_back_ends_the_connection_that_hangs(self, people, someone):
        who, token = someone
        content = pdf() + os.urandom(2_500_000)
        place = begun(who, people.course, len(content))
        hanging = self.raw(people, token, place, 0, len(content), content[:1_200_000])
        self.arrived(people, place, 1_000_000)
        at = offset(who, place)
        assert at == 1_200_000
        assert hanging.recv(4096).startswith(b"HTTP/1.1 423 ")
        hanging.close()
        assert go_on(who, place, at, content[at:]).status_code == 204

    def test_an_upload_whose_last_answer_was_never_written_is_taken_when_asked_about(self, people, someone):
        who, _ = someone
        content = pdf()
        place = begun(who, people.course, len(content))
        files = FileStore.open(people.signed.service.settings)
        with files.partial.held(place.rpartition("/")[2]) as part:
            part.append(content)
        asked = who.head(place, headers=TUS)
        assert who.get(asked.headers["content-location"]).json()["byteCount"] == len(content)

    def test_pieces_sent_twice_at_once_are_kept_once(self, people, rows):
        content = pdf() + os.urandom(400_000)
        place = begun(people.student, people.course, len(content))
        with ThreadPoolExecutor(3) as pool:
            came = [each.status_code for each in pool.map(lambda _: go_on(people.student, place, 0, content), range(3))]
        assert came.count(204) >= 1 and set(came) <= {204, 409, 423}
        made = people.student.head(place, headers=TUS).headers["content-location"].rpartition("/")[2]
        assert rows("select byte_count from documents where id = %s", [made]) == [(len(content),)]


class TestOthersHands:
    def test_another_s_upload_looks_exactly_like_a_missing_one(self, people):
        place, nowhere = begun(people.student, people.course, 9), f"/api/uploads/{uuid4()}"
        for who in (people.owner, people.mate, people.stranger):
            for at in (place, nowhere):
                assert who.head(at, headers=TUS).status_code == 404
            assert go_on(who, place, 0, b"x").text == go_on(who, nowhere, 0, b"x").text
            assert code(go_on(who, place, 0, b"x")) == (404, "not_found")
            assert who.delete(place, headers=TUS).text == who.delete(nowhere, headers=TUS).text
        with httpx.Client(base_url=people.signed.url) as nobody:
            answers = [nobody.head(place, headers=TUS), go_on(nobody, place, 0, b"x"), nobody.delete(place)]
        assert [each.status_code for each in answers] == [401] * 3
        assert offset(people.student, place) == 0
        foreign, missing = (begin(people.stranger, course, 9) for course in (people.course, str(uuid4())))
        assert code(foreign) == (404, "not_found") and foreign.text == missing.text

    def test_who_is_let_go_sends_no_more(self, people):
        place = begun(people.student, people.course, 9)
        people.owner.delete(f"/api/courses/{people.course}/members/{people.id_of(people.student)}")
        assert code(go_on(people.student, place, 0, b"%PDF-1.4\n")) == (404, "not_found")
        assert people.student.delete(place, headers=TUS).status_code == 204

    def test_given_up_is_gone(self, people):
        place = begun(people.student, people.course, 9)
        go_on(people.student, place, 0, b"%PDF")
        assert people.student.delete(place, headers=TUS).status_code == 204
        assert people.student.head(place, headers=TUS).status_code == 404
        assert place.rpartition("/")[2] not in parts(people)


def test_begun_uploads_count_as_kept_and_end_where_a_quota_does(people, monkeypatch):
    stores = people.signed.service.server.config.app.state.service.core.stores
    changed = stores.settings.model_copy(update={"person_quota_mb": 1})
    monkeypatch.setattr(type(stores), "settings", property(lambda _: changed), raising=False)
    content = pdf() + b"\0" * 600_000
    place = begun(people.student, people.course, len(content))
    assert code(begin(people.student, people.course, 600_000)) == (413, "person_quota")
    assert code(send(people.student, people.course, content + b"x", name="b.pdf")) == (413, "person_quota")
    assert go_on(people.student, place, 0, content).status_code == 204, "it is not counted twice in the end"


def test_what_nobody_goes_on_with_expires_and_goes_with_its_person(people, rows):
    settings = people.signed.service.settings
    old, kept = begun(people.student, people.course, 9), begun(people.student, people.course, 9)
    for place in (old, kept):
        go_on(people.student, place, 0, b"%PDF")
    database = Database(settings.database_url.get_secret_value())
    with database:
        url = settings.database_url.get_secret_value()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("update partial_uploads set expires_at = now() where id = %s", [old.rpartition("/")[2]])
        assert people.student.head(old, headers=TUS).status_code == 404
        sweep_partial_uploads(database, FileStore.open(settings))
    assert old.rpartition("/")[2] not in parts(people) and kept.rpartition("/")[2] in parts(people)
    assert offset(people.student, kept) == 4
    assert people.student.delete("/api/me").status_code == 202
    assert kept.rpartition("/")[2] not in parts(people)
    assert rows("select count(*) from partial_uploads where id = %s", [kept.rpartition("/")[2]]) == [(0,)]


def test_what_of_tus_is_spoken_is_told(people):
    answer = people.student.options("/api/uploads")
    assert answer.status_code == 204 and answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,expiration,termination"
    assert int(answer.headers["tus-max-size"]) == people.signed.service.settings.media_max_mb * 1_000_000


def test_one_process_at_a_time_writes_to_a_partial_file(tmp_path):
    files, name = PartialFiles(tmp_path / "partial"), uuid4()
    with files.held(name) as part:
        part.append(b"ab")
        with pytest.raises(PartialFileBusyError), files.held(name):
            pass
    with files.held(name) as part:
        assert part.byte_count == 2
