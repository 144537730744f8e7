import io
import threading
from uuid import uuid4

import pytest

from pipelines.core.courses import ensure_course
from pipelines.core.documents import get_document, put_document
from pipelines.core.errors import SupersededError
from pipelines.core.files import FileStore
from pipelines.core.records import OPERATOR
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.uploads import (
    DOCUMENT,
    begin_run,
    delete_upload,
    fail_upload,
    list_deleted,
    list_unrequested,
    lock_upload,
    purge_upload,
)


@pytest.fixture
def sealer(settings):
    return Sealer.open_home(settings)


@pytest.fixture
def upload(database, sealer):
    def put(name="week1.pdf", sha="a", course="c", **more):
        with database.transaction() as connection:
            course_id = ensure_course(connection, course).id
            return put_document(
                connection, sealer=sealer, course_id=course_id, title=name, file_name=name, source_name=name,
                sha256=sha * 64, byte_count=1, **more,
            )  # fmt: skip

    return put


def test_the_same_bytes_again_leave_a_deck_the_title_that_was_read(upload, database):
    deck, _ = upload()
    with database.transaction() as connection:
        connection.execute("update documents set title = 'Wind power' where id = %s", [deck.id])
    assert upload()[0].title == "Wind power"
    assert upload(sha="b")[0].title == "week1.pdf", "until it is read"


def test_the_same_bytes_twice_change_nothing(upload):
    first, outcome = upload()
    again, repeated = upload()
    assert (outcome, repeated) == ("created", "unchanged")
    assert first == again


def test_other_bytes_under_the_same_name_are_a_new_generation(upload):
    first, _ = upload()
    second, outcome = upload(sha="b")
    assert (second.id, second.generation, outcome) == (first.id, 2, "replaced")


def test_the_same_bytes_under_another_name_answer_the_first_document(upload):
    first, _ = upload()
    second, outcome = upload(name="copy.pdf")
    assert (second.id, outcome) == (first.id, "duplicate")


def test_a_password_is_kept_sealed_and_opens_again(upload, database, sealer):
    document, _ = upload(password="student")
    with database.transaction() as connection:
        assert get_document(connection, document.id, person=OPERATOR, sealer=sealer).password == "student"
        (stored,) = connection.execute("select password_sealed from documents").fetchone()
    assert b"student" not in stored
    assert "student" not in repr(document)


def test_a_write_for_a_replaced_upload_is_refused(upload, database):
    old, _ = upload()
    upload(sha="b")
    with database.transaction() as connection, pytest.raises(SupersededError, match="week1.pdf was replaced"):
        lock_upload(connection, old)


def test_the_sensor_sees_an_upload_until_a_run_begins_and_again_when_it_is_replaced(upload, database):
    document, _ = upload()
    with database.transaction() as connection:
        assert list_unrequested(connection, DOCUMENT) == [(document.id, 1)]
        begin_run(connection, document)
        assert list_unrequested(connection, DOCUMENT) == []
    upload(sha="b")
    with database.transaction() as connection:
        assert list_unrequested(connection, DOCUMENT) == [(document.id, 2)]


def test_a_failure_is_forgotten_by_the_next_generation(upload, database, sealer):
    document, _ = upload()
    with database.transaction() as connection:
        fail_upload(connection, document, code="damaged", message="It is damaged.")
        assert get_document(connection, document.id, person=OPERATOR, sealer=sealer).failure == "It is damaged."
    replaced, _ = upload(sha="b")
    assert replaced.failure is None


def test_delete_then_purge_removes_rows_and_only_files_nobody_else_uses(upload, database, settings, sealer):
    files = FileStore.open(settings)
    shared = files.add(io.BytesIO(b"shared")).sha256
    with database.transaction() as connection:
        ids = []
        for course in ("one", "two"):
            course_id = ensure_course(connection, course).id
            document, _ = put_document(
                connection, sealer=sealer, course_id=course_id, title="t", file_name="t.pdf", source_name="t.pdf",
                sha256=shared, byte_count=6,
            )  # fmt: skip
            ids.append(document.id)
    for document_id, left in zip(ids, (True, False), strict=True):
        with database.transaction() as connection:
            assert delete_upload(connection, DOCUMENT, document_id)
            assert list_deleted(connection, DOCUMENT) == [document_id]
        purge_upload(database, files, DOCUMENT, document_id)
        assert files.has(shared) is left
    with database.transaction() as connection:
        assert connection.execute("select count(*) from documents").fetchone() == (0,)
        assert not delete_upload(connection, DOCUMENT, uuid4())


def test_two_identical_uploads_at_once_make_one_document(upload):
    found, barrier = [], threading.Barrier(4)

    def put(name):
        barrier.wait()
        found.append(upload(name=name)[0].id)

    threads = [threading.Thread(target=put, args=(name,)) for name in ("a.pdf", "a.pdf", "b.pdf", "b.pdf")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
