"""Uploads in pieces that lie about themselves: refused, and nothing of them is kept."""

from uuid import uuid4

import pytest

from tests.serving.materials.test_resumable import TUS, begin, begun, code, go_on, offset, parts, told


class TestLies:
    def test_about_the_length_are_refused_before_a_byte_and_keep_nothing(self, people):
        assert code(begin(people.student, people.course, 10**13)) == (413, "too_large")
        assert code(begin(people.student, people.course, 0)) == (422, "empty_file")
        for length in ("-1", "many", str(2**80), ""):
            headers = {**TUS, "upload-length": length, "upload-metadata": told(people.course)}
            assert people.student.post("/api/uploads", headers=headers).status_code == 422
        assert people.student.post("/api/uploads", headers={**TUS, "upload-metadata": told(people.course)}).is_error
        place = begun(people.student, people.course, 100)
        assert code(go_on(people.student, place, 0, b"x" * 101)) == (413, "longer_than_said")

        def endless():
            for _ in range(20):
                yield b"x" * 10

        assert code(go_on(people.student, place, 0, endless())) == (413, "longer_than_said")
        assert offset(people.student, place) == 0

    def test_about_the_offset_are_refused(self, people):
        place = begun(people.student, people.course, 100)
        assert go_on(people.student, place, 0, b"%PDF-").status_code == 204
        for at in (0, 4, 6, 99, 1000):
            assert code(go_on(people.student, place, at, b"x")) == (409, "wrong_offset")
        assert offset(people.student, place) == 5

    def test_about_the_content_end_the_upload(self, people, rows):
        before = rows("select count(*) from partial_uploads")
        content = b"<!doctype html><title>Sign in</title>"
        place = begun(people.student, people.course, len(content))
        assert code(go_on(people.student, place, 0, content)) == (422, "not_a_pdf")
        assert people.student.head(place, headers=TUS).status_code == 404
        assert place.rpartition("/")[2] not in parts(people) and rows("select count(*) from partial_uploads") == before

    @pytest.mark.parametrize(
        ("headers", "answer"),
        [
            ({"x-http-method-override": "DELETE"}, (400, "method_override")),
            ({"tus-resumable": "0.2.2"}, (412, "tus_version")),
            ({"upload-concat": "final;/api/uploads/1"}, (422, "invalid_request")),
            ({"upload-defer-length": "1"}, (422, "invalid_request")),
            ({"upload-metadata": "courseId"}, (422, "invalid_request")),
            ({"upload-metadata": "x" * 20_000}, (422, "invalid_request")),
        ],
    )
    def test_in_headers_are_refused(self, people, headers, answer):
        given = {**TUS, "upload-length": "9", "upload-metadata": told(people.course), **headers}
        got = people.student.post("/api/uploads", headers=given)
        assert code(got) == answer and got.headers["tus-resumable"] == "1.0.0"

    @pytest.mark.parametrize(
        ("said", "answer"),
        [
            ({"kind": "course"}, (422, "invalid_request")),
            ({"name": ".."}, (422, "bad_name")),
            ({"ownerId": str(uuid4())}, (422, "invalid_request")),
            ({"deckIds": str(uuid4())}, (422, "invalid_request")),
            ({"published": "true"}, (403, "not_allowed")),
            ({"kind": "lecture"}, (403, "not_allowed")),
        ],
    )
    def test_in_the_metadata_are_refused(self, people, said, answer):
        assert code(begin(people.student, people.course, 9, **said)) == answer

    def test_a_piece_is_of_its_own_media_type(self, people):
        place = begun(people.student, people.course, 9)
        assert code(go_on(people.student, place, 0, b"x", **{"content-type": "application/json"})) == (
            415, "wrong_body")  # fmt: skip
