"""Uploads offered, declined, published, dated and taken back, by each person under row security."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from pipelines.core.documents import put_document
from pipelines.core.errors import NotAllowedError, NotFoundError, PermanentError
from pipelines.core.publishing import delete, managed, offer, place_of, publish, withdraw
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.uploads import DOCUMENT


@pytest.fixture
def as_(database, people):
    """Run a function in a transaction of a person: `as_("ada", delete, DOCUMENT, upload)`."""

    def run(name, function, /, *arguments, **named):
        with database.transaction(as_person=people[name]) as connection:
            return function(connection, people[name], *arguments, **named)

    return run


@pytest.fixture
def upload(database, course, people):
    """ben's own deck."""
    return put(database, course, people["ben"])


def put(database, course, person, published=None):
    with database.transaction(as_person=person) as connection:
        return put_document(
            connection, sealer=Sealer(b"k" * 32), course_id=course, title="t", file_name="a.pdf", source_name="a.pdf",
            sha256=uuid4().hex * 2, byte_count=1, owner_id=person.id, published=published,
        )[0].id  # fmt: skip


def shelf(as_, name, upload_id):
    try:
        found = as_(name, place_of, DOCUMENT, upload_id).shelf
    except NotFoundError:
        return None
    return found.published, found.offered


def test_a_deck_is_offered_declined_offered_again_published_and_taken_back(as_, upload):
    assert shelf(as_, "ada", upload) is None
    for nobody in ("ada", "cleo", "eve"):
        with pytest.raises(NotFoundError):
            as_(nobody, offer, DOCUMENT, upload)
    as_("ben", offer, DOCUMENT, upload)
    assert (shelf(as_, "ada", upload), shelf(as_, "cleo", upload)) == ((False, True), None)
    as_("ada", withdraw, DOCUMENT, upload)
    assert (shelf(as_, "ada", upload), shelf(as_, "ben", upload)) == (None, (False, False))
    as_("ben", offer, DOCUMENT, upload)
    with pytest.raises(NotAllowedError):
        as_("ben", publish, DOCUMENT, upload)
    as_("ada", publish, DOCUMENT, upload, release_at=datetime.now(UTC) + timedelta(hours=1))
    assert (shelf(as_, "cleo", upload), shelf(as_, "ben", upload)) == (None, (True, False))
    as_("ada", publish, DOCUMENT, upload)
    assert shelf(as_, "cleo", upload) == (True, False)
    with pytest.raises(PermanentError, match="already"):
        as_("ben", offer, DOCUMENT, upload)
    for name in ("ben", "cleo"):  # it is the course's now
        with pytest.raises(NotAllowedError):
            as_(name, delete, DOCUMENT, upload)
        with pytest.raises(NotAllowedError):
            as_(name, withdraw, DOCUMENT, upload)
    as_("ada", withdraw, DOCUMENT, upload)
    assert (shelf(as_, "cleo", upload), shelf(as_, "ben", upload)) == (None, (False, False))
    as_("ben", delete, DOCUMENT, upload)
    assert shelf(as_, "ben", upload) is None


def test_what_is_missing_and_what_is_anothers_is_the_same_answer(as_, upload):
    said = set()
    for name in ("cleo", "eve", "ada"):
        for upload_id in (upload, uuid4()):
            for function in (managed, delete, publish, withdraw, offer):
                with pytest.raises(NotFoundError) as refused:
                    as_(name, function, DOCUMENT, upload_id)
                said.add((type(refused.value), refused.value.message, refused.value.code))
    assert len(said) == 1


def test_the_same_bytes_and_the_same_name_may_be_two_peoples(database, course, people):
    both = {put(database, course, people[name]) for name in ("ben", "cleo")}
    assert len(both) == 2
    assert all(isinstance(each, UUID) for each in both)
