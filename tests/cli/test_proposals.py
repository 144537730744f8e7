"""`studybuddy questions draft` and `review`: what a model writes waits, and is used once somebody took it."""

import json

import pytest

from pipelines.core.courses import ensure_course
from pipelines.core.settings import get_settings
from tests.cli.test_question_commands import stores, type_in
from tests.fakes import FakeModel, Status, text

__all__ = ["stores"]


@pytest.fixture(scope="module")
def model():
    fake = FakeModel()
    yield fake
    fake.close()


@pytest.fixture
def connected(model, monkeypatch):
    """A model, before the settings are read."""
    monkeypatch.setenv("MODEL_BASE_URL", model.url)
    monkeypatch.setenv("CHAT_MODEL", "writer")


@pytest.fixture
def course(connected, stores):
    """The course with a chunk for each of its three pages."""
    with stores.database.transaction() as connection:
        found = ensure_course(connection, "c").id
        connection.execute(
            "insert into slide_chunks_knowledge (course_id, id, document_id, ordinal, title, context, content,"
            " token_count, page, pages, chunker_version, source_sha256)"
            " select course_id, gen_random_uuid(), document_id, page, 'Title', '', 'Passage ' || page,"
            " case page when 3 then 5 else 50 end, page, array[page], '1', 'x' from slides where course_id = %s",
            [found],
        )
    return found


def waiting():
    return json.loads(type_in("questions", "review", "--course", "c", "--json"))


def asked_about(request):
    return int(request["messages"][-1]["content"][-1])


def test_drafts_wait_marked_with_their_model_and_become_a_version_when_they_are_taken(course, model):
    model.script(*[lambda request: text(f"What is on number {asked_about(request)}?")] * 3)
    assert "2 questions from 2 passages wait" in type_in("questions", "draft", "--course", "c")
    assert len(model.requests) == 2, "the third page is too short"
    first, second = waiting()
    assert (first["origin"], first["model"], len(first["prompt_version"])) == ("draft", "writer", 8)
    assert first["places"][0]["file"] == "week1.pdf" and first["question"].endswith(f"{first['places'][0]['page']}?")
    assert "c has no questions" in type_in("evaluate", "--course", "c", code=1), "nothing is evaluated with a draft"
    assert "no passage" in type_in("questions", "draft", "--course", "c"), "each page is asked about once"
    done = type_in("questions", "review", "--course", "c", "--take", first["id"], "--decline", second["id"])
    assert "1 taken, 1 declined: version 1 of c." in done and waiting() == []
    told = json.loads(type_in("evaluate", "--course", "c", "--json"))
    assert told["slide"]["n"] == 1


def test_somebody_looks_at_each_and_says_what_it_is_answered_by(course, model, stores):
    model.script(text("What is one?"), text("What is two?"))
    type_in("questions", "draft", "--course", "c")
    shown = type_in("questions", "review", "--course", "c", answers="none\nq\n")
    assert "drafted by writer" in shown and "* 1. week1.pdf, page" in shown and "1 taken, 0 declined" in shown
    (left,) = waiting()
    assert "Nothing was taken, 1 declined." in type_in("questions", "review", "--course", "c", answers="d\n")
    with stores.database.transaction() as connection:
        (lines,) = connection.execute("select lines from question_sets").fetchone()
    assert [json.loads(line)["kind"] for line in lines] == ["none"] and left["question"] not in lines[0]
    assert "No question waits" in type_in("questions", "review", "--course", "c")


def test_what_is_no_question_is_left_out_and_a_model_that_fails_keeps_what_came(course, model):
    model.script(text("NONE"), text("What is two?"))
    assert json.loads(type_in("questions", "draft", "--course", "c", "--json"))["drafted"] == 1
    model.script([Status(402)])
    assert "credit" in type_in("questions", "draft", "--course", "c", code=1)
    assert len(waiting()) == 1


def test_without_a_model_and_with_a_wrong_id_it_is_said_what_to_do(course, monkeypatch):
    monkeypatch.delenv("MODEL_BASE_URL")
    monkeypatch.delenv("CHAT_MODEL")
    get_settings.cache_clear()
    assert "Set MODEL_BASE_URL and CHAT_MODEL" in type_in("questions", "draft", "--course", "c", code=1)
    assert "is no ID" in type_in("questions", "review", "--course", "c", "--take", "x", code=2)
    nobody = "00000000-0000-0000-0000-000000000000"
    assert "no such proposal" in type_in("questions", "review", "--course", "c", "--take", nobody, code=1)
