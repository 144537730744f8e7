"""Readers are told which run and which versions made what they see, and never those of an older upload."""

import pytest

from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.errors import SupersededError
from pipelines.core.lecture_slides import replace_lecture_slides
from pipelines.core.lectures import put_lecture
from pipelines.core.origins import DocumentOrigin, read_document_origin, read_lecture_origin
from pipelines.core.records import Slide, SlideDescription
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.slides import put_slide_description, replace_slides
from pipelines.core.uploads import DOCUMENT, LECTURE, begin_run, delete_upload

SLIDE = Slide(
    page=1, page_label=None, title="Wind", body="Air moves.", furniture="", section=None, text_source="layer",
    junk_chars=0, frame_group=1, image_sha256=None, width_pt=720, height_pt=405,
)  # fmt: skip
NOTHING = DocumentOrigin(
    run_id=None, slides_version=None, description_model=None, prompt_version=None, chunker_version=None,
    embedding_model=None, embedding_dims=None,
)  # fmt: skip


@pytest.fixture
def upload(database, settings):
    sealer = Sealer.open_home(settings)

    def put(sha="a"):
        with database.transaction() as connection:
            return put_document(
                connection, sealer=sealer, course_id=ensure_course(connection, "c").id, title="w", file_name="w.pdf",
                source_name="w.pdf", sha256=sha * 64, byte_count=1,
            )[0]  # fmt: skip

    return put


def test_an_upload_no_run_began_on_has_no_origin(upload, database):
    with database.transaction() as connection:
        assert read_document_origin(connection, upload()) == NOTHING


def test_the_run_and_the_versions_are_told(upload, database):
    document = upload()
    description = SlideDescription(
        page=1, text="Air.", model="sees-well", prompt_tokens=1, completion_tokens=1, cost_usd=0, reused=False
    )
    with database.transaction() as connection:
        begin_run(connection, document, run_id="run-1")
        replace_slides(connection, document, [SLIDE], title="Wind", code_version="7")
        put_slide_description(connection, document, description, prompt_version="2")
        origin = read_document_origin(connection, document)
    assert (origin.run_id, origin.slides_version) == ("run-1", "7")
    assert (origin.description_model, origin.prompt_version) == ("sees-well", "2")


def test_the_run_of_a_replaced_upload_is_not_told_as_the_new_ones(upload, database):
    with database.transaction() as connection:
        begin_run(connection, upload(), run_id="run-1")
    replaced = upload(sha="b")
    with database.transaction() as connection:
        assert read_document_origin(connection, replaced).run_id is None


def test_a_deleted_document_has_no_origin(upload, database):
    document = upload()
    with database.transaction() as connection:
        delete_upload(connection, DOCUMENT, document.id)
        with pytest.raises(SupersededError):
            read_document_origin(connection, document)


@pytest.fixture
def lecture(database):
    def put(sha="a"):
        with database.transaction() as connection:
            return put_lecture(
                connection, course_id=ensure_course(connection, "c").id, title="w", file_name="w.vtt",
                source_name="w.vtt", captions_name="w.vtt", captions_sha256=sha * 64, byte_count=1,
            )[0]  # fmt: skip

    return put


def test_the_run_of_a_lecture_and_when_it_was_aligned_are_told(lecture, database):
    known = lecture()
    with database.transaction() as connection:
        assert read_lecture_origin(connection, known).aligned_at is None
        begin_run(connection, known, run_id="run-1")
        replace_lecture_slides(connection, known, [])
        origin = read_lecture_origin(connection, known)
    assert origin.run_id == "run-1"
    assert origin.aligned_at is not None
    replaced = lecture(sha="b")
    with database.transaction() as connection:
        assert read_lecture_origin(connection, replaced).run_id is None


def test_a_deleted_lecture_has_no_origin(lecture, database):
    known = lecture()
    with database.transaction() as connection:
        delete_upload(connection, LECTURE, known.id)
        with pytest.raises(SupersededError):
            read_lecture_origin(connection, known)
