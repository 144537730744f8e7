"""Private decks: found by their owner alone, at once, and without a trace in other people's scores and names."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pipelines.core import retrieval
from pipelines.core.documents import get_document, list_documents
from pipelines.core.embeddings.vectors import ensure_embedding_set, index_large_courses
from pipelines.core.errors import NotFoundError, SupersededError
from pipelines.core.materials import list_materials
from pipelines.core.records import OPERATOR, Scope
from pipelines.core.retrieval import retrieve_chunks
from pipelines.core.secrets.crypto import Sealer
from tests.embedders import WordsEmbedder

EMBED = WordsEmbedder()
SEALER = Sealer(b"k" * 32)


def found(database, course, person, question):
    hits = retrieve_chunks(database, question, scope=Scope(course_id=course, person=person), embed=EMBED)
    return [(hit.file_name, hit.source_id, hit.page, round(hit.score, 9)) for hit in hits]


def sources(database, course, person, question):
    return {source for _, source, _, _ in found(database, course, person, question)}


def test_a_private_deck_is_found_by_its_owner_alone(database, course, people, deck):
    public = deck("week1.pdf", "momentum of a body", "entropy of a gas")
    mine = deck("notes.pdf", "momentum in my own words", owner=people["ben"])
    assert sources(database, course, people["ben"], "momentum") == {public.id, mine.id}
    for name in ("ada", "cleo"):
        assert sources(database, course, people[name], "momentum") == {public.id}
    assert sources(database, course, OPERATOR, "momentum") == {public.id}
    with pytest.raises(NotFoundError):
        found(database, course, people["eve"], "momentum")


def test_what_is_not_released_or_only_offered_is_found_by_who_it_is_for(database, course, people, deck):
    later = deck("later.pdf", "momentum", published=True, release_at=datetime.now(UTC) + timedelta(hours=1))
    earlier = deck("earlier.pdf", "momentum", published=True, release_at=datetime.now(UTC) - timedelta(hours=1))
    offered = deck("offered.pdf", "momentum", owner=people["ben"], offered_at=datetime.now(UTC))
    assert sources(database, course, people["ada"], "momentum") == {later.id, earlier.id}
    assert sources(database, course, people["ben"], "momentum") == {earlier.id, offered.id}
    assert sources(database, course, people["cleo"], "momentum") == {earlier.id}


def test_words_of_private_decks_change_nothing_in_other_peoples_results(database, course, people, deck):
    deck("week1.pdf", "momentum of a body", "entropy of a gas", "momentum and entropy", "heat")
    deck("week2.pdf", "a table of entropy", "momentum page")
    asked = ("momentum", "entropy of heat", "page 2", "slide 1 of week1")
    before = {name: [found(database, course, people[name], q) for q in asked] for name in ("ada", "cleo")}
    for n in range(5):
        deck("week1.pdf" if n == 0 else f"notes{n}.pdf", *["momentum entropy"] * 5, "heat", owner=people["ben"])
    for name, results in before.items():
        assert [found(database, course, people[name], q) for q in asked] == results, name
    alone = people["ben"]
    assert found(database, course, alone, "momentum") != before["cleo"][0]


def test_a_question_is_spelled_by_what_its_asker_may_see_alone(database, course, people, deck):
    deck("open.pdf", "zebras have stripes")
    mine = deck("bens.pdf", "aliasing folds frequencies", owner=people["ben"])

    def by_words(name):
        scope = Scope(course_id=course, person=people[name])
        hits = retrieve_chunks(database, "What is alaising?", scope=scope, embed=EMBED)
        return [hit.source_id for hit in hits if hit.lexical_rank]

    assert by_words("ben") == [mine.id]
    assert by_words("cleo") == []


def test_publishing_and_unpublishing_change_searches_at_once(database, course, people, deck):
    mine = deck("notes.pdf", "momentum", owner=people["ben"])
    deck("week1.pdf", "entropy")
    for published, expected in ((True, {mine.id}), (False, set()), (True, {mine.id})):
        with database.transaction() as connection:
            connection.execute("update documents set published = %s where id = %s", [published, mine.id])
        assert sources(database, course, people["cleo"], "momentum") & {mine.id} == expected


def test_a_search_within_a_deck_that_is_not_theirs_finds_nothing(database, course, people, deck):
    mine = deck("notes.pdf", "momentum", owner=people["ben"])
    deck("week1.pdf", "momentum")
    within = {name: Scope(course_id=course, person=people[name], source_ids=(mine.id,)) for name in ("ben", "cleo")}
    assert len(retrieve_chunks(database, "momentum", scope=within["ben"], embed=EMBED)) == 1
    assert retrieve_chunks(database, "momentum", scope=within["cleo"], embed=EMBED) == []


def test_the_index_of_a_large_course_finds_the_same_beside_private_decks(database, course, people, deck, monkeypatch):
    rng = np.random.default_rng(8)
    texts = [" ".join(rng.choice([f"w{n}" for n in range(300)], 12)) for _ in range(400)]
    deck("a.pdf", *texts[:200])
    deck("notes.pdf", *texts[200:], owner=people["ben"])
    exact = [found(database, course, people["cleo"], text) for text in texts[:10]]
    monkeypatch.setattr("pipelines.core.embeddings.vectors.EXACT_CHUNKS", 100)
    monkeypatch.setattr(retrieval, "EXACT_CHUNKS", 100)
    with database.transaction() as connection:
        known = ensure_embedding_set(connection, model=EMBED.model, dims=EMBED.dims, search_text_version="1")
        assert index_large_courses(connection, known) == [course]
    assert [found(database, course, people["cleo"], text) for text in texts[:10]] == exact


def test_lists_show_each_person_what_they_may_see(database, course, people, deck):
    decks = {
        "public": deck("a.pdf", "x"),
        "later": deck("b.pdf", "x", published=True, release_at=datetime.now(UTC) + timedelta(hours=1)),
        "offered": deck("c.pdf", "x", owner=people["ben"], offered_at=datetime.now(UTC)),
        "private": deck("a.pdf", "x", owner=people["ben"]),
    }
    names = {document.id: name for name, document in decks.items()}
    expected = {
        "ada": {"public", "later", "offered"},
        "ben": {"public", "offered", "private"},
        "cleo": {"public"},
        "eve": set(),
    }
    with database.transaction() as connection:
        for name, sees in expected.items():
            scope = Scope(course_id=course, person=people[name])
            assert {names[one.id] for one in list_documents(connection, scope, sealer=SEALER)} == sees, name
            assert {names[one.id] for one in list_materials(connection, scope)} == sees, name
            for kind, document in decks.items():
                if kind in sees:
                    assert get_document(connection, document.id, person=people[name], sealer=SEALER) == document
                else:
                    with pytest.raises(SupersededError):
                        get_document(connection, document.id, person=people[name], sealer=SEALER)
        everything = Scope(course_id=course, person=OPERATOR)
        assert {names[one.id] for one in list_materials(connection, everything)} == set(decks)
