import random
import threading
import time
from collections import Counter
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.core.chunks import (
    chunks_without_vectors,
    list_chunks,
    replace_lecture_chunks,
    replace_slide_chunks,
)
from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.embeddings.vectors import ensure_embedding_set, write_vectors
from pipelines.core.errors import SupersededError
from pipelines.core.lectures import put_lecture
from pipelines.core.records import Chunk, make_chunk_id
from pipelines.core.search.lexical import ALL_CHUNKS, term_counts
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.uploads import DOCUMENT, delete_upload
from tests.embedders import WordsEmbedder

VERSION = "test-1"


@pytest.fixture
def upload(database, tmp_path):
    sealer = Sealer(b"k" * 32)

    def put(name="week1.pdf", sha="a", course="c"):
        with database.transaction() as connection:
            return put_document(
                connection, sealer=sealer, course_id=ensure_course(connection, course).id, title=name, file_name=name,
                source_name=name, sha256=sha * 64, byte_count=1,
            )[0]  # fmt: skip

    return put


@pytest.fixture
def lecture(database):
    with database.transaction() as connection:
        return put_lecture(
            connection, course_id=ensure_course(connection, "c").id, title="talk", file_name="talk.srt",
            source_name="talk.srt", byte_count=1, captions_sha256="b" * 64, captions_name="talk.srt",
            media_sha256=None,
        )[0]  # fmt: skip


def slide_chunks(document, *texts):
    return [
        Chunk(
            id=make_chunk_id(document.id, VERSION, text, texts[:n].count(text)), course_id=document.course_id,
            kind="slide", source_id=document.id, ordinal=n, title="t", context="", text=text, token_count=3,
            page=n + 1, pages=(n + 1,),
        )
        for n, text in enumerate(texts)
    ]  # fmt: skip


def speech_chunks(lecture, *texts):
    return [
        Chunk(
            id=make_chunk_id(lecture.id, VERSION, text, 0), course_id=lecture.course_id, kind="speech",
            source_id=lecture.id, ordinal=n, title="t", context="", text=text, token_count=3, start_ms=n * 1000,
            end_ms=n * 1000 + 999,
        )
        for n, text in enumerate(texts)
    ]  # fmt: skip


def replace(database, document, *texts):
    with database.transaction() as connection:
        return replace_slide_chunks(connection, document, slide_chunks(document, *texts), chunker_version=VERSION)


def kept_counts(connection):
    rows = connection.execute("select course_id, term, sum(chunks) from ai.term_counts group by 1, 2")
    return {(course, term): int(chunks) for course, term, chunks in rows}


def recounted(connection):
    counts = Counter()
    for course, context, content in connection.execute("select course_id, context, content from ai.chunks"):
        text = f"{context}\n{content}" if context else content
        counts.update((course, term) for term in [ALL_CHUNKS, *term_counts(text)])
    return dict(counts)


def test_chunks_come_back_as_they_were_written(database, upload, lecture):
    document = upload()
    slides, speech = slide_chunks(document, "a b", "c"), speech_chunks(lecture, "d")
    with database.transaction() as connection:
        replace_slide_chunks(connection, document, slides, chunker_version=VERSION)
        replace_lecture_chunks(connection, lecture, speech, chunker_version=VERSION)
        assert list_chunks(connection, document.id) == slides
        assert list_chunks(connection, lecture.id) == speech
        assert list_chunks(connection, uuid4()) == []


def test_replacing_says_what_it_made_kept_and_removed_and_a_second_time_makes_nothing(database, upload):
    document = upload()
    changes = [replace(database, document, *texts.split()) for texts in ("a b c", "a b c", "a x c", "")]
    assert [(c.made, c.kept, c.removed) for c in changes] == [(3, 0, 0), (0, 3, 0), (1, 2, 1), (0, 0, 3)]


def test_a_reupload_with_one_changed_slide_leaves_one_chunk_to_embed(database, upload):
    embed = WordsEmbedder()

    def embed_missing(document):
        with database.transaction() as connection:
            known = ensure_embedding_set(connection, model=embed.model, dims=embed.dims, search_text_version="1")
            missing = chunks_without_vectors(connection, known, document.id)
            write_vectors(connection, known, missing, embed.embed([chunk.search_text for chunk in missing]))
        return [chunk.text for chunk in missing]

    document = upload()
    replace(database, document, "one", "two", "three")
    assert embed_missing(document) == ["one", "two", "three"]
    again = upload(sha="b")
    replace(database, again, "new", "one", "two changed", "three")  # one put in front: the others only move
    assert embed_missing(again) == ["new", "two changed"]
    with database.transaction() as connection:
        assert connection.execute("select count(*) from ai.chunk_embeddings").fetchone() == (4,)
        pages = connection.execute("select content, page from ai.slide_chunks_knowledge").fetchall()
    assert dict(pages)["three"] == 4


def test_a_replaced_or_deleted_upload_writes_nothing(database, upload):
    old = upload()
    upload(sha="b")
    with pytest.raises(SupersededError):
        replace(database, old, "late")
    with database.transaction() as connection:
        assert connection.execute("select count(*) from ai.chunks").fetchone() == (0,)


def test_deleting_removes_chunks_words_counts_and_vectors(database, upload):
    document, other, embed = upload(), upload(name="other.pdf", sha="b"), WordsEmbedder()
    for each in (document, other):
        replace(database, each, "alpha beta", "gamma")
        with database.transaction() as connection:
            known = ensure_embedding_set(connection, model=embed.model, dims=embed.dims, search_text_version="1")
            missing = chunks_without_vectors(connection, known, each.id)
            write_vectors(connection, known, missing, embed.embed([chunk.text for chunk in missing]))
    with database.transaction() as connection:
        assert delete_upload(connection, DOCUMENT, document.id)
    with database.transaction() as connection:
        for table in ("chunk_embeddings", "chunk_terms", "term_counts", "slide_chunks_knowledge"):
            column = "document_id" if table == "slide_chunks_knowledge" else "source_id"
            found = connection.execute(f"select distinct {column} from ai.{table}").fetchall()  # noqa: S608
            assert found == [(other.id,)], table
        assert kept_counts(connection) == recounted(connection)


def test_a_deletion_during_a_write_waits_for_it_and_leaves_nothing_behind(database, upload):
    document = upload()
    writing, deleted = threading.Event(), threading.Event()

    def write():
        with database.transaction() as connection:
            chunks = slide_chunks(document, "alpha", "beta")
            replace_slide_chunks(connection, document, chunks, chunker_version=VERSION)
            writing.set()
            time.sleep(0.3)
            assert not deleted.is_set()

    writer = threading.Thread(target=write)
    writer.start()
    writing.wait(5)
    with database.transaction() as connection:
        assert delete_upload(connection, DOCUMENT, document.id)
        deleted.set()
    writer.join()
    with database.transaction() as connection:
        for table in ("chunks", "chunk_terms", "term_counts"):
            assert connection.execute(f"select count(*) from ai.{table}").fetchone() == (0,), table  # noqa: S608


def test_writers_into_one_course_never_wait_for_each_other_and_two_runs_of_one_source_take_turns(database, upload):
    documents = [upload(name=f"{n}.pdf", sha=f"{n}") for n in range(4)]
    vocabulary = [f"word{n}" for n in range(60)]
    failed = []

    def work(seed):
        rng = random.Random(seed)
        try:
            for _ in range(6):
                document = rng.choice(documents)
                replace(database, document, *(" ".join(rng.sample(vocabulary, 9)) for _ in range(rng.randint(0, 5))))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with database.transaction() as connection:
        assert kept_counts(connection) == recounted(connection)


texts = st.lists(st.lists(st.sampled_from(["alpha", "beta", "gamma", "the"]), max_size=4).map(" ".join), max_size=4)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2), st.one_of(st.none(), texts)), max_size=6), st.uuids())
def test_word_counts_always_equal_a_recount(database, upload, steps, fresh):
    shas = iter("0123456789abcdef" * 4)
    for source, content in steps:
        document = upload(name=f"{source}.pdf", sha=next(shas), course=f"course {source % 2} {fresh}")
        if content is None:
            with database.transaction() as connection:
                delete_upload(connection, DOCUMENT, document.id)
        else:
            replace(database, document, *content)
    with database.transaction() as connection:
        assert kept_counts(connection) == recounted(connection)
        assert (
            connection.execute("select count(*) from ai.chunks").fetchone()
            == connection.execute("select count(*) from ai.chunk_terms").fetchone()
        )


def test_ids_are_made_from_source_version_content_and_count():
    source = UUID(int=7)
    ids = {
        make_chunk_id(source, "1", "text", 0), make_chunk_id(source, "1", "text", 1),
        make_chunk_id(source, "2", "text", 0), make_chunk_id(UUID(int=8), "1", "text", 0),
    }  # fmt: skip
    assert len(ids) == 4
    assert make_chunk_id(source, "1", "text", 0) in ids


def test_vectors_of_kept_chunks_are_kept_bit_for_bit(database, upload):
    document, embed = upload(), WordsEmbedder()
    replace(database, document, "alpha", "beta")
    with database.transaction() as connection:
        known = ensure_embedding_set(connection, model=embed.model, dims=embed.dims, search_text_version="1")
        missing = chunks_without_vectors(connection, known, document.id)
        write_vectors(connection, known, missing, embed.embed([chunk.text for chunk in missing]))
    replace(database, document, "beta")
    with database.transaction() as connection:
        (row,) = connection.execute("select embedding from ai.chunk_embeddings").fetchall()
    assert np.allclose(row[0].to_numpy(), embed.embed(["beta"])[0], atol=1e-3)
