"""People in a course and their decks, for tests of who sees what."""

from uuid import uuid4

import pytest

from pipelines.core.chunks import chunks_without_vectors, replace_slide_chunks
from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.embeddings.vectors import ensure_embedding_set, write_vectors
from pipelines.core.records import Chunk, Person, make_chunk_id
from pipelines.core.secrets.crypto import Sealer
from tests.embedders import WordsEmbedder

EMBED = WordsEmbedder()
SEALER = Sealer(b"k" * 32)


@pytest.fixture
def course(database):
    with database.transaction() as connection:
        return ensure_course(connection, "c").id


@pytest.fixture
def people(database, course):
    """ada teaches, ben and cleo study, eve has another course, sue studies and is suspended."""
    found = {}
    with database.transaction() as connection:
        for name, role in {
            "ada": "teacher",
            "ben": "student",
            "cleo": "student",
            "eve": None,
            "sue": "student",
        }.items():
            row = connection.execute(
                "insert into users (issuer, subject) values ('i', %s) returning id", [name]
            ).fetchone()
            found[name] = Person(id=row[0])
            if role:
                connection.execute("insert into user_courses values (%s, %s, %s)", [row[0], course, role])
        connection.execute("update users set suspended_at = now() where subject = 'sue'")
        other = ensure_course(connection, "another").id
        connection.execute("insert into user_courses values (%s, %s, 'owner')", [found["eve"].id, other])
    return found


@pytest.fixture
def deck(database, course):
    def write(name, *texts, owner=None, published=None, offered_at=None, release_at=None):
        with database.transaction() as connection:
            document, _ = put_document(
                connection, sealer=SEALER, course_id=course, title=name, file_name=name, source_name=name,
                sha256=uuid4().hex * 2, byte_count=1, owner_id=owner.id if owner else None, published=published,
            )  # fmt: skip
            chunks = [
                Chunk(
                    id=make_chunk_id(document.id, "1", f"{page} {text}", 0), course_id=course, kind="slide",
                    source_id=document.id, ordinal=page, title=f"Slide {page}", context="", text=text, token_count=9,
                    page=page, pages=(page,),
                )
                for page, text in enumerate(texts, 1)
            ]  # fmt: skip
            replace_slide_chunks(connection, document, chunks, chunker_version="1")
            known = ensure_embedding_set(connection, model=EMBED.model, dims=EMBED.dims, search_text_version="1")
            missing = chunks_without_vectors(connection, known, document.id)
            write_vectors(connection, known, missing, EMBED.embed([chunk.search_text for chunk in missing]))
            connection.execute(
                "update documents set offered_at = %s, release_at = %s where id = %s",
                [offered_at, release_at, document.id],
            )
        return document

    return write
