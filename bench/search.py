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
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from pgvector import HalfVector, SparseVector

from bench.made_up import WORDS, Course, load
from pipelines.core.embeddings.vectors import ensure_embedding_set, index_large_courses
from pipelines.core.models.embedder_local import DIMS, LocalEmbedder
from pipelines.core.postgres import Database
from pipelines.core.records import OPERATOR, PIPELINE, EmbeddingSet, Person, Scope
from pipelines.core.retrieval import DENSE_WEIGHT, DEPTH, SLIDE_BONUS, retrieve_chunks
from pipelines.core.search.lexical import ALL_CHUNKS, K1, TERM_SPACE, question_terms, question_weights
from pipelines.core.settings import Settings
from pipelines.core.statements import statement

QUESTION_WORDS = 8
ASKED = 40  # questions a course size
OTHER_COURSES = 6  # of the student whose searches are bound by row security
SIZES = (30_000, 15_000, 8_000, 1_000, 120, 60)


class Asked:
    """Stands for the embedder: the question's vector is at hand."""

    max_tokens = 256
    multilingual = None

    def __init__(self, known: EmbeddingSet, vector: npt.NDArray[np.float32]) -> None:
        self.model, self.dims, self._vector = known.model, known.dims, vector

    def count_tokens(self, text: str) -> int:
        """Never asked here."""
        return len(text)

    def embed(self, texts: Any) -> npt.NDArray[np.float32]:
        """The one vector."""
        return np.asarray([self._vector for _ in texts], dtype=np.float32)


class Unbound(Database):
    """The database without row security: every transaction is the pipeline's, on connections of its own, because a
    prepared statement is planned anew when another role runs it."""

    def transaction(self, **_: Any) -> Any:
        """A transaction that sees every row."""
        return super().transaction(as_person=PIPELINE)


def bare(
    db: Database, course: Course, question: str, vector: npt.NDArray[np.float32], *, limit: int = 10
) -> tuple[float, list[Any]]:
    """Milliseconds of the search's statements alone, in a transaction that is open already, and the chunks found.

    They are asked for as many chunks as the search asks for (room for copies), and for the places of those it gives.
    """
    asked = question_terms(question)
    with db.transaction() as connection:
        started = time.perf_counter()
        basis = connection.execute(
            statement("search_basis"),
            {"course_id": course.id, "person_id": None, "set_id": None, "terms": [ALL_CHUNKS, *asked.lookups]},
        ).fetchall()[0]
        found = dict(zip(basis[7], basis[8], strict=True))
        weights = question_weights(asked, found, int(found[ALL_CHUNKS]))
        parameters = {
            "set_id": basis[0], "chunker": basis[3], "indexed": basis[4], "dims": DIMS, "course_id": course.id,
            "kinds": [], "source_ids": [], "sources": [], "placed": [],
            "embedding": HalfVector(vector), "weights": SparseVector(weights, TERM_SPACE),
            "dense_weight": DENSE_WEIGHT, "slide_bonus": SLIDE_BONUS, "bm25_scale": (K1 + 1) * sum(weights.values()),
            "depth": DEPTH, "limit": 2 * limit,
        }  # fmt: skip
        rows = connection.execute(statement("search_chunks"), parameters).fetchall()
        places = {"course_id": course.id, "chunk_ids": [row[0] for row in rows[:limit]], "sources": []}
        connection.execute(statement("find_meeting_places"), places).fetchall()
        connection.execute(statement("list_lines_of_chunks"), places).fetchall()
        return 1000 * (time.perf_counter() - started), rows


def measure(
    db: Database,
    course: Course,
    student: Person,
    asked_by: tuple[Database, Database],
    known: EmbeddingSet,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """The figures of one course; `asked_by`: pools for a student's searches with row security and for those without."""
    vectors, words = np.concatenate(course.vectors), np.concatenate(course.words)
    ours, sql, bound, recalls = [], [], [], []
    for number in range(ASKED + 5):
        vector = vectors[rng.integers(len(vectors))] + 0.6 * rng.standard_normal(DIMS) / np.sqrt(DIMS)
        vector = (vector / np.linalg.norm(vector)).astype(np.float32)
        chosen = rng.choice(words[rng.integers(len(words))], QUESTION_WORDS, replace=False)
        question, embed = " ".join(WORDS[word] for word in chosen), Asked(known, vector)

        def through_python(db: Any, person: Person = OPERATOR, question: str = question, embed: Asked = embed) -> float:
            started = time.perf_counter()
            retrieve_chunks(db, question, scope=Scope(course_id=course.id, person=person), embed=embed, limit=10)
            return 1000 * (time.perf_counter() - started)

        first = through_python(db) if number % 2 else 0.0  # who comes second finds the pages warm: take turns
        alone, _ = bare(db, course, question, vector)
        took = first or through_python(db)
        locks = (asked_by[0], asked_by[1]) if number % 2 else (asked_by[1], asked_by[0])
        member = {type(lock): through_python(lock, student) for lock in locks}
        if number >= 5:  # the first ones warm caches and plans
            ours.append(took)
            sql.append(alone)
            bound.append((member[Database], member[Unbound]))
        if number % 4 == 0:
            _, rows = bare(db, course, question, vector, limit=DEPTH)
            found = {row[0].bytes for row in rows if row[1] is not None and row[1] <= 10}  # chunk_id, dense_rank
            exact = np.argsort(-(vectors @ vector), kind="stable")[:10]
            recalls.append(len(found & {course.chunk_ids[place] for place in exact}) / min(10, len(vectors)))
    on, off = zip(*bound, strict=True)
    return {
        "chunks": len(vectors),
        "retrieve_ms": spread(ours),
        "bare_sql_ms": spread(sql),
        "ratio": {f"p{q}": round(float(np.percentile(ours, q) / np.percentile(sql, q)), 2) for q in (50, 95)},
        "row_security_ratio": {
            f"p{q}": round(float(np.percentile(on, q) / np.percentile(off, q)), 2) for q in (50, 95)
        },
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
        known = ensure_embedding_set(connection, model="made-up", dims=DIMS, search_text_version="1")
    started = time.perf_counter()
    courses = load(db, known, sizes, seed)
    loaded = time.perf_counter()
    with db.transaction() as connection:
        large = len(index_large_courses(connection, known))
    indexed = time.perf_counter()
    with psycopg.connect(db.url, autocommit=True) as connection:
        connection.execute("analyze")
    chosen = [min(range(len(sizes)), key=lambda place: abs(sizes[place] - size)) for size in SIZES]
    with db.transaction() as connection:
        student = Person(id=connection.execute("insert into users default values returning id").fetchall()[0][0])
        for place in {*chosen, *range(len(sizes) - OTHER_COURSES, len(sizes))}:
            connection.execute("insert into user_courses values (%s, %s, 'student')", [student.id, courses[place].id])
    rng = np.random.default_rng(seed + 1)
    result: dict[str, Any] = {
        "chunks": sum(sizes),
        "courses": len(sizes),
        "load_s": round(loaded - started, 1),
        "indexes": large,
        "index_s": round(indexed - loaded, 1),
        "embed_question_ms": embed_question_ms(),
        "by_course": [],
    }
    with Database(db.url) as bound, Unbound(db.url) as unbound:
        for place in dict.fromkeys(chosen):
            result["by_course"].append(measure(db, courses[place], student, (bound, unbound), known, rng))
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
