"""Erasing a person: what is theirs alone goes, what is the course's stays, and a run under way writes nothing more."""

from uuid import uuid4

import pytest

from pipelines.core.documents import get_document
from pipelines.core.errors import NotFoundError, SupersededError
from pipelines.core.personal.audit import list_events
from pipelines.core.personal.erasure import erase_person
from pipelines.core.records import PIPELINE, Person
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.uploads import lock_upload

CANARY = "canary-of-ada"
SEALER = Sealer(b"k" * 32)


@pytest.fixture
def run(database):
    """One statement in a transaction of its own: its rows."""

    def run(text, *parameters):
        with database.transaction() as connection:
            cursor = connection.execute(text, parameters)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def new(run):
    """Makes people, courses and uploads; the ids."""

    class New:
        def person(self, name="somebody"):
            return run("insert into users (issuer, subject, name) values ('i', %s, %s) returning id",
                       f"{name}-{uuid4()}", name)[0][0]  # fmt: skip

        def course(self, *, open=False, **roles):
            course = run("insert into courses (name, open) values ('c', %s) returning id", open)[0][0]
            for role, people in roles.items():
                for person in people:
                    run("insert into user_courses (user_id, course_id, role) values (%s, %s, %s)", person, course, role)
            return course

        def deck(self, course, owner, *, published):
            return run(
                "insert into documents (course_id, owner_id, title, file_name, source_name, sha256, byte_count,"
                " published) values (%s, %s, %s, %s, %s, %s, 1, %s) returning id",
                course, owner, CANARY, "a.pdf", str(uuid4()), uuid4().hex * 2, published,
            )[0][0]  # fmt: skip

    return New()


def erase(database, person):
    with database.transaction() as connection:
        erase_person(connection, person)


def test_nothing_of_theirs_alone_is_left_and_what_they_published_is_the_courses(database, run, new):
    ada, ben = new.person(CANARY), new.person()
    course = new.course(owner=[ben], student=[ada])
    public, private = new.deck(course, ada, published=True), new.deck(course, ada, published=False)
    session = run("insert into chat_sessions (user_id, client_id, course_id, title) values (%s, 'x', %s, %s)"
                  " returning id", ada, course, CANARY)[0][0]  # fmt: skip
    run("insert into chat_messages (session_id, id, role, content, status, depth, parts)"
        " values (%s, 'm', 'user', %s, 'done', 1, '[]')", session, CANARY)  # fmt: skip
    run("insert into access_tokens (user_id, name, hash, scopes) values (%s, %s, '1', '{read}')", ada, CANARY)
    run("insert into model_calls (user_id, course_id, purpose, model, own_key, cost_usd)"
        " values (%s, %s, 'p', 'm', true, 1)", ada, course)  # fmt: skip
    with database.transaction() as connection:
        under_way = get_document(connection, private, person=PIPELINE, sealer=SEALER)
    erase(database, ada)
    assert run("select id, owner_id, deleted_at is null from documents order by published") == [
        (private, None, False), (public, None, True)]  # fmt: skip
    with pytest.raises(SupersededError), database.transaction() as connection:
        lock_upload(connection, under_way)
    run("delete from documents where id = %s", private)  # as its purge does
    for (table,) in run(
        "select schemaname || '.' || tablename from pg_tables where schemaname in ('public', 'ai')"
        " and tablename not like 'chunk_embeddings%%'"
    ):
        left = run(f"select t::text from {table} t where t::text ~ %s", f"{ada}")  # noqa: S608
        assert left == [], table
        if table != "public.documents":
            assert run(f"select 1 from {table} t where t::text ~ %s", CANARY) == [], table  # noqa: S608
    assert run("select user_id, cost_usd from model_calls") == [(None, 1.0)]
    with pytest.raises(NotFoundError):
        erase(database, ada)


def test_a_course_keeps_an_owner_or_goes_where_nobody_is_left(database, run, new):
    ada, ben, cleo, dan = (new.person() for _ in range(4))
    taught = new.course(owner=[ada], teacher=[ben], student=[cleo])
    shared = new.course(owner=[ada, dan])
    alone, open_to_all = new.course(owner=[ada]), new.course(owner=[ada], open=True)
    orphaned = new.course(owner=[ada], student=[cleo])
    erase(database, ada)
    roles = {
        (course, person): role for course, person, role in run("select course_id, user_id, role from user_courses")
    }
    assert roles == {
        (taught, ben): "owner", (taught, cleo): "student", (shared, dan): "owner", (orphaned, cleo): "student",
    }  # fmt: skip
    assert {course for (course,) in run("select id from courses")} == {taught, shared, open_to_all, orphaned}
    assert alone not in {course for (course,) in run("select id from courses")}


def test_every_process_hears_of_it_when_it_is_done(database, database_url, new):
    import psycopg

    ada = new.person()
    with psycopg.connect(database_url, autocommit=True) as listening:
        listening.execute("listen studybuddy_chat")
        erase(database, ada)
        heard = [note.payload for note in listening.notifies(timeout=5, stop_after=1)]
    assert heard == [f"suspended:{ada}"]


def test_the_trail_tells_roles_tokens_and_deletions_to_their_subject_and_who_did_them(database, run, new):
    ada, ben, eve = new.person(), new.person(), new.person()
    course = new.course(owner=[ada], student=[ben])
    deck = new.deck(course, ben, published=False)
    acting = Person(id=ada, name="pipeline")
    with database.transaction(as_person=acting) as connection:
        connection.execute("update user_courses set role = 'teacher' where user_id = %s", [ben])
        connection.execute("update documents set deleted_at = now() where id = %s", [deck])
        connection.execute("delete from user_courses where user_id = %s", [ben])
    run("insert into access_tokens (user_id, name, hash, scopes) values (%s, 'weekly', '1', '{read}')", ben)
    run("delete from access_tokens")
    run("update users set operator = true, suspended_at = now() where id = %s", ben)

    def trail(person, of):
        with database.transaction(as_person=person) as connection:
            return list_events(connection, person_id=of)

    seen = trail(Person(id=ben), ben)
    assert [(event.action, event.detail, event.actor_id) for event in reversed(seen)] == [
        ("role.given", "student", None), ("role.changed", "student -> teacher", ada),
        ("upload.deleted", "a.pdf", ada), ("role.ended", "teacher", ada), ("token.made", "weekly", None),
        ("token.ended", "weekly", None), ("operator.given", "", None), ("person.suspended", "", None),
    ]  # fmt: skip
    assert {event.action for event in trail(Person(id=ada), ada)} >= {"role.changed", "upload.deleted"}
    assert trail(Person(id=eve), None) == []
    with database.transaction() as connection:
        older = list_events(connection, person_id=ben, before=seen[2].id, limit=2)
    assert older == seen[3:5]


def test_the_trail_of_a_course_that_is_purged_is_not_one_line_a_member(database, run, new):
    ada = new.person()
    course = new.course(owner=[ada])
    run("update courses set deleted_at = now() where id = %s", course)
    run("delete from courses where id = %s", course)
    with database.transaction() as connection:
        assert [event.action for event in list_events(connection, person_id=None)] == ["course.deleted", "role.given"]
