from uuid import uuid4

import numpy as np
import pytest

from pipelines.core.chunks import chunks_without_vectors, replace_lecture_chunks, replace_slide_chunks
from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.embeddings import vectors
from pipelines.core.embeddings.vectors import ensure_embedding_set, index_large_courses, write_vectors
from pipelines.core.errors import EmbeddingMismatchError, NotFoundError
from pipelines.core.evaluations.question_sets import list_material_files
from pipelines.core.lectures import put_lecture
from pipelines.core.postgres import Database
from pipelines.core.records import OPERATOR, Chunk, Scope, make_chunk_id
from pipelines.core.retrieval import MAX_LIMIT, Ranking, retrieve_chunks
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.uploads import DOCUMENT, delete_upload
from tests.embedders import WordsEmbedder

EMBED = WordsEmbedder()


@pytest.fixture
def course(database):
    with database.transaction() as connection:
        return ensure_course(connection, "c").id


@pytest.fixture
def deck(database):
    """Writes a deck; each text is a slide, a tuple of texts is one long slide in parts."""

    def write(name, *texts, course="c", vectors=True):
        with database.transaction() as connection:
            document, _ = put_document(
                connection, sealer=Sealer(b"k" * 32), course_id=ensure_course(connection, course).id, title=name,
                file_name=name, source_name=name, sha256=uuid4().hex * 2, byte_count=1,
            )  # fmt: skip
            parts = [
                (page, part)
                for page, text in enumerate(texts, 1)
                for part in ([text] if isinstance(text, str) else text)
            ]
            chunks = [
                Chunk(
                    id=make_chunk_id(document.id, "1", f"{page} {text}", 0), course_id=document.course_id,
                    kind="slide", source_id=document.id, ordinal=n, title=f"Slide {page}", context="", text=text,
                    token_count=9, page=page, pages=(page,), page_label=f"{page} / 9",
                )
                for n, (page, text) in enumerate(parts)
            ]  # fmt: skip
            replace_slide_chunks(connection, document, chunks, chunker_version="1")
            if vectors:
                embed_missing(connection, document.id)
        return document

    return write


@pytest.fixture
def talk(database):
    def write(name, *texts, course="c"):
        with database.transaction() as connection:
            lecture, _ = put_lecture(
                connection, course_id=ensure_course(connection, course).id, title=name, file_name=name,
                source_name=name, byte_count=1, captions_sha256=uuid4().hex * 2, captions_name=name, media_sha256=None,
            )  # fmt: skip
            chunks = [
                Chunk(
                    id=make_chunk_id(lecture.id, "1", text, 0), course_id=lecture.course_id, kind="speech",
                    source_id=lecture.id, ordinal=n, title="talk", context="", text=text, token_count=9,
                    start_ms=n * 60_000, end_ms=(n + 1) * 60_000,
                )
                for n, text in enumerate(texts)
            ]  # fmt: skip
            replace_lecture_chunks(connection, lecture, chunks, chunker_version="1")
            embed_missing(connection, lecture.id)
        return lecture

    return write


def embed_missing(connection, source_id):
    known = ensure_embedding_set(connection, model=EMBED.model, dims=EMBED.dims, search_text_version="1")
    missing = chunks_without_vectors(connection, known, source_id)
    write_vectors(connection, known, missing, EMBED.embed([chunk.search_text for chunk in missing]))


def search(database, course, question, *, embed=EMBED, limit=10, rules=None, **scope):
    return retrieve_chunks(
        database, question, scope=Scope(course_id=course, person=OPERATOR, **scope), embed=embed, limit=limit,
        ranking=Ranking(**rules or {}),
    )  # fmt: skip


def test_a_hit_says_where_it_stands_and_how_both_sides_ranked_it(database, course, deck):
    document = deck("week1.pdf", "gradient descent takes small steps", "zebras have stripes")
    hit = search(database, course, "small gradient steps")[0]
    assert (hit.rank, hit.kind, hit.file_name, hit.title) == (1, "slide", "week1.pdf", "Slide 1")
    assert (hit.page, hit.pages, hit.page_label, hit.source_id) == (1, (1,), "1 / 9", document.id)
    assert (hit.dense_rank, hit.lexical_rank, hit.start_ms, hit.document_id) == (1, 1, None, document.id)
    assert hit.text == "gradient descent takes small steps"


def test_one_rare_word_is_enough_and_beats_common_ones(database, course, deck):
    deck("a.pdf", *(f"the model and the loss number {n}" for n in range(20)), "the ackley function")
    hits = search(database, course, "Which model and which loss are shown for Ackley?")
    assert hits[0].text == "the ackley function"


def test_speech_and_slides_are_found_together_and_apart(database, course, deck, talk):
    deck("a.pdf", "entropy of a policy")
    lecture = talk("talk.srt", "now entropy is a measure", "goodbye")
    both = search(database, course, "entropy policy measure")
    assert {hit.kind for hit in both[:2]} == {"slide", "speech"}
    (spoken, _) = search(database, course, "entropy", kinds=("speech",))
    assert (spoken.kind, spoken.start_ms, spoken.end_ms, spoken.lecture_id) == ("speech", 0, 60_000, lecture.id)
    assert [hit.kind for hit in search(database, course, "entropy", kinds=("slide",))] == ["slide"]
    assert {hit.source_id for hit in search(database, course, "entropy", source_ids=(lecture.id,))} == {lecture.id}


def test_other_courses_are_never_seen_nor_counted(database, course, deck):
    deck("mine.pdf", "entropy of a policy", "a policy")
    before = search(database, course, "entropy policy")
    deck("theirs.pdf", *["entropy entropy policy"] * 5, course="other")
    after = search(database, course, "entropy policy")
    assert before == after
    assert {hit.file_name for hit in after} == {"mine.pdf"}


def test_the_parts_of_one_slide_are_one_hit_shown_by_the_best_part(database, course, deck):
    deck("a.pdf", ("alpha beta", "alpha gamma", "alpha delta"), "alpha")
    hits = search(database, course, "alpha gamma")
    assert [(hit.page, hit.text) for hit in hits] == [(1, "alpha gamma"), (2, "alpha")]


def test_a_deleted_document_is_gone_at_once(database, course, deck):
    document = deck("a.pdf", "alpha")
    with database.transaction() as connection:
        delete_upload(connection, DOCUMENT, document.id)
    assert search(database, course, "alpha") == []


def test_chunks_without_vectors_are_found_by_their_words(database, course, deck):
    deck("a.pdf", "alpha beta", vectors=False)
    (hit,) = search(database, course, "beta")
    assert (hit.dense_rank, hit.lexical_rank) == (None, 1)


def test_an_empty_course_answers_nothing_and_an_unknown_one_says_so(database, course):
    assert search(database, course, "anything") == []
    with pytest.raises(NotFoundError):
        search(database, uuid4(), "anything")


@pytest.mark.parametrize("question", ["", "  \n", "\0", "\u3000"])
def test_a_blank_question_finds_nothing(database, course, deck, question):
    deck("a.pdf", "alpha")
    assert search(database, course, question) == []


@pytest.mark.parametrize(
    "question", ["alpha \0 \ud800", "alpha " * 400_000, "'; drop table courses; --", "%(limit)s %s {}", "of the and"]
)
def test_hostile_questions_are_only_questions(database, course, deck, question):
    deck("a.pdf", "alpha")
    assert len(search(database, course, question)) == 1


def test_a_limit_is_kept(database, course, deck):
    deck("a.pdf", *(f"alpha {n}" for n in range(MAX_LIMIT + 20)))
    assert len(search(database, course, "alpha", limit=3)) == 3
    assert len(search(database, course, "alpha", limit=10_000)) == MAX_LIMIT


def test_the_vectors_of_another_model_are_refused_with_both_names(database, course, deck):
    deck("a.pdf", "alpha")
    for other in (WordsEmbedder(model="new/model"), WordsEmbedder(dims=8)):
        with pytest.raises(EmbeddingMismatchError, match=f"made by fake/words .* the question's by {other.model} "):
            search(database, course, "alpha", embed=other)


def test_the_question_is_embedded_before_a_connection_is_borrowed(database_url, course, deck):
    class Slow(WordsEmbedder):
        def embed(self, texts):
            with small.transaction() as connection:  # would wait for ever if retrieval held the only connection
                connection.execute("select 1")
            return super().embed(texts)

    deck("a.pdf", "alpha")
    with Database(database_url, max_size=1) as small:
        assert len(search(small, course, "alpha", embed=Slow())) == 1


def test_the_meaning_side_ranks_as_numpy_does(database, course, deck):
    rng = np.random.default_rng(7)
    texts = [" ".join(rng.choice([f"w{n}" for n in range(40)], 12)) for _ in range(60)]
    deck("a.pdf", *texts)
    for question in texts[:5]:
        cosines = EMBED.embed(texts).astype(np.float16).astype(np.float32) @ EMBED.embed([question])[0]
        hits = sorted(search(database, course, question, limit=60), key=lambda hit: hit.dense_rank)
        assert [hit.dense_rank for hit in hits] == list(range(1, 61))
        found = np.array([cosines[hit.page - 1] for hit in hits])
        assert np.all(np.diff(found) <= 2e-3)  # equal but for half precision
        assert np.allclose([hit.similarity for hit in hits], found, atol=2e-3)


def test_a_large_course_is_searched_by_its_index_with_the_same_result(database, course, deck, monkeypatch):
    rng = np.random.default_rng(8)
    texts = [" ".join(rng.choice([f"w{n}" for n in range(300)], 12)) for _ in range(400)]
    deck("a.pdf", *texts)
    exact = [search(database, course, question) for question in texts[:10]]
    monkeypatch.setattr(vectors, "EXACT_CHUNKS", 100)
    with database.transaction() as connection:
        known = ensure_embedding_set(connection, model=EMBED.model, dims=EMBED.dims, search_text_version="1")
        assert index_large_courses(connection, known) == [course]
        plan = connection.execute(
            "select count(*) from ai.nearest_in_course(%s, %s, %s, %s::halfvec, 50, '{}')",
            [known.id, course, EMBED.dims, str(EMBED.embed(["w1"])[0].tolist())],
        ).fetchone()
        assert plan == (50,)
    found = [search(database, course, question) for question in texts[:10]]
    for one, other in zip(exact, found, strict=True):
        assert [hit.chunk_id for hit in one] == [hit.chunk_id for hit in other]
        assert np.allclose([hit.score for hit in one], [hit.score for hit in other])
    assert {hit.kind for hit in search(database, course, "w1", kinds=("slide",))} == {"slide"}


def test_the_index_of_a_large_course_is_what_answers(database_url, course, deck, monkeypatch):
    deck("a.pdf", *(f"alpha w{n}" for n in range(50)))
    monkeypatch.setattr(vectors, "EXACT_CHUNKS", 10)
    with Database(database_url, max_size=1) as database:
        with database.transaction() as connection:
            known = ensure_embedding_set(connection, model=EMBED.model, dims=EMBED.dims, search_text_version="1")
            index_large_courses(connection, known)
        search(database, course, "alpha w1")
        with database.transaction() as connection:
            connection.execute("select pg_stat_force_next_flush()")
        with database.transaction() as connection:
            scans = connection.execute("select idx_scan from pg_stat_user_indexes where indexrelname like 'hnsw%'")
            assert scans.fetchone() == (1,)


def test_questions_may_be_about_every_file_of_the_course(database, course, deck, talk):
    deck("a.pdf", "alpha", "beta")
    talk("talk.srt", "gamma")
    assert list_material_files(database, Scope(course_id=course, person=OPERATOR)) == {"a.pdf", "talk.srt"}


def test_a_page_that_the_question_names_comes_first_in_the_deck_it_names(database, course, deck):
    deck("heat_conduction.pdf", "Fourier's law", "boundary conditions", "insulation", "an exercise")
    deck("waves.pdf", "page and heat", "heat conduction page", "what is on it", "waves")
    first = retrieve_chunks(
        database, "What is on page 4 of heat conduction?", scope=Scope(course_id=course, person=OPERATOR), embed=EMBED
    )[0]
    assert (first.file_name, first.page, first.named) == ("heat_conduction.pdf", 4, True)
    pages = retrieve_chunks(database, "slide 3", scope=Scope(course_id=course, person=OPERATOR), embed=EMBED)[:2]
    assert {(hit.file_name, hit.page) for hit in pages} == {("heat_conduction.pdf", 3), ("waves.pdf", 3)}


def test_a_page_named_is_looked_for_only_where_the_search_may_look(database, course, deck):
    deck("a.pdf", "one", "two")
    other = deck("b.pdf", "three", "four")
    scope = Scope(course_id=course, person=OPERATOR, source_ids=(other.id,))
    hits = retrieve_chunks(database, "page 2 of a", scope=scope, embed=EMBED)
    assert {hit.file_name for hit in hits} == {"b.pdf"}


def test_a_word_that_only_one_page_has_names_it(database, course, deck):
    deck("rules.pdf", "the fnord rule of exams", "the rule of exams", "rules and exams", "exams again")
    hits = retrieve_chunks(database, "fnord", scope=Scope(course_id=course, person=OPERATOR), embed=EMBED)
    assert [hit.named for hit in hits].count(True) == 1
    assert hits[0].named


class Polyglot(WordsEmbedder):
    """To it a German word is the English one it stands for."""

    def embed(self, texts):
        return super().embed([text.lower().replace("hunde", "dogs").replace("bellen", "bark") for text in texts])


def second_vectors(database, source_id, embed):
    with database.transaction() as connection:
        key = {"model": embed.model, "dims": embed.dims, "search_text_version": "1"}
        known = ensure_embedding_set(connection, **key, role="multilingual")
        missing = chunks_without_vectors(connection, known, source_id)
        write_vectors(connection, known, missing, embed.embed([chunk.search_text for chunk in missing]))


@pytest.fixture
def both():
    return WordsEmbedder(multilingual=Polyglot(model="fake/polyglot"))


def test_a_question_in_another_language_is_compared_with_the_second_vectors(database, course, deck, both):
    document = deck("a.pdf", "we eat at noon", "dogs bark at night")
    assert search(database, course, "wo bellen Hunde", embed=both)[0].similarity < 0.5  # there are none yet
    second_vectors(database, document.id, both.multilingual)
    hit = search(database, course, "wo bellen Hunde", embed=both)[0]
    assert (hit.text, hit.dense_rank) == ("dogs bark at night", 1)
    assert hit.similarity > 0.5


@pytest.mark.parametrize("question", ["do the dogs bark?", "dogs bark"])
def test_a_question_in_english_or_in_the_words_of_the_course_never_asks_the_second_embedder(
    database, course, deck, both, question
):
    document = deck("a.pdf", "we eat at noon", "dogs bark at night")
    before = search(database, course, question, embed=both)
    second_vectors(database, document.id, both.multilingual)
    both.multilingual.embedded.clear()
    assert search(database, course, question, embed=both) == before
    assert both.multilingual.embedded == []


def test_second_vectors_of_another_model_or_of_nobody_are_not_compared(database, course, deck, both):
    document = deck("a.pdf", "we eat at noon", "dogs bark at night")
    plain = search(database, course, "wo bellen Hunde")
    second_vectors(database, document.id, WordsEmbedder(model="old/polyglot"))
    assert search(database, course, "wo bellen Hunde", embed=both) == plain
    assert search(database, course, "wo bellen Hunde") == plain


def test_one_side_alone_scores_by_that_side(database, course, deck):
    deck("a.pdf", "alpha beta gamma", "alpha alpha alpha", "beta delta")
    by_words = search(database, course, "alpha beta", rules={"dense_weight": 0.0, "slide_bonus": 0.0})
    by_meaning = search(database, course, "alpha beta", rules={"dense_weight": 1.0, "slide_bonus": 0.0})
    assert [hit.score for hit in by_meaning] == pytest.approx([hit.similarity for hit in by_meaning])
    assert [hit.lexical_rank for hit in by_words] == [1, 2, 3]


def test_the_bonus_of_slides_is_what_puts_them_before_speech_that_is_as_good(database, course, deck, talk):
    talk("talk.srt", "entropy of a policy")
    deck("a.pdf", "entropy of a policy")
    slide, speech = search(database, course, "entropy of a policy", rules={"slide_bonus": 0.3})
    assert (slide.kind, speech.kind) == ("slide", "speech")
    assert slide.score - speech.score == pytest.approx(0.3)
    level = search(database, course, "entropy of a policy", rules={"slide_bonus": 0.0})
    assert level[0].score == pytest.approx(level[1].score)


def test_rules_that_are_switched_off_change_nothing_more(database, course, deck, both):
    german = deck("a.pdf", "we eat at noon", "dogs bark at night")
    second_vectors(database, german.id, both.multilingual)
    off = search(database, course, "wo bellen Hunde", embed=both, rules={"second_vectors": False})
    assert off == search(database, course, "wo bellen Hunde")
    assert search(database, course, "page 1 dogs")[0].page == 1
    assert search(database, course, "page 1 dogs", rules={"named_places": False})[0].page == 2


def test_copies_of_a_slide_are_shown_where_that_is_asked_for(database, course, deck):
    text = "learning rate alpha controls speed while velocity keeps memory across steep narrow ravines"
    deck("a.pdf", text)
    deck("copy of a.pdf", text)
    assert len(search(database, course, "learning rate")) == 1
    assert len(search(database, course, "learning rate", rules={"one_of_copies": False})) == 2


def test_a_slip_of_the_hand_is_asked_in_the_courses_spelling_and_a_word_of_its_own_is_not(database, course, deck):
    deck("a.pdf", "aliasing folds frequencies", "absorption of light", "zebras have stripes")
    (hit, *_) = search(database, course, "What is alaising?")
    assert (hit.text, hit.lexical_rank) == ("aliasing folds frequencies", 1)
    assert not any(hit.lexical_rank for hit in search(database, course, "What is alaising?", rules={"spelling": False}))
    assert not any(hit.lexical_rank for hit in search(database, course, "What is adsorption?"))
