"""The retrieval function: chat, notebooks, evaluation and the command line all search with `retrieve_chunks`.

Meaning (vectors) and words (BM25) are searched inside one course and their scores added. Weights were measured on
real course material, see `bench/` and README.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pgvector import HalfVector, SparseVector
from psycopg.rows import dict_row

from pipelines.core.embeddings.vectors import EXACT_CHUNKS
from pipelines.core.errors import EmbeddingMismatchError, NotFoundError
from pipelines.core.models.providers import Embedder
from pipelines.core.models.reranker import Reranker, reranker_for
from pipelines.core.postgres import Connection, Database
from pipelines.core.records import Hit, Scope
from pipelines.core.search.answerable import SECOND_SIMILAR, named_lookups, needed_similarity
from pipelines.core.search.boxes import ask_lines_of_chunks, boxes_of_chunks
from pipelines.core.search.copies import without_copies
from pipelines.core.search.hits import make_hits
from pipelines.core.search.languages import KNOWN_SHARE, is_bare, is_english
from pipelines.core.search.lexical import (
    ALL_CHUNKS,
    K1,
    TERM_SPACE,
    known_share,
    question_terms,
    question_weights,
    rarest_term,
    trust_in_words,
)
from pipelines.core.search.meeting import ask_meeting_places, meeting_places
from pipelines.core.search.places import named_place, named_sources
from pipelines.core.search.reranking import reranked
from pipelines.core.search.shown import with_shown_pages
from pipelines.core.search.spelling import Suspect, corrected, suspects
from pipelines.core.statements import statement

if TYPE_CHECKING:
    from pipelines.core.stores import Stores

DENSE_WEIGHT = 0.55
"""Share of the cosine in the score; the rest is BM25 divided by the most the question's words could give. Every value
from 0.5 to 0.6 was as good, within noise, on slides, speech, abstracts and encyclopedia paragraphs; reciprocal ranks
in any mixture were worse on all of them."""
SLIDE_BONUS = 0.04
"""What a slide scores before a stretch of speech, which is longer and repeats a question's words. On 13 decks and 82
caption files slides gain (MRR@10 .797 to .801), speech stays (.900); from 0.05 on it loses on other material. Not among
second vectors: there speech loses at once (.629 to .467)."""
UNKNOWN_WORDS = 1.0
"""An English question of which the course has only common words is asked in other words than the course's: they count
by the known share (`trust_in_words`) to this power. On made-up courses paraphrases without the topic's name gain, and
on 13 decks and 82 caption files no figure changes; in other languages it loses (docs/decisions/0030)."""
SECOND_DENSE_WEIGHT = 0.6
"""The same where a question in another language is compared with the second vectors: it shares few words."""
DEPTH = 100
"""Candidates each side brings, at least; both scores of every candidate are exact whichever side brought it."""
MAX_LIMIT = 200
MAX_PLACED = 500
"""Chunks that may stand at a place a question names: page 4 of every deck of a large course."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The rules that order hits. The defaults are what every search goes by; other values are for measuring them.

    `second_vectors`, `named_places` and `one_of_copies`: whether questions in other languages are compared with second
    vectors, pages and minutes that a question names come first, and one of several copies of a slide stands for all.
    `unknown_words`: the power of the known share of a question's words that BM25 counts with; 0: it counts in full.
    `spelling`: a long word that the course lacks is asked in the course's spelling, where that is one letter away.
    `shown_pages`: pages that are pictures come right behind what was said while they were up.
    `reranker`: orders the first hits anew; None: nobody does.
    """

    dense_weight: float = DENSE_WEIGHT
    slide_bonus: float = SLIDE_BONUS
    second_vectors: bool = True
    second_dense_weight: float = SECOND_DENSE_WEIGHT
    named_places: bool = True
    one_of_copies: bool = True
    shown_pages: bool = True
    spelling: bool = True
    unknown_words: float = UNKNOWN_WORDS
    reranker: Reranker | None = None


RANKING = Ranking()


def ranking_for(
    stores: "Stores", find_payer: Callable[[Connection], UUID | None], *, course_id: UUID | None = None
) -> Ranking:
    """The rules of every search here: the defaults, and the settings' reranker. The arguments are its (`reranker_for`).

    Raises:
        StorageUnavailableError
    """
    return Ranking(reranker=reranker_for(stores, find_payer, course_id=course_id))


def retrieve_chunks(
    db: Database, question: str, *, scope: Scope, embed: Embedder, limit: int = 10, ranking: Ranking = RANKING
) -> list[Hit]:
    """The best passages of one course for a question, best first.

    Args:
        question: in the student's words; text past the embedder's limit is not seen. A blank one finds nothing.
        scope: the course, who asks, and the kinds or sources to stay within. Nothing that they may not search is
            found, and no word of it changes a score.
        embed: must be the embedder that the vectors of the scope's set were made with (`embeddings/embedders.py`).
            Where it gives the question no vector (zeros), words alone decide, and no hit has a `similarity`.
        limit: most hits wanted, from 1 to 200.
        ranking: the rules of every search (`ranking_for`), or others, to measure what each is worth.

    Returns:
        At most one hit a slide or stretch of speech, and one of several copies of a slide; empty for a course without
        material.

    Raises:
        NotFoundError: there is no such course, or it is not theirs.
        EmbeddingMismatchError: those vectors were made by another model than `embed`.
        StorageUnavailableError, ProviderUnavailableError, ProviderRefusedError, SettingsError
    """
    if not question.replace("\0", " ").strip():
        return []
    found = _retrieve(db, question, scope=scope, embed=embed, limit=limit, ranking=ranking)
    if isinstance(found, str):
        again = _retrieve(db, found, scope=scope, embed=embed, limit=limit, ranking=replace(ranking, spelling=False))
        assert not isinstance(again, str)  # noqa: S101  nobody spells it anew a second time
        return again
    return found


def _retrieve(
    db: Database, question: str, *, scope: Scope, embed: Embedder, limit: int, ranking: Ranking
) -> list[Hit] | str:
    """The best passages; or the question in the course's spelling, to be asked instead."""
    asked = question_terms(question)
    pool = min(limit if ranking.reranker is None else max(limit, ranking.reranker.depth), MAX_LIMIT)
    vector = embed.embed([question])[0]  # before a connection is borrowed: a provider may take seconds
    with db.transaction(as_person=scope.person, course_id=scope.course_id, pipelined=True) as connection:
        basis = _basis(connection, scope, [*asked.lookups, *named_lookups(question)], embed)
        found = dict(zip(basis["terms"], basis["found"], strict=True))
        if not found.get(ALL_CHUNKS):
            return []
        within = _within(scope, basis)
        if within is None:
            return []
        chunker = basis["chunker"]
        weights = question_weights(asked, found, int(found[ALL_CHUNKS]))
        needed = needed_similarity(question, asked, found, int(found[ALL_CHUNKS]))
        english = is_english(question)
        if ranking.spelling and (english or is_bare(question)):
            suspected = suspects(question, found)
            spelled = corrected(question, suspected, _counted(connection, scope.course_id, basis, suspected))
            if spelled is not None:
                return spelled
        power = ranking.unknown_words if english else 0.0
        trust = trust_in_words(asked, found, int(found[ALL_CHUNKS]), power=power)
        compared = _Compared(
            basis["set_id"], embed.dims, vector, ranking.dense_weight, trust, basis["indexed"], needed,
            ranking.slide_bonus,
        )  # fmt: skip
        if not vector.any():
            compared = replace(compared, set_id=None, indexed=False, weight=0.0, words=1.0)
        elif not english and known_share(asked, found, int(found[ALL_CHUNKS])) < KNOWN_SHARE:
            compared = (
                _in_other_words(connection, scope, question, embed.multilingual, ranking, chunker=chunker) or compared
            )
        placed = _placed(connection, question, scope, within, chunker) if ranking.named_places else []
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(
                statement("search_chunks"),
                {
                    "set_id": compared.set_id,
                    "dims": compared.dims,
                    "indexed": compared.indexed
                    and not (scope.kinds or scope.source_ids)
                    and (not basis["hidden"] or found[ALL_CHUNKS] > EXACT_CHUNKS),
                    "course_id": scope.course_id,
                    "chunker": chunker,
                    "kinds": list(scope.kinds),
                    "source_ids": within,
                    "sources": basis["sources"],
                    "embedding": HalfVector(np.asarray(compared.vector)),
                    "weights": SparseVector(weights, TERM_SPACE),
                    "dense_weight": compared.weight,
                    "slide_bonus": compared.slide_bonus,
                    "bm25_scale": ((K1 + 1) * sum(weights.values()) or 1.0) / compared.words,
                    "placed": placed,
                    "depth": max(DEPTH, 4 * limit),
                    "limit": 2 * pool,  # room for the copies that are left out
                },
            ).fetchall()
            if ranking.one_of_copies:
                rows = without_copies(rows, partial(_scanned, connection, scope.course_id))
            if ranking.shown_pages and not scope.kinds:
                rows = with_shown_pages(
                    connection, scope.course_id, rows, chunker=chunker, within=within, sources=basis["sources"]
                )
            rows = rows[:pool]
            chunk_ids = [row["chunk_id"] for row in rows]
        meeting = ask_meeting_places(connection, scope.course_id, chunk_ids, sources=basis["sources"])
        lines = ask_lines_of_chunks(connection, scope.course_id, chunk_ids)
    places, boxes = meeting_places(meeting), boxes_of_chunks(lines)  # both came with the commit, in one round trip
    if ranking.reranker is not None:  # no connection is held: it may take its time
        rows = reranked(question, rows, ranking.reranker)
    rare = rarest_term(asked, found, int(found[ALL_CHUNKS]))
    rows = rows[: min(limit, MAX_LIMIT)]
    hits = make_hits(rows, places, boxes, rare, needed=compared.needed, set_id=compared.set_id)
    return hits if vector.any() else [replace(hit, similarity=None) for hit in hits]


@dataclass(frozen=True, slots=True)
class _Compared:
    """The set of vectors a question is compared with: its vector there, the share of the cosine in the score, how much
    the rest of it, the words, counts, and the cosine from which a passage has to do with it."""

    set_id: int | None
    dims: int
    vector: npt.NDArray[np.float32]
    weight: float
    words: float
    indexed: bool
    needed: float
    slide_bonus: float


def _counted(
    connection: Connection, course_id: UUID, basis: dict[str, Any], suspected: list[Suspect]
) -> dict[int, int]:
    """In how many chunks that are searched the terms of other spellings occur."""
    terms = [term for suspect in suspected for term in suspect.spellings.values()]
    parameters = {"course_id": course_id, "chunker": basis["chunker"], "sources": basis["sources"], "terms": terms}
    return dict(connection.execute(statement("count_terms"), parameters).fetchall() if terms else ())


def _in_other_words(
    connection: Connection, scope: Scope, question: str, embed: Embedder | None, ranking: Ranking, *, chunker: str
) -> _Compared | None:
    """The course's second vectors, for a question in another language; None: it has none yet, or none are wanted."""
    if embed is None or not ranking.second_vectors:
        return None
    with connection.cursor(row_factory=dict_row) as cursor:
        second = cursor.execute(
            statement("find_second_set"), {"course_id": scope.course_id, "chunker": chunker}
        ).fetchone()
    if second is None or (second["model"], second["dims"]) != (embed.model, embed.dims):
        return None
    vector = embed.embed([question])[0]  # while a connection is held: it is local, and takes milliseconds
    weight = ranking.second_dense_weight
    return _Compared(second["set_id"], embed.dims, vector, weight, 1.0, second["indexed"], SECOND_SIMILAR, 0.0)


def _within(scope: Scope, basis: dict[str, Any]) -> list[UUID] | None:
    """The sources to stay within, empty: all of the course; None when the person may search none of those wanted."""
    if not basis["hidden"]:
        return list(scope.source_ids)
    open_to_them = set(basis["sources"])
    return [source for source in scope.source_ids or basis["sources"] if source in open_to_them] or None


def _placed(connection: Connection, question: str, scope: Scope, within: list[UUID], chunker: str) -> list[UUID]:
    """Chunks at the page or minute the question names, in the sources it names if it names any; empty for most."""
    place = named_place(question)
    if place is None:
        return []
    with connection.cursor(row_factory=dict_row) as cursor:
        names = cursor.execute(
            statement("list_source_names"), {"course_id": scope.course_id, "source_ids": within}
        ).fetchall()
    parameters = {
        "course_id": scope.course_id,
        "kinds": list(scope.kinds),
        "source_ids": named_sources(question, names) or within,
        "limit": MAX_PLACED,
        "chunker": chunker,
        **asdict(place),
    }
    return [row[0] for row in connection.execute(statement("list_placed_chunks"), parameters)]


def _scanned(connection: Connection, course_id: UUID, chunk_ids: list[UUID]) -> set[UUID]:
    parameters = {"course_id": course_id, "chunk_ids": chunk_ids}
    return {row[0] for row in connection.execute(statement("list_scanned_chunks"), parameters)}


def _basis(connection: Connection, scope: Scope, terms: Sequence[int], embed: Embedder) -> dict[str, Any]:
    """The set to compare with, whether the course has an index of its own, and how often each term occurs in it."""
    with connection.cursor(row_factory=dict_row) as cursor:
        basis = cursor.execute(
            statement("search_basis"),
            {
                "course_id": scope.course_id,
                "person_id": scope.person.id,
                "terms": [ALL_CHUNKS, *terms],
                "set_id": scope.set_id,
            },
        ).fetchone()
    if basis is None:
        raise NotFoundError("There is no such course.")
    if basis["set_id"] is not None and (basis["model"], basis["dims"]) != (embed.model, embed.dims):
        raise EmbeddingMismatchError(
            f"The course's vectors were made by {basis['model']} ({basis['dims']} dimensions), the question's by "
            f"{embed.model} ({embed.dims}). Set EMBEDDING_MODEL back, or embed the courses again and switch."
        )
    return basis
