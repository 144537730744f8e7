"""Findings of an upload: kept with the bytes they were found in, summed up for people; boxes of a passage."""

import pytest

from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.findings import (
    group_findings,
    list_course_findings,
    list_findings,
    name_pages,
    pages_of,
    replace_findings,
    sum_up,
)
from pipelines.core.lectures import put_lecture
from pipelines.core.records import Finding
from pipelines.core.search.boxes import boxes_of_passage
from pipelines.core.secrets.crypto import Sealer

NO_TEXT = [Finding(code="no_text", sentence="no words were found.", page=page) for page in (2, 3, 4, 9)]


@pytest.fixture
def upload(database, settings):
    sealer = Sealer.open_home(settings)

    def put(sha):
        with database.transaction() as connection:
            course_id = ensure_course(connection, "c").id
            return put_document(
                connection, sealer=sealer, course_id=course_id, title="w", file_name="w.pdf", source_name="w.pdf",
                sha256=sha * 64, byte_count=1,
            )[0]  # fmt: skip

    return put


def test_findings_are_kept_in_order_and_replaced_as_a_whole(database, upload):
    document = upload("a")
    with database.transaction() as connection:
        replace_findings(connection, document, NO_TEXT)
        assert list_findings(connection, document) == NO_TEXT
        replace_findings(connection, document, NO_TEXT[:1])
        assert list_findings(connection, document) == NO_TEXT[:1]


def test_findings_of_older_bytes_say_nothing_about_the_new_ones(database, upload):
    with database.transaction() as connection:
        replace_findings(connection, upload("a"), NO_TEXT)
    newer = upload("b")
    with database.transaction() as connection:
        assert list_findings(connection, newer) == []
        assert list_course_findings(connection, newer.course_id) == {}


def test_the_findings_of_a_course_are_those_of_its_decks_and_lectures_newest_bytes(database, upload):
    silent = [Finding(code="no_words", sentence="no words.", advice="Upload captions.", start_ms=1000, end_ms=9000)]
    with database.transaction() as connection:
        document = upload("a")
        replace_findings(connection, document, NO_TEXT)
        lecture, _ = put_lecture(
            connection, course_id=document.course_id, title="w", file_name="w.ogg", source_name="w.ogg", byte_count=1,
            media_sha256="b" * 64, captions_sha256="c" * 64, captions_name="w.vtt",
        )  # fmt: skip
        replace_findings(connection, lecture, silent)
        expected = {document.id: NO_TEXT, lecture.id: silent}
        assert list_course_findings(connection, document.course_id) == expected
        put_lecture(
            connection, course_id=document.course_id, title="w", file_name="w.ogg", source_name="w.ogg", byte_count=1,
            media_sha256="b" * 64, captions_sha256="c" * 64, captions_name="w.vtt", prefer_speech=True,
        )  # fmt: skip
        assert list_course_findings(connection, document.course_id) == {document.id: NO_TEXT}


def test_the_sum_names_each_reason_once_with_its_places():
    inside = Finding(code="files_inside", sentence="files inside were not read.")
    noise = Finding(
        code="noise", sentence="nobody is heard.", advice="Speak up.", start_ms=750_000, end_ms=760_000
    )  # fmt: skip
    assert name_pages(pages_of(NO_TEXT)) == "pages 2-4, 9"
    assert (name_pages([3]), name_pages([])) == ("page 3", "")
    assert sum_up([inside, *NO_TEXT]) == "Files inside were not read. Pages 2-4, 9: no words were found."
    assert sum_up([noise]) == "12:30: nobody is heard. Speak up."
    assert group_findings([noise])[0].as_json() == {
        "code": "noise", "sentence": "nobody is heard.", "advice": "Speak up.", "pages": [],
        "times": [{"start_ms": 750_000, "end_ms": 760_000}],
    }  # fmt: skip
    minutes = [Finding(code="noise", sentence="x.", start_ms=60_000 * at, end_ms=60_000 * at + 1) for at in range(7)]
    assert sum_up(minutes) == "0:00, 1:00, 2:00, 3:00, 4:00, and 2 more: x."
    assert sum_up([]) == ""


def test_a_passage_is_marked_where_its_lines_stand_and_nowhere_else():
    body = "Momentum\nremembers earlier steps\nof\nand something else entirely"
    places = [[[0, 0, 5000, 1000]], [[0, 2000, 5000, 3000], [6000, 2000, 7000, 3000]], [], [[0, 5000, 1, 6000]]]
    marked = boxes_of_passage("Momentum\nRemembers  earlier steps", body, places)
    assert marked == ((0, 0, 0.5, 0.1), (0, 0.2, 0.5, 0.3), (0.6, 0.2, pytest.approx(0.7), 0.3))
    assert boxes_of_passage("Momentum", body, places[:2]) == ()
    assert boxes_of_passage("of mice and men", body, places) == ()
