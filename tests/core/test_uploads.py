"""What decks and lectures have in common: who may write what of them, and for how long."""

import threading
from dataclasses import replace

import pytest

from pipelines.core.courses import ensure_course
from pipelines.core.documents import get_document, put_document
from pipelines.core.errors import SupersededError
from pipelines.core.lectures import get_lecture, put_lecture
from pipelines.core.records import OPERATOR
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.uploads import (
    AGAIN,
    ask_again,
    begin_run,
    begin_stage,
    delete_upload,
    end_stage,
    fail_upload,
    kind_of,
    list_unrequested,
    lock_upload,
    reprocess_upload,
)


@pytest.fixture(params=["document", "lecture"])
def upload(request, database, settings):
    """One new upload of each kind."""
    with database.transaction() as connection:
        common = {
            "course_id": ensure_course(connection, "c").id, "title": "t", "file_name": "week1.x",
            "source_name": "week1.x", "byte_count": 1,
        }  # fmt: skip
        if request.param == "lecture":
            return put_lecture(connection, **common, media_sha256="a" * 64)[0]
        return put_document(connection, **common, sha256="a" * 64, sealer=Sealer.open_home(settings))[0]


@pytest.fixture
def again(database, settings):
    """The upload as it is now."""

    def get(upload):
        with database.transaction() as connection:
            if kind_of(upload).noun == "lecture":
                return get_lecture(connection, upload.id, person=OPERATOR)
            return get_document(connection, upload.id, person=OPERATOR, sealer=Sealer.open_home(settings))

    return get


def whole(connection, upload, run_id, *, stage="first"):
    """A run of everything begins."""
    begin_run(connection, upload, run_id=run_id)
    return begin_stage(connection, upload, stage=stage, run_id=run_id, whole=True)


def stages_of(connection, upload):
    table = kind_of(upload).table
    return connection.execute(f"select stages from {table} where id = %s", [upload.id]).fetchone()[0]  # noqa: S608


def test_a_run_that_comes_back_after_its_retry_can_neither_write_nor_fail_nor_go_on(upload, database, again):
    with database.transaction() as connection:
        lost = whole(connection, upload, "lost")
        lock_upload(connection, lost)
    with database.transaction() as connection:
        retry = whole(connection, upload, "retry")
        end_stage(connection, retry)
        made = stages_of(connection, upload)
    with database.transaction() as connection, pytest.raises(SupersededError, match="another run took it over"):
        lock_upload(connection, lost)
    with database.transaction() as connection, pytest.raises(SupersededError):
        begin_stage(connection, upload, stage="second", run_id="lost", whole=True)
    with database.transaction() as connection:
        fail_upload(connection, lost, code="late", message="Late.")
        end_stage(connection, lost)
        assert stages_of(connection, upload) == made
        lock_upload(connection, retry)
    assert again(upload).failure is None


def test_a_run_of_one_stage_takes_over_that_stage_and_leaves_the_rest_to_the_run_of_everything(upload, database):
    with database.transaction() as connection:
        everything = whole(connection, upload, "all", stage="first")
        one = begin_stage(connection, upload, stage="second", run_id="one", whole=False)
        lock_upload(connection, everything)
        lock_upload(connection, one)
        second = begin_stage(connection, upload, stage="second", run_id="all", whole=True)
        lock_upload(connection, second)
    with database.transaction() as connection, pytest.raises(SupersededError):
        lock_upload(connection, one)


def test_stages_that_are_made_again_after_one_count_as_not_begun_until_then(upload, database):
    with database.transaction() as connection:
        end_stage(connection, whole(connection, upload, "all", stage="first"))
        end_stage(connection, begin_stage(connection, upload, stage="second", run_id="all", whole=True))
        begin_stage(connection, upload, stage="more", run_id="later", whole=False, after=["second", "third"])
        assert set(stages_of(connection, upload)) == {"first", "more"}


def test_a_run_that_takes_over_waits_until_a_write_has_ended(upload, database):
    order = []
    with database.transaction() as connection:
        lost = whole(connection, upload, "lost")

    def take_over():
        with database.transaction() as connection:
            whole(connection, upload, "retry")
            order.append("taken over")

    with database.transaction() as connection:
        lock_upload(connection, lost)
        thread = threading.Thread(target=take_over)
        thread.start()
        thread.join(0.3)
        order.append("written")
    thread.join()
    assert order == ["written", "taken over"]


def test_a_stage_says_who_makes_it_and_when_it_began_and_ended(upload, database):
    with database.transaction() as connection:
        held = whole(connection, upload, "run", stage="slides")
        assert set(stages_of(connection, upload)["slides"]) == {"run_id", "began_at"}
        end_stage(connection, held)
        assert set(stages_of(connection, upload)["slides"]) == {"run_id", "began_at", "ended_at"}


def test_who_is_no_run_writes_whatever_stage_it_is(upload, database, again):
    with database.transaction() as connection:
        whole(connection, upload, "run")
        lock_upload(connection, upload)
        fail_upload(connection, upload, code="x", message="Said by a program that is no run.")
    assert again(upload).failure == "Said by a program that is no run."


def test_a_deleted_upload_is_no_longer_anybodys(upload, database):
    with database.transaction() as connection:
        held = whole(connection, upload, "run")
        assert delete_upload(connection, kind_of(upload), upload.id)
        assert not delete_upload(connection, kind_of(upload), upload.id)
    for step in (lock_upload, lambda c, u: begin_run(c, u, run_id="other")):
        with database.transaction() as connection, pytest.raises(SupersededError):
            step(connection, held)
    with database.transaction() as connection, pytest.raises(SupersededError):
        lock_upload(connection, replace(held, stage=None, run_id=None))


def waited(connection, upload):
    """As if the wait were over: it is asked for again, or not."""
    kind = kind_of(upload)
    connection.execute(f"update {kind.table} set again_at = again_at - interval '2 days'")  # noqa: S608
    ask_again(connection, kind)
    return [generation for _, generation in list_unrequested(connection, kind)]


def test_what_failed_for_a_reason_that_may_pass_is_asked_for_again_a_few_times_and_says_so(database, upload, again):
    for _, said in AGAIN:
        with database.transaction() as connection:
            fail_upload(connection, whole(connection, upload, "run"), code="x", message="It is away.", passing=True)
            ask_again(connection, kind_of(upload))
            assert list_unrequested(connection, kind_of(upload)) == [], "not before its time"
        assert again(upload).failure == f"It is away. {said}"
        with database.transaction() as connection:
            assert waited(connection, upload) == [upload.generation + 1]
        upload = replace(upload, generation=upload.generation + 1)
    with database.transaction() as connection:
        fail_upload(connection, whole(connection, upload, "run"), code="x", message="It is away.", passing=True)
        assert waited(connection, upload) == []
    assert again(upload).failure == "It is away."


def test_who_asks_for_it_begins_the_count_anew_and_what_stays_so_is_not_tried_again(database, upload, again):
    with database.transaction() as connection:
        fail_upload(connection, whole(connection, upload, "a"), code="x", message="Away.", passing=True)
        assert waited(connection, upload) == [2]
        upload = replace(upload, generation=2)
        reprocess_upload(connection, upload)
        upload = replace(upload, generation=3)
        fail_upload(connection, whole(connection, upload, "b"), code="x", message="Away.", passing=True)
    assert again(upload).failure == f"Away. {AGAIN[0][1]}"
    with database.transaction() as connection:
        reprocess_upload(connection, upload)
        assert waited(connection, upload) == [4], "a wait of what was asked for since ends nothing"
        upload = replace(upload, generation=4)
        fail_upload(connection, whole(connection, upload, "c"), code="damaged", message="Damaged.")
        assert waited(connection, upload) == []
