"""A key goes through all that the pipeline does with keys and is in neither database, no file, log or process (K1)."""

import logging
import os
from uuid import uuid4

import psycopg
import pytest
from dagster import AssetKey, DagsterInstance
from dagster._core.instance import InstanceRef
from pydantic import SecretStr

from pipelines.core.settings import REPOSITORY, get_settings
from pipelines.definitions import defs
from pipelines.runtime.services import environment
from tests.canary import dump, files, leaks, new_canary, watched_processes
from tests.defs.graphs import key_of, opened
from tests.defs.test_documents_graph import PAGES, Graph, pdf
from tests.defs.test_paying import connect, openrouter, owner_of

__all__ = ["openrouter"]

JSON = {"content-type": "application/json"}


@pytest.fixture
def kept(tmp_path, database_url, server, openrouter, monkeypatch):
    """The graph with Dagster's own database and folder as `studybuddy up` has them, and that database's address."""
    monkeypatch.setenv("EMBEDDING_MODEL", "far/away")
    monkeypatch.setenv("EMBEDDING_DIMS", "3")
    name = f"dagster_{uuid4().hex[:12]}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name}")
    with opened(tmp_path, database_url, monkeypatch) as (stores, _):
        settings = stores.settings.model_copy(update={"dagster_database_url": SecretStr(server.url(name))})
        for variable, value in environment(settings).items():
            monkeypatch.setenv(variable, value)
        get_settings.cache_clear()
        with DagsterInstance.from_ref(InstanceRef.from_dir(os.fspath(REPOSITORY))) as instance:
            yield Graph(stores, instance), server.url(name)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


def faults(secret):
    """What a provider does in place of an answer, with the key said back; nothing that is tried again after a wait."""
    said = b'{"error": {"message": "' + secret.encode() + b'"}}'
    return [(402, {}, secret.encode()), (400, JSON, said), (200, {"content-type": "text/html"}, secret.encode()),
            (200, JSON, b""), (401, JSON, said)]  # fmt: skip


def describe(graph, document):
    """The one asset of a deck that asks a model about pictures."""
    job = defs.resolve_job_def("process_document")
    return job.execute_in_process(partition_key=key_of(graph.stores, document), instance=graph.instance,
                                  asset_selection=[AssetKey("slide_descriptions")], raise_on_error=False)  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_neither_database_no_file_no_log_and_no_process_of_the_pipeline_holds_a_key(
    kept, openrouter, database_url, caplog, capfd
):
    graph, dagster_url = kept
    caplog.set_level(logging.DEBUG)
    secret = new_canary()
    openrouter.keys.add(secret)
    document = graph.upload(pdf(*PAGES))
    ada = owner_of(graph, document, "ada")
    failures = []
    with watched_processes() as seen:
        graph.run(document)  # nobody pays
        for path in ("/chat/completions", "/embeddings"):
            for fault in faults(secret):
                connect(graph, ada, secret)
                openrouter.answers[path] = [fault] * 3
                _ = describe(graph, document) if "chat" in path else graph.run(document)
                failures.append(graph.again(document).failure)
            openrouter.answers.clear()
        connect(graph, ada, secret)
        assert graph.run(document).success and graph.counts(graph.again(document)).searchable
    assert any(failures), "it was told to who uploaded it"
    assert secret in openrouter.paid_with() and secret in openrouter.paid_with("/embeddings"), "it did go out"
    out, err = capfd.readouterr()
    runs = "".join(f"{run.run_config}{run.tags}" for run in graph.instance.get_runs())
    places = {"application's database": dump(database_url), "dagster's database": dump(dagster_url),
              "log": (out + err + caplog.text).encode(), "runs": runs.encode(), **seen,
              **files(graph.stores.settings.home)}  # fmt: skip
    assert leaks(secret, places) == []
