"""`studybuddy evaluate --answers`: answers of the configured model are written, checked, and summed up."""

import json

import pytest

from pipelines.core.settings import get_settings
from tests.cli.test_sets_commands import type_in
from tests.fakes import FakeModel, text
from tests.measured import COURSE, LINES, measured_graph


@pytest.fixture
def model():
    fake = FakeModel()
    yield fake
    fake.close()


@pytest.fixture
def asked(tmp_path, database_url, monkeypatch, model):
    """A file of three questions to a course that has the pages of two."""
    monkeypatch.setenv("MODEL_BASE_URL", model.url)
    monkeypatch.setenv("CHAT_MODEL", "writer")
    with measured_graph(tmp_path, database_url, monkeypatch):
        nowhere = json.dumps({"id": "none", "kind": "none", "question": "Who won the match?"})
        (tmp_path / "asked.jsonl").write_text("\n".join([*LINES[:2], nowhere]))
        yield tmp_path / "asked.jsonl"


def test_answers_are_graded_by_what_they_cite_and_what_that_says(asked, model, monkeypatch):
    model.script(
        text("It is explained [1]."), text("1: Momentum is explained on this page"),
        text("It is explained [1]."), text("1: it is explained somewhere else"),
    )  # fmt: skip
    told = json.loads(type_in("evaluate", str(asked), "--course", COURSE, "--answers", "--json"))["answers"]
    assert told["model"] == "writer" and [each["id"] for each in told["grades"]] == ["momentum", "entropy", "none"]
    figures = {name: (figure["n"], figure["value"]) for name, figure in told["figures"].items()}
    assert figures == {
        "citation_precision": (2, 1.0), "citation_recall": (2, 1.0), "cited_statements": (2, 1.0),
        "faithfulness": (2, 0.5), "uncited": (1, 1.0),
    }  # fmt: skip
    assert len(model.requests) == 4, "nothing was found for the third, and nobody was asked"
    model.script(*[text("It is explained [1]."), text("NONE")] * 2)
    shown = type_in("evaluate", str(asked), "--course", COURSE, "--answers")
    assert "Of those are said word for word by what they cite: 0.00 (0.00-0.00, 2 answers)." in shown
    monkeypatch.delenv("CHAT_MODEL")
    monkeypatch.delenv("MODEL_BASE_URL")
    get_settings.cache_clear()
    assert "Set MODEL_BASE_URL and CHAT_MODEL" in type_in(
        "evaluate", str(asked), "--course", COURSE, "--answers", code=1
    )
