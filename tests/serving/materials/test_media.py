"""Slide images and recordings: by range, by signed link, to nobody else."""

from uuid import UUID

import pytest


@pytest.fixture
def paths(material):
    course = f"/api/courses/{material.course_id}"
    return f"{course}/documents/{material.document_id}/pages/1/image", f"{course}/lectures/{material.lecture_id}/media"


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        (None, 200, (0, 600_000)),
        ("bytes=0-", 206, (0, 600_000)),
        ("bytes=10-19", 206, (10, 20)),
        ("bytes=-5", 206, (599_995, 600_000)),
        ("bytes=599999-700000", 206, (599_999, 600_000)),
        ("bytes=-700000", 206, (0, 600_000)),
        ("bytes=0-1,5-6", 200, (0, 600_000)),
        ("lines=1-2", 200, (0, 600_000)),
        ("bytes=-", 200, (0, 600_000)),
        ("bytes=600000-", 416, None),
        ("bytes=9-3", 416, None),
        ("bytes=-0", 416, None),
    ],
)
def test_ranges(quoting, material, paths, asked, status, span):
    answer = quoting.http.get(paths[1], headers={"range": asked} if asked else {})
    assert answer.status_code == status
    if span:
        assert answer.content == material.media[slice(*span)]
        assert answer.headers["content-type"] == "video/mp4" and answer.headers["accept-ranges"] == "bytes"
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {span[0]}-{span[1] - 1}/600000"


def test_an_unchanged_file_is_not_sent_again(quoting, paths):
    etag = quoting.http.get(paths[0]).headers["etag"]
    assert quoting.http.get(paths[0], headers={"if-none-match": etag}).status_code == 304
    other = quoting.http.get(paths[1], headers={"range": "bytes=0-1", "if-range": '"other"'})
    assert other.status_code == 200


def test_a_browser_can_run_nothing_of_it(quoting, paths):
    headers = quoting.http.get(paths[0]).headers
    assert "sandbox" in headers["content-security-policy"] and headers["x-content-type-options"] == "nosniff"


def test_a_signed_link_opens_its_file_and_no_other(quoting, material, paths):
    state = quoting.server.config.app.state.service
    user_id = UUID(quoting.http.get("/api/me").json()["id"])
    link = state.links.sign(paths[0], user_id)
    nobody = {"authorization": ""}
    plain = quoting.http.build_request("GET", link)
    del plain.headers["authorization"]
    assert quoting.http.send(plain).content == material.image
    for forged in (
        link.replace("pages/1", "pages/2"),
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link.replace(user_id.hex, "0" * 32),
        link.replace("until=", "until=9"),
        paths[0] + "?sig=&for=&until=",
        paths[0] + "?sig=%00&for=x&until=y",
    ):
        request = quoting.http.build_request("GET", forged, headers=nobody)
        del request.headers["authorization"]
        assert quoting.http.send(request).json()["error"]["code"] == "link_expired"


def test_a_page_that_is_not_there(quoting, paths):
    assert quoting.http.get(paths[0].replace("pages/1", "pages/99")).status_code == 404
    assert quoting.http.get(paths[0].replace("pages/1", "pages/0")).status_code == 422
