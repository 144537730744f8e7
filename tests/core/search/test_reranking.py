"""Searches that are reranked: one function, so one order for every door, and the order of before where it fails."""

import logging

import pytest

from pipelines.answering.evaluating import evaluate_set
from pipelines.core.courses import ensure_course
from pipelines.core.files import FileStore
from pipelines.core.models.clients import Clients
from pipelines.core.models.payers import find_local_person
from pipelines.core.records import OPERATOR, Scope
from pipelines.core.retrieval import ranking_for, retrieve_chunks
from pipelines.core.search import reranking
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.settings import Settings
from pipelines.core.stores import Stores
from pipelines.steps.questions import parse_questions
from tests.core.conftest import EMBED
from tests.fakes import HANG, FakeModel, Status
from tests.tiny_cross_encoder import write_cross_encoder

TEXTS = ("momentum momentum momentum", "momentum and learning rates", "relevant momentum", "relevant relevant momentum")


@pytest.fixture
def model():
    with_model = FakeModel()
    yield with_model
    with_model.close()


@pytest.fixture
def stores_with(database, tmp_path):
    """The stores of a process with these settings."""
    opened = []

    def build(**settings):
        known = Settings(_env_file=None, studybuddy_home=tmp_path, **({"reranker_budget_ms": 10_000} | settings))
        clients = Clients(known)
        opened.append(clients)
        return Stores(known, database, FileStore(str(tmp_path / "files")), Sealer(b"k" * 32), clients)

    reranking._told.clear()
    yield build
    for clients in opened:
        clients.close()


def found(stores, course_id, question="momentum", *, limit=10):
    scope = Scope(course_id=course_id, person=OPERATOR)
    ranking = ranking_for(stores, find_local_person, course_id=course_id)
    return retrieve_chunks(stores.database, question, scope=scope, embed=EMBED, limit=limit, ranking=ranking)


def by_relevance(request):
    """The answer of a `/rerank` that counts a word."""
    rows = [{"index": n, "relevance_score": text.count("relevant")} for n, text in enumerate(request["documents"])]
    return [Status(200, {"results": rows})]


def test_the_first_hits_come_in_the_order_of_the_reranker_and_the_call_is_counted(
    database, course, deck, model, stores_with
):
    deck("a.pdf", *TEXTS)
    before = [hit.text for hit in found(stores_with(), course)]
    model.default = by_relevance
    stores = stores_with(reranker_model="r", reranker_base_url=model.url, reranker_api_key="k-1")
    hits = found(stores, course)
    assert [hit.text for hit in hits][:2] == [TEXTS[3], TEXTS[2]] != before[:2]
    assert [hit.rerank_score for hit in hits] == [2.0, 1.0, 0.0, 0.0]
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert {hit.text for hit in hits} == set(before)
    assert found(stores, course, limit=1)[0].text == TEXTS[3]  # from beyond the limit
    with database.transaction() as connection:
        rows = connection.execute("select purpose, model, status, course_id from model_calls").fetchall()
    assert rows == [("reranking", "r", "done", course)] * 2


def test_only_the_first_are_asked_about_and_a_named_page_stays_first(course, deck, model, stores_with):
    deck("a.pdf", *TEXTS)
    model.default = by_relevance
    stores = stores_with(reranker_model="r", reranker_base_url=model.url, reranker_depth=2)
    hits = found(stores, course)
    assert [hit.rerank_score is not None for hit in hits] == [True, True, False, False]
    assert len(model.requests[0]["documents"]) == 2
    assert found(stores, course, "momentum on page 1")[0].text == TEXTS[0]


def test_a_folder_reranks_without_a_network(tmp_path, course, deck, stores_with):
    deck("a.pdf", *TEXTS)
    folder = write_cross_encoder(tmp_path / "tiny")
    hits = found(stores_with(reranker_model=str(folder)), course)
    assert [hit.text for hit in hits][:2] == [TEXTS[3], TEXTS[2]]


@pytest.mark.parametrize(
    ("answer", "budget_ms", "said"),
    [
        ([HANG], 40, "r did not answer in 40 ms|did not answer in time"),
        ([Status(500)], 10_000, "the provider failed"),
        ([Status(200, {"results": []})], 10_000, "makes no sense"),
    ],
)
def test_one_that_fails_or_is_late_changes_nothing_and_that_is_said_once(
    course, deck, model, stores_with, caplog, answer, budget_ms, said
):
    deck("a.pdf", *TEXTS)
    before = found(stores_with(), course)
    model.default = answer
    stores = stores_with(reranker_model="r", reranker_base_url=model.url, reranker_budget_ms=budget_ms)
    with caplog.at_level(logging.WARNING, logger=reranking.__name__):
        assert found(stores, course) == found(stores, course) == before
    (record,) = [each for each in caplog.records if each.name == reranking.__name__]
    assert record.getMessage().startswith("Searches are not reranked: ")
    assert any(words in record.getMessage() for words in said.split("|"))


def test_an_evaluation_tells_how_many_questions_were_reranked(course, deck, database, model, stores_with):
    deck("a.pdf", *TEXTS)
    questions = parse_questions(
        [f'{{"id": "{n}", "kind": "slide", "file": "a.pdf", "question": "momentum", "pages": [4]}}' for n in range(2)],
        name="q",
    )
    with database.transaction() as connection:
        known = ensure_course(connection, "c")
    vectors = {"embedding_model": EMBED.model, "embedding_dims": EMBED.dims, "embedding_base_url": model.url}

    def answer(request):
        if "documents" in request:
            return by_relevance(request)
        data = [{"index": n, "embedding": row.tolist()} for n, row in enumerate(EMBED.embed(request["input"]))]
        return [Status(200, {"object": "list", "data": data})]

    model.default = answer
    plain = evaluate_set(stores_with(**vectors), known, questions).figures
    assert "reranker" not in plain
    stores = stores_with(**vectors, reranker_model="r", reranker_base_url=model.url)
    figures = evaluate_set(stores, known, questions).figures
    assert figures["reranker"] == {"model": "r", "reranked": 1.0}
    assert (plain["slide"]["recall@1"], figures["slide"]["recall@1"]) == (0.0, 1.0)
