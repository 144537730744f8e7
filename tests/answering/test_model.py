"""The wire to a model: what arrives is kept, and what goes wrong has its name however the bytes were cut."""

import asyncio
import json
import socket

import pytest

from pipelines.answering.model import ChatModel
from pipelines.core.errors import ProviderUnavailableError
from pipelines.core.models.clients import AsyncClients
from pipelines.core.settings import Settings
from tests.fakes import CUT, DROP, HANG, FakeModel, text
from tests.payers import operator_of


@pytest.fixture
def fake():
    fake = FakeModel()
    yield fake
    fake.close()


def converse(url, *, timeout_s=5.0):
    """(words, code of the fault or None) of one call."""

    async def one():
        settings = Settings(_env_file=None, model_base_url=url, model_timeout_s=timeout_s)
        clients = AsyncClients(settings)
        client = clients.of(operator_of(settings))
        words, code = [], None
        try:
            messages = [{"role": "user", "content": "?"}]
            async for delta in ChatModel(client, "m").stream(messages, tools=[], may_call=False):
                words.append(delta.text)
        except ProviderUnavailableError as error:
            code = error.code
        finally:
            await clients.close()
        return "".join(words), code

    return asyncio.run(one())


def events(*chunks):
    """These chunks as one network read."""
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)


def test_words_that_arrive_together_with_a_fault_are_kept(fake):
    error = {"error": {"code": 502, "message": "secret"}, "choices": []}
    fake.script([events(*text("Half an ", "answer", reason=None), error)])
    assert converse(fake.url) == ("Half an answer", "provider_unavailable")


@pytest.mark.parametrize(
    ("script", "timeout_s", "expected"),
    [
        ([DROP], 5.0, ("", "provider_unavailable")),
        ([*text("Half", reason=None), CUT], 5.0, ("Half", "stream_cut")),
        ([*text("Half", reason=None), HANG], 0.5, ("Half", "timeout")),
    ],
)
def test_a_lost_connection_and_silence_are_told_apart(fake, script, timeout_s, expected):
    fake.script(script)
    assert converse(fake.url, timeout_s=timeout_s) == expected


def test_nobody_listening_is_no_timeout():
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    assert converse(f"http://127.0.0.1:{port}/v1") == ("", "provider_unavailable")


def ask(fake, name="m"):
    """(model, its deltas) of one call."""

    async def one():
        settings = Settings(_env_file=None, model_base_url=fake.url, model_timeout_s=5.0)
        clients = AsyncClients(settings)
        client = clients.of(operator_of(settings))
        model = ChatModel(client, name)
        try:
            return model, [d async for d in model.stream([{"role": "user", "content": "?"}], tools=[], may_call=False)]
        finally:
            await clients.close()

    return asyncio.run(one())


def test_a_server_that_answers_whole_though_asked_to_stream_is_read(fake):
    message = {"choices": [{"message": {"content": "In halves."}, "finish_reason": "stop"}]}
    fake.script([json.dumps(message, indent=1).encode()])
    _, deltas = ask(fake)
    assert "".join(delta.text for delta in deltas) == "In halves." and len(fake.requests) == 1


def test_a_server_whose_stream_holds_nothing_is_asked_for_the_whole_answer(fake):
    fake.script([*text(), b"data: [DONE]\n\n"], [json.dumps({"choices": [{"message": {"content": "Yes."}}]}).encode()])
    _, deltas = ask(fake)
    assert "".join(delta.text for delta in deltas) == "Yes."
    assert fake.requests[0]["stream"] is True and "stream_options" in fake.requests[0]
    assert fake.requests[1]["stream"] is False and "stream_options" not in fake.requests[1]


def test_a_refusal_without_a_word_is_not_asked_for_again(fake):
    fake.script(text(reason="content_filter"))
    _, deltas = ask(fake)
    assert [delta.finish_reason for delta in deltas if delta.finish_reason] == ["content-filter"]
    assert len(fake.requests) == 1


def test_a_model_that_leaves_out_the_opening_tag_is_known_from_then_on(fake):
    async def two():
        settings = Settings(_env_file=None, model_base_url=fake.url, model_timeout_s=5.0)
        clients = AsyncClients(settings)
        client = clients.of(operator_of(settings))
        model, found = ChatModel(client, "m"), []
        for _ in range(2):
            deltas = [d async for d in model.stream([{"role": "user", "content": "?"}], tools=[], may_call=False)]
            found.append(("".join(d.reasoning for d in deltas).strip(), "".join(d.text for d in deltas)))
        await clients.close()
        return found

    spaced = [step for chunk in text("Hm, a list.", "\n</think>\n", "\nIn halves.") for step in (chunk, 0.02)]
    fake.script(spaced, spaced)
    first, later = asyncio.run(two())
    assert first[1].endswith("In halves.") and later == ("Hm, a list.", "In halves.")


def test_words_that_are_held_back_are_kept_when_the_connection_breaks(fake):
    fake.script([*text("<thi", reason=None), CUT])
    assert converse(fake.url) == ("<thi", "stream_cut")
