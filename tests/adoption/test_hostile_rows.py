"""Rows that nobody expects: each is named and counted, nothing is half written, and the rest comes over."""

# ruff: noqa: E501, S608  statements of tests, with keys of theirs

import psycopg
import pytest

from pipelines.core.errors import PermanentError

ANT = "6718420f-1219-5c56-87fa-24c6a072f941"
MATHS = "6792f5f8-639e-4028-a33f-10aac9c5d18d"
DECK = "b1cce027-e9be-4996-b06a-13a20eb96eaf"
SESSION = (
    "insert into ai.agno_sessions (session_id, session_type, user_id, session_data, runs, created_at, updated_at) values"
    " ({id}, 'agent', {user}, {data}, {runs}, {at}, null)"
)


def session(id, user=f"'{ANT}'", data="null", runs="null", at="0"):
    return SESSION.format(id=id, user=user, data=data, runs=runs, at=at)


HOSTILE = (
    session("'a b/?' || repeat('x', 5000)", data='\'{"session_name": ["no"], "session_state": 7}\''),
    session("'half'", runs='\'[{"run_id": "1", "status": "RUNNING"}, 7, null, {"messages": {"a": 1}}]\''),
    session("'text'", runs="'\"not a list\"'", at="99999999999999"),
    session("'deep'", runs="(repeat('[', 3000) || repeat(']', 3000))::jsonb"),
    session("'long number'", runs="('[{\"metrics\": ' || repeat('9', 6000) || ', \"status\": \"ERROR\"}]')::jsonb"),
    session(
        "'upper'",
        user=f"upper('{ANT}')",
        runs='\'[{"input": {"input_content": "shout"}, "content": "yes \\\\u0000"}]\'',
    ),
    session(
        "'large'",
        runs="jsonb_build_array(jsonb_build_object('input', jsonb_build_object('input_content', repeat('a b ', 2500000))))",
    ),
    session("'owner'", user="'{not an id}'"),
    session("'none'", user="''"),
    "insert into courses (code, title) values (repeat('c', 3000), repeat('t', 9000)), ('e', '')",
    f"insert into documents (owner_id, course_id, filename, storage_key, checksum, mime_type, size_bytes) select '00000000-0000-4000-8000-00000000beef', '{MATHS}', repeat(md5(i::text), 200) || '/../x', 'k', 'c' || i, 'm', -5 from generate_series(1, 2) i",
    f"insert into lectures (course_id, panopto_url, title, stream_url, duration_seconds, status) values ('{MATHS}', '', repeat('l', 9000), '', -7, 'failed'), ('{MATHS}', 'u', null, 's', 2147483647, 'pending')",
    f"""insert into ai.slide_chunks_knowledge (id, meta_data, content, created_at) values
        ('number', '7', 'x', null), ('list', '[]', 'x', null), ('none', null, 'x', null),
        ('float', '{{"document_id": "{DECK.upper()}", "course_id": "{MATHS}", "owner_id": "{ANT}", "slide_number": 7.0}}', 'on seven', now()),
        ('digits', '{{"document_id": "{DECK}", "course_id": "{MATHS}", "owner_id": "{ANT}", "slide_number": "8"}}', 'on eight', now()),
        ('half', '{{"document_id": "{DECK}", "course_id": "{MATHS}", "owner_id": "{ANT}", "slide_number": 7.5}}', 'x', now()),
        ('bool', '{{"document_id": "{DECK}", "course_id": "{MATHS}", "owner_id": "{ANT}", "slide_number": true}}', 'x', now()),
        ('blank', '{{"document_id": "{DECK}", "course_id": "{MATHS}", "owner_id": "{ANT}", "slide_number": 9}}', E' \\t\\n', now())""",
    """insert into ai.message_sources (message_id, session_id, source_id, source_type, chunk_number, start_seconds, end_seconds, lecture_id) select
        (select m->>'id' from ai.agno_sessions s, jsonb_array_elements(s.runs) r, jsonb_array_elements(r->'messages') m
         where s.session_id = '8ff524b1-6d41-49e1-83f1-e31ee92869f5' and m->>'role' = 'assistant' limit 1),
        '8ff524b1-6d41-49e1-83f1-e31ee92869f5', 'odd-' || n, 'lecture', n, 'NaN', 'infinity', null from unnest(array[-1, 0, 10000, 2147483647]) n""",
)


@pytest.fixture(scope="module")
def hostile(deployment):
    here = deployment("f1")
    here.run(*HOSTILE)
    before = here.theirs()
    announced = here.look()
    done = here.adopt()
    assert here.theirs() == before
    return here, announced, done


def test_every_row_is_adopted_or_left_out_with_a_reason_and_the_dry_run_said_so(hostile):
    here, announced, done = hostile
    assert (announced.adopted, announced.not_adopted) == (done.adopted, done.not_adopted)
    accounts = dict(here.rows("select former_table, count(*) from adopted_rows group by 1"))
    assert accounts == {table: count for table, count in done.former.items() if count}
    assert done.not_adopted["agno_sessions"] == {
        "no owner": 2, "not a chat": 1, "owner is not an id": 2, "unreadable": 1,
    }  # fmt: skip
    assert done.not_adopted["slide_chunks_knowledge"]["no page"] == 3
    assert not here.verify().differences
    assert not here.adopt().changes


def test_what_is_odd_comes_over_as_far_as_it_makes_sense(hostile):
    here, _, _ = hostile
    chats = {
        row[0]: row[1:]
        for row in here.rows(
            "select a.former_key, s.client_id, s.title, s.created_at, (select array_agg(m.content order by m.depth)"
            " from chat_messages m where m.session_id = s.id) from adopted_rows a join chat_sessions s"
            " on a.unit = 'chat:' || s.id where a.former_table = 'agno_sessions'"
        )
    }
    odd = next(chat for key, chat in chats.items() if key.startswith("a b/?"))
    assert len(odd[0]) == 32 and odd[1] == "" and odd[3] is None
    assert chats["half"][3] == ["", "", "", ""]
    assert chats["text"][3] is None and chats["text"][2].year == 1970
    assert chats["upper"][3] == ["shout", "yes \\u0000"]
    assert chats["long number"][3] == ["", ""]
    assert len(chats["large"][3][0]) == 10_000_000
    pages = here.rows(
        f"select page, content from studybuddy_ai.slide_chunks_knowledge where document_id = '{DECK}' order by 1, 2"
    )
    assert (7, "on seven") in pages and (8, "on eight") in pages
    assert here.rows(
        "select count(*), max(length(file_name)), min(byte_count) from documents where owner_id::text like '%beef'"
    ) == [(2, 500, 0)]
    odd = (
        "select handle from message_sources where start_ms is null and quote = '' and chunk_id is null order by handle"
    )
    handles = [row[0] for row in here.rows(odd)]
    assert handles == list(range(handles[0], handles[0] + 4)), "after the highest, one by one"


def test_vectors_of_another_length_are_counted_as_to_be_made(deployment):
    here = deployment("f5")
    here.run(
        "alter table ai.lecture_chunks_knowledge alter column embedding type vector",
        "update ai.lecture_chunks_knowledge set embedding = '[1,2,3]' where id = (select min(id) from ai.lecture_chunks_knowledge)",
    )
    report = here.adopt()
    assert (report.adopted["vectors_kept"], report.adopted["vectors_missing"], report.dims) == (5, 1, 512)
    assert report.noted["vector of another dimension"] == 1
    assert not here.verify().differences


def test_vectors_longer_than_a_set_may_have_and_chunks_without_any_come_over_as_words(deployment):
    for change in ("alter column embedding type vector using null", "drop column embedding"):
        here = deployment("f4")
        for table in ("slide", "lecture"):
            here.run(f"alter table ai.{table}_chunks_knowledge {change}")
            if "drop" not in change:
                here.run(
                    f"update ai.{table}_chunks_knowledge set embedding = (select array_agg(1)::vector from generate_series(1, 5000))"
                )
        report = here.adopt()
        assert (report.adopted["slide_chunks"], report.adopted["vectors_kept"], report.dims) == (4, 0, None)
        assert not here.verify().differences


def test_tables_that_are_other_than_they_should_be_are_told_and_others_are_left_alone(deployment):
    here = deployment("f3")
    here.run("create table conversations (id int)", "create table users_sync (id int)")
    assert here.look().left_alone == ["public.conversations", "public.users_sync"]
    here.run("alter table courses rename column id to number", "alter table user_courses drop column user_id")
    with pytest.raises(PermanentError, match="The former table courses has no column id"):
        here.adopt()
    assert here.rows("select count(*) from adopted_rows") == [(0,)]


def test_a_table_without_its_key_tells_its_doubles(deployment):
    here = deployment("f3")
    here.run(
        "alter table user_courses drop constraint user_courses_pkey",
        "insert into user_courses select * from user_courses limit 2",
        "alter table user_courses drop constraint user_courses_course_id_fkey",
        "insert into user_courses (user_id, course_id) select user_id, gen_random_uuid() from user_courses limit 1",
    )
    assert here.adopt().not_adopted == {"user_courses": {"duplicate": 2, "course gone": 1}}
    assert not here.verify().differences


def test_a_row_that_the_database_will_not_keep_is_counted_and_the_rest_goes_on(deployment):
    here = deployment("f4")
    with here.open():
        pass
    here.run("alter table studybuddy.courses add constraint short check (length(name) < 12)")
    report = here.adopt()
    assert report.changes["cannot be kept (23514)"] > 0
    assert here.rows("select count(*) from chat_sessions") == [(0,)] or report.changes["written"] > 0
    with psycopg.connect(here.url) as connection:
        left = connection.execute("select count(*) from studybuddy.adopted_rows where reason like 'cannot be kept%'")
        assert left.fetchone()[0] > 0
    assert sum(report.not_adopted["courses"].values()) + report.adopted["courses"] == report.former["courses"]
