"""`studybuddy ask` reads the answer loop to its end: text and sources, also when the model fails on the way."""

import json

import pytest
from typer.testing import CliRunner

from pipelines.cli import ask as command
from pipelines.cli import make_app
from pipelines.core.courses import ensure_course
from tests.answering.test_loop import PAGES
from tests.fakes import CUT, FakeModel, text


@pytest.fixture
def model():
    fake = FakeModel()
    yield fake
    fake.close()


@pytest.fixture
def ask(model, monkeypatch, settings, database):
    """(exit code, stdout, stderr) of `ask` with what a search finds given."""

    with database.transaction() as connection:
        ensure_course(connection, "Sorting")

    def run(*words, found=PAGES, chat_model="m"):
        asked = settings.model_copy(update={"model_base_url": model.url, "chat_model": chat_model})
        monkeypatch.setattr(command, "get_settings", lambda: asked)
        monkeypatch.setattr(command, "find_hits", lambda stores, question, course, limit, briefly: list(found))
        done = CliRunner().invoke(
            make_app(["ask"]), ["ask", "--course", "Sorting", "How does merge sort split?", *words]
        )
        return done.exit_code, done.stdout, done.stderr

    return run


def test_the_answer_comes_with_the_sources_it_cites(ask, model):
    model.script(text("It splits in halves [1]", " [7].", usage={"prompt_tokens": 1, "cost": 0.5}))
    code, out, _ = ask("--json")
    answer = json.loads(out)
    assert code == 0 and answer["text"] == "It splits in halves [1]."
    assert [(source["handle"], source["file"]) for source in answer["sources"]] == [(1, "f.pdf")]
    assert (answer["model"], answer["cost_usd"]) == ("m", 0.5) and "error" not in answer


def test_without_a_model_passages_are_quoted(ask, model):
    code, out, _ = ask("--json", chat_model=None)
    answer = json.loads(out)
    assert code == 0 and "> Merge sort splits the list in halves. [1]" in answer["text"]
    assert [source["handle"] for source in answer["sources"]] == [1, 2] and answer["model"] is None
    assert model.requests == []


def test_nothing_found_is_said_without_a_paid_call(ask, model):
    code, out, _ = ask(found=[])
    assert code == 0 and "Nothing in the course materials" in out and model.requests == []


@pytest.mark.parametrize("json_wanted", [False, True])
def test_a_model_that_breaks_off_leaves_what_it_wrote_and_a_failure(ask, model, json_wanted):
    model.script([*text("It splits [1]", reason=None), CUT])
    code, out, err = ask(*["--json"] * json_wanted)
    assert code == 1 and "It splits [1]" in out and "broke off" in err
    if json_wanted:
        assert json.loads(out)["error"] == {"code": "stream_cut"} and len(json.loads(out)["sources"]) == 1
