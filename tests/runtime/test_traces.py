"""Traces of the real processes, as a collector gets them: an upload and its run are one trace, a question another."""

import json
import time

import psycopg
import pytest

from pipelines.core.errors import SettingsError
from pipelines.core.settings import Settings
from pipelines.core.tracing.spans import current_trace, export_spans, span
from tests.deployments import SAMPLE, TOKEN, Deployment, ask, environment, free_port
from tests.fake_collector import FakeCollector
from tests.fakes import FakeModel, calls, text

QUESTION = "How does the power of the wind grow with its speed?"
SECRETS = (QUESTION, "third power", "turbine", SAMPLE.name, TOKEN, "sk-canary-key", "secret-answer")


@pytest.fixture
def collector():
    """A collector of spans."""
    found = FakeCollector()
    yield found
    found.close()


@pytest.fixture
def model():
    """A scripted model server."""
    found = FakeModel()
    yield found
    found.close()


def wait_for(found):
    """What `found` finds, once it does."""
    until = time.monotonic() + 60
    while not (result := found()):
        assert time.monotonic() < until, "not within a minute"
        time.sleep(0.1)
    return result


@pytest.mark.slow
def test_an_upload_its_run_and_its_steps_are_one_trace_a_question_its_search_and_model_another(
    server, tmp_path, collector, model
):
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database traced_app template template_app")
        connection.execute("create database traced_dagster")
    port = free_port()
    deployment = Deployment(
        environment(
            server.url("traced_app"), server.url("traced_dagster"), tmp_path / "home", API_PORT=str(port),
            DAGSTER_PORT="0", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, MODEL_BASE_URL=model.url,
            MODEL_API_KEY="sk-canary-key", CHAT_MODEL="fake",
        )
    )  # fmt: skip
    up = deployment.run("up")
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        with deployment.client(port) as client:
            course = client.post("/api/courses", json={"name": "Wind"}).json()["id"]
            sent = client.post(
                "/api/documents", data={"courseId": course}, files={"file": (SAMPLE.name, SAMPLE.read_bytes())}
            )
            assert sent.status_code == 201, sent.text
            upload, uploaded = sent.json()["id"], sent.headers["x-request-id"]
            made = wait_for(lambda: {each.name: each for each in collector.spans() if each.trace == uploaded}
                            if any(each.name == "run" for each in collector.spans()) else None)  # fmt: skip
            model.script(calls("power of the wind"), text("It is a secret-answer [1]."))
            ask(client, QUESTION)
            told = wait_for(lambda: {each.name: each for each in collector.spans() if each.name == "POST /api/chat"})
        log = (tmp_path / "home" / "logs" / "api.log").read_text()
    finally:
        deployment.run("down")
    request, run = made["POST /api/documents"], made["run"]
    assert (request.part, request.parent, run.part, run.parent) == ("studybuddy-api", "", "studybuddy-run", request.id)
    for step in ("slides", "slide_chunks", "slide_embeddings"):
        assert (made[step].parent, made[step].values["upload"]) == (run.id, upload), step
        assert made[step].values["dagster_run"] == run.values["dagster_run"]
    asked = told["POST /api/chat"]
    under = {each.name: each for each in collector.spans() if each.trace == asked.trace}
    assert under["answer"].parent == asked.id
    assert under["search"].parent == under["answer"].id == under["model"].parent
    assert under["search"].values["uploads"] == upload, "from an answer to the uploads that it stands on"
    assert (under["model"].values["purpose"], under["model"].values["prompt_tokens"]) == ("answer", "10")
    assert not [word for word in SECRETS for body in collector.bodies if word.encode() in body]
    lines = [json.loads(line)["line"] for line in log.splitlines() if line.startswith('{"at"')]
    assert [line["event"] for line in lines if line.get("request") == uploaded] == ["request"]
    with psycopg.connect(server.url("traced_dagster")) as connection:
        (tag,) = connection.execute("select value from run_tags where key = 'studybuddy/trace'").fetchone()
    assert tag.split("-")[1] == uploaded, "the run says by which request it came"


def test_without_a_collector_what_is_done_for_something_has_its_id_and_nothing_is_sent():
    with span("request") as request:
        assert current_trace() == request.parent
        with span("search") as search, span("model", leaf=True) as called:
            assert search.trace_id == called.trace_id == request.trace_id
    assert current_trace() is None
    with span("run", parent=request.parent) as run, span("other", parent="nonsense") as other:
        assert other.trace_id == run.trace_id == request.trace_id


@pytest.mark.parametrize("address", ["collector:4318", "grpc://collector:4317", "http://"])
def test_an_address_that_is_none_is_refused_with_a_sentence(address):
    with pytest.raises(SettingsError, match="OTEL_EXPORTER_OTLP_ENDPOINT must be the address of a collector"):
        export_spans(Settings(_env_file=None, otel_exporter_otlp_endpoint=address), "test")
