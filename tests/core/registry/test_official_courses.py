"""The official list of courses: kept like the list, and nothing lost by a list that is broken."""

import pytest

from pipelines.core.errors import PermanentError, StorageUnavailableError
from pipelines.core.records import OfficialCourse
from pipelines.core.registry.official_courses import MOST_BYTES, fetch_list, sync_courses


def listed(*keys, **said):
    return [OfficialCourse(key=key, name=f"Course {key}", code=key, **said) for key in keys]


@pytest.fixture
def sync(database):
    def run(courses, **more):
        with database.transaction() as connection:
            return sync_courses(connection, courses, **more)

    return run


@pytest.fixture
def kept(database):
    def rows():
        with database.transaction() as connection:
            found = connection.execute(
                "select official_key, name, instructor, open, archived_at is not null, vanished_at is not null"
                " from courses where deleted_at is null order by official_key nulls last"
            )
            return found.fetchall()

    return rows


def test_new_courses_are_open_to_all_and_a_second_sync_changes_nothing(sync, kept):
    found = sync(listed("a", "b"))
    assert found.added == ("a Course a", "b Course b") and found.changes == 2
    assert kept() == [("a", "Course a", None, True, False, False), ("b", "Course b", None, True, False, False)]
    again = sync(listed("a", "b"))
    assert (again.changes, again.unchanged) == (0, 2)


def test_a_dry_run_says_all_and_changes_nothing(sync, kept):
    sync(listed(*"abcdef"))
    before = kept()
    found = sync([*listed(*"bcdeg"), *listed("f", instructor="Ada")], dry=True)
    assert (found.added, found.changed, found.vanished) == (("g Course g",), ("f Course f",), ("a Course a",))
    assert kept() == before
    assert sync([*listed(*"bcdeg"), *listed("f", instructor="Ada")]) == found


def test_a_vanished_course_is_archived_and_comes_back_with_the_list(sync, kept, database):
    sync(listed(*"abcde"))
    with database.transaction() as connection:
        connection.execute("update courses set open = false where official_key = 'a'")
    sync(listed(*"bcde"))
    assert kept()[0] == ("a", "Course a", None, False, True, True)
    assert sync(listed(*"abcde")).restored == ("a Course a",)
    assert kept()[0] == ("a", "Course a", None, False, False, False), "whether it is open is its owners' to say"


def test_what_people_made_or_archived_themselves_stays_as_it_is(sync, kept, database):
    sync(listed(*"abcde"))
    with database.transaction() as connection:
        connection.execute("insert into courses (name, archived_at) values ('Ours', now()), ('Course a', null)")
        connection.execute("update courses set archived_at = now() where official_key = 'b'")
    sync(listed(*"acde"))
    sync(listed(*"abcde", instructor="Ada"))
    assert {row[1]: row[4] for row in kept() if row[0] is None} == {"Ours": True, "Course a": False}
    assert kept()[1][2:5] == ("Ada", True, False), "archived once it had vanished, and under way again as the list says"


@pytest.mark.parametrize(("left", "refused"), [(4, False), (3, True), (1, True)])
def test_a_list_that_lost_more_than_a_fifth_is_refused(sync, kept, left, refused):
    sync(listed(*"abcde"))
    before = kept()
    if not refused:
        assert len(sync(listed(*"abcde"[:left])).vanished) == 5 - left
        return
    with pytest.raises(PermanentError, match="more than a fifth") as error:
        sync(listed(*"abcde"[:left], "new"))
    assert error.value.code == "list_lost_courses" and kept() == before
    assert len(sync(listed(*"abcde"[:left]), accept_losses=True).vanished) == 5 - left


def test_what_was_lost_before_does_not_count_again(sync):
    sync(listed(*"abcde"))
    sync(listed(*"abcd"))
    assert sync(listed(*"abcd")).changes == 0
    with pytest.raises(PermanentError):
        sync(listed(*"abc"))


def test_a_list_comes_from_a_file_or_says_why_not(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"code,name\n")
    assert fetch_list(str(path)) == b"code,name\n"
    with pytest.raises(StorageUnavailableError, match="cannot be fetched"):
        fetch_list(str(tmp_path / "missing.csv"))
    with pytest.raises(StorageUnavailableError, match="cannot be fetched"):
        fetch_list("http://127.0.0.1:1/list.csv")
    with path.open("wb") as large:
        large.truncate(MOST_BYTES + 1)
    with pytest.raises(PermanentError, match="bytes"):
        fetch_list(str(path))
