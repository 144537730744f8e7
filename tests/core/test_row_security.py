"""Row security: every table of a course or a person is closed to the service, but for what a person may see."""

from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from pipelines.core.errors import MigrationError
from pipelines.core.migrate import migrate
from pipelines.core.postgres import Database
from pipelines.core.records import PIPELINE, Person
from tests.core.test_upgrades import BASELINE, ROWS, migrate_to

OF_NOBODY = {
    "schema_migrations": "the schema's own",
    "item_cache": "paid work by the hash of its content; the service has no right to it",
    "weak_sandboxes": "machines",
    "embedding_sets": "models",
    "sign_in_tickets": "hashes of secrets that belong to nobody yet; the service looks them up as itself",
    "used_sign_ins": "as sign_in_tickets",
    "adopted_rows": "keys of a former deployment's rows; the service has no right to it",
    "adopted_units": "as adopted_rows",
    "adoption_runs": "as adopted_rows, with counts",
}
"""Tables without a course or a person in them."""

TABLES = """
    select c.relname, c.relrowsecurity and c.relforcerowsecurity
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'ai') and c.relkind in ('r', 'p')
"""


def test_every_table_of_a_course_or_a_person_has_row_security_that_binds_its_owner_too(database):
    with database.transaction() as connection:
        connection.execute("select ai.add_embedding_partition(9, 3)")
        secured = dict(connection.execute(TABLES).fetchall())
    assert {name for name, forced in secured.items() if not forced} == set(OF_NOBODY)
    assert {"chunk_embeddings", "chunk_embeddings_9"} <= set(secured)


def test_the_services_roles_are_neither_owners_nor_above_row_security(database):
    with database.transaction() as connection:
        roles = connection.execute(
            "select rolname, rolsuper, rolbypassrls, rolcreaterole, rolcanlogin from pg_roles"
            " where rolname like 'studybuddy%' order by 1"
        ).fetchall()
        owned = connection.execute(
            "select relname from pg_class where relowner in (select oid from pg_roles where rolname like 'studybuddy%')"
        ).fetchall()
    assert roles == [("studybuddy_app", *[False] * 4), ("studybuddy_pipeline", *[False] * 4)]
    assert owned == []


def test_a_view_shows_no_more_than_its_reader_may_see(database):
    with database.transaction() as connection:
        open_views = connection.execute(
            "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where relkind = 'v'"
            " and nspname in ('public', 'ai') and not coalesce(reloptions, '{}') @> '{security_invoker=true}'"
        ).fetchall()
    assert open_views == []


def test_what_runs_with_its_owners_rights_trusts_no_callers_search_path(database):
    with database.transaction() as connection:
        loose = connection.execute(
            "select proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where prosecdef"
            " and nspname in ('public', 'ai')"
            " and not coalesce(array_to_string(proconfig, ' '), '') like '%search_path=%'"
        ).fetchall()
    assert loose == []


def test_the_service_has_no_right_to_what_is_not_a_persons(database):
    with database.transaction() as connection:
        rights = connection.execute(
            "select has_table_privilege('studybuddy_app', 'item_cache', 'select'),"
            " has_table_privilege('studybuddy_app', 'schema_migrations', 'insert'),"
            " has_table_privilege('studybuddy_app', 'chat_run_events', 'select'),"
            " has_column_privilege('studybuddy_app', 'users', 'operator', 'update'),"
            " has_table_privilege('studybuddy_app', 'user_courses', 'insert')"
        ).fetchone()
    assert rights == (False,) * 5


def test_a_transaction_is_bound_to_its_person_and_the_next_one_on_the_connection_is_not(database_url):
    ada = uuid4()
    who = "select current_user, current_person()"
    with Database(database_url, max_size=1) as database:
        for _ in range(2):
            with database.transaction(as_person=Person(id=ada)) as connection:
                assert connection.execute(who).fetchone() == ("studybuddy_app", ada)
            with database.transaction(as_person=PIPELINE) as connection:
                assert connection.execute(who).fetchone() == ("studybuddy_pipeline", None)
            with pytest.raises(ValueError, match="no"), database.transaction(as_person=Person(id=ada)):
                raise ValueError("no")


def test_who_belongs_nowhere_sees_no_row_and_who_belongs_there_does(server, tmp_path):
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database rows_of_all")
    url = server.url("rows_of_all")
    migrate_to(url, BASELINE, tmp_path / "migrations")
    with psycopg.connect(url) as connection:
        connection.execute(ROWS.read_text())
    migrate(url)
    member = Person(id=UUID("00000000-0000-4000-8000-000000000001"))
    stranger = Person(id=uuid4())
    with Database(url) as database:
        with database.transaction() as connection:
            tables = [name for name, forced in connection.execute(TABLES).fetchall() if forced]
            connection.execute("insert into users (id, issuer, subject) values (%s, 'i', 'stranger')", [stranger.id])
            schemas = dict(
                connection.execute("select relname, relnamespace::regnamespace::text from pg_class").fetchall()
            )
        seen = {}
        for person in (member, stranger):
            with database.transaction(as_person=person) as connection:
                for table in set(tables) - {
                    "chat_run_events",
                    "browser_sessions",
                    "request_buckets",
                    "course_sets",
                    "notebook_results",
                }:  # that the service's people have no right to
                    count = sql.SQL("select count(*) from {}").format(sql.Identifier(schemas[table], table))
                    seen[person, table] = connection.execute(count).fetchone()[0]
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database rows_of_all with (force)")
    assert {table for (person, table), rows in seen.items() if person == stranger and rows} == {"users"}  # themselves
    newer = {
        "invitations",
        "description_refusals",
        "document_pdfs",
        "lecture_frames",
        "access_tokens",
        "audit_events",
        "model_calls",
        "model_keys",
        "openrouter_attempts",
        "partial_uploads",
        "question_sets",
        "proposed_questions",
        "corrections",
        "source_reports",
        "adopted_people",
    }  # of which the baseline has no rows
    assert {table for (person, table), rows in seen.items() if person == member and not rows} <= newer


@pytest.fixture
def tenant(server):
    """URL of an empty database of a user without any right beside owning it, and a connection of the administrator."""
    name = f"tenant_{uuid4().hex[:8]}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"create role {name} login")
        admin.execute(f"create database {name} owner {name}")
        with psycopg.connect(server.url(name), autocommit=True) as inside:
            inside.execute("create extension vector")
        parameters = psycopg.conninfo.conninfo_to_dict(server.url(name))
        yield psycopg.conninfo.make_conninfo(**{**parameters, "user": name}), name, admin
        admin.execute(f"drop database {name} with (force)")
        admin.execute(f"drop role {name}")


def test_a_database_whose_user_may_not_take_the_roles_is_told_what_to_do_and_then_works(tenant):
    url, name, admin = tenant
    with pytest.raises(MigrationError, match=rf"grant studybuddy_app, studybuddy_pipeline to {name}"):
        migrate(url)
    admin.execute(f"grant studybuddy_app, studybuddy_pipeline to {name}")
    assert migrate(url)
    with Database(url) as database:
        with database.transaction() as connection:
            connection.execute("insert into courses (name) values ('c')")
            connection.execute("select ai.add_embedding_partition(1, 3)")
        with database.transaction(as_person=Person(id=uuid4())) as connection:
            assert connection.execute("select count(*) from courses").fetchone() == (0,)
    with psycopg.connect(url) as connection:  # the owner, as migrations run, goes on seeing every row
        assert connection.execute("select count(*) from courses").fetchone() == (1,)


def test_a_transaction_of_one_course_sees_the_persons_uploads_there_and_no_others(database):
    ada, ben, mine, other, foreign = (uuid4() for _ in range(5))
    with database.transaction() as connection:
        for person in (ada, ben):
            connection.execute("insert into users (id, issuer, subject) values (%s, 'i', %s)", [person, str(person)])
        for course, member in ((mine, ada), (other, ada), (foreign, ben)):
            connection.execute("insert into courses (id, name) values (%s, 'A course')", [course])
            connection.execute(
                "insert into user_courses (user_id, course_id, role) values (%s, %s, 'student')", [member, course]
            )
            for published, owner in ((True, ben), (False, member)):
                connection.execute(
                    "insert into documents (course_id, title, file_name, source_name, sha256, byte_count, published,"
                    " owner_id) values (%s, 'A deck', 'a.pdf', %s, %s, 1, %s, %s)",
                    [course, str(uuid4()), uuid4().hex * 2, published, owner],
                )

    def seen(person: UUID, course: UUID | None) -> list[UUID]:
        with database.transaction(as_person=Person(id=person), course_id=course) as connection:
            found = "select course_id from documents where id in (select visible_uploads())"
            return sorted(row[0] for row in connection.execute(found))

    assert seen(ada, None) == sorted([mine, mine, other, other])
    assert seen(ada, mine) == [mine, mine]
    assert seen(ada, foreign) == []
