"""The wire to a model: what arrives is kept, and what goes wrong has its name however the bytes were cut."""

import asyncio
import json
import socket

import pytest

from pipelines.answering.model import ChatModel
from pipelines.core.errors import ProviderUnavailableError
from pipelines.core.providers import async_chat_client
from pipelines.core.settings import Settings
from tests.fakes import CUT, DROP, HANG, FakeModel, text


@pytest.fixture
def fake():
    fake = FakeModel()
    yield fake
    fake.close()


def converse(url, *, timeout_s=5.0):
    """(words, code of the fault or None) of one call."""

    async def one():
        settings = Settings(_env_file=None, model_base_url=url, model_timeout_s=timeout_s)
        client = async_chat_client(settings)
        words, code = [], None
        try:
            messages = [{"role": "user", "content": "?"}]
            async for delta in ChatModel(client, "m").stream(messages, tools=[], may_call=False):
                words.append(delta.text)
        except ProviderUnavailableError as error:
            code = error.code
        finally:
            await client.close()
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
