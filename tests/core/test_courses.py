"""Courses: deleted with all they hold at once, and renamed without taking another's name."""

import threading

import pytest

from pipelines.core.courses import delete_course, ensure_course, find_course, list_course_sizes, rename_course
from pipelines.core.documents import put_document
from pipelines.core.errors import NotFoundError, PermanentError
from pipelines.core.files import FileStore
from pipelines.core.lectures import put_lecture
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.uploads import KINDS, list_deleted, purge_upload


@pytest.fixture
def upload(database, settings):
    """Record a deck or a lecture in a course of this id."""

    def put(connection, course_id, sha="a", *, lecture=False):
        common = {"course_id": course_id, "title": "t", "file_name": "t.x", "source_name": "t.x", "byte_count": 1}
        if lecture:
            return put_lecture(connection, **common, media_sha256=sha * 64)[0]
        return put_document(connection, **common, sha256=sha * 64, sealer=Sealer.open_home(settings))[0]

    return put


def test_a_deleted_course_is_gone_at_once_and_its_rows_go_with_its_last_upload(database, settings, upload):
    files = FileStore.open(settings)
    with database.transaction() as connection:
        course = ensure_course(connection, "c")
        uploads = [upload(connection, course.id), upload(connection, course.id, lecture=True)]
        assert delete_course(connection, course.id)
        assert not delete_course(connection, course.id)
        assert list_course_sizes(connection) == []
        with pytest.raises(NotFoundError):
            find_course(connection, "c")
    with database.transaction() as connection:
        assert [list_deleted(connection, kind) for kind in KINDS] == [[each.id] for each in uploads]
    for kind, each in zip(KINDS, uploads, strict=True):
        with database.transaction() as connection:
            assert connection.execute("select count(*) from courses").fetchone() == (1,)
        purge_upload(database, files, kind, each.id)
    with database.transaction() as connection:
        assert connection.execute("select count(*) from courses").fetchone() == (0,)


def test_the_name_of_a_deleted_course_is_free_and_the_new_one_is_empty(database, upload):
    with database.transaction() as connection:
        old = ensure_course(connection, "c")
        upload(connection, old.id)
        delete_course(connection, old.id)
        new = ensure_course(connection, "c")
        assert new.id != old.id
        (size,) = list_course_sizes(connection)
    assert (size.id, size.decks) == (new.id, 0)


def test_nothing_is_recorded_in_a_deleted_course_also_when_both_come_at_once(database, upload):
    with database.transaction() as connection:
        course = ensure_course(connection, "c")
    refused = []

    def record():
        try:
            with database.transaction() as connection:
                upload(connection, course.id)
        except NotFoundError:
            refused.append(True)

    with database.transaction() as connection:
        delete_course(connection, course.id)  # without uploads its row goes, but not before the end
        thread = threading.Thread(target=record)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join()
    assert refused == [True]
    with database.transaction() as connection:
        assert connection.execute("select count(*) from documents").fetchone() == (0,)


def test_two_courses_of_one_name_are_told_apart_by_their_ids(database):
    with database.transaction() as connection:
        one, two = ensure_course(connection, "one"), ensure_course(connection, "two")
        assert rename_course(connection, one, "two").name == "two"
        ids = ", ".join(sorted([str(one.id), str(two.id)]))
        for find in (find_course, ensure_course):
            with pytest.raises(NotFoundError, match=f"2 courses called “two”.*{ids}"):
                find(connection, "two")
            assert find(connection, str(two.id)) == two


def test_a_course_made_by_two_at_once_is_one(database):
    made = []

    def make():
        with database.transaction() as connection:
            made.append(ensure_course(connection, "c").id)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1


def test_a_course_takes_a_name_that_can_be_printed_and_no_other(database):
    with database.transaction() as connection:
        one = ensure_course(connection, "one")
        assert rename_course(connection, one, " Eins ").name == "Eins"
        for name in ("", " ", "a\x07b"):
            with pytest.raises(PermanentError, match="no name"):
                rename_course(connection, one, name)
        assert find_course(connection, "Eins").id == one.id
