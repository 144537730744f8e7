"""Courses that came over are searched with the vectors they had: a question is asked of their own model."""

# ruff: noqa: S608  statements of tests, with keys of theirs

import numpy as np
import pytest

from pipelines.core.embeddings.embedders import question_embedder
from pipelines.core.embeddings.pointers import course_set
from pipelines.core.errors import ProviderRefusedError
from pipelines.core.models.payers import find_local_person
from pipelines.core.records import Person, Scope
from pipelines.core.retrieval import retrieve_chunks
from pipelines.core.search.by_name import find_hits, find_in_course
from pipelines.core.stores import Stores
from tests.fake_embeddings import FakeEmbeddings
from tests.fakes import FakeModel, Status

ANT, MATHS = "6718420f-1219-5c56-87fa-24c6a072f941", "6792f5f8-639e-4028-a33f-10aac9c5d18d"

WITHOUT_VECTOR = (
    "select c.content, c.page from chunks c join courses k on k.id = c.course_id and k.code = 'MTH 165'"
    " where not exists (select from chunk_embeddings e where e.chunk_id = c.id)"
)


@pytest.fixture
def asked(deployment):
    """A question's vector is that of a former chunk; the chunks' own texts would have to be guessed."""
    here = deployment("f1")
    here.run(
        "update ai.slide_chunks_knowledge set embedding = null where meta_data->>'slide_number' = '3'"
        f" and meta_data->>'owner_id' = '{ANT}' and meta_data->>'course_id' = '{MATHS}'"
    )
    text, vector = here.rows(
        "select content, embedding::text from ai.slide_chunks_knowledge where meta_data->>'owner_id' = "
        f"'{ANT}' and meta_data->>'course_id' = '{MATHS}' and meta_data->>'slide_number' = '5'"
    )[0]
    row = np.array(vector.strip("[]").split(","), dtype=np.float32)
    server = FakeEmbeddings(answer=lambda texts: [row.tolist() for _ in texts])
    yield here, server, text
    server.close()


def test_a_question_is_compared_with_the_former_vectors_and_words_find_what_has_none(asked):
    here, server, text = asked
    here.adopt()
    settings = here.settings().model_copy(update={"embedding_base_url": "https://vectors.example/v1"})
    person = Person(id=ANT)
    with Stores.open(settings) as stores:
        with stores.database.transaction() as connection:
            known = course_set(connection, MATHS)
            assert (known.model, known.dims, known.base_url) == ("voyage-3-lite", 512, "https://vectors.example/v1")
            connection.execute("update embedding_sets set base_url = %s", [server.url])
        embed, set_id = question_embedder(stores, MATHS, find_local_person)
        hits = retrieve_chunks(
            stores.database, "something else entirely", scope=Scope(course_id=MATHS, person=person, set_id=set_id),
            embed=embed, limit=3,
        )  # fmt: skip
        assert (hits[0].text, hits[0].page) == (text, 5) and hits[0].similarity > 0.99
        words, page = here.rows(WITHOUT_VECTOR)[0]
        found = retrieve_chunks(
            stores.database, words, scope=Scope(course_id=MATHS, person=person, set_id=set_id), embed=embed, limit=10
        )
        assert (words, page) in [(hit.text, hit.page) for hit in found]
        foreign = Scope(course_id=MATHS, person=Person(id="8dde8733-496f-52fe-8cfd-02e1e0e45432"), set_id=set_id)
        theirs = retrieve_chunks(stores.database, words, scope=foreign, embed=embed, limit=50)
        mine = {hit.source_id for hit in found if hit.kind == "slide"}
        assert not mine & {hit.source_id for hit in theirs}, "a deck is its owner's alone"


@pytest.fixture
def refusing():
    """A server that takes nobody's key."""
    server = FakeModel()
    server.default = lambda _request: [Status(401)]
    yield server
    server.close()


def test_where_nobody_can_be_asked_for_a_questions_vector_words_find_what_they_find(asked, refusing):
    here, _server, text = asked
    here.adopt()
    scope = Scope(course_id=MATHS, person=Person(id=ANT))
    with Stores.open(here.settings()) as stores:
        for url in (refusing.url, "http://127.0.0.1:9/v1"):
            with stores.database.transaction() as connection:
                connection.execute("update embedding_sets set base_url = %s where added", [url])
            hits = find_in_course(stores, text, scope=scope, payer=find_local_person, limit=3)
            assert hits[0].text == text and {hit.similarity for hit in hits} == {None}
        assert find_in_course(stores, "xyzzy", scope=scope, payer=find_local_person, limit=3) == []
        assert find_hits(stores, text, course=MATHS, limit=3), "the command line finds them too"
        with stores.database.transaction() as connection:
            connection.execute("update embedding_sets set base_url = %s where added", [refusing.url])
        with pytest.raises(ProviderRefusedError):  # an evaluation measures the set, not the words
            question_embedder(stores, MATHS, find_local_person)[0].embed([text])
