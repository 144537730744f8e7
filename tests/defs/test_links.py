"""The recording of a lecture by link: fetched once, told meanwhile, given up with its lecture, shared by its bytes."""

from dataclasses import replace
from uuid import UUID

import pytest

from pipelines.core.courses import ensure_course
from pipelines.core.errors import PermanentError, SupersededError, UnreadableFileError
from pipelines.core.lecture_links import put_linked_lecture
from pipelines.core.lectures import get_lecture
from pipelines.core.records import OPERATOR
from pipelines.core.stored_files import check_files
from pipelines.core.stores import Stores
from pipelines.core.uploads import LECTURE, begin_run, begin_stage, delete_upload, list_unrequested
from pipelines.defs import links
from pipelines.defs.links import with_recording
from tests.steps.links.conftest import WAV, site

__all__ = ["site"]

CONTENT = WAV + bytes(2_000_000)


@pytest.fixture
def stores(settings, site):
    site.pages = {"/talks/week1.wav": CONTENT, "/page": b"<html>"}
    with Stores.open(settings.model_copy(update={"link_origins": site.url})) as opened:
        yield opened


@pytest.fixture
def linked(stores, site):
    """A lecture by link, at whose first asset a run has begun."""

    def put(path="/talks/week1.wav", owner=None):
        with stores.database.transaction() as connection:
            course = ensure_course(connection, "Optimisation")
            owner = owner or connection.execute("select local_person()").fetchone()[0]
            lecture_id, _ = put_linked_lecture(
                connection, course_id=course.id, owner_id=owner, url=site.url + path, file_name="week1.wav",
                published=True,
            )  # fmt: skip
            assert (lecture_id, 1) in list_unrequested(connection, LECTURE), "a run is started for it"
            lecture = get_lecture(connection, lecture_id, person=OPERATOR)
            begin_run(connection, lecture, run_id="r")
            return begin_stage(connection, lecture, stage="lecture_audio", run_id="r", whole=True)

    return put


def person(stores) -> UUID:
    with stores.database.transaction() as connection:
        return connection.execute("insert into users (issuer, subject) values ('i', 's') returning id").fetchone()[0]


def test_is_put_beside_its_lecture_once_and_told_on_the_way(stores, linked, site):
    lecture = linked()
    found = with_recording(stores, lecture)
    assert stores.files.open_read(found.media_sha256).read() == CONTENT
    with stores.database.transaction() as connection:
        again = get_lecture(connection, lecture.id, person=OPERATOR)
        note = connection.execute("select stages->'lecture_audio'->>'note' from lectures").fetchone()[0]
    assert (again.media_sha256, again.byte_count, again.generation) == (found.media_sha256, len(CONTENT), 1)
    assert note.startswith("fetched ") and note.endswith(" of 2 MB")
    with_recording(stores, again)
    assert site.asked == ["/talks/week1.wav"], "a run that is tried again fetches nothing twice"


def test_two_people_who_add_one_link_share_its_bytes(stores, linked):
    mine, theirs = linked(), linked(owner=person(stores))
    assert mine.id != theirs.id
    assert with_recording(stores, mine).media_sha256 == with_recording(stores, theirs).media_sha256
    assert len(stores.files.list_stored()) == 1


def test_goes_no_further_than_its_lecture(stores, linked, monkeypatch):
    lecture = linked()
    told = links._tell

    def delete(*given):
        with stores.database.transaction() as connection:
            delete_upload(connection, LECTURE, lecture.id)
        told(*given)

    monkeypatch.setattr(links, "_tell", delete)
    with pytest.raises(SupersededError):
        with_recording(stores, lecture)
    assert check_files(stores.database, stores.files).unreferenced == ()


def test_what_is_no_recording_or_too_much_for_its_owner_leaves_nothing(stores, linked):
    with pytest.raises(UnreadableFileError):
        with_recording(stores, linked("/page"))
    small = replace(stores, settings=stores.settings.model_copy(update={"person_quota_mb": 1}))
    with pytest.raises(PermanentError, match="may keep"):
        with_recording(small, linked(owner=person(stores)))
    assert stores.files.list_stored() == []
