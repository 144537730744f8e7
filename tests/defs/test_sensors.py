"""Rows become partitions and runs once, and deletions take partition, rows and files; whatever was interrupted."""

import io
import json
import os
from dataclasses import replace

import dagster as dg
import pytest
from psycopg.types.json import Jsonb

from pipelines.core.courses import ensure_course
from pipelines.core.documents import get_document, put_document
from pipelines.core.embeddings.vectors import note_second_vectors
from pipelines.core.errors import StorageUnavailableError, SupersededError
from pipelines.core.records import OPERATOR
from pipelines.core.stores import Stores
from pipelines.core.tracing.spans import TRACE_TAG, span
from pipelines.core.uploads import DOCUMENT, begin_run, delete_upload, fail_upload, reprocess_upload
from pipelines.defs import sensors
from pipelines.defs.jobs import documents_job, recognition_job
from pipelines.defs.sensors import DOCUMENTS, documents_sensor, look
from tests.defs.graphs import key_of

SEARCHABLE = {"slide_embeddings": {"ended_at": "2026-11-27T00:00:00Z"}}


@pytest.fixture
def stores(settings):
    with Stores.open(settings) as stores:
        yield stores


@pytest.fixture
def partitions():
    """A Dagster instance in memory; the sensor's requests are applied to it as the daemon would."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def upload(stores, text="slides", name="week1.pdf", **options):
    kept = stores.files.add(io.BytesIO(text.encode()), max_bytes=1000)
    with stores.database.transaction() as connection:
        document, _ = put_document(
            connection,
            sealer=stores.sealer,
            course_id=ensure_course(connection, "Physics").id,
            title=name,
            file_name=name,
            source_name=name,
            sha256=kept.sha256,
            byte_count=kept.byte_count,
            **options,
        )
    return document


def tick(stores, instance, cursor=None):
    """Look, and do what the daemon would do with the answer; (run keys, cursor)."""
    found = look(DOCUMENTS, stores, instance, cursor)
    if isinstance(found, dg.SkipReason):
        return [], cursor
    for change in found.dynamic_partitions_requests:
        if isinstance(change, dg.AddDynamicPartitionsRequest):
            instance.add_dynamic_partitions("documents", change.partition_keys)
        else:
            for key in change.partition_keys:
                instance.delete_dynamic_partition("documents", key)
    return [request.run_key for request in found.run_requests], found.cursor


def test_an_upload_becomes_a_partition_and_one_run(stores, partitions):
    document = upload(stores)
    keys, cursor = tick(stores, partitions)
    assert keys == [f"document:{document.id}:1"]
    assert partitions.get_dynamic_partitions("documents") == [key_of(stores, document)]
    assert tick(stores, partitions, cursor) == ([], cursor)


def test_an_upload_that_failed_for_a_reason_that_may_pass_gets_another_run_when_its_wait_is_over(stores, partitions):
    document = upload(stores)
    _, cursor = tick(stores, partitions)
    with stores.database.transaction() as connection:
        begin_run(connection, document, run_id="r")
        fail_upload(connection, document, code="provider_unavailable", message="Away.", passing=True)
    assert tick(stores, partitions, cursor)[0] == []
    with stores.database.transaction() as connection:
        connection.execute("update documents set again_at = now()")
    keys, cursor = tick(stores, partitions, cursor)
    assert keys == [f"document:{document.id}:2"]
    assert tick(stores, partitions, cursor)[0] == []


def test_a_try_that_nobody_asked_for_and_a_later_run_are_in_the_trace_of_their_upload(stores, partitions):
    with span("POST /api/documents") as request:
        document = upload(stores)

    def asked():
        found = look(DOCUMENTS, stores, partitions, None)
        return {run.run_key: run.tags.get(TRACE_TAG) for run in found.run_requests}

    assert asked() == {f"document:{document.id}:1": request.parent}
    with stores.database.transaction() as connection:
        begin_run(connection, document, run_id="r")
        fail_upload(connection, document, code="provider_unavailable", message="Away.", passing=True)
        connection.execute("update documents set again_at = now()")
    assert asked() == {f"document:{document.id}:2": request.parent}
    with span("POST /api/documents/retry") as other, stores.database.transaction() as connection:
        reprocess_upload(connection, document)
    assert asked() == {f"document:{document.id}:3": other.parent}
    with stores.database.transaction() as connection:
        begin_run(connection, replace(document, generation=3), run_id="r")
        stages = Jsonb({"slide_embeddings": {"ended_at": "2026-11-27T00:00:00Z"}})
        connection.execute("update documents set stages = %s, second_vectors = false", [stages])
    (late,) = asked().items()
    assert late[0] != f"document:{document.id}:3"
    assert late[1] == other.parent


def test_a_restart_without_a_cursor_asks_with_the_same_run_key(stores, partitions):
    upload(stores)
    assert tick(stores, partitions)[0] == tick(stores, partitions)[0]  # Dagster starts one run a key


def test_a_new_generation_is_a_new_run(stores, partitions):
    document = upload(stores)
    _, cursor = tick(stores, partitions)
    with stores.database.transaction() as connection:
        begin_run(connection, document, run_id="11111111-1111-1111-1111-111111111111")
    keys, cursor = tick(stores, partitions, cursor)
    assert keys == []
    assert json.loads(cursor) == []  # what has begun is forgotten: a cursor does not grow
    upload(stores, text="other slides")
    assert tick(stores, partitions, cursor)[0] == [f"document:{document.id}:2"]


def test_a_deletion_takes_the_partition_then_the_rows_and_the_file(stores, partitions):
    document = upload(stores)
    _, cursor = tick(stores, partitions)
    with stores.database.transaction() as connection:
        delete_upload(connection, DOCUMENT, document.id)
    _, cursor = tick(stores, partitions, cursor)
    assert partitions.get_dynamic_partitions("documents") == []
    assert stores.files.has(document.sha256)
    tick(stores, partitions, cursor)
    assert not stores.files.has(document.sha256)
    assert tick(stores, partitions, cursor)[0] == []


def test_a_deletion_interrupted_between_its_halves_is_finished_later(stores, partitions):
    document = upload(stores)
    tick(stores, partitions)
    with stores.database.transaction() as connection:
        delete_upload(connection, DOCUMENT, document.id)
    look(DOCUMENTS, stores, partitions, None)  # the daemon died before it applied the answer
    assert stores.files.has(document.sha256)
    tick(stores, partitions)
    tick(stores, partitions)
    assert partitions.get_dynamic_partitions("documents") == []
    assert not stores.files.has(document.sha256)
    with stores.database.transaction() as connection, pytest.raises(SupersededError):
        get_document(connection, document.id, person=OPERATOR, sealer=stores.sealer)


def test_a_deck_without_second_vectors_gets_them_at_the_next_look_unless_they_are_switched_off(stores, partitions):
    document = upload(stores)
    tick(stores, partitions)
    with stores.database.transaction() as connection:
        begin_run(connection, document, run_id="11111111-1111-1111-1111-111111111111")
        connection.execute("update documents set stages = stages || %s", [json.dumps(SEARCHABLE)])
    off = stores.settings.model_copy(update={"multilingual_search": False})
    assert tick(replace(stores, settings=off), partitions)[0] == []
    assert tick(stores, partitions)[0] == [f"document:{document.id}:second_vectors:1"]
    with stores.database.transaction() as connection:
        note_second_vectors(connection, document.id, made=True)
    assert tick(stores, partitions)[0] == []


def test_the_sensor_starts_the_documents_job_every_second_from_the_start():
    assert [target.job_name for target in documents_sensor.targets] == [documents_job.name, recognition_job.name]
    assert documents_sensor.minimum_interval_seconds == 1
    assert documents_sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_a_database_that_is_away_is_a_tick_skipped_not_a_sensor_broken(monkeypatch, partitions):
    def away():
        raise StorageUnavailableError("The database cannot be reached now.")

    monkeypatch.setattr(sensors, "lasting_stores", away)
    answer = documents_sensor(dg.build_sensor_context(instance=partitions))
    assert isinstance(answer, dg.SkipReason)
    assert answer.skip_message == "The database cannot be reached now."


def test_the_running_system_sweeps_bytes_that_no_row_refers_to(stores, monkeypatch):
    document, old = upload(stores), stores.files.add(io.BytesIO(b"nobody's")).sha256
    for name in (old, document.sha256):
        with stores.files.local_path(name) as path:
            os.utime(path, (0, 0))
    monkeypatch.setattr(sensors, "lasting_stores", lambda: stores)
    answer = sensors.unreferenced_files_sensor(dg.build_sensor_context())
    assert answer.skip_message.startswith("1 files")
    assert (stores.files.has(old), stores.files.has(document.sha256)) == (False, True)
