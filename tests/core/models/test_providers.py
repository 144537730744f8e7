import base64
import struct
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from pydantic import SecretStr

from pipelines.core.errors import (
    EmbeddingMismatchError,
    KeyMissingError,
    ProviderRefusedError,
    ProviderUnavailableError,
    SettingsError,
)
from pipelines.core.models.clients import NO_KEY, AsyncClients, Clients
from pipelines.core.models.completions import describe_image
from pipelines.core.models.embedder_local import LocalEmbedder
from pipelines.core.models.providers import embedder
from pipelines.core.settings import Settings
from tests.fakes import CUT, FakeModel, Status
from tests.payers import meter_of, operator_of

KEY = "sk-or-canary-8d1f"


@pytest.fixture
def model():
    with_model = FakeModel()
    yield with_model
    with_model.close()


@pytest.fixture
def settings(model):
    return Settings(
        _env_file=None, model_base_url=model.url, model_api_key=KEY, embedding_model="fake/e", embedding_dims=3,
        model_timeout_s=2.0,
    )  # fmt: skip


def client_of(settings):
    return Clients(settings).of(operator_of(settings))


@pytest.fixture
def embed(settings):
    return embedder(settings)


def vectors(request, *, order=None, dims=3, **item):
    """An answer with (text length, 1, 0) for each text; `order` shuffles the rows."""
    rows = [
        {"object": "embedding", "index": n, "embedding": ([float(len(text)), 1.0] + [0.0] * dims)[:dims], **item}
        for n, text in enumerate(request["input"])
    ]
    return {"object": "list", "model": "fake/e", "data": [rows[n] for n in order] if order else rows}


def answer(**more):
    return lambda request: [Status(200, vectors(request, **more))]


def said(body):
    return lambda request: [Status(200, body)]


def expected(*texts):
    rows = np.array([[len(text), 1.0, 0.0] for text in texts])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_floats_are_asked_for_and_rows_come_normalised(embed, model):
    model.script(answer())
    assert np.allclose(embed.embed(["a", "bbb"]), expected("a", "bbb"))
    (request,) = model.requests
    assert request["encoding_format"] == "float"
    assert request["input"] == ["a", "bbb"]
    assert "dimensions" not in request  # some models refuse it


def test_a_server_that_refuses_to_be_asked_for_floats_is_asked_without_a_word_about_it_from_then_on(settings, model):
    def refusing(request):
        if "encoding_format" in request:
            return [Status(400, {"error": {"message": "encoding_format must be base64 or null"}})]
        return [Status(200, vectors(request))]

    model.default = refusing
    embed = embedder(settings.model_copy(update={"embedding_options": '{"output_dimension": 3}'}))
    for text in ("a", "bb"):
        assert np.allclose(embed.embed([text]), expected(text))
    assert ["encoding_format" in request for request in model.requests] == [True, False, False]
    assert all(request["output_dimension"] == 3 for request in model.requests)


def test_questions_and_passages_are_each_told_to_be_what_they_are(settings, model):
    model.default = lambda request: [Status(200, vectors(request))]
    given = settings.model_copy(
        update={
            "embedding_options": '{"input_type": "document", "output_dimension": 3}',
            "embedding_question_options": '{"input_type": "query"}',
        }
    )
    for purpose in ("embedding", "question"):
        embedder(given, meter_of(given, purpose=purpose)).embed(["a"])
    sent = [(request["input_type"], request["output_dimension"]) for request in model.requests]
    assert sent == [("document", 3), ("query", 3)]


def test_options_that_are_no_object_are_told_by_their_setting(settings):
    for text in ("{", "[1]", "3"):
        with pytest.raises(SettingsError, match="EMBEDDING_OPTIONS"):
            embedder(settings.model_copy(update={"embedding_options": text}))
        with pytest.raises(SettingsError, match="EMBEDDING_QUESTION_OPTIONS"):
            embedder(
                settings.model_copy(update={"embedding_question_options": text}),
                meter_of(settings, purpose="question"),
            )


def test_shuffled_rows_are_put_in_order(embed, model):
    model.script(answer(order=[2, 0, 1]))
    assert np.allclose(embed.embed(["a", "bb", "ccc"]), expected("a", "bb", "ccc"))


def test_rows_without_an_index_are_taken_as_they_come(embed, model):
    model.script(answer(index=None))
    assert np.allclose(embed.embed(["a", "bb"]), expected("a", "bb"))


def test_many_texts_go_in_batches_and_blank_ones_are_not_sent_blank(embed, model):
    model.default = answer()
    texts = ["x" * n for n in range(130)]
    assert np.allclose(embed.embed(texts), expected("-", *texts[1:]))
    assert [len(request["input"]) for request in model.requests] == [64, 64, 2]
    assert embed.embed([]).shape == (0, 3)


def test_a_batch_the_server_finds_too_large_is_halved(embed, model):
    def at_most_two(request):
        return [Status(413)] if len(request["input"]) > 2 else [Status(200, vectors(request))]

    model.default = at_most_two
    assert np.allclose(embed.embed(["a", "bb", "ccc", "dddd", "e"]), expected("a", "bb", "ccc", "dddd", "e"))


def test_a_text_of_megabytes_is_cut_to_what_was_counted(embed, model):
    model.script(answer())
    embed.embed(["ä" * 3_000_000])
    (sent,) = model.requests[0]["input"]
    assert embed.count_tokens(sent) <= embed.max_tokens + 1


@pytest.mark.parametrize(
    ("script", "error", "code", "requests"),
    [
        ([Status(401)], ProviderRefusedError, "key_rejected", 1),
        ([Status(402)], ProviderRefusedError, "no_credit", 1),
        ([Status(403)], ProviderRefusedError, "forbidden", 1),
        ([Status(404)], ProviderRefusedError, "bad_request", 1),
        ([Status(400)], ProviderRefusedError, "bad_request", 1),
        ([Status(400, {"error": {"message": "maximum context length is 512 tokens"}})], ProviderRefusedError,
         "context_too_long", 1),
        ([Status(429, {"error": {"code": "insufficient_quota"}}, {"retry-after-ms": "1"})], ProviderRefusedError,
         "no_credit", 5),
        ([Status(429, None, {"retry-after-ms": "1", "retry-after": "7"})], ProviderUnavailableError,
         "rate_limited", 5),
        ([Status(500, None, {"retry-after-ms": "1"})], ProviderUnavailableError, "provider_unavailable", 5),
        ([Status(503, None, {"retry-after-ms": "1"})], ProviderUnavailableError, "provider_unavailable", 5),
    ],
)  # fmt: skip
def test_a_refusal_is_classed_and_only_passing_ones_are_tried_again(embed, model, script, error, code, requests):
    model.default = script
    with pytest.raises(error) as caught:
        embed.embed(["a"])
    assert caught.value.code == code
    assert len(model.requests) == requests
    assert KEY not in f"{caught.value!r}"
    if code == "rate_limited":
        assert caught.value.retry_after_s == 7


def test_a_passing_fault_costs_a_retry_and_no_more(embed, model):
    model.script([Status(429, None, {"retry-after-ms": "1"})], [Status(500, None, {"retry-after-ms": "1"})], answer())
    assert np.allclose(embed.embed(["a"]), expected("a"))


packed = base64.b64encode(struct.pack("<3f", 1.0, 2.0, 3.0)).decode()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": []},
        {"data": None},
        {"data": "nonsense"},
        {"data": [{"index": 0, "embedding": [1.0, 2.0, 3.0]}] * 2},
        {"data": [{"index": 5, "embedding": [1.0, 2.0, 3.0]}]},
        {"data": [{"index": 0, "embedding": packed}]},
        {"data": [{"index": 0, "embedding": [1.0, None, 3.0]}]},
        {"data": [{"index": 0, "embedding": [[1.0, 2.0, 3.0]]}]},
        {"data": [{"index": 0, "embedding": [0.0, 0.0, 0.0]}]},
        {"data": [{"index": 0, "embedding": [1e400, 0.0, 0.0]}]},
        {"data": [{"index": 0}]},
        [],
        "words",
    ],
    ids=str,
)
def test_an_answer_that_makes_no_sense_is_refused(embed, model, body):
    model.default = said(body)
    with pytest.raises(ProviderRefusedError) as caught:
        embed.embed(["a"])
    assert caught.value.code == "garbage"


def test_a_body_that_is_no_json_is_garbage(embed, model):
    model.default = [b"<html>gateway</html>"]
    with pytest.raises(ProviderRefusedError) as caught:
        embed.embed(["a"])
    assert caught.value.code == "garbage"


def test_an_error_inside_a_success_is_the_error_it_names(embed, model):
    model.default = said({"error": {"code": 429, "message": "slow down"}})
    with pytest.raises(ProviderUnavailableError) as caught:
        embed.embed(["a"])
    assert caught.value.code == "rate_limited"


def test_vectors_of_another_dimension_name_the_setting(embed, model):
    model.default = answer(dims=2)
    with pytest.raises(EmbeddingMismatchError, match="set EMBEDDING_DIMS=2"):
        embed.embed(["a"])


def test_nobody_listening_and_no_answer_in_time_are_passing_faults(settings, model):
    quick = settings.model_copy(update={"model_timeout_s": 0.2})
    model.default = [0.5]
    client = client_of(quick).with_options(max_retries=0)
    with pytest.raises(ProviderUnavailableError) as caught:
        describe_image(client, meter_of(quick), prompt="Describe.", image=b"RIFF")
    assert caught.value.code == "timeout"
    nobody = client_of(quick.model_copy(update={"model_base_url": "http://127.0.0.1:9/v1"}))
    with pytest.raises(ProviderUnavailableError) as caught:
        describe_image(nobody.with_options(max_retries=0), meter_of(quick), prompt="Describe.", image=b"RIFF")
    assert caught.value.code == "provider_unavailable"


def reply(content, **usage):
    return {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10, **usage},
    }


def test_a_picture_is_sent_after_the_text_and_its_cost_is_told(settings, model):
    model.script(said(reply("A curve.", cost=0.0021)))
    found = describe_image(client_of(settings), meter_of(settings, "see"), prompt="Describe.", image=b"RIFF")
    assert (found.text, found.prompt_tokens, found.completion_tokens, found.cost_usd) == ("A curve.", 7, 3, 0.0021)
    first, second = model.requests[0]["messages"][0]["content"]
    assert first == {"type": "text", "text": "Describe."}
    assert second["image_url"]["url"] == "data:image/webp;base64,UklGRg=="


def test_a_description_without_usage_costs_nothing_known(settings, model):
    model.script(said({"choices": reply("Hi.")["choices"]}))
    found = describe_image(client_of(settings), meter_of(settings), prompt="Describe.", image=b"RIFF")
    assert (found.text, found.prompt_tokens, found.cost_usd) == ("Hi.", 0, 0.0)


@pytest.mark.parametrize("body", [reply(None), reply(" "), {"choices": []}, {}, {"choices": None}], ids=str)
def test_a_description_without_text_is_garbage(settings, model, body):
    model.script(said(body))
    with pytest.raises(ProviderRefusedError) as caught:
        describe_image(client_of(settings), meter_of(settings), prompt="Describe.", image=b"RIFF")
    assert caught.value.code == "garbage"


def test_the_key_is_in_no_representation(settings, embed):
    client = client_of(settings)
    assert client.api_key == KEY
    assert KEY not in repr(client) + repr(embed) + repr(settings) + repr(meter_of(settings))


def test_clients_of_many_payers_share_connections_and_no_key(settings):
    shared, one, two = Clients(settings), operator_of(settings, key="one"), operator_of(settings, key="two")
    first, second = shared.of(one), shared.of(two)
    assert (first.api_key, second.api_key, shared.of(one).api_key) == ("one", "two", "one")
    assert first._client is second._client
    assert AsyncClients(settings).of(two).api_key == "two"
    assert client_of(settings.model_copy(update={"model_api_key": None})).api_key == NO_KEY
    shared.close()
    assert first._client.is_closed


def test_an_address_that_leads_inside_is_asked_for_nothing(settings, model):
    named = replace(operator_of(settings), named=True)  # MODEL_URLS does not hold it
    client = Clients(settings).of(named).with_options(max_retries=0)
    with pytest.raises(ProviderRefusedError) as caught:
        describe_image(client, meter_of(settings), prompt="Describe.", image=b"RIFF")
    assert caught.value.code == "address_refused" and model.requests == []
    allowed = settings.model_copy(update={"model_urls": model.url})
    model.script(said(reply("A curve.")))
    described = describe_image(Clients(allowed).of(named), meter_of(allowed), prompt="Describe.", image=b"RIFF")
    assert described.text == "A curve."


def test_a_redirect_takes_no_key_anywhere(settings, model):
    other = FakeModel()
    try:
        model.script([Status(307, headers={"location": other.url + "/chat/completions"})])
        with pytest.raises(ProviderRefusedError):
            describe_image(client_of(settings), meter_of(settings), prompt="Describe.", image=b"RIFF")
        assert other.requests == []
    finally:
        other.close()


def test_a_key_is_never_sent_to_an_address_it_was_not_given_for(settings, model):
    other = FakeModel()
    try:
        other.default = model.default = answer()
        elsewhere = settings.model_copy(update={"embedding_base_url": other.url})
        assert embedder(elsewhere)._client.api_key == NO_KEY
        own = elsewhere.model_copy(update={"embedding_api_key": SecretStr("other-key")})
        assert embedder(own)._client.api_key == "other-key"
        assert embedder(settings)._client.api_key == KEY
    finally:
        other.close()


def test_settings_that_cannot_work_are_refused_with_their_name():
    def settings(**more):
        return Settings(_env_file=None, **more)

    assert isinstance(embedder(settings()), LocalEmbedder)
    with pytest.raises(SettingsError, match="EMBEDDING_DIMS must be 384"):
        embedder(settings(embedding_dims=512))
    with pytest.raises(KeyMissingError, match="Connect OpenRouter"):
        embedder(settings(embedding_model="x"))


def test_a_cut_connection_is_a_passing_fault(settings, model):
    model.default = [CUT]
    with pytest.raises(ProviderUnavailableError):
        describe_image(
            client_of(settings).with_options(max_retries=0), meter_of(settings), prompt="Describe.", image=b"RIFF"
        )


def test_the_client_library_is_loaded_ahead_where_that_is_asked_for():
    code = (
        "import sys; from pipelines.core.models.clients import AsyncClients; print('openai' in sys.modules)\n"
        "AsyncClients.warm(); print({'openai.resources.chat', 'openai._vendor.httpx_aiohttp'} <= set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["False", "True"]
