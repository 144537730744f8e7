"""Rerankers: what is sent and believed of a `/rerank`, and a folder with a cross-encoder."""

import math

import pytest

from pipelines.core.errors import ProviderRefusedError, ProviderUnavailableError, SettingsError
from pipelines.core.models.clients import Clients
from pipelines.core.models.reranker_local import LocalReranker
from pipelines.core.models.reranker_remote import RemoteReranker
from pipelines.core.settings import Settings
from tests.fakes import HANG, FakeModel, Status
from tests.payers import operator_of
from tests.tiny_cross_encoder import write_cross_encoder

KEY = "sk-canary-77b0"
BUDGET_MS = 10_000


@pytest.fixture(scope="module")
def model():
    with_model = FakeModel()
    yield with_model
    with_model.close()


@pytest.fixture
def remote(model):
    """A reranker behind the fake, which gives the n-th passage n."""
    model.script()
    model.default = said([{"index": n, "relevance_score": float(n)} for n in range(2)])

    def build(budget_ms=BUDGET_MS):
        settings = Settings(_env_file=None, model_base_url=model.url, model_api_key=KEY)
        client = Clients(settings).of(operator_of(settings))
        return RemoteReranker(client, model="fake/r", depth=5, budget_ms=budget_ms)

    return build


def said(rows, **more):
    return [Status(200, {"results": rows, **more})]


def test_question_and_passages_are_sent_and_scores_come_in_their_order(model, remote):
    model.default = said([{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0}])
    assert remote().score("why\ud800?", ["a", "b\0"]) == [0.0, 0.9]
    (request,) = model.requests
    assert request == {"model": "fake/r", "query": "why??", "documents": ["a", "b "]}


def test_what_others_call_data_is_read_too(model, remote):
    rows = [{"index": n, "relevance_score": -n, "document": "x"} for n in range(2)]
    model.default = [Status(200, {"object": "list", "data": rows, "usage": {"total_tokens": 9}})]
    assert remote().score("q", ["a", "b"]) == [0.0, -1.0]


@pytest.mark.parametrize(
    "body",
    [
        {"results": [{"index": 0, "relevance_score": 1}]},
        {"results": [{"index": 0, "relevance_score": 1}, {"index": 0, "relevance_score": 1}]},
        {"results": [{"index": 0, "relevance_score": 1}, {"index": 2, "relevance_score": 1}]},
        {"results": [{"index": 0, "relevance_score": 1}, {"index": 1, "relevance_score": "1"}]},
        {"results": [{"index": 0, "relevance_score": 1}, {"index": 1, "relevance_score": math.nan}]},
        {"results": [{"index": True, "relevance_score": 1}, {"index": 0, "relevance_score": 1}]},
        {"results": [0, 1]},
        {"results": {"0": 1}},
        {},
        [],
        "scores",
        None,
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_and_not_believed(model, remote, body):
    model.default = [Status(200, body)] if body is not None else [b"<html>"]
    with pytest.raises(ProviderRefusedError) as refused:
        remote().score("q", ["a", "b"])
    assert refused.value.code == "garbage"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ([Status(401, {"message": KEY})], "key_rejected"),
        ([Status(402)], "no_credit"),
        ([Status(404)], "bad_request"),
        ([Status(200, {"error": {"code": 429, "message": KEY}})], "rate_limited"),
        ([Status(503)], "provider_unavailable"),
    ],
)
def test_its_faults_are_classed_asked_once_and_quote_nothing(model, remote, answer, code):
    model.default = answer
    with pytest.raises((ProviderRefusedError, ProviderUnavailableError)) as fault:
        remote().score("q", ["a", "b"])
    assert (fault.value.code, len(model.requests)) == (code, 1)
    assert KEY not in fault.value.message


def test_one_that_hangs_is_let_go_after_its_time(model, remote):
    model.default = [HANG]
    with pytest.raises(ProviderUnavailableError) as fault:
        remote(budget_ms=50).score("q", ["a", "b"])
    assert fault.value.code == "timeout"


@pytest.mark.parametrize("columns", [1, 2])
def test_a_folder_with_a_cross_encoder_scores_pairs(tmp_path, columns):
    folder = write_cross_encoder(tmp_path / "tiny", columns=columns)
    reranker = LocalReranker(folder, depth=9, budget_ms=BUDGET_MS)
    assert reranker.model == "tiny"
    passages = ["relevant", "nothing", "relevant and relevant", "", "lone \ud800 relevant"]
    assert reranker.score("a question", passages) == [1.0, 0.0, 2.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda folder: (folder / "onnx" / "model.onnx").unlink(), "holds no model.onnx"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "holds no tokenizer.json"),
        (lambda folder: (folder / "onnx" / "model.onnx").write_bytes(b"\x08\x08junk"), "is no cross-encoder"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "is no cross-encoder"),
    ],
)
def test_a_folder_that_is_none_is_told_with_the_setting_that_names_it(tmp_path, break_it, reason):
    folder = write_cross_encoder(tmp_path / "tiny")
    break_it(folder)
    with pytest.raises(SettingsError, match=f"RERANKER_MODEL: .*{reason}"):
        LocalReranker(folder, depth=9, budget_ms=BUDGET_MS).load()


@pytest.mark.parametrize("other", [{"columns": 3}, {"input_name": "pixels"}])
def test_a_model_of_something_else_is_no_cross_encoder(tmp_path, other):
    with pytest.raises(SettingsError, match="is no cross-encoder that can be used"):
        LocalReranker(write_cross_encoder(tmp_path / "m", **other), depth=9, budget_ms=BUDGET_MS).load()


def test_scores_that_are_no_numbers_are_refused(tmp_path):
    reranker = LocalReranker(write_cross_encoder(tmp_path / "m", value=math.nan), depth=9, budget_ms=BUDGET_MS)
    with pytest.raises(ProviderRefusedError, match="makes no sense"):
        reranker.score("q", ["relevant"])


def test_a_local_one_stops_between_calls_when_its_time_is_over(tmp_path):
    reranker = LocalReranker(write_cross_encoder(tmp_path / "m"), depth=9, budget_ms=1e-6)
    reranker.load()
    with pytest.raises(ProviderUnavailableError, match="did not answer in time"):
        reranker.score("q", ["relevant"] * 9)
