"""People as an operator sees them: found by what one knows of them, and no course without an owner."""

import pytest

from pipelines.core.courses import ensure_course
from pipelines.core.errors import NotFoundError, PermanentError
from pipelines.core.registry.people import enrol, find_person, list_people, make_operator, remove, suspend


@pytest.fixture
def people(database):
    with database.transaction() as connection:
        for subject, name, email in (("s1", "Ada", "ada@example.org"), ("s2", "Ben", "ben@example.org"),
                                     ("ben@example.org", "Ben", None)):  # fmt: skip
            connection.execute(
                "insert into users (issuer, subject, name, email) values ('https://issuer', %s, %s, %s)",
                [subject, name, email],
            )
        yield connection


def test_are_found_by_email_before_subject_before_name_and_by_id(people):
    assert find_person(people, "ADA@example.org").subject == "s1"
    assert find_person(people, "ben@example.org").subject == "s2", (
        "the email says more than a subject that looks like it"
    )
    assert find_person(people, "s2").name == "Ben"
    ada = find_person(people, "ada")
    assert find_person(people, str(ada.id)) == ada
    with pytest.raises(NotFoundError, match="2 people"):
        find_person(people, "Ben")
    with pytest.raises(NotFoundError, match="nobody called"):
        find_person(people, "Eve")


def test_are_listed_with_what_hangs_on_them(people):
    ada = find_person(people, "s1")
    course = ensure_course(people, "c")
    enrol(people, ada, course.id, "owner")
    for sha, gone in (("a", None), ("b", "2026-01-01")):
        people.execute(
            "insert into documents (course_id, title, file_name, source_name, sha256, byte_count, owner_id, deleted_at)"
            " values (%s, 't', 't', %s, %s, 7, %s, %s)", [course.id, sha, sha * 64, ada.id, gone],
        )  # fmt: skip
    (found,) = list_people(people, "ADA@")
    assert (found.courses, found.uploads, found.byte_count) == (1, 1, 7) == (
        (again := find_person(people, "s1")).courses, again.uploads, again.byte_count,
    )  # fmt: skip
    assert len(list_people(people)) == 4, "and the local person"


def test_are_suspended_let_in_and_made_operators_but_the_local_user_stays(people):
    ada = find_person(people, "s1")
    suspend(people, ada)
    first = find_person(people, "s1").suspended_at
    suspend(people, ada)
    assert find_person(people, "s1").suspended_at == first is not None
    suspend(people, ada, suspended=False)
    make_operator(people, ada)
    now = find_person(people, "s1")
    assert (now.suspended_at, now.operator) == (None, True)
    make_operator(people, ada, operator=False)
    assert not find_person(people, "s1").operator
    with pytest.raises(PermanentError, match="own user"):
        suspend(people, find_person(people, "local"))


def test_join_and_leave_courses_that_always_keep_an_owner(people):
    ada, ben = find_person(people, "s1"), find_person(people, "s2")
    course = ensure_course(people, "c")
    enrol(people, ada, course.id, "student")
    enrol(people, ada, course.id, "owner")
    for act in (lambda: remove(people, ada, course.id), lambda: enrol(people, ada, course.id, "teacher")):
        with pytest.raises(PermanentError) as refused:
            act()
        assert refused.value.code == "last_owner"
    enrol(people, ben, course.id, "owner")
    remove(people, ada, course.id)
    with pytest.raises(NotFoundError, match="do not belong"):
        remove(people, ada, course.id)
