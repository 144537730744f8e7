"""Rows of real former databases are read as their `expected.json` says."""

from collections import Counter
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from pipelines.adoption.former.chats import read_session
from pipelines.adoption.former.chunks import Material, Materials, read_chunk, without_repeats
from pipelines.adoption.former.records import Message, Reason, Session, Source
from pipelines.adoption.former.sources import kind_of, read_sources

CHUNKS = """
    select id, meta_data, content, created_at,
           case when vector_norm(embedding) > 0 then vector_dims(embedding) end as dimension
    from ai.{} order by created_at nulls first, id
"""


class Former:
    """One former database, read whole."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url, row_factory=dict_row) as connection:

            def rows(sql: str) -> list[dict[str, Any]]:
                return connection.execute(sql).fetchall()  # type: ignore[arg-type]

            self.sessions = [read_session(row) for row in rows("select * from ai.agno_sessions")]
            self.materials = Materials(
                decks={
                    row["id"]: Material(row["course_id"], row["owner_id"]) for row in rows("select * from documents")
                },
                lectures={row["id"]: Material(row["course_id"]) for row in rows("table lectures")},
                courses=frozenset(row["id"] for row in rows("select id from courses")),
            )
            self.slides = rows(CHUNKS.format("slide_chunks_knowledge"))
            self.speech = rows(CHUNKS.format("lecture_chunks_knowledge"))
            there = rows("select to_regclass('ai.message_sources') is not null as there")[0]["there"]
            self.sources = rows("select * from ai.message_sources") if there else []


@pytest.fixture(scope="module", params=["f1", "f4", "f5"])
def read(request, former, expected) -> tuple[Former, dict[str, Any]]:
    return Former(former(request.param)), expected[request.param]


def chats_of(sessions: list[Session]) -> dict[str, Any]:
    return {session.session_id: session.chat for session in sessions if session.chat is not None}


def told(message: Message) -> dict[str, Any]:
    found = {
        "id": message.id, "role": message.role, "text": message.text, "status": message.status,
        "at": message.at.isoformat() if message.at else None, "by": message.asked_by,
        "tools": [{"name": tool.name, "input": tool.arguments} for tool in message.tools],
        "reasoning": message.reasoning, "images": len(message.images),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value or name in ("id", "text", "at")}


def test_chats_have_the_messages_people_saw_and_those_that_were_half_done(read):
    found, wanted = read
    chats = chats_of(found.sessions)
    for chat in wanted["chats"]:
        got = chats.pop(chat["session_id"])
        assert (got.title, str(got.owner)) == (chat["title"], chat["owner"])
        assert (got.updated_at.isoformat() if got.updated_at else None) == chat["updated_at"]
        for message, said in zip(got.messages, chat["messages"], strict=True):
            assert told(message) == {name: said[name] for name in said if name not in ("sources", "run")}
    assert not chats
    left = Counter(str(session.reason) for session in found.sessions if session.chat is None)
    assert left == wanted["counts"]["not_adopted"].get("agno_sessions", {})


def test_chunks_of_gone_or_other_peoples_material_and_those_without_a_place_stay_behind(read):
    found, wanted = read
    chunks, left = {}, {"slide": Counter(), "speech": Counter()}
    for kind, rows in (("slide", found.slides), ("speech", found.speech)):
        judged = [(row["id"], read_chunk(row, kind, found.materials)) for row in rows]
        told_apart = (each if not isinstance(each, Reason) else (key, each) for key, each in judged)
        for each in without_repeats(told_apart):
            if isinstance(each, tuple):
                left[kind][str(each[1])] += 1
            else:
                chunks[each.key] = each
    places = {
        key: (str(chunk.material), chunk.page, chunk.start_ms, chunk.dimension is not None)
        for key, chunk in chunks.items()
    }
    assert places == {
        each["id"]: (each["material"], each.get("page"), each.get("start_ms"), each["vector"] == "kept")
        for each in wanted["chunks"]
    }
    assert left["slide"] == wanted["counts"]["not_adopted"].get("slide_chunks_knowledge", {})
    assert left["speech"] == wanted["counts"]["not_adopted"].get("lecture_chunks_knowledge", {})


def test_sources_stand_on_the_answer_that_cites_them_and_no_number_twice(read):
    found, wanted = read
    answers: dict[str, list[tuple[str, Message]]] = {}
    for chat in chats_of(found.sessions).values():
        for message in chat.messages:
            for step in message.step_ids:
                answers.setdefault(step, []).append((chat.session_id, message))
    placed: dict[tuple[str, str | None], list[dict[str, Any]]] = {}
    for row in found.sources:
        holders = answers.get(row["message_id"], [])
        if holders and kind_of(row) is not None:
            session, message = next((each for each in holders if each[0] == row["session_id"]), holders[0])
            placed.setdefault((session, message.id), []).append(row)
    got = {key: [as_told(source) for source in read_sources(rows)] for key, rows in placed.items()}
    names = ["handle", "former_number", "kind", "material", "page", "start_ms", "end_ms", "quote"]
    assert got == {
        (chat["session_id"], message["id"]): [
            tuple(source.get(name) for name in names) for source in message["sources"]
        ]
        for chat in wanted["chats"]
        for message in chat["messages"]
        if message.get("sources")
    }


def as_told(source: Source) -> tuple[object, ...]:
    return (
        source.handle, source.former_number, source.kind, str(source.material), source.page, source.start_ms,
        source.end_ms, source.quote,
    )  # fmt: skip
