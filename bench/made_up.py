"""Courses made up for measuring search: decks of chunks with clustered vectors and words after Zipf, laid down fast.

Belongs here: making the rows and copying them in. Asking questions about them is `bench/search.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import psycopg

from pipelines.core.models.embedder_local import DIMS
from pipelines.core.postgres import Database
from pipelines.core.records import EmbeddingSet
from pipelines.core.search.lexical import ALL_CHUNKS, K1, TERM_SPACE, question_terms

DECK_CHUNKS = 50
TERMS = 45  # distinct words of a chunk
VOCABULARY = 20_000
WORDS = [f"w{n}" for n in range(VOCABULARY)]
Rows = npt.NDArray[Any]


@dataclass
class Course:
    """What is needed to ask about a course: every vector of it, in the order of `chunk_ids`, and some of its words."""

    id: UUID
    vectors: list[npt.NDArray[np.float32]] = field(default_factory=list)
    chunk_ids: list[bytes] = field(default_factory=list)
    words: list[npt.NDArray[np.int64]] = field(default_factory=list)


class Material:
    """Makes decks of chunks: vectors around a deck's centre, words from a deck's topic and from the whole language."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self._zipf = np.cumsum(1 / np.arange(1, VOCABULARY + 1) ** 1.05)
        self._zipf /= self._zipf[-1]
        self.terms = np.array([question_terms(word).terms[0] for word in WORDS], dtype=np.int64)

    def ids(self, count: int) -> Rows:
        """`count` random UUIDs as 16 bytes each."""
        return np.frombuffer(self.rng.bytes(16 * count), dtype="V16")

    def vectors(self, count: int) -> npt.NDArray[np.float32]:
        """(count, DIMS), each of length 1."""
        centre = self.rng.standard_normal(DIMS)
        vectors = centre + 1.2 * self.rng.standard_normal((count, DIMS))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)

    def words(self, count: int) -> npt.NDArray[np.int64]:
        """(count, TERMS) places in `WORDS`, distinct in each row."""
        topic = self._draw(300)
        rows = np.empty((count, TERMS), dtype=np.int64)
        for row in range(count):
            drawn = np.concatenate([self.rng.choice(topic, 60), self._draw(60)])
            distinct = np.unique(drawn)
            while distinct.size < TERMS:
                distinct = np.unique(np.concatenate([distinct, self._draw(TERMS)]))
            rows[row] = self.rng.permutation(distinct)[:TERMS]
        return rows

    def _draw(self, count: int) -> npt.NDArray[np.int64]:
        return np.minimum(np.searchsorted(self._zipf, self.rng.random(count)), VOCABULARY - 1)


def binary(count: int, *columns: tuple[str, Any]) -> bytes:
    """`count` rows in PostgreSQL's binary COPY form; a column is (numpy dtype, its values)."""
    fields: list[tuple[str, Any]] = [("n", ">i2")]
    for number, (kind, _) in enumerate(columns):
        fields += [(f"l{number}", ">i4"), (f"v{number}", kind)]
    rows = np.zeros(count, dtype=fields)
    rows["n"] = len(columns)
    for number, (kind, values) in enumerate(columns):
        rows[f"l{number}"] = np.dtype(kind).itemsize
        rows[f"v{number}"] = values
    return rows.tobytes()


def halfvecs(vectors: npt.NDArray[np.float32]) -> tuple[str, Any]:
    """A column of halfvec."""
    raw = np.zeros(len(vectors), dtype=[("dims", ">i2"), ("unused", ">i2"), ("values", ">f2", (DIMS,))])
    raw["dims"], raw["values"] = DIMS, vectors
    return f"V{raw.dtype.itemsize}", raw.view(f"V{raw.dtype.itemsize}")


def sparsevecs(terms: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]) -> tuple[str, Any]:
    """A column of sparsevec; `terms` ascend in each row."""
    shape = [("dims", ">i4"), ("nnz", ">i4"), ("unused", ">i4"), ("at", ">i4", (TERMS,)), ("values", ">f4", (TERMS,))]
    raw = np.zeros(len(terms), dtype=shape)
    raw["dims"], raw["nnz"], raw["at"], raw["values"] = TERM_SPACE, TERMS, terms, weights
    return f"V{raw.dtype.itemsize}", raw.view(f"V{raw.dtype.itemsize}")


def decks(sizes: list[int], rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """(course, chunks) of every deck, in random order."""
    pairs = [
        (course, min(DECK_CHUNKS, size - at)) for course, size in enumerate(sizes) for at in range(0, size, DECK_CHUNKS)
    ]
    for place in rng.permutation(len(pairs)):
        yield pairs[place]


def load(db: Database, known: EmbeddingSet, sizes: list[int], seed: int) -> list[Course]:
    """Fill the tables as uploads would, deck after deck; remembers what questions need."""
    made = Material(seed)
    courses = [Course(UUID(bytes=made.rng.bytes(16))) for _ in sizes]
    parts: dict[str, list[bytes]] = {"documents": [], "chunks": [], "vectors": [], "terms": [], "counts": []}
    for number, (place, count) in enumerate(decks(sizes, made.rng)):
        _lay_down(made, courses[place], number, count, known.id, parts)
    with psycopg.connect(db.url) as connection:  # as the tables' owner: row security takes no COPY
        for number, course in enumerate(courses):
            connection.execute("insert into courses (id, name) values (%s, %s)", [course.id, f"course {number}"])
        tables = {
            "documents": "documents (id, course_id, title, file_name, source_name, sha256, byte_count, published)",
            "chunks": "ai.slide_chunks_knowledge (course_id, id, document_id, ordinal, title, context, content, "
            "token_count, page, pages, page_label, chunker_version, source_sha256)",
            "vectors": f"ai.chunk_embeddings_{known.id}",
            "terms": "ai.chunk_terms (course_id, kind, source_id, chunk_id, terms)",
            "counts": "ai.term_counts (course_id, term, source_id, chunks)",
        }
        for name, table in tables.items():
            text = name in ("documents", "chunks")
            with connection.cursor().copy(f"copy {table} from stdin{'' if text else ' (format binary)'}") as copy:
                if not text:
                    copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
                for part in parts.pop(name):
                    copy.write(part)
                if not text:
                    copy.write(b"\xff\xff")
    return courses


def _lay_down(
    made: Material, course: Course, number: int, count: int, set_id: int, parts: dict[str, list[bytes]]
) -> None:
    document, ids = UUID(bytes=made.rng.bytes(16)), made.ids(count)
    vectors, words = made.vectors(count), made.words(count)
    course.vectors.append(vectors.astype(np.float16).astype(np.float32))
    course.chunk_ids += [bytes(each) for each in ids]
    course.words.append(words[:2])
    name = f"deck {number}"
    parts["documents"].append(f"{document}\t{course.id}\t{name}\t{name}\t{name}\t{number:064x}\t1\tt\n".encode())
    for page, each in enumerate(ids, 1):
        content = " ".join(WORDS[word] for word in words[page - 1]) + " of a slide about this and that" * 6
        parts["chunks"].append(
            f"{course.id}\t{UUID(bytes=bytes(each))}\t{document}\t{page}\t{name}\t{name}\t{content}\t90\t{page}\t"
            f"{{{page}}}\t\\N\t1\tx\n".encode()
        )
    owner = [("V16", np.void(course.id.bytes)), ("S5", b"slide"), ("V16", np.void(document.bytes)), ("V16", ids)]
    parts["vectors"].append(binary(count, (">i4", set_id), *owner, halfvecs(vectors)))
    terms = np.sort(made.terms[words], axis=1)
    weights = made.rng.uniform(0.5, 1 + K1, terms.shape)
    parts["terms"].append(binary(count, *owner, sparsevecs(terms, weights)))
    found, times = np.unique(terms, return_counts=True)
    found, times = np.append(found, ALL_CHUNKS), np.append(times, count)
    parts["counts"].append(
        binary(len(found), ("V16", np.void(course.id.bytes)), (">i4", found), ("V16", np.void(document.bytes)),
               (">i4", times))
    )  # fmt: skip
