import threading
from uuid import uuid4

import numpy as np
import psycopg
import pytest

from pipelines.core.courses import ensure_course
from pipelines.core.embeddings import vectors
from pipelines.core.embeddings.vectors import (
    count_chunks_without_vectors,
    ensure_embedding_set,
    index_large_courses,
    live_embedding_set,
    switch_embedding_set,
    write_vectors,
)
from pipelines.core.errors import EmbeddingMismatchError
from pipelines.core.records import Chunk


def ensure(connection, model="m", dims=4, version="1"):
    return ensure_embedding_set(connection, model=model, dims=dims, search_text_version=version)


@pytest.fixture
def chunk(database):
    """One chunk of a course, as a row too."""
    with database.transaction() as connection:
        course = ensure_course(connection, "c").id
        document = uuid4()
        connection.execute(
            "insert into documents (id, course_id, title, file_name, source_name, sha256, byte_count)"
            " values (%s, %s, 't', 'f', 'f', %s, 1)", [document, course, "a" * 64],
        )  # fmt: skip
        made = Chunk(
            id=uuid4(), course_id=course, kind="slide", source_id=document, ordinal=0, title="t", context="", text="x",
            token_count=3, page=1, pages=(1,),
        )  # fmt: skip
        connection.execute(
            "insert into ai.slide_chunks_knowledge values (%s, %s, %s, 0, 't', '', 'x', 3, 1, '{1}', null, '1', 'a')",
            [course, made.id, document],
        )
        connection.execute("insert into ai.term_counts values (%s, 0, %s, 1)", [course, document])
    return made


def unit(*values):
    vector = np.array([values], dtype=np.float32)
    return vector / np.linalg.norm(vector)


def test_the_first_set_is_live_at_once_and_a_second_waits(database):
    with database.transaction() as connection:
        assert live_embedding_set(connection) is None
        first = ensure(connection)
        assert live_embedding_set(connection) == first == ensure(connection)
        second = ensure(connection, model="other")
        assert live_embedding_set(connection) == first
        switch_embedding_set(connection, second)
        assert live_embedding_set(connection).id == second.id
        assert connection.execute("select count(*) from ai.embedding_sets where live").fetchone() == (1,)


def test_a_set_that_lacks_vectors_does_not_go_live(database, chunk):
    with database.transaction() as connection:
        first, second = ensure(connection), ensure(connection, model="other")
        write_vectors(connection, first, [chunk], unit(1, 0, 0, 0))
        assert [count_chunks_without_vectors(connection, each) for each in (first, second)] == [0, 1]
    with pytest.raises(EmbeddingMismatchError, match="lacks vectors of 1 chunks"), database.transaction() as connection:
        switch_embedding_set(connection, second)
    with database.transaction() as connection:
        assert live_embedding_set(connection) == first
        write_vectors(connection, second, [chunk], unit(0, 1, 0, 0))
        switch_embedding_set(connection, second)


def test_processes_that_make_the_same_set_at_once_get_one(database):
    found, barrier = [], threading.Barrier(4)

    def make():
        barrier.wait()
        with database.transaction() as connection:
            found.append(ensure(connection).id)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


@pytest.mark.parametrize(
    "vectors",
    [
        unit(1, 0, 0),
        np.zeros((2, 4), dtype=np.float32),
        np.zeros((1, 4), dtype=np.float32),
        np.full((1, 4), np.nan, dtype=np.float32),
        np.full((1, 4), np.inf, dtype=np.float32),
        unit(1, 1, 1, 1) * np.float32(1.5),
    ],
    ids=["dims", "count", "zero", "nan", "infinite", "length"],
)
def test_unsound_vectors_are_refused_and_nothing_is_written(database, chunk, vectors):
    with database.transaction() as connection:
        known = ensure(connection)
        with pytest.raises(EmbeddingMismatchError):
            write_vectors(connection, known, [chunk], vectors)
        assert connection.execute("select count(*) from ai.chunk_embeddings").fetchone() == (0,)


def test_the_database_itself_refuses_another_dimension(database, chunk):
    with database.transaction() as connection:
        known = ensure(connection)
    with pytest.raises(psycopg.errors.CheckViolation), database.transaction() as connection:
        connection.execute(
            "insert into ai.chunk_embeddings values (%s, %s, 'slide', %s, %s, '[1,0]'::halfvec)",
            [known.id, chunk.course_id, chunk.source_id, chunk.id],
        )


def test_a_large_course_gets_an_index_of_its_own_and_loses_it_when_it_shrinks(database, chunk, monkeypatch):
    with database.transaction() as connection:
        known = ensure(connection)
        write_vectors(connection, known, [chunk], unit(1, 0, 0, 0))
        assert index_large_courses(connection, known) == []
    monkeypatch.setattr(vectors, "EXACT_CHUNKS", 0)
    with database.transaction() as connection:
        assert index_large_courses(connection, known) == [chunk.course_id]
        assert index_large_courses(connection, known) == []
    monkeypatch.undo()
    with database.transaction() as connection:
        index_large_courses(connection, known)
        assert connection.execute("select count(*) from pg_indexes where indexname like 'hnsw%'").fetchone() == (0,)


def test_each_role_has_a_live_set_of_its_own(database):
    with database.transaction() as connection:
        main = ensure(connection)
        second = ensure_embedding_set(connection, model="m", dims=6, search_text_version="1", role="multilingual")
        newer = ensure_embedding_set(connection, model="n", dims=6, search_text_version="1", role="multilingual")
        assert (main.live, second.live, newer.live) == (True, True, False)
        switch_embedding_set(connection, newer)
        assert live_embedding_set(connection) == main
        live = connection.execute("select id from ai.embedding_sets where live order by id").fetchall()
        assert live == [(main.id,), (newer.id,)]
