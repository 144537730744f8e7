"""Embedding sets and their vectors: one partition a set, the dimension checked by the database, one set live.

Two sets can stand side by side while a new model's vectors are made; searches read the live ones only: the main one
(or the course's own, `pointers.py`), and for questions that are not in English the multilingual one. A large course
gets its own approximate index here; below `EXACT_CHUNKS` chunks exact search is as fast and misses nothing.
"""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pgvector import HalfVector

from pipelines.core.chunks import STANDARD
from pipelines.core.errors import EmbeddingMismatchError
from pipelines.core.postgres import Connection, read_record, read_records
from pipelines.core.records import Chunk, EmbeddingSet, Role
from pipelines.core.statements import statement

EXACT_CHUNKS = 10_000
"""Chunks of a course up to which search reads every vector of it (`bench/search.py` has the figures)."""
SECOND_VECTORS = "second_vectors:1"
"""Key of the run that makes an upload's second vectors later than the first."""
LENGTH_TOLERANCE = 0.01
"""How far from 1 the length of a stored vector may be; halfvec rounding alone gives about 0.0005."""


def ensure_embedding_set(
    connection: Connection,
    *,
    model: str,
    dims: int,
    search_text_version: str,
    role: Role = "main",
    chunker: str = STANDARD,
) -> EmbeddingSet:
    """The set of this model, dimension, version of the text and chunker, made with its partition where it is missing.

    The very first set of a role and chunker is live at once; later ones wait for `switch_embedding_set`.
    """
    key = {"model": model, "dims": dims, "search_text_version": search_text_version, "role": role, "chunker": chunker}
    name = f"{model}:{dims}" + ("" if search_text_version == "1" else f":{search_text_version}")
    name += "" if chunker == STANDARD else f":{chunker}"
    known = read_record(connection, EmbeddingSet, "find_embedding_set", key)
    if known is not None:
        return known
    connection.execute(statement("lock_embedding_sets"))
    made = read_record(connection, EmbeddingSet, "insert_embedding_set", {**key, "name": name})
    if made is None:  # another run made it while this one waited for the lock
        return read_records(connection, EmbeddingSet, "find_embedding_set", key)[0]
    connection.execute(statement("add_embedding_partition"), {"set_id": made.id, "dims": dims})
    return made


def live_embedding_set(connection: Connection) -> EmbeddingSet | None:
    """The main set that courses without a set of their own are searched in; None before the first vectors were made."""
    return read_record(connection, EmbeddingSet, "live_embedding_set", {})


def switch_embedding_set(connection: Connection, embedding_set: EmbeddingSet) -> None:
    """Make `embedding_set` the live one of its role.

    Raises:
        EmbeddingMismatchError: some chunks have no vector in it yet; searches would lose them.
    """
    connection.execute(statement("lock_embedding_sets"))
    missing = count_chunks_without_vectors(connection, embedding_set)
    if missing:
        raise EmbeddingMismatchError(
            f"The embedding set of {embedding_set.model} lacks vectors of {missing} chunks; embed them first."
        )
    connection.execute(
        statement("clear_live_embedding_set"), {"role": embedding_set.role, "chunker": embedding_set.chunker}
    )
    connection.execute(statement("set_live_embedding_set"), {"set_id": embedding_set.id})


def count_chunks_without_vectors(connection: Connection, embedding_set: EmbeddingSet) -> int:
    """Chunks of its chunker, of all courses, that the set has no vector for."""
    parameters = {"set_id": embedding_set.id}
    return int(connection.execute(statement("count_chunks_without_vectors"), parameters).fetchall()[0][0])


def write_vectors(
    connection: Connection, embedding_set: EmbeddingSet, chunks: Sequence[Chunk], vectors: npt.NDArray[np.float32]
) -> None:
    """Write the vectors of `chunks` over older ones. The caller has fenced the chunks' source in this transaction.

    Args:
        vectors: (n, dims), one row a chunk, each of length 1.

    Raises:
        EmbeddingMismatchError: another shape than the set's, or a vector that is not finite or not of length 1;
            nothing is written.
    """
    if vectors.shape != (len(chunks), embedding_set.dims):
        raise EmbeddingMismatchError(
            f"{len(chunks)} chunks need vectors of shape ({len(chunks)}, {embedding_set.dims}) in the set of "
            f"{embedding_set.model}, not {vectors.shape}."
        )
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.all(np.abs(lengths - 1) <= LENGTH_TOLERANCE):  # NaN and infinity fail this too
        raise EmbeddingMismatchError(f"{embedding_set.model} made a vector that is not finite or not of length 1.")
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("put_vector"),
            [
                {
                    "set_id": embedding_set.id,
                    "course_id": chunk.course_id,
                    "kind": chunk.kind,
                    "source_id": chunk.source_id,
                    "chunk_id": chunk.id,
                    "embedding": HalfVector(vector),
                }
                for chunk, vector in zip(chunks, vectors, strict=True)
            ],
        )


def note_second_vectors(connection: Connection, source_id: UUID, *, made: bool) -> None:
    """Note whether the chunks of a deck or lecture have vectors in the multilingual set."""
    connection.execute(statement("note_second_vectors"), {"source_id": source_id, "made": made})


def list_decks_without_second_vectors(connection: Connection, *, limit: int = 20) -> list[tuple[UUID, str]]:
    """Some of the decks that can be searched and lack vectors in the multilingual set: (id, a key of this lack)."""
    rows = connection.execute(statement("list_decks_without_second_vectors"), {"limit": limit})
    return [(row[0], SECOND_VECTORS) for row in rows]


def list_lectures_without_second_vectors(connection: Connection, *, limit: int = 20) -> list[tuple[UUID, str]]:
    """The same of lectures."""
    rows = connection.execute(statement("list_lectures_without_second_vectors"), {"limit": limit})
    return [(row[0], SECOND_VECTORS) for row in rows]


def index_large_courses(connection: Connection, embedding_set: EmbeddingSet) -> list[UUID]:
    """Give every course of more than `EXACT_CHUNKS` chunks its approximate index, and take it from smaller ones.

    Building one holds up writes of vectors into the set for its time (some seconds for 30,000 chunks); searches go on.

    Returns:
        The courses whose index was made now.
    """
    parameters = {"set_id": embedding_set.id, "exact_chunks": EXACT_CHUNKS}
    made: list[UUID] = []
    for course_id, large in connection.execute(statement("list_course_indexes_to_change"), parameters).fetchall():
        course = {"set_id": embedding_set.id, "course_id": course_id, "dims": embedding_set.dims}
        if large:
            connection.execute(statement("add_course_index"), course)
            made.append(course_id)
        else:
            connection.execute(statement("drop_course_index"), course)
    return made
