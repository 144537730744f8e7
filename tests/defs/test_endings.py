"""Runs that ended without a word: their uploads have failed, whatever they were to make of them."""

import dagster as dg
import pytest

from pipelines.core.stages import read_progress
from pipelines.core.stores import Stores
from pipelines.core.uploads import begin_run
from pipelines.defs.endings import UPLOAD_TAG, end_uploads
from tests.defs.test_sensors import upload


@pytest.mark.parametrize("what_for", ["", ":recognition:r1"])
def test_a_run_that_died_too_often_fails_the_upload_it_was_started_for_and_no_newer_one(settings, what_for):
    with Stores.open(settings) as stores, dg.DagsterInstance.ephemeral() as instance:
        document = upload(stores)
        with stores.database.transaction() as connection:
            begin_run(connection, document, run_id="r1")
        for generation, failed in ((document.generation - 1, []), (document.generation, [document.file_name])):
            tags = {UPLOAD_TAG: f"{document.id}:{generation}{what_for}", "dagster/will_retry": "false"}
            run = dg.DagsterRun(job_name="recognise_document", status=dg.DagsterRunStatus.STARTED, tags=tags)
            instance.add_run(run)
            instance.report_run_failed(run, "Killed.")
            assert end_uploads(stores, instance, None)[1] == failed
        with stores.database.transaction() as connection:
            failure = read_progress(connection, [document.id])[document.id].failure
        assert failure is not None and "tried again in vain" in failure
