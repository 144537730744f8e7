"""Syncing: what has changed in a former system since is looked at alone, and a sync ends where a fresh adoption does."""

# ruff: noqa: E501, S608  statements of tests, with keys of theirs

import random

from pipelines.adoption.moving import cut_over, go_back
from tests.adoption.test_adopting import OURS, ours

LATER = (
    "update ai.agno_sessions set session_data = jsonb_set(session_data, '{session_name}', '\"Later\"')"
    " where session_id = 'a2778126-a537-49fd-8885-e1bb97613e56'",
    "update ai.agno_sessions set runs = runs - 0 where session_id = 'ce715499-68d6-4d50-81e5-c2c7c175d6ff'",
    "delete from ai.agno_sessions where session_id = '99997b84-4018-4f25-a97f-af548eefa6ee'",
    "insert into ai.agno_sessions (session_id, session_type, user_id, session_data, runs, created_at) select"
    " 'no pattern: ' || chr(233), session_type, user_id, session_data, runs, created_at from ai.agno_sessions"
    " where session_id = '8ff524b1-6d41-49e1-83f1-e31ee92869f5'",
    "delete from courses where code = 'csc 171'",
    "insert into courses (code, title) values ('NEW 1', '')",
    "delete from documents where id = '5b29c7e3-5677-45be-a096-7282a0ddde70'",
    "update lectures set status = 'completed', title = 'Now there' where status = 'pending'",
    "update ai.slide_chunks_knowledge set content = content || ' More.' where id ="
    " (select min(id) from ai.slide_chunks_knowledge where meta_data->>'document_id' = 'b1cce027-e9be-4996-b06a-13a20eb96eaf')",
    "delete from ai.slide_chunks_knowledge where id in (select id from ai.slide_chunks_knowledge"
    " where meta_data->>'document_id' = 'b8539664-6dd4-49f6-bd9c-87838107430f' order by created_at, id limit 2)",
    "insert into users values ('00000000-0000-4000-8000-00000000aaaa')",
    "delete from user_courses where user_id = '8dde8733-496f-52fe-8cfd-02e1e0e45432'",
    "delete from ai.message_sources where chunk_number = 3",
)  # fmt: skip
"""What a former system does in some days."""


def test_a_sync_ends_where_a_fresh_adoption_of_the_same_rows_does(deployment):
    here, fresh = deployment("f1"), deployment("f1")
    here.adopt()
    for each in (here, fresh):
        each.run(*LATER)
    assert here.verify().differences
    changed = here.adopt()
    fresh.adopt()
    assert changed.changes["changed here"] == 0
    course = "(select id from courses where code = 'NEW 1')"
    for each in (here, fresh):  # the one row whose id the database chose
        assert each.rows(f"select count(*) from {course} c") == [(1,)]
    one, other = ours(here), ours(fresh)
    for name in OURS.keys() - {"courses", "ledger"}:
        assert one[name] == other[name], name
    assert len(one["ledger"]) == len(other["ledger"])
    assert not here.verify().differences


SOMETIMES = (
    *(each for each in LATER if "into courses" not in each and "delete from courses" not in each),
    "update documents set filename = 'Renamed.pdf' where id = (select min(id::text)::uuid from documents)",
    "update documents set course_id = gen_random_uuid() where id = (select max(id::text)::uuid from documents)",
    "delete from lectures where id = (select max(id::text)::uuid from lectures)",
    "update ai.slide_chunks_knowledge set meta_data = meta_data - 'document_id' where id ="
    " (select max(id) from ai.slide_chunks_knowledge)",
    "insert into ai.slide_chunks_knowledge select * from (select 'again ' || id, name, meta_data, filters, content, embedding,"
    " usage, created_at, updated_at, content_hash, content_id from ai.slide_chunks_knowledge order by id limit 3) again",
    "update ai.message_sources set session_id = 'elsewhere' where id ="
    " (select min(id::text)::uuid from ai.message_sources)",
    "update ai.message_sources set source_id = 'moved', message_id = (select max(message_id) from ai.message_sources) where id ="
    " (select max(id::text)::uuid from ai.message_sources)",
    "update ai.agno_sessions set runs = runs - 0 where session_id in"
    " (select session_id from ai.message_sources order by id limit 1)",
    "delete from ai.agno_sessions where session_id in (select max(session_id) from ai.message_sources)",
    "update ai.agno_sessions set runs = runs || (select runs from ai.agno_sessions where session_id in"
    " (select min(session_id) from ai.message_sources)) where session_id = (select min(session_id) from ai.agno_sessions)",
    "insert into ai.agno_sessions (session_id, session_type, user_id, session_data, runs, created_at) select"
    " '0 copy', session_type, user_id, session_data, runs, created_at from ai.agno_sessions"
    " where session_id in (select session_id from ai.message_sources order by id limit 1) on conflict do nothing",
)  # fmt: skip
"""What it may do in any order, where its courses stay."""


def test_a_sync_reads_what_has_changed_alone_and_still_ends_where_a_fresh_adoption_does(deployment):
    for seed in range(2):
        here, fresh, rng = deployment("f1"), deployment("f1"), random.Random(seed)
        here.adopt()
        happened = rng.sample(SOMETIMES, len(SOMETIMES))
        while happened:
            now = [happened.pop() for _ in range(min(len(happened), rng.randint(1, 5)))]
            for each in now:
                here.run(each)
                fresh.run(each)
            report, looked_at = here.adopt(), here.looked_at
            assert looked_at < sum(report.former.values()), now
            assert not here.verify().differences, now
        fresh.adopt()
        one, other = ours(here), ours(fresh)
        for name in OURS.keys() - {"courses"}:
            assert one[name] == other[name], (seed, name)
        whole = fresh.look()
        for name in ("former", "adopted", "not_adopted", "noted"):
            assert report.as_json()[name] == whole.as_json()[name], (seed, name)


def test_rows_that_were_written_anew_and_say_the_same_write_nothing_here_and_are_known_from_then_on(deployment):
    here = deployment("f4")
    here.adopt()
    written = "select max(written_at) from adopted_units"
    before = here.rows(written)
    for table in ("agno_sessions", "slide_chunks_knowledge", "lecture_chunks_knowledge"):
        here.run(f"update ai.{table} set created_at = created_at")
    assert not here.adopt().changes
    everything = here.looked_at
    here.run("update courses set title = title || '.' where id = (select min(id::text)::uuid from courses)")
    assert here.adopt().changes == {"written": 1}
    assert here.looked_at < everything, "only small tables are read again"
    assert here.rows(written) > before


def test_what_a_person_who_has_moved_wrote_there_comes_over_when_they_go_back(deployment):
    here = deployment("f4")
    here.adopt()
    with here.open() as database:
        with database.transaction() as connection:
            assert cut_over(connection)
        here.run('update ai.agno_sessions set session_data = \'{"session_name": "Meanwhile"}\'')
        assert here.adopt().changes.keys() == {"its person has moved here"}
        with database.transaction() as connection:
            go_back(connection)
    assert here.adopt().changes["written"] == here.rows("select count(*) from chat_sessions")[0][0]
    assert {title for (title,) in here.rows("select title from chat_sessions")} == {"Meanwhile"}
    assert not here.verify().differences
