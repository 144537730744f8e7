"""Adopting real former databases: what was announced comes over, once, and follows what changes there."""

# ruff: noqa: E501, S608  statements of tests, with keys of theirs

from uuid import UUID

import psycopg
import pytest

from pipelines.adoption import adopting, batches
from pipelines.adoption.adopting import Adoption
from pipelines.adoption.former import open_former
from pipelines.adoption.moving import cut_over, dropping, forget, go_back, standing
from pipelines.adoption.values import made_id
from pipelines.core.errors import PermanentError
from pipelines.core.schemas import Schemas

OURS = {
    "chats": "select s.client_id, s.user_id, s.course_id, s.title, s.created_at, s.updated_at, m.depth, m.id, m.role, m.status,"
    " m.content, m.parts, m.metadata from chat_sessions s left join chat_messages m on m.session_id = s.id"
    " order by s.client_id, m.depth",
    "sources": "select s.id, s.handle, s.kind, s.source_id, s.course_id, s.chunk_id, s.page, s.start_ms, s.quote, s.document_id,"
    " s.lecture_id, m.id from message_sources s join chat_messages m on m.key = s.message_key order by s.id",
    "chunks": "select source_id, kind, id, ordinal, title, content, page, start_ms, end_ms from chunks order by source_id, ordinal",
    "vectors": "select chunk_id, embedding::text from chunk_embeddings order by chunk_id",
    "words": "select course_id, source_id, term, chunks from term_counts order by 1, 2, 3",
    "decks": "select id, course_id, owner_id, file_name, source_name, published, failure_code from documents order by id",
    "lectures": "select id, course_id, title, url, duration_ms, requested_generation, failure from lectures order by id",
    "people": "select id, issuer from users where id <> local_person() order by id",
    "courses": "select id, name, code, instructor, open from courses order by id",
    "members": "select user_id, course_id, role from user_courses order by 1, 2",
    "lists": "select user_id, lecture_id from user_lectures order by 1, 2",
    "ledger": "select former_table, former_key, state, reason, unit from adopted_rows order by 1, 2",
}
ANT = UUID("6718420f-1219-5c56-87fa-24c6a072f941")


def ours(deployment):
    return {name: deployment.rows(query) for name, query in OURS.items()}


@pytest.mark.parametrize("name", ["f1", "f2", "f3", "f4", "f5"])
def test_what_is_announced_comes_over_once_and_nothing_of_theirs_changes(deployment, expected, name):
    here, wanted = deployment(name), expected[name]["counts"]
    before = here.theirs()
    announced = here.look()
    assert here.rows("select count(*) from pg_namespace where nspname like 'studybuddy%'") == [(0,)], "it only looks"
    done = here.adopt()
    for report in (announced, done):
        assert {table: n for table, n in report.former.items() if n} == {k: n for k, n in wanted["former"].items() if n}
        assert {table: dict(reasons) for table, reasons in report.not_adopted.items()} == wanted["not_adopted"]
        names = report.adopted.keys() & wanted["adopted"].keys()
        assert {k: report.adopted[k] for k in names} == {k: wanted["adopted"][k] for k in names}
    told = {
        "sources given another number",
        "questions freed from injected references",
        "sources on another person's deck",
    }
    assert {k: done.noted[k] for k in told} == {k: wanted["noted"].get(k, 0) for k in told}
    found = ours(here)
    again = here.adopt()
    assert not again.changes, "twice is once"
    assert ours(here) == found
    assert (here.verify().differences, here.theirs()) == ({}, before)


def test_people_find_what_they_found_and_nothing_is_asked_to_be_made(deployment, expected):
    here = deployment("f1")
    here.adopt()
    with here.open() as database:
        for person in expected["f1"]["people"]:
            for code, finds in person["finds"].items():
                parameters = {"person": person["id"], "code": code}
                with database.transaction() as connection:
                    searched = connection.execute(
                        "select kind, count(*) from chunks c where c.course_id = (select id from courses where code = %(code)s)"
                        " and exists (select from documents d where d.id = c.source_id and searches_upload(%(person)s::uuid,"
                        " role_in(d.course_id, %(person)s::uuid), d.owner_id, d.published, d.release_at) union all"
                        " select from lectures l where l.id = c.source_id and searches_upload(%(person)s::uuid,"
                        " role_in(l.course_id, %(person)s::uuid), l.owner_id, l.published, l.release_at)) group by kind",
                        parameters,
                    ).fetchall()
                counts = {"slide": 0, "speech": 0} | dict(searched)
                assert (counts["slide"], counts["speech"]) == (finds["slides"], finds["speech"]), (person["id"], code)
        unrequested = "select count(*) from documents where requested_generation is distinct from generation"
        assert here.rows(unrequested) == [(0,)]
        lengths = here.rows("select min(l2_norm(embedding)), max(l2_norm(embedding)), count(*) from chunk_embeddings")[
            0
        ]
    assert (round(lengths[0], 2), round(lengths[1], 2), lengths[2]) == (1, 1, 37)
    decks = {each["id"]: each for each in expected["f1"]["chunks"]}
    for each in expected["f1"]["nearest"]:
        asked = decks[each["question"]]
        near = here.rows(
            "select n.chunk_id from chunk_embeddings q join chunk_embeddings n on n.source_id = q.source_id"
            f" and n.chunk_id <> q.chunk_id where q.chunk_id = '{made_id(asked['kind'], each['question'])}'"
            " order by n.embedding <#> q.embedding limit 3"
        )
        assert [row[0] for row in near] == [made_id(asked["kind"], found["id"]) for found in each["nearest"]]
    assert here.verify().vectors == 8
    one = "(select embedding from studybuddy_ai.chunk_embeddings order by chunk_id limit 1)"
    here.run(f"update studybuddy_ai.chunk_embeddings set embedding = {one}")
    assert here.verify().differences["another vector"] >= 6


def test_what_people_changed_here_stays_and_is_told(deployment):
    here = deployment("f4")
    here.adopt()
    renamed, deleted, untouched = [
        row[0] for row in here.rows("select client_id from chat_sessions order by client_id")
    ]
    here.run(
        f"update studybuddy.chat_sessions set title = 'Mine' where client_id = '{renamed}'",
        f"delete from studybuddy.chat_sessions where client_id = '{deleted}'",
    )
    kinds = here.verify().differences
    assert kinds == {"changed here": 1, "missing here": 1}
    here.run('update ai.agno_sessions set updated_at = 1770406260, session_data = \'{"session_name": "Theirs"}\'')
    assert here.adopt().changes == {"written": 1, "changed here": 2}
    assert here.rows("select client_id, title from chat_sessions order by 1") == sorted(
        [(renamed, "Mine"), (untouched, "Theirs")]
    )


def test_an_adoption_that_dies_goes_on_where_it_was(deployment, monkeypatch):
    here = deployment("f1")
    monkeypatch.setattr(batches, "BATCH_WEIGHT", 40)
    write, written = adopting.write_units, []

    def dying(connection, units, extras):
        before = len(written)
        write(connection, units, extras)
        written.extend(units)
        if before <= 60 < len(written):
            raise RuntimeError("killed")

    monkeypatch.setattr(adopting, "write_units", dying)
    with pytest.raises(RuntimeError, match="killed"):
        here.adopt()
    done = here.rows("select count(*) from adopted_units")[0][0]
    assert 0 < done < len(written)
    report = here.adopt()
    assert report.changes["written"] == here.rows("select count(*) from adopted_units")[0][0] - done
    assert not here.verify().differences


def test_two_at_once_and_a_database_without_theirs_are_refused(deployment, server):
    here = deployment("f2")
    with here.open() as database, open_former(here.url, database.schemas) as first:
        Adoption(database, first, model="m", base_url=None)
        with pytest.raises(PermanentError, match="Another adoption is running"):
            here.adopt()
    nothing = open_former(server.url("postgres"), Schemas("studybuddy"))
    with pytest.raises(PermanentError, match="no tables of a former deployment"), nothing:
        pass
    with pytest.raises(PermanentError, match="Set DATABASE_SCHEMA"), open_former(here.url, Schemas()):
        pass


def test_select_alone_on_their_tables_suffices_and_without_it_the_grant_is_told(deployment):
    here = deployment("f5")
    here.run(
        "create role adopter login",
        "grant create on database " + psycopg.conninfo.conninfo_to_dict(here.url)["dbname"] + " to adopter",
        "grant studybuddy_app, studybuddy_pipeline to adopter",
        "grant usage on schema ai to adopter",
    )
    url = psycopg.conninfo.make_conninfo(**{**psycopg.conninfo.conninfo_to_dict(here.url), "user": "adopter"})
    theirs = type(here)(url, here.home)
    try:
        with pytest.raises(PermanentError, match=r"grant select on ai\.\w+ to adopter"):
            theirs.look()
        here.run("grant select on all tables in schema public, ai to adopter")
        before = here.theirs()
        assert theirs.adopt().adopted["messages"] == 14
        assert not theirs.verify().differences
        assert here.theirs() == before
    finally:
        here.run("drop owned by adopter cascade", "drop role adopter")


def test_who_has_moved_is_written_to_no_more_and_back_keeps_what_they_wrote(deployment):
    here = deployment("f1")
    here.adopt()
    mine = "select client_id from chat_sessions where user_id = '{}' order by client_id limit 1"
    chat = here.rows(mine.format(ANT))[0][0]
    with here.open() as database:
        with database.transaction() as connection:
            assert cut_over(connection, person=ANT) == [ANT]
            assert cut_over(connection, person=ANT) == []
            assert standing(connection).moved == 1
        here.run(
            f"update ai.agno_sessions set session_data = '{{}}' where session_id = '{chat}'",
            f"update studybuddy.chat_sessions set title = 'Written here' where client_id = '{chat}'",
        )
        assert here.adopt().changes == {"its person has moved here": 1}
        assert not here.verify().differences
        with database.transaction() as connection:
            assert go_back(connection) == [ANT]
            actions = connection.execute("select action from audit_events where subject_id = %s order by id", [ANT])
            assert [row[0] for row in actions][-2:] == ["person.moved", "person.moved_back"]
    assert here.rows(f"select title from chat_sessions where client_id = '{chat}'") == [("Written here",)]


def test_forgetting_removes_what_nobody_changed_and_only_tells_how_their_tables_would_go(deployment):
    here = deployment("f5")
    here.adopt()
    before = here.theirs()
    chat = here.rows("select client_id from chat_sessions order by 1 limit 1")[0][0]
    here.run(f"update studybuddy.chat_sessions set title = 'Kept' where client_id = '{chat}'")
    with here.open() as database:
        with open_former(here.url, database.schemas) as former:
            tables = former.tables
        done = forget(database, 1)
        with database.transaction() as connection:
            assert standing(connection).units == {}
    assert "drop table ai.agno_sessions;" in dropping(tables).splitlines()
    assert here.rows("select title from chat_sessions") == [("Kept",)]
    assert here.rows("select count(*) from documents") == [(0,)]
    assert done["removed"] > 10
    assert here.theirs() == before
