"""The answer loop as its readers get it: which events, in which order, and what is left when something fails."""

import asyncio
from contextlib import aclosing
from uuid import uuid4

import pytest

from pipelines.answering import events as e
from pipelines.answering.loop import answer
from pipelines.answering.model import ChatModel
from pipelines.answering.turn import Bounds, Turn
from pipelines.core.errors import ProviderRefusedError, ProviderUnavailableError, StorageUnavailableError
from pipelines.core.models.clients import AsyncClients
from pipelines.core.records import Hit
from pipelines.core.settings import Settings
from tests.fakes import CUT, HANG, FakeModel, Status, calls, text, thinking
from tests.payers import operator_of


def hit(words):
    return Hit(
        rank=1, score=1.0, chunk_id=uuid4(), kind="slide", source_id=uuid4(), title="t", file_name="f.pdf", text=words,
        page=1, pages=(1,), page_label=None, start_ms=None, end_ms=None, dense_rank=1, lexical_rank=None,
    )  # fmt: skip


PAGES = [hit("Merge sort splits the list in halves."), hit("A hash table keeps keys.")]


@pytest.fixture
def fake():
    fake = FakeModel()
    yield fake
    fake.close()


def turn_of(found=PAGES, **more):
    async def search(query):
        if isinstance(found, Exception):
            raise found
        return list(found)

    return Turn(course="Sorting", question="How does merge sort split?", search=search, **more)


def told(fake, turn=None, *, tools=True, stop_after=None):
    """(events, what ended them or None); `stop_after` cancels the task after that many events."""
    turn = turn or turn_of()

    async def read():
        settings = Settings(_env_file=None, model_base_url=fake.url, model_timeout_s=5.0)
        clients = AsyncClients(settings)
        client = clients.of(operator_of(settings))
        seen, failed = [], None
        try:
            async with aclosing(answer(turn, ChatModel(client, "m"), tools=tools)) as events:
                async for event in events:
                    seen.append(event)
                    if len(seen) == stop_after:
                        asyncio.get_running_loop().call_later(0.2, asyncio.current_task().cancel)
        except (Exception, asyncio.CancelledError) as error:
            failed = error
        finally:
            await clients.close()
        return seen, failed

    return asyncio.run(read())


def spaced(script, pause_s=0.02):
    """Each chunk as a network read of its own."""
    return [step for chunk in script for step in (chunk, pause_s)]


def kinds(events):
    return [type(event).__name__ for event in events]


def words(events):
    return "".join(event.text for event in events if isinstance(event, e.Text))


def test_a_source_is_told_right_after_the_text_that_holds_its_handle_and_once(fake):
    fake.script(calls("merge sort"), spaced(text("Halves [", "1", "]", " and more", " [1] and [2]", " [9].")))
    events, failed = told(fake)
    assert failed is None and words(events) == "Halves [1] and more [1] and [2]."
    sources = [(event.number, words(events[:at])) for at, event in enumerate(events) if isinstance(event, e.Source)]
    assert sources == [(1, "Halves [1]"), (2, "Halves [1] and more [1] and [2]")]
    assert isinstance(events[-1], e.End) and events[-1].finish_reason == "stop"


def test_searches_side_by_side_are_told_in_the_order_of_their_calls_and_shown_to_the_model(fake):
    fake.script([*thinking("Let me look."), *calls("merge sort", "hash table")], text("Both."))
    events, _ = told(fake)
    assert kinds(events)[:2] == ["StepStarted", "Thought"]
    called = [event for event in events if isinstance(event, e.ToolCalled)]
    results = [event for event in events if isinstance(event, e.ToolResult)]
    assert [event.input["query"] for event in called] == ["merge sort", "hash table"]
    assert [event.id for event in called] == [event.id for event in results]
    assert [number for number, _ in results[1].passages] == [1, 2]
    answers = [message for message in fake.requests[1]["messages"] if message["role"] == "tool"]
    assert [message["tool_call_id"] for message in answers] == [event.id for event in called]
    assert '<passage number="1"' in answers[0]["content"]


def test_usage_adds_up_over_the_calls(fake):
    fake.script(calls("a")[:-1] + text(reason="tool_calls"), text("Done."))
    events, _ = told(fake)
    assert [event.amounts["totalTokens"] for event in events if isinstance(event, e.Usage)] == [15, 30]


@pytest.mark.parametrize(
    ("ending", "error", "code"),
    [
        ([CUT], ProviderUnavailableError, "stream_cut"),
        ([{"error": {"code": 402, "message": "secret"}}], ProviderRefusedError, "no_credit"),
    ],
)
def test_what_was_written_is_told_before_a_failure(fake, ending, error, code):
    fake.script(calls("merge sort"), [*text("It is [1] and [", reason=None), *ending])
    events, failed = told(fake)
    assert isinstance(failed, error) and failed.code == code
    assert words(events) == "It is [1] and [" and not any(isinstance(event, e.End) for event in events)


def test_what_was_written_is_told_before_a_cancellation(fake):
    fake.script([*text("So far ", reason=None), HANG])
    events, failed = told(fake, stop_after=2)
    assert isinstance(failed, asyncio.CancelledError)
    assert [event.text for event in events if isinstance(event, e.Text)] == ["So far", " "]


def test_a_failed_search_is_told_to_the_model_which_goes_on(fake):
    fake.script(calls("merge sort"), text("I could not look it up."))
    events, failed = told(fake, turn_of(StorageUnavailableError("host=secret")))
    assert failed is None and words(events) == "I could not look it up."
    [outcome] = [event for event in events if isinstance(event, e.ToolFailed)]
    assert outcome.error.code == "storage_unavailable"
    assert fake.requests[1]["messages"][-1]["content"] == "Error: The course materials cannot be searched now."


def test_without_tools_the_search_comes_first_and_one_that_finds_nothing_costs_no_call(fake):
    fake.script(text("Halves [1]."))
    events, _ = told(fake, tools=False)
    assert kinds(events)[:4] == ["StepStarted", "ToolCallBegun", "ToolCalled", "ToolResult"]
    assert "tools" not in fake.requests[0] and "<passage" in fake.requests[0]["messages"][-1]["content"]
    fake.script()
    events, failed = told(fake, turn_of([]), tools=False)
    assert failed is None and words(events) == "Nothing in the course materials seems to answer this."
    assert fake.requests == []


def test_a_model_that_refuses_tools_is_asked_without_them(fake):
    fake.script([Status(400)], text("Halves [1]."))
    events, failed = told(fake)
    assert failed is None and words(events) == "Halves [1]."
    assert "Retried" in kinds(events) and "tools" in fake.requests[0] and "tools" not in fake.requests[1]


def test_an_answer_without_end_is_cut(fake):
    fake.script(text(*["word "] * 30))
    events, failed = told(fake, turn_of(bounds=Bounds(answer_chars=100)))
    assert failed.code == "answer_too_long" and 0 < len(words(events)) <= 100


def test_searches_have_a_bound(fake):
    fake.script(calls("a", "b", "c"), text("Done."))
    events, _ = told(fake, turn_of(bounds=Bounds(searches=2)))
    assert kinds(events).count("ToolResult") == 2
    [failed] = [event for event in events if isinstance(event, e.ToolFailed)]
    assert failed.message == "No more searches in this answer."
