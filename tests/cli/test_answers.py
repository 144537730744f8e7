"""`studybuddy answers`: from a Dagster run to the answers it reached, and to nothing that was said in them."""

import json
from uuid import uuid4

import pytest

from pipelines.core.courses import ensure_course
from tests.cli.test_question_commands import type_in
from tests.defs.graphs import opened

RUN = str(uuid4())


@pytest.fixture
def cited(tmp_path, database_url, monkeypatch):
    """An answer that cites a page and a minute, the page made by two runs; its key."""
    with opened(tmp_path, database_url, monkeypatch) as (stores, _):
        with stores.database.transaction() as connection:
            course = ensure_course(connection, "c").id
            (key,) = connection.execute(
                "with chat as (insert into chat_sessions (user_id, client_id, course_id)"
                " select local_person(), 'chat', %s returning id)"
                " insert into chat_messages (session_id, id, depth, role, status, content, parts)"
                " select id, 'm', 1, 'assistant', 'done', 'Private words.', '[]' from chat returning key::text",
                [course],
            ).fetchone()
            for handle, kind, runs in ((1, "slide", [RUN, str(uuid4())]), (2, "speech", [str(uuid4())])):
                connection.execute(
                    "insert into ai.message_sources (message_key, course_id, handle, chunk_id, kind, source_id, title,"
                    " file_name, page, start_ms, quote, run_ids) values (%s, %s, %s, gen_random_uuid(), %s,"
                    " gen_random_uuid(), 'Title', 'week1', 7, 187000, 'Private quote.', %s)",
                    [key, course, handle, kind, runs],
                )
            (spoken,) = connection.execute("select run_ids[1] from ai.message_sources where handle = 2").fetchone()
        yield key, spoken


def test_a_run_names_the_answers_that_cite_what_it_made(cited):
    key, spoken = cited
    for name in (RUN, RUN[:8]):
        (found,) = json.loads(type_in("answers", name, "--json"))
        assert (found["message"], found["course"], found["file"], found["page"]) == (key, "c", "week1", 7)
    shown = type_in("answers", RUN)
    assert "week1, page 7" in shown and key[:8] in shown and "1 answer cites" in shown and "Private" not in shown
    assert "[2] week1, 3:07" in type_in("answers", spoken)


def test_a_run_that_reached_nobody_says_so_and_a_piece_of_an_id_is_refused(cited):
    assert "No answer cites what this run has made." in type_in("answers", str(uuid4()))
    assert "at least 8 characters" in type_in("answers", RUN[:7], code=2)
