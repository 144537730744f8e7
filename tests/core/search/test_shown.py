"""Pages that are pictures: found by what was said while they were up, and only where that is of use."""

from dataclasses import replace

import pytest

from pipelines.answering.quoting import extractive_answer, relevant_hits
from pipelines.core.chunks import chunks_without_vectors, replace_lecture_chunks
from pipelines.core.courses import ensure_course
from pipelines.core.embeddings.vectors import ensure_embedding_set, write_vectors
from pipelines.core.lecture_slides import replace_lecture_slides
from pipelines.core.lectures import put_lecture
from pipelines.core.records import OPERATOR, Chunk, Scope, SlideSpan, make_chunk_id
from pipelines.core.retrieval import Ranking, retrieve_chunks
from tests.core.conftest import EMBED

FIGURE, WORDY = "Example 0 20 40 60", "A page whose words say what it is about, and there are quite a few of them here"
SAID = ("the zigzag has eleven corners before the ellipse", "entropy is a mean number of questions", "welcome to all")
ASKED = "How many corners does the zigzag have before the ellipse?"


@pytest.fixture
def lecture(database, deck):
    """A lecture of three minutes over a deck with two pages: which was up when is for each test to say."""
    document = deck("week1.pdf", FIGURE, WORDY, *(f"filler {n}" for n in range(6)))
    with database.transaction() as connection:
        made, _ = put_lecture(
            connection, course_id=ensure_course(connection, "c").id, title="talk", file_name="t.vtt",
            source_name="t.vtt", byte_count=1, captions_sha256="0" * 64, captions_name="t.vtt", media_sha256=None,
        )  # fmt: skip
        chunks = [
            Chunk(
                id=make_chunk_id(made.id, "1", text, 0), course_id=made.course_id, kind="speech", source_id=made.id,
                ordinal=n, title="talk", context="", text=text, token_count=9, start_ms=n * 60_000,
                end_ms=(n + 1) * 60_000,
            )
            for n, text in enumerate(SAID)
        ]  # fmt: skip
        replace_lecture_chunks(connection, made, chunks, chunker_version="1")
        known = ensure_embedding_set(connection, model=EMBED.model, dims=EMBED.dims, search_text_version="1")
        missing = chunks_without_vectors(connection, known, made.id)
        write_vectors(connection, known, missing, EMBED.embed([chunk.search_text for chunk in missing]))

    def show(*spans):
        with database.transaction() as connection:
            replace_lecture_slides(connection, made, [
                SlideSpan(start_ms=start, end_ms=end, document_id=document.id, page=page, confidence=0.9)
                for start, end, page in spans
            ])  # fmt: skip
        return made

    return show


def search(database, made, question=ASKED, *, rules=None, **scope):
    scope = Scope(course_id=made.course_id, person=OPERATOR, **scope)
    ranking = Ranking(**rules or {})
    return retrieve_chunks(database, question, scope=scope, embed=EMBED, limit=4, ranking=ranking)


def test_a_picture_comes_right_behind_the_words_said_while_it_was_up(database, lecture):
    made = lecture((0, 60_000, 1), (60_000, 180_000, 2))
    said, picture, *_ = hits = search(database, made)
    assert (said.kind, said.text, picture.kind, picture.text) == ("speech", SAID[0], "slide", FIGURE)
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert picture.similarity == said.similarity and picture.score < said.score
    assert len({hit.chunk_id for hit in hits}) == 4
    without = search(database, made, rules={"shown_pages": False})
    assert without[0] == said and without[1].text != FIGURE


@pytest.mark.parametrize(
    ("spans", "reason"),
    [
        ([(0, 60_000, 2)], "the page says what it is about by itself"),
        ([(0, 7_000, 1), (7_000, 60_000, 2)], "the picture was passed over"),
        ([(60_000, 180_000, 1)], "it was up at another time"),
        ([], "nobody knows what was up"),
    ],
)
def test_a_page_that_does_not_need_it_or_was_not_up_stays_where_it_was(database, lecture, spans, reason):
    made = lecture(*spans)
    assert search(database, made) == search(database, made, rules={"shown_pages": False}), reason


def test_a_search_of_one_kind_or_one_upload_stays_within_it(database, lecture):
    made = lecture((0, 180_000, 1))
    assert {hit.kind for hit in search(database, made, kinds=("speech",))} == {"speech"}
    assert {hit.source_id for hit in search(database, made, source_ids=(made.id,))} == {made.id}


def test_what_has_no_words_is_not_quoted_but_its_speech_is(database, lecture):
    made = lecture((0, 60_000, 1))
    hits = [
        replace(hit, dense_rank=None, lexical_rank=None) if hit.text == FIGURE else hit
        for hit in search(database, made)
    ]
    assert hits[1].text == FIGURE and hits[1] in relevant_hits(ASKED, hits)
    answer = extractive_answer(ASKED, hits)
    assert SAID[0] in answer.text and FIGURE not in answer.text
    assert 2 not in answer.cited
