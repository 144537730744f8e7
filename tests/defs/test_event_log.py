"""What an upload leaves in Dagster's own database."""

import os

import dagster as dg
import psycopg
import pytest
from dagster._core.execution.plan.state import KnownExecutionState
from dagster._core.instance import InstanceRef

from pipelines.core.settings import REPOSITORY, get_settings
from pipelines.runtime.services import environment
from tests.defs.graphs import opened
from tests.defs.lectures import Graph as LecturesGraph
from tests.defs.lectures import lecture_captions
from tests.defs.test_documents_graph import SAMPLE, recognise, scanned
from tests.defs.test_documents_graph import Graph as DocumentsGraph

MOST_BYTES = 66_000
"""Of event rows an upload, 11,000 an asset; its own rows in the application's tables are about twice as many."""


@pytest.fixture
def kept(tmp_path, database_url, monkeypatch):
    """Stores, and an instance whose events are on Postgres as in a running system."""
    with opened(tmp_path, database_url, monkeypatch) as (stores, _):
        for name, value in environment(get_settings()).items():
            monkeypatch.setenv(name, value)
        with dg.DagsterInstance.from_ref(InstanceRef.from_dir(os.fspath(REPOSITORY))) as instance:
            yield stores, instance


def bytes_of(url, run_id):
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select sum(pg_column_size(e.*))::integer from event_logs e where run_id = %s", [run_id]
        ).fetchone()
    assert row is not None
    return row[0]


def test_a_deck_costs_little_of_the_event_log(kept, database_url):
    graph = DocumentsGraph(*kept)
    result = graph.run(graph.upload(SAMPLE.read_bytes(), "wind-power.pdf"))
    assert result.success
    assert bytes_of(database_url, result.run_id) < MOST_BYTES
    (materialization,) = result.asset_materializations_for_node("slide_images")
    assert str(materialization.metadata["first_page"].value).endswith("/pages/1/image")


@pytest.mark.slow
def test_pictures_of_text_that_follow_cost_little_more_than_half_of_it(kept, database_url):
    graph = DocumentsGraph(*kept)
    document = graph.upload(scanned("Gradient descent follows the slope.", "scan:Momentum remembers earlier steps."))
    first, second = graph.run(document), recognise(graph, document)
    assert first.success and second.success
    assert bytes_of(database_url, first.run_id) < MOST_BYTES
    assert bytes_of(database_url, second.run_id) < 0.6 * MOST_BYTES


def test_a_lecture_costs_little_of_the_event_log_and_its_events_say_all_that_dagster_asks(kept, database_url):
    graph = LecturesGraph(*kept)
    result = graph.run(graph.upload(captions=lecture_captions()))
    assert result.success
    assert bytes_of(database_url, result.run_id) < MOST_BYTES
    run = graph.instance.get_run_by_id(result.run_id)
    steps = {"lecture_audio", "lecture_frames", "transcripts", "lecture_chunks", "lecture_embeddings", "lecture_slides"}
    assert {stats.step_key for stats in graph.instance.get_run_step_stats(result.run_id)} == steps
    state = KnownExecutionState.build_for_reexecution(graph.instance, run).parent_state
    assert {handle.step_key for handle in state.produced_outputs} == steps  # "from failure" knows what is done
    record = graph.instance.get_latest_materialization_event(dg.AssetKey("transcripts"))
    assert record.asset_materialization.metadata["dagster/row_count"].value > 0
    arrived = graph.instance.get_latest_materialization_event(dg.AssetKey("lectures"))
    assert arrived.asset_materialization.metadata["file"].value == "week1.vtt"
    assert graph.instance.get_latest_materialization_event(dg.AssetKey("search_index")) is not None
