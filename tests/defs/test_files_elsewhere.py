"""Runs whose files lie in S3: what is read is downloaded once a machine, for all steps of a run."""

import os
import time

from celery.signals import heartbeat_sent

from pipelines.core.file_cache import KEEP_S
from pipelines.fleet.tasks import now_and_then
from tests.defs.graphs import opened
from tests.defs.test_documents_graph import SAMPLE, Graph
from tests.s3 import s3_server


def test_a_run_downloads_its_deck_once_and_a_worker_forgets_it(tmp_path, database_url, monkeypatch):
    with s3_server(tmp_path, "decks") as s3:
        monkeypatch.setenv("FILES_URL", "s3://decks/files")
        with opened(tmp_path, database_url, monkeypatch) as (stores, instance):
            graph = Graph(stores, instance)
            document = graph.upload(SAMPLE.read_bytes(), "wind-power.pdf")
            assert graph.run(document).success
            assert graph.counts(graph.again(document)).images == 9
            assert s3.downloads(document.sha256) == 1, "text and pictures are made of the same copy"
            copy = stores.settings.home / "copies" / document.sha256
            now_and_then(stores.files.copies.trim, every_s=0)
            heartbeat_sent.send(sender=None)
            assert copy.exists(), "the run may be tried again"
    then = time.time() - KEEP_S - 60
    os.utime(copy, (then, then))
    heartbeat_sent.send(sender=None)
    assert not copy.exists()
