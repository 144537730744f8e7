"""Search beside the bare SQL statements it runs: 200,000 chunks in 500 uneven courses (sizes after Zipf), made up.

`python -m bench.search [--chunks 200000] [--courses 500]` prints JSON. For courses of several sizes: p50 and p95 in
milliseconds of `retrieve_chunks` with the question's vector at hand (the embedder's time stands apart as
`embed_question_ms`), of its statements executed directly, the ratios of the two, and recall@10 of the meaning side
against numpy. Above 10,000 chunks a course is searched by its own index, otherwise exactly. Vectors are clustered,
words follow Zipf within topics, decks of 50 chunks are laid down in random order as uploads come.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pgvector import HalfVector, SparseVector

from pipelines.core.embedder_local import DIMS, LocalEmbedder
from pipelines.core.embeddings import ensure_embedding_set, index_large_courses
from pipelines.core.lexical import ALL_CHUNKS, K1, TERM_SPACE, question_terms, question_weights
from pipelines.core.postgres import Database
from pipelines.core.records import EmbeddingSet, Scope
from pipelines.core.retrieval import DENSE_WEIGHT, DEPTH, retrieve_chunks
from pipelines.core.settings import Settings
from pipelines.core.statements import statement

DECK_CHUNKS = 50
TERMS = 45  # distinct words of a chunk
VOCABULARY = 20_000
QUESTION_WORDS = 8
ASKED = 40  # questions a course size
SIZES = (30_000, 15_000, 8_000, 1_000, 120, 60)
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
        self.terms = np.array([question_terms(word)[0] for word in WORDS], dtype=np.int64)

    def ids(self, count: int) -> Rows:
        """`count` random UUIDs as 16 bytes each."""
        return np.frombuffer(self.rng.bytes(16 * count), dtype="V16")

    def vectors(self, count: int) -> npt.NDArray[np.float32]:
        """(count, DIMS), each of length 1."""
        centre = self.rng.standard_normal(DIMS)
        vectors = centre + 1.2 * self.rng.standard_normal((count, DIMS))
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

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
    with db.transaction() as connection:
        for number, course in enumerate(courses):
            connection.execute("insert into courses (id, name) values (%s, %s)", [course.id, f"course {number}"])
        tables = {
            "documents": "documents (id, course_id, title, file_name, source_name, sha256, byte_count)",
            "chunks": "ai.slide_chunks_knowledge",
            "vectors": f"ai.chunk_embeddings_{known.id}",
            "terms": "ai.chunk_terms",
            "counts": "ai.term_counts",
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
    parts["documents"].append(f"{document}\t{course.id}\t{name}\t{name}\t{name}\t{number:064x}\t1\n".encode())
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


class Asked:
    """Stands for the embedder: the question's vector is at hand."""

    max_tokens = 256

    def __init__(self, known: EmbeddingSet, vector: npt.NDArray[np.float32]) -> None:
        self.model, self.dims, self._vector = known.model, known.dims, vector

    def count_tokens(self, text: str) -> int:
        """Never asked here."""
        return len(text)

    def embed(self, texts: Any) -> npt.NDArray[np.float32]:
        """The one vector."""
        return np.asarray([self._vector for _ in texts], dtype=np.float32)


def bare(db: Database, course: Course, question: str, vector: npt.NDArray[np.float32], known: EmbeddingSet) -> float:
    """Milliseconds of the search's statements alone, in a transaction that is open already."""
    terms = question_terms(question)
    with db.transaction() as connection:
        started = time.perf_counter()
        basis = connection.execute(
            statement("search_basis"), {"course_id": course.id, "terms": [ALL_CHUNKS, *terms]}
        ).fetchall()[0]
        found = dict(zip(basis[4], basis[5], strict=True))
        weights = question_weights(terms, found, int(found[ALL_CHUNKS]))
        parameters = {
            "set_id": known.id, "dims": DIMS, "course_id": course.id, "kinds": [], "source_ids": [],
            "embedding": HalfVector(vector), "weights": SparseVector(weights, TERM_SPACE),
            "dense_weight": DENSE_WEIGHT, "bm25_scale": (K1 + 1) * sum(weights.values()), "depth": DEPTH, "limit": 10,
        }  # fmt: skip
        rows = connection.execute(statement("search_large_course" if basis[3] else "search_chunks"), parameters)
        places = {"course_id": course.id, "chunk_ids": [row[0] for row in rows]}
        connection.execute(statement("find_meeting_places"), places).fetchall()
        return 1000 * (time.perf_counter() - started)


def measure(db: Database, course: Course, known: EmbeddingSet, rng: np.random.Generator) -> dict[str, Any]:
    """The figures of one course."""
    vectors, words = np.concatenate(course.vectors), np.concatenate(course.words)
    ours, sql, recalls = [], [], []
    for number in range(ASKED + 5):
        vector = vectors[rng.integers(len(vectors))] + 0.6 * rng.standard_normal(DIMS) / np.sqrt(DIMS)
        vector = (vector / np.linalg.norm(vector)).astype(np.float32)
        chosen = rng.choice(words[rng.integers(len(words))], QUESTION_WORDS, replace=False)
        question, embed = " ".join(WORDS[word] for word in chosen), Asked(known, vector)
        started = time.perf_counter()
        retrieve_chunks(db, question, scope=Scope(course_id=course.id), embed=embed, limit=10)
        took = 1000 * (time.perf_counter() - started)
        alone = bare(db, course, question, vector, known)
        if number >= 5:  # the first ones warm caches and plans
            ours.append(took)
            sql.append(alone)
        if number % 4 == 0:
            wide = retrieve_chunks(db, question, scope=Scope(course_id=course.id), embed=embed, limit=200)
            found = {hit.chunk_id.bytes for hit in wide if hit.dense_rank is not None and hit.dense_rank <= 10}
            exact = np.argsort(-(vectors @ vector), kind="stable")[:10]
            recalls.append(len(found & {course.chunk_ids[place] for place in exact}) / min(10, len(vectors)))
    return {
        "chunks": len(vectors),
        "retrieve_ms": spread(ours),
        "bare_sql_ms": spread(sql),
        "ratio": {f"p{q}": round(float(np.percentile(ours, q) / np.percentile(sql, q)), 2) for q in (50, 95)},
        "recall@10": round(float(np.mean(recalls)), 4),
    }


def spread(times: list[float]) -> dict[str, float]:
    """p50 and p95."""
    return {"p50": round(float(np.percentile(times, 50)), 1), "p95": round(float(np.percentile(times, 95)), 1)}


def main() -> None:
    """Load, index, ask, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--chunks", type=int, default=200_000)
    options.add_argument("--courses", type=int, default=500)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    shares = 1 / np.arange(1, given.courses + 1)
    sizes = [max(1, round(given.chunks * share / shares.sum())) for share in shares]
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(studybuddy_home=Path(home), database_url=None)
        with Database.open(settings) as db:
            print(json.dumps(run(db, sizes, given.seed), indent=1))


def run(db: Database, sizes: list[int], seed: int) -> dict[str, Any]:
    """All figures."""
    with db.transaction() as connection:
        known = ensure_embedding_set(connection, model="made-up", dims=DIMS, chunker_version="1")
    started = time.perf_counter()
    courses = load(db, known, sizes, seed)
    loaded = time.perf_counter()
    with db.transaction() as connection:
        large = len(index_large_courses(connection, known))
    indexed = time.perf_counter()
    with db.transaction() as connection:
        connection.execute("analyze")
    rng = np.random.default_rng(seed + 1)
    chosen = [min(range(len(sizes)), key=lambda place: abs(sizes[place] - size)) for size in SIZES]
    result: dict[str, Any] = {
        "chunks": sum(sizes),
        "courses": len(sizes),
        "load_s": round(loaded - started, 1),
        "indexes": large,
        "index_s": round(indexed - loaded, 1),
        "embed_question_ms": embed_question_ms(),
        "by_course": [measure(db, courses[place], known, rng) for place in dict.fromkeys(chosen)],
    }
    with db.transaction() as connection:
        tables = ("chunk_embeddings_1", "chunk_terms", "term_counts", "slide_chunks_knowledge")
        result["megabytes"] = {
            table: round(
                connection.execute("select pg_total_relation_size(%s)", [f"ai.{table}"]).fetchall()[0][0] / 1e6
            )
            for table in tables
        }
    return result


def embed_question_ms() -> dict[str, float]:
    """What embedding a question costs on top, with the local embedder."""
    embed, times = LocalEmbedder(), []
    for _ in range(25):
        started = time.perf_counter()
        embed.embed(["If I set the momentum coefficient to zero, which algorithm am I back to?"])
        times.append(1000 * (time.perf_counter() - started))
    return spread(times[5:])


if __name__ == "__main__":
    main()
