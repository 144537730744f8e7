"""Sets in the graph: a partition each, evaluations with figures and pictures, and promotion behind a check."""

import json

import dagster as dg
import pytest
from typer.testing import CliRunner

from pipelines.answering.evaluating import course_questions, evaluate_set, save_result
from pipelines.cli import make_app
from pipelines.core.courses import find_course
from pipelines.core.embeddings.pointers import course_set
from pipelines.core.embeddings.sets import add_set, find_set, retire_set
from pipelines.core.evaluations.question_sets import put_question_set
from pipelines.core.search.by_name import find_hits
from pipelines.definitions import defs
from pipelines.defs.notebook_results import result_requests
from pipelines.defs.sets import look_at_sets, weekly_requests
from tests.defs.graphs import failed_checks, metadata
from tests.defs.test_documents_graph import pdf
from tests.fake_embeddings import FakeEmbeddings
from tests.measured import COURSE, DIMS, LINES, LIVE, measured_graph, right, wrong


@pytest.fixture
def fake():
    server = FakeEmbeddings(right)
    yield server
    server.close()


@pytest.fixture
def graph(tmp_path, database_url, monkeypatch, fake):
    """A deck with a topic a page, its questions, and a set `trial` beside the live one, not yet built."""
    with measured_graph(tmp_path, database_url, monkeypatch) as graph:
        with graph.stores.database.transaction() as connection:
            course = find_course(connection, COURSE)
            put_question_set(connection, course.id, file_name="q.jsonl", lines=LINES)
            add_set(connection, "trial", model="fake/topics", dims=DIMS, base_url=fake.url)
        yield graph


def tick(graph, cursor=None):
    """Look, and do what the daemon would do with the answer: (run keys, cursor)."""
    found = look_at_sets(graph.stores, graph.instance, cursor)
    if isinstance(found, dg.SkipReason):
        return [], cursor
    for request in found.dynamic_partitions_requests or []:
        if isinstance(request, dg.AddDynamicPartitionsRequest):
            graph.instance.add_dynamic_partitions("course_sets", list(request.partition_keys))
        else:
            for key in request.partition_keys:
                graph.instance.delete_dynamic_partition("course_sets", key)
    return [request.partition_key for request in found.run_requests or []], found.cursor


def partitions(graph):
    """Partition keys by the name of their set."""
    return {key.split(" / ")[1].split(" (")[0]: key for key in graph.instance.get_dynamic_partitions("course_sets")}


def run(graph, job, name):
    tick(graph)
    return defs.resolve_job_def(job).execute_in_process(
        partition_key=partitions(graph)[name], instance=graph.instance, raise_on_error=False
    )


def live(graph):
    with graph.stores.database.transaction() as connection:
        return course_set(connection, find_course(connection, COURSE).id).name


def test_each_set_of_a_course_with_questions_is_a_partition_until_it_is_retired(graph):
    tick(graph)
    assert set(partitions(graph)) == {"trial", "local_all-MiniLM-L6-v2-int8:384"}
    with graph.stores.database.transaction() as connection:
        retire_set(connection, "trial")
    tick(graph)
    assert set(partitions(graph)) == {"local_all-MiniLM-L6-v2-int8:384"}
    assert not run(graph, "promote_set", "local_all-MiniLM-L6-v2-int8:384").success  # it is live already


def test_a_set_that_is_no_worse_is_built_evaluated_and_promoted(graph, fake):
    result = run(graph, "promote_set", "trial")
    assert result.success and failed_checks(result) == set()
    assert live(graph) == "trial"
    told = metadata(result, "evaluation")
    assert (told["slide recall@5"], told["slide mrr@10"], told["questions"]) == (1, 1, 12)
    assert told["not at the first place"] == "Every right place came first."
    assert told["verdict"] == f"No worse than {LIVE}, which {COURSE} is searched in."
    assert told["recall against k"].startswith("![recall against k](data:image/png;base64,iVBOR")
    assert f"| `{LIVE} (live)` | slide | 12 |" in told["figures"] and "| `trial` | slide | 12 |" in told["figures"]
    assert fake.keys == ["Bearer none"] * len(fake.keys)


def test_a_worse_set_stops_at_the_check_with_its_reason_and_nothing_goes_live(graph, fake):
    fake.answer = wrong
    result = run(graph, "promote_set", "trial")
    assert not result.success and failed_checks(result) == {"no_worse_than_the_live_set"}
    (check,) = [each for each in result.get_asset_check_evaluations() if not each.passed]
    assert "slide mrr@10 is worse by more than chance: 0.500" in check.description
    told = metadata(result, "evaluation")
    assert told["slide mrr@10"] == 0.5 and told["verdict"] == check.description
    (row,) = [line for line in told["not at the first place"].splitlines() if line.startswith("| momentum: ")]
    assert row.startswith("| momentum: What is momentum? | 2 | week1.pdf, page 1 (no. ")
    assert "by meaning" in row and " | week1.pdf, page 2 (no. 1 by meaning" in row
    assert result.asset_materializations_for_node("promotion") == []
    assert live(graph) == LIVE


def test_vectors_of_another_dimension_end_the_build_and_touch_nothing(graph, fake):
    fake.answer = lambda texts: [[1.0, 0.0]] * len(texts)
    result = run(graph, "promote_set", "trial")
    assert not result.success and live(graph) == LIVE
    (failure,) = [event for event in result.all_node_events if event.is_step_failure]
    assert "vectors of 2 dimensions, not 13" in failure.step_failure_data.user_failure_data.description


def test_what_is_uploaded_after_a_promotion_is_found_in_the_set_of_its_course(graph, fake):
    assert run(graph, "promote_set", "trial").success
    result = graph.run(graph.upload(pdf("Variance again, in another deck."), "week2.pdf"))
    assert result.success and failed_checks(result) == {"every_slide_is_described"}
    assert metadata(result, "slide_embeddings")["set_of_the_course"] == "trial, 1 made now"
    hits = find_hits(graph.stores, "What is variance?", course=COURSE, limit=3)
    assert {hit.file_name for hit in hits if hit.similarity > 0.9} == {"week1.pdf", "week2.pdf"}


def test_command_asset_and_function_give_the_same_figures(graph):
    assert run(graph, "promote_set", "trial").success
    with graph.stores.database.transaction() as connection:
        course = find_course(connection, COURSE)
        questions, known = course_questions(connection, course), find_set(connection, LIVE)
    told = metadata(run(graph, "evaluate_set", "local_all-MiniLM-L6-v2-int8:384"), "evaluation")
    line = ["evaluate", "--course", COURSE, "--set", LIVE, "--json"]
    printed = json.loads(CliRunner().invoke(make_app(line[:1]), line).stdout)
    figures = evaluate_set(graph.stores, course, questions, known).figures
    for name in ("recall@1", "recall@5", "recall@10", "ndcg@10", "mrr@10"):
        assert told[f"slide {name}"] == printed["slide"][name] == figures["slide"][name]
    assert printed["questions"] == figures["questions"]


def test_the_live_set_is_evaluated_once_after_each_change_when_the_course_stands_still(graph):
    keys, cursor = tick(graph)
    assert keys == []
    keys, cursor = tick(graph, cursor)
    assert keys == [partitions(graph)["local_all-MiniLM-L6-v2-int8:384"]]
    assert tick(graph, cursor) == ([], cursor)
    with graph.stores.database.transaction() as connection:
        course = find_course(connection, COURSE)
        put_question_set(connection, course.id, file_name="q.jsonl", lines=LINES[:3])
    keys, cursor = tick(graph, cursor)
    assert keys == []
    graph.upload(pdf("New words."), "week2.pdf")
    keys, cursor = tick(graph, cursor)
    assert keys == []  # a deck is on its way


def test_every_week_the_live_set_of_each_course_with_questions_is_evaluated(graph):
    assert weekly_requests(graph.stores, graph.instance) == []
    tick(graph)
    (request,) = weekly_requests(graph.stores, graph.instance)
    assert request.partition_key == partitions(graph)["local_all-MiniLM-L6-v2-int8:384"]


def test_what_a_notebook_saved_is_a_run_beside_those_of_the_asset(graph):
    assert run(graph, "evaluate_set", "local_all-MiniLM-L6-v2-int8:384").success
    with graph.stores.database.transaction() as connection:
        course = find_course(connection, COURSE)
        questions = course_questions(connection, course)
    evaluation = evaluate_set(graph.stores, course, questions)
    save_result(graph.stores, course, evaluation, notebook="03", parameters={"QUESTIONS": "q.jsonl"})
    (request,) = result_requests(graph.stores)
    result = defs.resolve_job_def("save_notebook_result").execute_in_process(
        run_config=request.run_config, instance=graph.instance
    )
    assert result.success and result_requests(graph.stores) == []
    key = dg.AssetKey("evaluation")
    (seen,) = graph.instance.fetch_observations(key, limit=10).records
    (made,) = graph.instance.fetch_materializations(key, limit=10).records
    assert seen.partition_key == made.partition_key == partitions(graph)["local_all-MiniLM-L6-v2-int8:384"]
    told, known = seen.asset_observation.metadata, made.asset_materialization.metadata
    for name in ("slide recall@1", "slide recall@5", "slide mrr@10", "questions", "not at the first place"):
        assert told[name].value == known[name].value, name
    assert told["parameters"].value == "QUESTIONS='q.jsonl'" and "(03)" in told["figures"].value
