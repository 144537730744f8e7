"""Foresight of what searching a course in another set changes and costs: chunks, sources of questions, vectors.

A set that is complete is searched as readers would. Vectors are what costs: where some are missing, the chunks are
compared by words alone, inside a transaction that is rolled back, and that is said.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import numpy as np
import numpy.typing as npt

from pipelines.answering.cutting import list_uploads, recut_upload
from pipelines.answering.evaluating import ask_questions
from pipelines.core.chunks import chunks_without_vectors, list_chunks
from pipelines.core.embeddings.embedders import set_embedder
from pipelines.core.embeddings.pointers import course_set
from pipelines.core.embeddings.sets import embedded_text, find_set
from pipelines.core.errors import PermanentError
from pipelines.core.evaluations.question_sets import list_question_sets
from pipelines.core.models.estimates import rate_of_embedding
from pipelines.core.models.payers import find_local_person
from pipelines.core.models.providers import LOCAL_MODELS, Embedder, embedder_for
from pipelines.core.postgres import Connection, Database
from pipelines.core.records import OPERATOR, Chunk, Course, Document, EmbeddingSet, Hit, Lecture, Scope
from pipelines.core.retrieval import Ranking, ranking_for
from pipelines.core.stores import Stores
from pipelines.steps.questions import Question, parse_questions
from pipelines.steps.scoring import answers

SHOWN = 5
"""Hits of a question whose places are compared: what a reader sees."""
SAMPLE = 8
"""Texts that a local model embeds to tell how long all would take; they are kept nowhere."""
WORDS = Ranking(dense_weight=0.0, slide_bonus=0.0, second_vectors=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A deck or lecture: how many chunks it has `now` and would have `then`, how many say the very same (`kept`), and
    where the others would stand: `pages` of a deck, `stretches` of a lecture in milliseconds."""

    file: str
    now: int
    then: int
    kept: int
    pages: tuple[int, ...]
    stretches: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionChange:
    """A question that gets other sources: places that leave its first five hits (`lost`) and come among them (`new`).

    `rank_now` and `rank_then`: the right place's, None where it is not among the first ten or not known.
    """

    id: str
    question: str
    lost: tuple[str, ...]
    new: tuple[str, ...]
    rank_now: int | None
    rank_then: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What another set would change. `asked` questions were compared by `basis`: "vectors" (as searches go) or "words".

    `vectors` are missing, of texts of `tokens` in all; `usd` and `seconds` to make them are None where this model has
    made none yet. `files` are those with other chunks, `questions` those with other sources.
    """

    course: str
    set: str
    live: str
    files: tuple[FileChange, ...]
    basis: str
    asked: int
    questions: tuple[QuestionChange, ...]
    vectors: int
    tokens: int
    usd: float | None
    seconds: float | None


def foresee(stores: Stores, course: Course, name: str) -> Foreseen:
    """What searching a course in the set of this name would change. Set and course stay as they are.

    Raises:
        NotFoundError: no such set.
        PermanentError: it was retired, or the course has nothing to search yet.
        StaleUpstreamError, SupersededError: an upload is being processed; ask again when it has been.
        what `retrieve_chunks` raises, where a provider makes the questions' vectors.
    """
    with stores.database.transaction() as connection:
        candidate, live = find_set(connection, name), course_set(connection, course.id)
        kept = list_question_sets(connection, course.id)
    if live is None:
        raise _nothing(course)
    questions = parse_questions(kept[0].lines, name=f"Questions of {course.name}") if kept else []
    embed = set_embedder(stores, candidate, find_local_person, "question", course_id=course.id)
    counts = embedder_for(stores, find_local_person, "embedding", course_id=course.id)
    uploads = list_uploads(stores, course)
    found: dict[int, list[list[Hit]]] = {}
    with stores.database.transaction() as connection, connection.transaction(force_rollback=True):
        now = {one: list_chunks(connection, one, chunker=live.chunker) for one in uploads}
        if not any(now.values()):
            raise _nothing(course)
        for one in uploads:
            if now[one]:
                recut_upload(connection, uploads[one], candidate, counts)
        then = {one: list_chunks(connection, one, chunker=candidate.chunker) for one in uploads}
        lacking = [chunk for one in uploads for chunk in chunks_without_vectors(connection, candidate, one)]
        if lacking:
            within = cast("Database", _Within(connection))
            for each in (live, candidate):
                found[each.id] = _by_words(within, course, each, questions)
    for each in (live, candidate) if not lacking else ():
        found[each.id] = _as_readers(stores, course, each, questions)
    texts = [embedded_text(candidate, chunk) for chunk in lacking]
    tokens = sum(map(embed.count_tokens, texts))
    usd, seconds = _cost(stores, embed, texts, tokens)
    files = [_file(uploads[one], now[one], then[one]) for one in uploads]
    return Foreseen(
        course=course.name,
        set=candidate.name,
        live=live.name,
        files=tuple(
            sorted((each for each in files if each.kept < max(each.now, each.then)), key=lambda each: each.file)
        ),
        basis="words" if lacking else "vectors",
        asked=len(questions),
        questions=tuple(_changes(questions, found[live.id], found[candidate.id], _names(uploads))),
        vectors=len(lacking),
        tokens=tokens,
        usd=usd,
        seconds=seconds,
    )


def _nothing(course: Course) -> PermanentError:
    return PermanentError(f"{course.name} has nothing to search yet: ingest materials first.", code="empty_course")


@dataclass(frozen=True, slots=True)
class _Within:
    """A database whose transactions are all inside of one."""

    connection: Connection

    @contextmanager
    def transaction(self, **_: object) -> Iterator[Connection]:
        with self.connection.transaction():
            yield self.connection


@dataclass(frozen=True, slots=True)
class _Wordless:
    """Stands for the embedder of a set where only words count: its vectors mean nothing, and weigh nothing."""

    model: str
    dims: int
    max_tokens: int = 0
    multilingual: None = None

    def count_tokens(self, text: str) -> int:
        return len(text)

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.eye(1, self.dims, dtype=np.float32).repeat(len(texts), axis=0)


def _by_words(db: Database, course: Course, known: EmbeddingSet, questions: Sequence[Question]) -> list[list[Hit]]:
    scope = Scope(course_id=course.id, person=OPERATOR, set_id=known.id)
    texts = [question.question for question in questions]
    hits = ask_questions(db, scope, texts, embed=_Wordless(known.model, known.dims), ranking=WORDS).hits
    return [[hit for hit in each if hit.lexical_rank is not None] for each in hits]


def _as_readers(stores: Stores, course: Course, known: EmbeddingSet, questions: Sequence[Question]) -> list[list[Hit]]:
    embed = set_embedder(stores, known, find_local_person, "question", course_id=course.id)
    scope = Scope(course_id=course.id, person=OPERATOR, set_id=known.id)
    ranking = ranking_for(stores, find_local_person, course_id=course.id)
    texts = [question.question for question in questions]
    return ask_questions(stores.database, scope, texts, embed=embed, ranking=ranking).hits


def _file(upload: Document | Lecture, now: Sequence[Chunk], then: Sequence[Chunk]) -> FileChange:
    known = Counter(chunk.search_text for chunk in now)
    other = []
    for chunk in then:
        if known[chunk.search_text]:
            known[chunk.search_text] -= 1
        else:
            other.append(chunk)
    return FileChange(
        file=upload.source_name,
        now=len(now),
        then=len(then),
        kept=len(then) - len(other),
        pages=tuple(sorted({page for chunk in other for page in chunk.pages})),
        stretches=tuple((chunk.start_ms, chunk.end_ms or 0) for chunk in other if chunk.start_ms is not None),
    )


def _changes(
    questions: Sequence[Question],
    now: Sequence[Sequence[Hit]],
    then: Sequence[Sequence[Hit]],
    names: Mapping[UUID, str],
) -> Iterator[QuestionChange]:
    for question, before, after in zip(questions, now, then, strict=True):
        lost = [hit for hit in before[:SHOWN] if not any(_meet(hit, other) for other in after[:SHOWN])]
        new = [hit for hit in after[:SHOWN] if not any(_meet(hit, other) for other in before[:SHOWN])]
        if lost or new:
            yield QuestionChange(
                id=question.id,
                question=question.question,
                lost=tuple(_place(hit, names) for hit in lost),
                new=tuple(_place(hit, names) for hit in new),
                rank_now=_rank(question, before),
                rank_then=_rank(question, after),
            )


def _meet(one: Hit, other: Hit) -> bool:
    """Whether two hits share a page of a deck, or a moment of a lecture."""
    if one.source_id != other.source_id:
        return False
    if one.kind == "slide":
        return not set(one.pages).isdisjoint(other.pages)
    return (one.start_ms or 0) < (other.end_ms or 0) and (other.start_ms or 0) < (one.end_ms or 0)


def _place(hit: Hit, names: Mapping[UUID, str]) -> str:
    minutes, seconds = divmod((hit.start_ms or 0) // 1000, 60)
    where = f"page {hit.page}" if hit.kind == "slide" else f"{minutes}:{seconds:02}"
    return f"{names.get(hit.source_id, hit.file_name)}, {where}"


def _rank(question: Question, hits: Sequence[Hit]) -> int | None:
    return next((rank for rank, hit in enumerate(hits, 1) if answers(hit, question)), None)


def _names(uploads: Mapping[UUID, Document | Lecture]) -> dict[UUID, str]:
    return {one: upload.source_name for one, upload in uploads.items()}


def _cost(stores: Stores, embed: Embedder, texts: Sequence[str], tokens: int) -> tuple[float | None, float | None]:
    """US dollars and seconds to make the vectors of these texts."""
    if not texts:
        return 0.0, 0.0
    if embed.model in LOCAL_MODELS:
        embed.embed(texts[:1])  # the first one loads the model
        sample = texts[:: max(1, len(texts) // SAMPLE)][:SAMPLE]
        began = time.perf_counter()
        embed.embed(sample)
        per_token = (time.perf_counter() - began) / sum(map(embed.count_tokens, sample))
        return 0.0, round(per_token * tokens, 1)
    with stores.database.transaction() as connection:
        rate = rate_of_embedding(connection, model=embed.model)
    if rate.usd_per_token is None or rate.seconds_per_token is None:
        return None, None
    return rate.usd_per_token * tokens, round(rate.seconds_per_token * tokens, 1)
