"""One question, one answer: chat, HTTP, command, evaluation asset and notebook find the same, in the same order."""

import json
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner

from pipelines.answering.evaluating import course_questions, evaluate_set
from pipelines.answering.promoting import compare_sets
from pipelines.answering.quoting import relevant_hits
from pipelines.cli import make_app
from pipelines.core.courses import find_course
from pipelines.core.embeddings.pointers import course_set
from pipelines.core.evaluations.question_sets import put_question_set
from pipelines.core.settings import get_settings
from pipelines.core.stores import Stores
from tests.fakes import calls, text
from tests.serving.chat.test_loop import ask, parts_of
from tests.serving.conftest import QUICK

COURSE = "Learning machines"
QUESTIONS = [
    "momentum damps oscillation in narrow valleys, gradients and the learning rate",
    "Which optimiser needs the most memory?",
    "weight decay pulls the weights towards zero",
]


@pytest.fixture
def stores(serving_settings, material, monkeypatch):
    """What commands and assets open, on the service's database; the course has these questions."""
    monkeypatch.setenv("STUDYBUDDY_HOME", str(serving_settings.studybuddy_home))
    monkeypatch.setenv("DATABASE_URL", serving_settings.database_url.get_secret_value())
    get_settings.cache_clear()
    lines = [
        json.dumps({"id": str(n), "kind": "slide", "file": "week1.pdf", "question": question, "pages": [2]})
        for n, question in enumerate(QUESTIONS)
    ]
    with Stores.open(get_settings()) as stores:
        with stores.database.transaction() as connection:
            put_question_set(connection, material.course_id, file_name="q.jsonl", lines=lines)
        yield stores
        with stores.database.transaction() as connection:
            connection.execute("delete from question_sets where course_id = %s", [material.course_id])
    get_settings.cache_clear()


def test_every_door_finds_the_same_passages_in_the_same_order(stores, service, material, model):
    with stores.database.transaction() as connection:
        course = find_course(connection, COURSE)
        questions, live = course_questions(connection, course), course_set(connection, course.id)
    notebook = evaluate_set(stores, course, questions).asked.hits
    asset = compare_sets(stores, course, live.name).evaluation.asked.hits
    for question, hits, also in zip(QUESTIONS, notebook, asset, strict=True):
        ids = [str(hit.chunk_id) for hit in hits]
        assert len(ids) > 3 and ids == [str(hit.chunk_id) for hit in also], "the asset"
        line = ["search", question, "--course", COURSE, "--json"]
        printed = json.loads(CliRunner().invoke(make_app(line[:1]), line).stdout)
        assert [hit["chunk_id"] for hit in printed] == ids, "the command"
        path = f"/api/courses/{material.course_id}/search"
        found = service.http.get(path, params={"q": question}).json()["items"]
        assert [hit["chunkId"] for hit in found] == ids, "HTTP"
        model.script(calls(question), text("So it is [1]."))
        parts = parts_of(ask(service, material, "Why?", chat=str(uuid4())))
        with psycopg.connect(service.settings.database_url.get_secret_value()) as connection:
            kept = "select hits from chat_messages where id = %s"
            (told,) = connection.execute(kept, [parts[0]["messageId"]]).fetchone()
        fitting = [str(hit.chunk_id) for hit in relevant_hits(question, hits[: QUICK.hits])]
        assert [hit["chunkId"] for hit in told] == fitting and told, "the chat, which reads what fits of the first"
