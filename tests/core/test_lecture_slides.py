"""Where speech and slides meet: which slide was up during a hit in speech, and when a slide was spoken about."""

import pytest

from pipelines.core.chunks import replace_lecture_chunks, replace_slide_chunks
from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.embeddings.vectors import ensure_embedding_set, write_vectors
from pipelines.core.lecture_slides import (
    link_document,
    list_linked_documents,
    list_outdated_alignments,
    list_similar_documents,
    propose_to_lectures,
    replace_lecture_slides,
)
from pipelines.core.lectures import put_lecture
from pipelines.core.models.providers import embedder
from pipelines.core.records import OPERATOR, Chunk, Scope, SlideSpan, make_chunk_id
from pipelines.core.retrieval import retrieve_chunks
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.uploads import DOCUMENT, begin_run, delete_upload

SLIDES = ["Gradient descent follows the slope downhill.", "Momentum remembers earlier steps."]
SPEECH = ["We begin with going downhill along the slope.", "Then we let a ball roll and remember its momentum."]


@pytest.fixture
def course(database, settings):
    """A searchable deck of two slides and a lecture of two minutes about it; the lecture is not aligned yet."""
    embed = embedder(settings)
    with database.transaction() as connection:
        course_id = ensure_course(connection, "Optimisation").id
        names = {"course_id": course_id, "title": "t", "byte_count": 1}
        deck, _ = put_document(
            connection, sealer=Sealer.open_home(settings), file_name="d.pdf", source_name="d.pdf", sha256="a" * 64,
            **names,
        )  # fmt: skip
        lecture, _ = put_lecture(connection, file_name="l.mp3", source_name="l.mp3", media_sha256="b" * 64, **names)
        begin_run(connection, lecture)
        pages = [chunk(deck, "slide", n, text, page=n + 1, pages=(n + 1,)) for n, text in enumerate(SLIDES)]
        minutes = [
            chunk(lecture, "speech", n, text, start_ms=n * 60_000, end_ms=(n + 1) * 60_000)
            for n, text in enumerate(SPEECH)
        ]
        replace_slide_chunks(connection, deck, pages, chunker_version="1")
        replace_lecture_chunks(connection, lecture, minutes, chunker_version="1")
        live = ensure_embedding_set(connection, model=embed.model, dims=embed.dims, search_text_version="1")
        write_vectors(connection, live, [*pages, *minutes], embed.embed([*SLIDES, *SPEECH]))
    return deck, lecture


def chunk(source, kind, ordinal, text, **place):
    return Chunk(
        id=make_chunk_id(source.id, "1", text, 0), course_id=source.course_id, kind=kind, source_id=source.id,
        ordinal=ordinal, title="t", context="", text=text, token_count=9, **place,
    )  # fmt: skip


def span(start_s, end_s, deck=None, page=None):
    return SlideSpan(
        start_ms=start_s * 1000, end_ms=end_s * 1000, document_id=deck and deck.id, page=page, confidence=0.8
    )


def find(database, settings, lecture, question, kind):
    scope = Scope(course_id=lecture.course_id, person=OPERATOR, kinds=(kind,))
    return retrieve_chunks(database, question, scope=scope, embed=embedder(settings), limit=1)[0]


def align(database, lecture, *spans, **more):
    with database.transaction() as connection:
        replace_lecture_slides(connection, lecture, spans, **more)


def test_a_hit_in_speech_names_the_slide_that_was_up_longest(database, settings, course):
    deck, lecture = course
    align(database, lecture, span(0, 70, deck, 1), span(70, 100, deck, 2), span(100, 120))
    hit = find(database, settings, lecture, "momentum", "speech")
    assert (hit.lecture_id, hit.start_ms, hit.end_ms) == (lecture.id, 60_000, 120_000)
    assert (hit.document_id, hit.page) == (deck.id, 2)


def test_a_hit_on_a_slide_names_the_longest_time_it_was_up(database, settings, course):
    deck, lecture = course
    align(database, lecture, span(0, 10, deck, 2), span(10, 70, deck, 1), span(70, 120, deck, 2))
    hit = find(database, settings, lecture, "momentum", "slide")
    assert (hit.document_id, hit.page) == (deck.id, 2)
    assert (hit.lecture_id, hit.start_ms, hit.end_ms) == (lecture.id, 70_000, 120_000)


@pytest.mark.parametrize("kind", ["speech", "slide"])
def test_without_an_alignment_or_without_the_deck_a_hit_stands_alone(database, settings, course, kind):
    deck, lecture = course
    hit = find(database, settings, lecture, "momentum", kind)
    assert (hit.document_id, hit.lecture_id).count(None) == 1
    if kind == "speech":
        align(database, lecture, span(0, 120, deck, 1))
        with database.transaction() as connection:
            delete_upload(connection, DOCUMENT, deck.id)
        assert find(database, settings, lecture, "momentum", kind) == hit


def test_a_deck_of_the_course_is_as_like_a_lecture_as_their_words(database, course):
    deck, lecture = course
    with database.transaction() as connection:
        (found,) = list_similar_documents(connection, lecture)
    assert (found.document_id, found.given) == (deck.id, False)
    assert 0.3 < found.similarity < 0.9


def test_a_lecture_aligned_before_its_deck_was_there_is_aligned_again_once(database, course):
    deck, lecture = course
    with database.transaction() as connection:
        link_document(connection, lecture.id, deck.id)
        assert list_outdated_alignments(connection) == []  # its first run is still to come
    align(database, lecture)
    with database.transaction() as connection:
        ((found, _),) = list_outdated_alignments(connection)
        assert found == lecture.id
    align(database, lecture, span(0, 120, deck, 1), deck_sha256s=[deck.sha256])
    with database.transaction() as connection:
        assert list_outdated_alignments(connection) == []


def test_a_deck_that_comes_late_is_proposed_to_lectures_that_sound_like_it_and_have_none(database, course):
    deck, lecture = course
    with database.transaction() as connection:
        assert propose_to_lectures(connection, deck, least=0.3) == 0  # its first alignment is still to come
    align(database, lecture)
    with database.transaction() as connection:
        assert propose_to_lectures(connection, deck, least=0.9) == 0
        assert propose_to_lectures(connection, deck, least=0.3) == 1
        ((found, _),) = list_outdated_alignments(connection)
        assert found == lecture.id
    align(database, lecture, deck_sha256s=[deck.sha256])  # looked at closely, and not the lecture's
    with database.transaction() as connection:
        assert propose_to_lectures(connection, deck, least=0.3) == 0
        assert list_outdated_alignments(connection) == list_linked_documents(connection, lecture.id) == []


def test_decks_a_person_gave_are_all_a_lecture_is_aligned_with(database, settings, course):
    deck, lecture = course
    align(database, lecture)
    with database.transaction() as connection:
        given, _ = put_document(
            connection, sealer=Sealer.open_home(settings), course_id=deck.course_id, title="g", file_name="g.pdf",
            source_name="g.pdf", sha256="c" * 64, byte_count=1,
        )  # fmt: skip
        assert propose_to_lectures(connection, deck, least=0.3) == 1
        link_document(connection, lecture.id, given.id)
        assert list_outdated_alignments(connection) == []  # the given one is not read yet, the other not wanted
        assert propose_to_lectures(connection, deck, least=0.3) == 0
