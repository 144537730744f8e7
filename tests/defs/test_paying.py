"""Who pays for what is made of an upload: its owner's key, found from the upload; without one the deck waits for it."""

import dagster as dg
import pytest
from pydantic import SecretStr

from pipelines.core.description_refusals import find_description_refusal
from pipelines.core.models.keys import delete_model_key, put_model_key, set_key_rejected
from pipelines.core.settings import get_settings
from pipelines.core.slides import read_slide_descriptions
from pipelines.definitions import defs
from pipelines.defs.sensors import DOCUMENTS, look
from tests.defs.graphs import opened
from tests.defs.test_documents_graph import PAGES, Graph, pdf
from tests.fake_openrouter import FakeOpenRouter

KEY = "sk-or-v1-key-of-who-uploads"


@pytest.fixture
def openrouter(monkeypatch):
    fake = FakeOpenRouter()
    fake.keys |= {KEY, "sk-or-v1-of-somebody-else"}
    monkeypatch.setenv("OPENROUTER_URL", fake.url)
    monkeypatch.setenv("VISION_MODEL", "eyes")
    monkeypatch.setenv("MODEL_CONCURRENCY", "1")
    yield fake
    fake.close()


@pytest.fixture
def graph(tmp_path, database_url, openrouter, monkeypatch):
    get_settings.cache_clear()
    with opened(tmp_path, database_url, monkeypatch) as given:
        yield Graph(*given)


def owner_of(graph, document, name):
    """Give the deck to somebody; their id."""
    with graph.stores.database.transaction() as connection:
        made = connection.execute(
            "insert into users (issuer, subject) values ('i', %s) returning id", [name]
        ).fetchone()
        connection.execute("update documents set owner_id = %s where id = %s", [made[0], document.id])
    return made[0]


def connect(graph, person, key=KEY):
    with graph.stores.database.transaction() as connection:
        put_model_key(connection, person, SecretStr(key), provider="openrouter", base_url=None, label=None,
                      sealer=graph.stores.sealer)  # fmt: skip


def described_by(graph, document):
    with graph.stores.database.transaction() as connection:
        return len(read_slide_descriptions(connection, document)), find_description_refusal(connection, document)


def due(graph):
    found = look(DOCUMENTS, graph.stores, graph.instance, "[]")
    return [] if isinstance(found, dg.SkipReason) else found.run_requests


def test_a_deck_without_a_key_is_searchable_and_is_described_when_one_comes(graph, openrouter):
    document = graph.upload(pdf(*PAGES))
    ada, ben = owner_of(graph, document, "ada"), owner_of(graph, graph.upload(pdf("Another."), "b.pdf"), "ben")
    assert graph.run(document).success
    assert graph.search(document, "What does momentum remember?")[0] == 2
    count, why = described_by(graph, document)
    assert count == 0 and "Connect OpenRouter" in why and openrouter.seen == [], "nobody was asked"
    waiting = [request for request in due(graph) if "descriptions" in request.run_key]
    assert waiting == [], "it is not tried again and again"
    connect(graph, ben, "sk-or-v1-of-somebody-else")
    assert [request for request in due(graph) if "descriptions" in request.run_key] == [], "nor with a stranger's key"
    connect(graph, ada)
    (request,) = [request for request in due(graph) if "descriptions" in request.run_key]
    again = defs.resolve_job_def("process_document").execute_in_process(
        partition_key=request.partition_key, instance=graph.instance, asset_selection=request.asset_selection
    )
    assert again.success and described_by(graph, document) == (len(PAGES), None)
    assert openrouter.paid_with() == [KEY] * len(PAGES)


def test_a_key_that_is_refused_is_not_sent_again_until_a_new_one_comes(graph, openrouter):
    document = graph.upload(pdf(*PAGES))
    ada = owner_of(graph, document, "ada")
    openrouter.keys.discard(KEY)
    connect(graph, ada)
    assert graph.run(document).success
    assert openrouter.paid_with() == [KEY] and "rejected the key" in described_by(graph, document)[1]
    with graph.stores.database.transaction() as connection:
        assert connection.execute("select rejected_at is not null from model_keys").fetchone() == (True,)
        connection.execute("update description_refusals set retry_at = null")
    graph.run(document)
    assert openrouter.paid_with() == [KEY]
    connect(graph, ada, "sk-or-v1-of-somebody-else")
    assert len([request for request in due(graph) if "descriptions" in request.run_key]) == 1


def test_a_key_that_works_again_makes_decks_due(graph, openrouter):
    document = graph.upload(pdf(PAGES[0]))
    ada = owner_of(graph, document, "ada")
    graph.run(document)
    connect(graph, ada)
    with graph.stores.database.transaction() as connection:
        (key_id,) = connection.execute("select id from model_keys").fetchone()
        set_key_rejected(connection, key_id, True)
        connection.execute("update description_refusals set retry_at = null")
        set_key_rejected(connection, key_id, False)
        assert connection.execute("select retry_at is not null from description_refusals").fetchone() == (True,)
        assert delete_model_key(connection, ada, "openrouter")


def test_an_upload_of_somebody_erased_is_paid_by_nobody(graph, openrouter):
    document = graph.upload(pdf(PAGES[0]))
    connect(graph, owner_of(graph, document, "ada"))
    with graph.stores.database.transaction() as connection:
        connection.execute("update documents set owner_id = null where id = %s", [document.id])
    assert graph.run(document).success and openrouter.seen == []
