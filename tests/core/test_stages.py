"""How far an upload has come, as those who wait for it read it, and what they can still do about it."""

from uuid import uuid4

import pytest

from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.stages import DELETED, fail_upload_of_run, read_progress, retry_upload
from pipelines.core.uploads import begin_run, begin_stage, delete_upload, end_stage, fail_upload, kind_of, note_stage


@pytest.fixture
def upload(database, settings):
    with database.transaction() as connection:
        return put_document(
            connection, course_id=ensure_course(connection, "c").id, title="t", file_name="week1.pdf",
            source_name="week1.pdf", byte_count=1, sha256="a" * 64, sealer=Sealer.open_home(settings),
        )[0]  # fmt: skip


@pytest.fixture
def progress(database, upload):
    """The upload's progress as it is now."""

    def read():
        with database.transaction() as connection:
            return read_progress(connection, [upload.id])[upload.id]

    return read


def begun(database, upload, stage="slides", run_id="r1"):
    with database.transaction() as connection:
        begin_run(connection, upload, run_id=run_id)
        return begin_stage(connection, upload, stage=stage, run_id=run_id, whole=True)


def test_a_stage_tells_how_far_it_has_come_why_it_waits_and_that_it_has_ended(database, upload, progress):
    assert progress().current is None
    held = begun(database, upload)
    assert (progress().current.name, progress().current.note) == ("slides", None)
    with database.transaction() as connection:
        note_stage(connection, held, "5 of 9 pages", counted=(5, 9))
    assert (progress().current.note, progress().current.waiting) == ("5 of 9 pages", False)
    assert (progress().current.done, progress().current.total) == (5, 9)
    with database.transaction() as connection:
        note_stage(connection, held, "The disk is full.", waiting=True)
    assert progress().current.waiting
    assert (progress().current.done, progress().current.total) == (None, None)
    assert not progress().ended(["slides"])
    with database.transaction(lasting=False) as connection:
        end_stage(connection, held)
    assert progress().current is None
    assert progress().ended(["slides"])
    assert progress().seconds() >= 0


def test_a_run_that_was_taken_over_says_nothing(database, upload, progress):
    held = begun(database, upload)
    begun(database, upload, run_id="r2")
    with database.transaction() as connection:
        note_stage(connection, held, "9 of 9 pages")
        end_stage(connection, held)
    assert progress().current.note is None


def test_a_failed_upload_is_tried_again_as_a_new_generation_and_no_other(database, upload, progress):
    with database.transaction() as connection:
        assert not retry_upload(connection, upload.id)
        fail_upload(connection, upload, code="damaged", message="It is damaged.")
    assert progress().failure == "It is damaged."
    with database.transaction() as connection:
        assert retry_upload(connection, upload.id)
        assert not retry_upload(connection, upload.id)
    assert progress().failure is None


@pytest.mark.parametrize("begins", [True, False], ids=["after it began", "before it began"])
def test_a_run_that_ended_without_a_word_fails_its_upload_once(database, upload, progress, begins):
    if begins:
        begun(database, upload)
    told = {"code": "process_died", "message": "It died."}
    named = None if begins else (upload.id, upload.generation)
    with database.transaction() as connection:
        assert fail_upload_of_run(connection, "another", **told) == []
        assert fail_upload_of_run(connection, "r1", upload=named, **told) == ["week1.pdf"]
        assert fail_upload_of_run(connection, "r1", upload=named, **told) == []
    assert progress().failure == "It died."


def test_what_was_deleted_is_waited_for_no_longer(database, upload, progress):
    with database.transaction() as connection:
        delete_upload(connection, kind_of(upload), upload.id)
        assert read_progress(connection, [missing := uuid4()]) == {missing: DELETED}
    assert progress() == DELETED
