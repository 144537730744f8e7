"""Everybody at every door of core, with both locks, with the statements' alone, and with row security alone."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.core.documents import get_document, list_documents
from pipelines.core.errors import NotFoundError, SupersededError
from pipelines.core.evaluations.question_sets import list_material_files
from pipelines.core.materials import list_materials
from pipelines.core.records import OPERATOR, PIPELINE, Scope
from pipelines.core.retrieval import retrieve_chunks
from pipelines.core.secrets.crypto import Sealer
from tests.embedders import WordsEmbedder

SEALER = Sealer(b"k" * 32)
EMBED = WordsEmbedder()
DECKS = ("public", "later", "kept", "offered", "private")
SEES = {
    "ada": {"public", "later", "kept", "offered"},
    "ben": {"public", "offered", "private"},
    "cleo": {"public"},
    "eve": set(),
    "sue": set(),
}
"""Who sees which deck of the course."""
SEARCHES = {name: decks - ({"offered"} if name == "ada" else set()) for name, decks in SEES.items()}


class Bound:
    """A database whose transactions are bound to one person, whoever they are opened for."""

    def __init__(self, database, person):
        self._database, self._person = database, person

    def transaction(self, **_):
        return self._database.transaction(as_person=self._person)


@pytest.fixture
def decks(database, course, people, deck):
    """The decks by their names; ada keeps one back, ben offers one and keeps another to himself."""
    now = datetime.now(UTC)
    return {
        "public": deck("public", "momentum"),
        "later": deck("later", "momentum", published=True, release_at=now + timedelta(hours=1)),
        "kept": deck("kept", "momentum", owner=people["ada"], published=False),
        "offered": deck("offered", "momentum", owner=people["ben"], offered_at=now),
        "private": deck("private", "momentum", owner=people["ben"]),
    }


def through(door, database, scope, decks):
    """Names of the decks that come in sight at a door."""
    names = {document.id: name for name, document in decks.items()}
    if door == "search":
        try:
            hits = retrieve_chunks(database, "momentum", scope=scope, embed=EMBED, limit=50)
        except NotFoundError:
            return set()
        return {names[hit.source_id] for hit in hits}
    if door == "files":
        return set(list_material_files(database, scope))
    with database.transaction(as_person=scope.person) as connection:
        if door == "documents":
            return {names[found.id] for found in list_documents(connection, scope, sealer=SEALER)}
        if door == "materials":
            return {names[found.id] for found in list_materials(connection, scope)}
        seen = set()
        for name, document in decks.items():
            try:
                seen.add(get_document(connection, document.id, person=scope.person, sealer=SEALER).title)
            except SupersededError:
                continue
            assert name in seen
        return seen


@pytest.mark.parametrize("locks", ["both", "statements", "row security"])
@pytest.mark.parametrize("door", ["search", "files", "documents", "materials", "document"])
def test_nobody_sees_more_than_is_theirs(database, course, people, decks, door, locks):
    expected = SEARCHES if door in ("search", "files") else SEES
    for name, decks_seen in expected.items():
        person = people[name]
        bound = Bound(database, PIPELINE if locks == "statements" else person)
        scope = Scope(course_id=course, person=OPERATOR if locks == "row security" else person)
        seen = through(door, bound, scope, decks)
        if locks == "row security" and expected is SEARCHES:  # the operator's statement leaves out what others keep
            assert seen <= decks_seen | ({"offered"} if name == "ada" else set()), name
        else:
            assert seen == decks_seen, name
    everything = through(door, database, Scope(course_id=course, person=OPERATOR), decks)
    assert everything == ({"public", "later"} if expected is SEARCHES else set(DECKS))


def test_row_security_lets_nobody_change_or_move_what_is_not_theirs(database, course, people, decks):
    changes = {
        "rename": "update documents set title = 'x' where id = %s",
        "publish": "update documents set published = true where id = %s",
        "take": "update documents set owner_id = current_person() where id = %s",
        "delete": "update documents set deleted_at = now() where id = %s",
        "wipe": "delete from ai.slide_chunks_knowledge where document_id = %s",
    }
    everything = set(changes)
    may = {
        ("ada", "public"): everything, ("ada", "later"): everything, ("ada", "kept"): everything,
        ("ada", "offered"): everything, ("ben", "offered"): everything - {"publish"},
        ("ben", "private"): everything - {"publish"},
    }  # fmt: skip
    done = {}
    for name in SEES:
        for kind, document in decks.items():
            for change, statement in changes.items():
                try:
                    with (
                        database.transaction(as_person=people[name]) as connection,
                        connection.transaction(force_rollback=True),
                    ):
                        if connection.execute(statement, [document.id]).rowcount:
                            done.setdefault((name, kind), set()).add(change)
                except Exception as error:
                    assert "row-level security" in str(error)
    assert done == may
