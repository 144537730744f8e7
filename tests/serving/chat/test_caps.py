"""Caps on what answers cost: reached before an answer, in the middle of one, and by many at once."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from tests.fakes import calls, text
from tests.serving.chat.test_loop import ask, parts_of, said
from tests.serving.conftest import running

COST = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cost": 0.1}


def error_of(parts):
    return next((part["errorText"] for part in parts if part["type"] == "error"), None)


@pytest.fixture
def capped(modelled, material):
    """A service whose people may spend 25 cents a day, and a ledger that begins empty."""
    with psycopg.connect(modelled.database_url.get_secret_value(), autocommit=True) as connection:
        connection.execute("delete from model_calls")
    settings = modelled.model_copy(update={"chat_model": f"priced-{uuid4().hex[:6]}", "person_daily_usd": 0.25})
    with running(settings) as service:
        yield service


def test_a_cap_reached_in_the_middle_keeps_the_answer_as_far_as_it_came_with_a_sentence(capped, material, model):
    def searching(words):
        return [{"choices": [{"index": 0, "delta": {"content": words}}]}, *calls("momentum")[:-1],
                {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}], "usage": COST}]  # fmt: skip

    model.script(searching("First. "), searching("Second. "), searching("Third. "), text("Fourth.", usage=COST))
    chat = str(uuid4())
    parts = parts_of(ask(capped, material, chat=chat))
    assert said(parts) == "First. Second. Third. " and len(model.requests) == 3
    assert "cap_reached" in error_of(parts) and "spending limit is reached" in error_of(parts)
    kept = capped.http.get(f"/api/sessions/{chat}/messages").json()["items"][1]
    assert "First." in str(kept["parts"]) and kept["metadata"]["errorCode"] == "cap_reached"
    usage = capped.http.get("/api/usage").json()
    assert usage["totalUsd"] == pytest.approx(0.3) and usage["today"]["capUsd"] == 0.25
    assert {row["purpose"] for row in usage["rows"]} == {"answer"} and all(row["promptTokens"] for row in usage["rows"])

    parts = parts_of(ask(capped, material, "What does momentum damp?"))
    assert len(model.requests) == 3 and "cap_reached" in error_of(parts)
    assert "Nothing is left to spend" in said(parts)
    assert [part for part in parts if part["type"] == "source-document"]


def test_many_questions_at_once_do_not_pass_the_cap_together(capped, material, model):
    model.script(*[text("Hi.", usage=COST)] * 51)
    ask(capped, material)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: parts_of(ask(capped, material)), range(8)))
    assert len(model.requests) <= 3
    refused = [error for parts in answers if (error := error_of(parts)) is not None]
    assert len(refused) >= 6 and all("cap_busy" in error or "cap_reached" in error for error in refused)
    assert capped.http.get("/api/usage").json()["totalUsd"] <= 0.25 + 0.1
