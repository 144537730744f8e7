"""Readers get a deck's pages, a lecture's words and the way between them, and nothing of what is another's."""

import io
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image

from tests.serving.materials.conftest import wav

LINES = [(0, 4_000, "Good <morning> & welcome."), (4_000, 60_000, "The wind carries energy.")]


@pytest.fixture
def read(rows):
    """Write what the pipeline would have read: slides of a deck; lines and slides of a lecture."""

    def deck(upload, titles=("Wind power", "Betz' law")):
        for page, title in enumerate(titles, start=1):
            rows(
                "insert into slides (course_id, document_id, page, title, body, furniture, text_source, junk_chars,"
                " frame_group, width_pt, height_pt, source_sha256, code_version, image_sha256)"
                " select course_id, id, %s, %s, %s, '', 'layer', 0, 1, 1, 1, sha256, '1', sha256"
                " from documents where id = %s", [page, title, f"Text of {title}. " * 10, upload],
            )  # fmt: skip
        rows("insert into findings (course_id, document_id, ordinal, page, code, sentence, advice, source_sha256)"
             " select course_id, id, 0, 2, 'picture_only', 'it is a picture.', 'Export it again.', sha256"
             " from documents where id = %s", [upload])  # fmt: skip

    def lecture(upload, document, page=2):
        rows(
            "insert into transcripts (lecture_id, course_id, source, source_sha256, language, duration_ms, speech_ms,"
            " repaired, removed, code_version)"
            " select id, course_id, 'speech', media_sha256, 'en', 60000, 60000, 0, 0, '1' from lectures where id = %s",
            [upload],
        )
        for ordinal, (start, end, text) in enumerate(LINES):
            rows(
                "insert into transcript_segments (course_id, lecture_id, ordinal, start_ms, end_ms, text, words,"
                " speaker) select course_id, id, %s, %s, %s, %s, '[]', 'Ada' from lectures where id = %s",
                [ordinal, start, end, text, upload],
            )
        rows("insert into lecture_slides (course_id, lecture_id, start_ms, end_ms, document_id, page, confidence)"
             " select course_id, id, 1000, 60000, %s, %s, 0.9 from lectures where id = %s",
             [document, page, upload])  # fmt: skip

    deck.lecture = lecture
    return deck


@pytest.fixture
def course(people, sent, read):
    """A published deck and lecture of a course that go together: (deck, lecture)."""
    deck, lecture = sent(people.teacher), sent(people.teacher, content=wav(), kind="lectures")
    read(deck)
    read.lecture(lecture, deck)
    return deck, lecture


def test_a_page_says_what_was_read_what_was_not_and_when_it_was_spoken_about(people, course):
    deck, lecture = course
    answer = people.mate.get(f"/api/documents/{deck}/pages").json()
    first, second = answer["items"]
    assert answer["courseId"] == people.course and (first["page"], first["title"]) == (1, "Wind power")
    assert first["text"].startswith("Text of Wind power.") and first["findings"] == first["said"] == []
    assert second["findings"] == [
        {"code": "picture_only", "sentence": "it is a picture.", "advice": "Export it again."}
    ]
    assert [(said["lectureId"], said["startMs"], said["endMs"]) for said in second["said"]] == [(lecture, 1000, 60000)]
    assert people.stranger.get(f"/api/documents/{deck}/pages").status_code == 404


def test_a_lecture_that_is_not_a_reader_s_is_told_of_by_no_page(people, course, sent, read):
    deck, _ = course
    kept = sent(people.teacher, content=wav(), kind="lectures", published="false")
    read.lecture(kept, deck)
    told = {who: who.get(f"/api/documents/{deck}/pages").text for who in (people.teacher, people.mate)}
    assert kept in told[people.teacher] and kept not in told[people.mate]


def test_a_transcript_has_lines_slides_chapters_and_captions(people, course):
    deck, lecture = course
    answer = people.mate.get(f"/api/lectures/{lecture}/transcript").json()
    assert [(line["number"], line["startMs"], line["text"]) for line in answer["items"]] == [
        (number, start, text) for number, (start, _, text) in enumerate(LINES, start=1)
    ]
    (slide,) = answer["slides"]
    assert (slide["documentId"], slide["page"], slide["title"], slide["startMs"]) == (deck, 2, "Betz' law", 1000)
    assert [(chapter["startMs"], chapter["title"]) for chapter in answer["chapters"]] == [(1000, "Betz' law")]
    captions = people.mate.get(f"/api/lectures/{lecture}/captions.vtt")
    assert captions.headers["content-type"].startswith("text/vtt") and captions.text.startswith("WEBVTT\n")
    assert "00:00:00.000 --> 00:00:04.000\n<v Ada>Good &lt;morning&gt; &amp; welcome.\n" in captions.text
    with httpx.Client(base_url=people.signed.url, timeout=60) as anonymous:
        for url in (answer["captionsUrl"], answer["mediaUrl"], slide["imageUrl"]):
            assert anonymous.get(url).status_code == 200, url
            assert anonymous.get(url.partition("?")[0]).status_code == 401


def test_slides_of_a_deck_that_is_not_a_reader_s_are_not_told(people, course, sent, read):
    _, lecture = course
    kept = sent(people.teacher, published="false")
    read(kept)
    people.teacher.delete(f"/api/documents/{course[0]}")
    path = f"/api/lectures/{lecture}/transcript"
    assert people.mate.get(path).json()["slides"] == []


def test_a_lecture_that_nobody_has_transcribed_yet_is_empty_and_not_an_error(people, sent):
    lecture = sent(people.teacher, content=wav(), kind="lectures")
    answer = people.mate.get(f"/api/lectures/{lecture}/transcript").json()
    assert (answer["source"], answer["items"], answer["chapters"]) == (None, [], [])
    assert people.mate.get(f"/api/lectures/{lecture}/captions.vtt").text == "WEBVTT\n"


def test_everybody_s_place_in_a_lecture_is_their_own(people, course):
    path = f"/api/lectures/{course[1]}/place"
    assert people.mate.get(path).json() == {"positionMs": 0, "updatedAt": None}
    for position in (1000, 57_000):
        assert people.mate.put(path, json={"positionMs": position}).json()["positionMs"] == position
    assert people.mate.get(path).json()["positionMs"] == 57_000
    assert people.student.get(path).json()["positionMs"] == 0
    for bad in (-1, 2**31, "x"):
        assert people.mate.put(path, json={"positionMs": bad}).status_code == 422


def test_suggestions_are_headings_of_what_the_person_searches(people, sent, read):
    deck, kept = sent(people.teacher), sent(people.teacher, published="false")
    read(deck, ["Momentum", "Step size"])
    read(kept, ["Secret plans"])
    path = f"/api/courses/{people.course}/suggestions"
    assert {each["heading"] for each in people.mate.get(path).json()["items"]} == {"Momentum", "Step size"}
    assert "Secret plans" in [each["heading"] for each in people.teacher.get(path).json()["items"]]
    assert len(people.mate.get(path, params={"limit": 1}).json()["items"]) == 1


def test_pictures_come_narrower_and_are_not_sent_twice(quoting, material, rows):
    wide = io.BytesIO()
    Image.effect_noise((1600, 900), 50).convert("RGB").save(wide, "WEBP")
    sha = quoting.server.config.app.state.service.files.add(io.BytesIO(wide.getvalue())).sha256
    rows("update slides set image_sha256 = %s where document_id = %s and page = 2", [sha, material.document_id])
    path = f"/api/courses/{material.course_id}/documents/{material.document_id}/pages/2/image"
    assert quoting.http.get(path).content == quoting.http.get(path, params={"width": 2000}).content == wide.getvalue()
    small = quoting.http.get(path, params={"width": 320})
    with Image.open(io.BytesIO(small.content)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (320, 180))
    assert small.headers["cache-control"].startswith("private") and len(small.content) < len(wide.getvalue()) / 5
    again = {"if-none-match": small.headers["etag"]}
    assert quoting.http.get(path, params={"width": 320}, headers=again).status_code == 304
    assert quoting.http.get(path, params={"width": 1000}, headers=again).status_code == 200
    for bad in (0, 321, "x"):
        assert quoting.http.get(path, params={"width": bad}).status_code == 422


def test_a_page_s_picture_link_takes_a_width(quoting, material):
    path = f"/api/documents/{material.document_id}/pages"
    link = quoting.http.get(path).json()["items"][0]["imageUrl"]
    request = quoting.http.build_request("GET", link + "&width=320")
    del request.headers["authorization"]
    assert quoting.http.send(request).content == material.image, "narrower pictures stay as they are"


def test_what_there_is_not(quoting):
    for path in (f"/api/documents/{uuid4()}/pages", f"/api/lectures/{UUID(int=0)}/transcript"):
        assert quoting.http.get(path).json()["error"]["code"] == "not_found"
