"""Bytes end when no row refers to them: never under an upload's hands, never while the store cannot be seen."""

import io
import os
import re
import threading
import time

import pytest

from pipelines.core import stored_files
from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.errors import StorageUnavailableError
from pipelines.core.files import FileStore
from pipelines.core.models.item_cache import get_cached_items, put_cached_item
from pipelines.core.records import Slide
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.slides import replace_slides
from pipelines.core.statements import statement
from pipelines.core.stored_files import check_files, drop_unreferenced, hold_files, sweep_files

NOT_REFERENCES = {
    ("slides", "source_sha256"): "which upload the row was made from",
    ("slide_chunks_knowledge", "source_sha256"): "which upload the row was made from",
    ("lecture_chunks_knowledge", "source_sha256"): "which upload the row was made from",
    ("transcripts", "source_sha256"): "which upload the row was made from",
    ("findings", "source_sha256"): "which upload the row was made from",
    ("corrections", "source_sha256"): "which upload was corrected",
    ("lecture_audio", "media_sha256"): "which upload the sound was made from",
    ("lecture_frames", "media_sha256"): "which upload the pictures were taken from",
    ("document_pdfs", "source_sha256"): "which upload the PDF was made from",
    ("message_sources", "file_sha256"): "which upload the cited words were read from",
    ("lecture_alignments", "deck_sha256s"): "which uploads were compared",
    ("item_cache", "picture_sha256"): "what it is about: it ends with the picture, and keeps none",
}
"""Columns that name bytes without needing them. A new column of the kind stands here or in `list_referenced_files`."""


@pytest.fixture
def files(settings):
    return FileStore.open(settings)


@pytest.fixture
def record(database, settings):
    """Record stored bytes as a deck."""

    def put(connection, sha256, name="a.pdf"):
        return put_document(
            connection, sealer=Sealer.open_home(settings), course_id=ensure_course(connection, "c").id, title="t",
            file_name=name, source_name=name, sha256=sha256, byte_count=1,
        )  # fmt: skip

    return put


def age(files, name, seconds):
    with files.local_path(name) as path:
        then = time.time() - seconds
        os.utime(path, (then, then))


def test_every_column_that_names_stored_bytes_is_known_to_the_sweep(database):
    listed = set(re.findall(r"select (\w+) from (?:\w+\.)?(\w+)", statement("list_referenced_files")))
    known = {(table, column) for column, table in listed} | set(NOT_REFERENCES)
    with database.transaction() as connection:
        found = connection.execute(
            "select table_name, column_name from information_schema.columns join information_schema.tables"
            " using (table_schema, table_name) where table_type = 'BASE TABLE' and column_name ~ 'sha256'"
            " and table_schema in ('public', 'ai')"
        ).fetchall()
    assert set(found) == known, "say in `list_referenced_files` or in NOT_REFERENCES what the column is"


def test_a_sweep_takes_what_is_old_and_without_a_row_and_nothing_else(database, files, record):
    kept, old, young = (files.add(io.BytesIO(data)).sha256 for data in (b"kept", b"old!", b"young"))
    with database.transaction() as connection:
        record(connection, kept)
    age(files, kept, 7200)
    age(files, old, 7200)
    assert check_files(database, files).unreferenced == tuple(sorted([old, young]))
    swept = sweep_files(database, files, older_than_s=3600)
    assert (swept.files, swept.byte_count) == (1, 4)
    assert {file.sha256 for file in files.list_stored()} == {kept, young}
    assert sweep_files(database, files, older_than_s=0).files == 1
    assert check_files(database, files) == stored_files.FilesCheck(missing=(), unreferenced=())


def test_the_check_names_bytes_that_a_row_refers_to_and_that_are_gone(database, files, record):
    name = files.add(io.BytesIO(b"lost")).sha256
    with database.transaction() as connection:
        record(connection, name)
    files.remove(name)
    assert check_files(database, files).missing == (name,)


def test_a_sweep_takes_descriptions_of_pictures_that_no_slide_shows(database, files, record):
    with database.transaction() as connection:
        document, _ = record(connection, files.add(io.BytesIO(b"deck")).sha256)
        slide = Slide(
            page=1, page_label=None, title="t", body="b", furniture="", section=None, text_source="layer", junk_chars=0,
            frame_group=1, image_sha256="1" * 64, width_pt=1, height_pt=1,
        )  # fmt: skip
        replace_slides(connection, document, [slide], title="t", code_version="1")
        for number, key in enumerate((b"shown", b"gone", b"new"), 1):
            put_cached_item(connection, "kind", key, {}, picture_sha256=str(number) * 64)
        connection.execute("update item_cache set created_at = now() - interval '2 hours' where key <> 'new'")
    sweep_files(database, files, older_than_s=3600)
    with database.transaction() as connection:
        assert set(get_cached_items(connection, "kind", [b"shown", b"gone", b"new"])) == {b"shown", b"new"}


def test_bytes_that_are_being_uploaded_are_no_remains_and_those_of_a_dead_upload_are(database, files, settings):
    class Slow(io.BytesIO):
        def read(self, size=-1):
            assert sweep_files(database, files, older_than_s=0).remains == 0
            return super().read(size)

    dead = settings.home / "files" / "incoming" / "dead"
    dead.parent.mkdir(parents=True)
    dead.write_bytes(b"half")
    stored = files.add(Slow(b"slow"))
    assert files.has(stored.sha256)
    os.utime(dead, (time.time() - 7200, time.time() - 7200))
    assert sweep_files(database, files, older_than_s=0).remains == 1
    assert not dead.exists()


def test_bytes_swept_between_storing_and_recording_are_noticed_before_the_row_is_written(database, files):
    name = files.add(io.BytesIO(b"same bytes")).sha256
    sweep_files(database, files, older_than_s=0)
    with database.transaction() as connection, pytest.raises(StorageUnavailableError, match="try again") as caught:
        hold_files(connection, files, [name])
    assert caught.value.code == "removed"


def test_a_sweep_waits_for_the_row_of_bytes_that_came_again_and_then_leaves_them(database, files, record):
    """The bytes lie there without a row, as a deleted deck leaves them; the same deck is uploaded in the sweep."""
    name = files.add(io.BytesIO(b"same bytes")).sha256
    with database.transaction() as connection:
        hold_files(connection, files, [name])
        sweep = threading.Thread(target=sweep_files, args=(database, files), kwargs={"older_than_s": 0})
        sweep.start()
        sweep.join(0.3)
        assert sweep.is_alive()
        record(connection, name)
    sweep.join()
    assert files.has(name)


def test_an_upload_waits_for_a_sweep_that_removes_its_bytes_now(database, files, monkeypatch):
    name, order = files.add(io.BytesIO(b"same bytes")).sha256, []
    real, removing = files.remove, threading.Event()

    def remove(sha256):
        removing.set()
        time.sleep(0.2)
        real(sha256)
        order.append("removed")

    monkeypatch.setattr(files, "remove", remove)
    sweep = threading.Thread(target=drop_unreferenced, args=(database, files, [name]))
    sweep.start()
    assert removing.wait(20)
    with database.transaction() as connection, pytest.raises(StorageUnavailableError):
        hold_files(connection, files, [name])
    order.append("asked")
    sweep.join()
    assert order == ["removed", "asked"]


def test_two_sweeps_at_once_remove_each_file_once(database, files):
    for number in range(40):
        files.add(io.BytesIO(f"file {number}".encode()))
    found = []
    sweeps = [
        threading.Thread(target=lambda: found.append(sweep_files(database, files, older_than_s=0).files))
        for _ in range(2)
    ]
    for sweep in sweeps:
        sweep.start()
    for sweep in sweeps:
        sweep.join()
    assert len(found) == 2
    assert files.list_stored() == []


def test_a_store_that_cannot_be_listed_keeps_everything(database, files, monkeypatch):
    name = files.add(io.BytesIO(b"bytes")).sha256

    def away(*arguments, **more):
        raise OSError("no route to host")

    monkeypatch.setattr(files._fs, "find", away)
    with pytest.raises(StorageUnavailableError):
        sweep_files(database, files, older_than_s=0)
    monkeypatch.undo()
    assert files.has(name)
