"""Names of uploads in their course: one spelling, no silent replacement, folders that tell namesakes apart."""

import unicodedata

import pytest

from pipelines.core.courses import ensure_course, find_course
from pipelines.core.documents import list_documents, put_document
from pipelines.core.errors import PermanentError
from pipelines.core.lectures import list_lectures, put_lecture
from pipelines.core.names import rename_upload
from pipelines.core.records import OPERATOR, Scope
from pipelines.core.secrets.crypto import Sealer


@pytest.fixture
def course(database):
    with database.transaction() as connection:
        return ensure_course(connection, "c")


@pytest.fixture
def put(database, settings, course):
    """Record a deck of these bytes as if it had been taken from a path; the folder uploaded is its own or `root`."""

    def put(path, data, *, root=None, **more):
        name = path.rpartition("/")[2]
        source = path.removeprefix(f"{root}/") if root else name
        with database.transaction() as connection:
            return put_document(
                connection, sealer=Sealer.open_home(settings), course_id=course.id, title=name, file_name=name,
                source_name=source, origin=path, sha256=data * 64, byte_count=1, **more,
            )  # fmt: skip

    return put


@pytest.fixture
def names(database, settings, course):
    """Name and bytes of every deck."""

    def names():
        with database.transaction() as connection:
            found = list_documents(
                connection, Scope(course_id=course.id, person=OPERATOR), sealer=Sealer.open_home(settings)
            )
        return {document.source_name: document.sha256[0] for document in found}

    return names


def test_the_same_path_again_is_a_new_version(put, names):
    first, _ = put("/a/lecture.pdf", "1")
    second, outcome = put("/a/lecture.pdf", "2")
    assert (second.id, outcome, names()) == (first.id, "replaced", {"lecture.pdf": "2"})


def test_another_file_of_the_name_from_another_folder_is_kept_beside_and_both_say_their_folder(put, names):
    put("/c/monday/lecture.pdf", "1")
    _, outcome = put("/c/tuesday/lecture.pdf", "2")
    assert (outcome, names()) == ("created", {"monday/lecture.pdf": "1", "tuesday/lecture.pdf": "2"})
    put("/c/friday/lecture.pdf", "3")
    assert set(names()) == {"monday/lecture.pdf", "tuesday/lecture.pdf", "friday/lecture.pdf"}


def test_each_of_two_namesakes_has_new_versions_of_its_own(put, names):
    put("/c/monday/lecture.pdf", "1")
    put("/c/tuesday/lecture.pdf", "2")
    assert put("/c/monday/lecture.pdf", "1")[1] == "unchanged"
    assert put("/c/monday/lecture.pdf", "3")[1] == "replaced"
    assert put("/c/tuesday/lecture.pdf", "4")[1] == "replaced"
    assert names() == {"monday/lecture.pdf": "3", "tuesday/lecture.pdf": "4"}


def test_folders_of_one_name_are_told_apart_by_those_above_them(put, names):
    put("/x/2025/week1/lecture.pdf", "1", root="/x/2025")
    put("/x/2026/week1/lecture.pdf", "2", root="/x/2026")
    assert names() == {"2025/week1/lecture.pdf": "1", "2026/week1/lecture.pdf": "2"}


def test_files_of_one_name_in_one_uploaded_folder_keep_the_names_they_have_in_it(put, names):
    put("/x/c/a/notes.pdf", "1", root="/x/c")
    put("/x/c/notes.pdf", "2", root="/x/c")
    assert names() == {"a/notes.pdf": "1", "notes.pdf": "2"}


def test_replace_takes_a_file_from_another_folder_for_a_new_version(put, names):
    first, _ = put("/a/lecture.pdf", "1")
    second, outcome = put("/b/lecture.pdf", "2", replace=True)
    assert (second.id, outcome, names()) == (first.id, "replaced", {"lecture.pdf": "2"})
    assert put("/b/lecture.pdf", "3")[1] == "replaced", "its path is the new one now"


def test_a_renamed_or_moved_file_of_known_bytes_is_known(put, names):
    first, _ = put("/a/lecture.pdf", "1")
    for path, outcome in (("/a/renamed.pdf", "duplicate"), ("/b/lecture.pdf", "unchanged")):
        assert (put(path, "1")[0].id, put(path, "1")[1]) == (first.id, outcome)
    assert names() == {"lecture.pdf": "1"}


def test_a_name_in_either_unicode_form_is_the_same_name(put, names, database):
    composed = "/a/Übung.pdf"
    put(unicodedata.normalize("NFD", composed), "1")
    assert put(composed, "2")[1] == "replaced"
    assert names() == {"Übung.pdf": "2"}
    with database.transaction() as connection:
        made = ensure_course(connection, unicodedata.normalize("NFD", "Größen"))
        assert find_course(connection, "Größen").id == made.id


def test_captions_and_recordings_follow_the_same_rules(database, course):
    def put(path, data):
        name = path.rpartition("/")[2]
        with database.transaction() as connection:
            return put_lecture(
                connection, course_id=course.id, title=name, file_name=name, source_name=name, origin=path,
                byte_count=1, media_sha256=data * 64,
            )[1]  # fmt: skip

    assert [put("/c/monday/talk.mp4", "1"), put("/c/monday/talk.mp4", "2")] == ["created", "replaced"]
    assert [put("/c/tuesday/talk.mp4", "3"), put("/c/monday/talk.mp4", "2")] == ["created", "unchanged"]
    with database.transaction() as connection:
        found = {
            lecture.source_name for lecture in list_lectures(connection, Scope(course_id=course.id, person=OPERATOR))
        }
    assert found == {"monday/talk.mp4", "tuesday/talk.mp4"}


def test_a_new_name_keeps_ending_and_folder_where_it_names_none(put, names, database):
    document, _ = put("/c/week1/a.pdf", "1", root="/c")
    with database.transaction() as connection:
        assert rename_upload(connection, document, "Momentum 2026") == "week1/Momentum 2026.pdf"
        assert rename_upload(connection, document, "old/b.PDF") == "old/b.PDF"
    assert put("/c/week1/a.pdf", "2", root="/c")[1] == "replaced", "its path is known under the new name"
    assert names() == {"old/b.PDF": "2"}


@pytest.mark.parametrize("name", ["", "  ", "a/../b.pdf", "a//b.pdf", "a\nb.pdf", "\u202efdp.a.pdf", "x" * 300])
def test_what_is_no_name_is_refused(put, names, database, name):
    document, _ = put("/c/a.pdf", "1")
    with database.transaction() as connection, pytest.raises(PermanentError, match="no name for a file"):
        rename_upload(connection, document, name)
    assert names() == {"a.pdf": "1"}


def test_a_name_another_file_has_is_refused(put, names, database):
    put("/c/a.pdf", "1")
    document, _ = put("/c/b.pdf", "2")
    with database.transaction() as connection, pytest.raises(PermanentError, match="called a.pdf already"):
        rename_upload(connection, document, "a")
    assert names() == {"a.pdf": "1", "b.pdf": "2"}
