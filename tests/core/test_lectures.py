import io
from uuid import uuid4

import pytest

from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.errors import NotFoundError, StaleUpstreamError, SupersededError
from pipelines.core.files import FileStore
from pipelines.core.lecture_slides import (
    LinkedDocument,
    link_document,
    list_linked_documents,
    read_lecture_slides,
    replace_lecture_slides,
)
from pipelines.core.lectures import (
    LectureAudio,
    find_lecture,
    get_lecture,
    put_lecture,
    put_lecture_audio,
    read_lecture_audio,
)
from pipelines.core.records import OPERATOR, Scope, Segment, SlideSpan, Word
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.transcripts import (
    StoredPiece,
    Transcript,
    drop_other_pieces,
    list_pieces,
    put_piece,
    read_transcript,
    replace_transcript,
    transcript_progress,
)
from pipelines.core.uploads import (
    DOCUMENT,
    LECTURE,
    begin_run,
    delete_upload,
    fail_upload,
    list_deleted,
    list_unrequested,
    lock_upload,
    purge_upload,
)

SAID = Segment(
    start_ms=500, end_ms=1500, text="Hello.", confidence=0.5,
    words=(Word(start_ms=500, end_ms=1500, text="Hello.", probability=0.5),),
)  # fmt: skip


@pytest.fixture
def upload(database):
    """Uploads by letters: `media="a"` is a recording whose sha256 is all a's."""

    def put(name="week1.mp4", media=None, captions=None, course="c", **more):
        with database.transaction() as connection:
            return put_lecture(
                connection, course_id=ensure_course(connection, course).id, title=name, file_name=name,
                source_name=name, byte_count=1, media_sha256=media and media * 64,
                captions_sha256=captions and captions * 64, captions_name=captions and f"{captions}.vtt", **more,
            )  # fmt: skip

    return put


def audio_of(lecture):
    return LectureAudio(
        media_sha256=lecture.media_sha256, audio_sha256="f" * 64, duration_ms=9000, bad_packets=0, code_version="1"
    )


def transcript_of(lecture, **more):
    values = {
        "source": lecture.speech_source, "source_sha256": lecture.speech_sha256, "language": "en", "model": None,
        "duration_ms": 9000, "speech_ms": 1000, "repaired": 0, "removed": 0, "code_version": "1",
    }  # fmt: skip
    return Transcript(**{**values, **more})


def test_the_same_upload_twice_changes_nothing(upload):
    first, outcome = upload(media="a", captions="b")
    again, repeated = upload(media="a", captions="b")
    assert (outcome, repeated) == ("created", "unchanged")
    assert again == first


@pytest.mark.parametrize(
    "change",
    [{"media": "c"}, {"captions": "c"}, {"language": "de"}, {"prefer_speech": True}],
    ids=lambda c: next(iter(c)),
)
def test_each_change_under_the_same_name_is_a_new_generation(upload, change):
    first, _ = upload(media="a", captions="b")
    second, outcome = upload(**{"media": "a", "captions": "b", **change})
    assert (second.id, second.generation, outcome) == (first.id, 2, "replaced")
    assert upload(**{"media": "a", "captions": "b", **change})[1] == "unchanged"


def test_what_is_not_given_again_stays(upload):
    upload(media="a", captions="b", language="de", prefer_speech=True)
    again, outcome = upload(media="a")
    assert (again.captions_sha256, again.language, again.prefer_speech, outcome) == ("b" * 64, "de", True, "unchanged")


@pytest.mark.parametrize("first", ["captions", "recording"])
def test_captions_and_a_recording_that_differ_in_the_ending_only_join_into_one_lecture(upload, first):
    puts = [lambda: upload("w/1.vtt", captions="b"), lambda: upload("w/1.mp4", media="a")]
    (one, _), (other, outcome) = [put() for put in (puts if first == "captions" else puts[::-1])]
    assert (other.id, outcome) == (one.id, "replaced")
    assert (other.media_sha256, other.captions_sha256, other.file_name) == ("a" * 64, "b" * 64, "w/1.mp4")


def test_two_recordings_that_differ_in_the_ending_only_are_two_lectures(upload):
    assert upload("1.mp3", media="a")[0].id != upload("1.mp4", media="b")[0].id


def test_the_same_recording_under_another_name_answers_the_first_lecture(upload):
    first, _ = upload(media="a")
    second, outcome = upload("copy.mp4", media="a", captions="b")
    assert (second.id, outcome) == (first.id, "duplicate")
    assert upload("elsewhere.mp4", media="a", course="another")[1] == "created"


def test_captions_a_recording_has_already_are_not_a_second_lecture(upload):
    first, _ = upload(media="a", captions="b")
    second, outcome = upload("copy.vtt", captions="b")
    assert (second.id, outcome) == (first.id, "duplicate")


def test_captions_win_over_recognition_unless_it_is_preferred_and_possible(upload):
    assert upload(media="a", captions="b")[0].speech_source == "captions"
    assert upload(media="a", captions="b", prefer_speech=True)[0].speech_source == "speech"
    alone = upload("only.vtt", captions="c", prefer_speech=True)[0]
    assert (alone.speech_source, alone.speech_sha256) == ("captions", "c" * 64)


def test_a_lecture_is_found_by_every_name_it_has(upload, database):
    lecture, _ = upload("w/1.mp4", media="a", captions="b")
    with database.transaction() as connection:
        for name in (str(lecture.id), "w/1.mp4", "1", "b.vtt", "b"):
            assert find_lecture(connection, Scope(course_id=lecture.course_id, person=OPERATOR), name).id == lecture.id
        with pytest.raises(NotFoundError, match="no lecture named 2"):
            find_lecture(connection, Scope(course_id=lecture.course_id, person=OPERATOR), "2")


def test_a_name_of_two_lectures_is_refused_and_both_are_named(upload, database):
    lecture, _ = upload("x/1.mp3", media="a")
    upload("y/1.mp3", media="b")
    with (
        database.transaction() as connection,
        pytest.raises(NotFoundError, match="2 lectures named 1: x/1.mp3, y/1.mp3"),
    ):
        find_lecture(connection, Scope(course_id=lecture.course_id, person=OPERATOR), "1")


def test_the_sensor_sees_a_lecture_until_a_run_begins_and_again_when_it_is_replaced(upload, database):
    lecture, _ = upload(media="a")
    with database.transaction() as connection:
        assert list_unrequested(connection, LECTURE) == [(lecture.id, 1)]
        begin_run(connection, lecture)
        assert list_unrequested(connection, LECTURE) == []
    upload(media="b")
    with database.transaction() as connection:
        assert list_unrequested(connection, LECTURE) == [(lecture.id, 2)]


def test_a_failure_is_forgotten_by_the_next_generation(upload, database):
    lecture, _ = upload(media="a")
    with database.transaction() as connection:
        fail_upload(connection, lecture, code="silent", message="Nobody speaks.")
        assert get_lecture(connection, lecture.id, person=OPERATOR).failure == "Nobody speaks."
    assert upload(media="b")[0].failure is None


def test_nothing_is_written_for_a_replaced_lecture(upload, database):
    old, _ = upload(media="a")
    upload(media="b")
    writes = [
        lambda connection: lock_upload(connection, old),
        lambda connection: put_lecture_audio(connection, old, audio_of(old)),
        lambda connection: replace_transcript(connection, old, transcript_of(old), [SAID]),
        lambda connection: put_piece(connection, old, piece(0, 1000), recipe="r"),
        lambda connection: replace_lecture_slides(connection, old, []),
    ]
    for write in writes:
        with pytest.raises(SupersededError, match="was replaced or deleted"), database.transaction() as connection:
            write(connection)


def test_a_transcript_comes_back_as_it_was_written(upload, database):
    lecture, _ = upload(media="a")
    quiet = Segment(start_ms=2000, end_ms=2500, text="Captions have no words.")
    with database.transaction() as connection:
        replace_transcript(connection, lecture, transcript_of(lecture), [quiet])
        replace_transcript(connection, lecture, transcript_of(lecture), [SAID, quiet])
        assert read_transcript(connection, lecture) == [SAID, quiet]


def test_rows_of_another_upload_are_refused_and_say_what_to_do(upload, database):
    lecture, _ = upload(media="a")
    with database.transaction() as connection:
        put_lecture_audio(connection, lecture, audio_of(lecture))
        replace_transcript(connection, lecture, transcript_of(lecture), [SAID])
    replaced, _ = upload(media="b")
    with database.transaction() as connection:
        with pytest.raises(StaleUpstreamError, match="materialize `lecture_audio` first"):
            read_lecture_audio(connection, replaced)
        with pytest.raises(StaleUpstreamError, match="materialize `transcripts` first"):
            read_transcript(connection, replaced)


def piece(start_ms, end_ms, **more):
    return StoredPiece(
        start_ms=start_ms, end_ms=end_ms, language="en", model="m", speech_ms=10, removed=0, retried=0,
        segments=(SAID,) if start_ms == 0 else (), **more,
    )  # fmt: skip


def test_pieces_gather_say_how_far_they_are_and_never_mix_recipes(upload, database):
    lecture, _ = upload(media="a")
    with database.transaction() as connection:
        assert transcript_progress(connection, lecture.id) is None
        put_lecture_audio(connection, lecture, audio_of(lecture))
        put_piece(connection, lecture, piece(0, 4000), recipe="r")
        put_piece(connection, lecture, piece(4000, 7000), recipe="r")
        progress = transcript_progress(connection, lecture.id)
        assert (progress.done_ms, progress.duration_ms) == (7000, 9000)
        assert list_pieces(connection, lecture.id, recipe="r") == [piece(0, 4000), piece(4000, 7000)]
        assert list_pieces(connection, lecture.id, recipe="other") == []
        drop_other_pieces(connection, lecture, recipe="other")
        assert transcript_progress(connection, lecture.id).done_ms == 0


def test_pieces_after_a_gap_are_not_gone_on_from(upload, database):
    lecture, _ = upload(media="a")
    with database.transaction() as connection:
        for start_ms, end_ms in ((0, 4000), (5000, 7000)):
            put_piece(connection, lecture, piece(start_ms, end_ms), recipe="r")
        assert [p.end_ms for p in list_pieces(connection, lecture.id, recipe="r")] == [4000]


@pytest.fixture
def deck(database, settings):
    def put(name="deck.pdf", course="c"):
        with database.transaction() as connection:
            document, _ = put_document(
                connection, sealer=Sealer.open_home(settings), course_id=ensure_course(connection, course).id,
                title=name, file_name=name, source_name=name, sha256=uuid4().hex * 2, byte_count=1,
            )  # fmt: skip
            return document.id

    return put


def test_a_given_deck_stays_given_and_proposals_are_replaced(upload, deck, database):
    lecture, _ = upload(media="a")
    given, liked, elsewhere = deck(), deck("other.pdf"), deck(course="another")
    with database.transaction() as connection:
        assert link_document(connection, lecture.id, given)
        assert not link_document(connection, lecture.id, given)
        assert not link_document(connection, lecture.id, elsewhere)
        span = SlideSpan(start_ms=0, end_ms=9000, document_id=given, page=2, confidence=0.5)
        proposals = [LinkedDocument(document_id=d, given=False, similarity=0.4) for d in (given, liked)]
        replace_lecture_slides(connection, lecture, [span], proposed=proposals)
        assert read_lecture_slides(connection, lecture) == [span]
        assert [(link.document_id, link.given) for link in list_linked_documents(connection, lecture.id)] == [
            (given, True), (liked, False),
        ]  # fmt: skip
        replace_lecture_slides(connection, lecture, [])
        delete_upload(connection, DOCUMENT, given)
        assert list_linked_documents(connection, lecture.id) == []


def test_delete_then_purge_removes_rows_and_only_files_nobody_else_uses(upload, database, settings):
    files = FileStore.open(settings)
    names = [files.add(io.BytesIO(text)).sha256 for text in (b"media", b"captions", b"audio")]
    lectures = []
    for course in ("one", "two"):
        with database.transaction() as connection:
            lecture, _ = put_lecture(
                connection, course_id=ensure_course(connection, course).id, title="t", file_name="t.mp3",
                source_name="t.mp3", byte_count=1, media_sha256=names[0], captions_sha256=names[1],
            )  # fmt: skip
            audio = LectureAudio(
                media_sha256=names[0], audio_sha256=names[2], duration_ms=1, bad_packets=0, code_version="1"
            )
            put_lecture_audio(connection, lecture, audio)
            replace_transcript(connection, lecture, transcript_of(lecture), [SAID])
            put_piece(connection, lecture, piece(0, 1000), recipe="r")
            lectures.append(lecture)
    for lecture, left in zip(lectures, (True, False), strict=True):
        with database.transaction() as connection:
            assert delete_upload(connection, LECTURE, lecture.id)
            assert not delete_upload(connection, LECTURE, lecture.id)
            assert list_deleted(connection, LECTURE) == [lecture.id]
        purge_upload(database, files, LECTURE, lecture.id)
        assert [files.has(name) for name in names] == [left] * 3
    with database.transaction() as connection:
        for table in ("lectures", "lecture_audio", "transcripts", "transcript_segments", "transcript_pieces"):
            assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)  # noqa: S608
