"""Jobs on embedding sets: what nobody has use for is retired, a course goes back, and the graph tells of every move."""

import dagster as dg

from pipelines.core.courses import find_course
from pipelines.core.embeddings.building import build_set
from pipelines.core.embeddings.embedders import set_embedder
from pipelines.core.embeddings.pointers import course_set, point
from pipelines.core.embeddings.sets import add_set, find_set, list_unused
from pipelines.core.models.payers import find_local_person
from pipelines.definitions import defs
from pipelines.defs.sets import look_at_sets
from tests.defs.test_evaluation_graph import fake, graph, live, tick
from tests.measured import COURSE, DIMS, LIVE

__all__ = ["fake", "graph"]


def execute(graph, job, **config):
    ((name,),) = [[node.name for node in defs.resolve_job_def(job).nodes]]
    ran = defs.resolve_job_def(job).execute_in_process(
        run_config={"ops": {name: {"config": config}}}, instance=graph.instance, raise_on_error=False
    )
    told = [event.event_specific_data.metadata for event in ran.all_node_events if event.is_successful_output]
    return ran.success, {key: value.value for metadata in told for key, value in metadata.items()}


def promote_by_hand(graph, name="trial"):
    """As the command line does it."""
    with graph.stores.database.transaction() as connection:
        course, known = find_course(connection, COURSE), find_set(connection, name)
    embed = set_embedder(graph.stores, known, find_local_person, "embedding", course_id=course.id)
    build_set(graph.stores.database, known, embed, course)
    with graph.stores.database.transaction() as connection:
        point(connection, course, known, compared=course_set(connection, course.id))


def moves(graph, cursor):
    """What a look notes in the history of `promotion`, and its cursor."""
    found = look_at_sets(graph.stores, graph.instance, cursor)
    if isinstance(found, dg.SkipReason):
        return [], cursor
    return [(each.partition.split(" / ")[1].split(" (")[0], each.description) for each in found.asset_events], (
        found.cursor
    )


def test_a_course_goes_back_once_and_every_move_is_in_the_history_of_promotion(graph):
    _, cursor = tick(graph)
    promote_by_hand(graph)
    assert live(graph) == "trial"
    told, cursor = moves(graph, cursor)
    assert told == [("trial", f"{COURSE} is searched in trial, and no more in {LIVE}.")]
    assert moves(graph, cursor)[0] == [], "once"
    done, said = execute(graph, "roll_back_course", course=COURSE)
    assert done and (said["live set"], said["live set before"]) == (LIVE, "trial") and live(graph) == LIVE
    assert moves(graph, cursor)[0] == [], "the run has told it itself"
    (told,) = graph.instance.fetch_observations(dg.AssetKey("promotion"), limit=10).records
    assert told.asset_observation.description == f"{COURSE} is searched in {LIVE}, and no more in trial."
    assert not execute(graph, "roll_back_course", course=COURSE)[0], "there is nothing to go on to"


def test_sets_without_use_are_retired_by_the_job_and_those_in_use_never(graph):
    promote_by_hand(graph)
    with graph.stores.database.transaction() as connection:
        for name in ("old", "fresh"):
            add_set(connection, name, model="fake/topics", dims=DIMS, base_url="http://127.0.0.1:9/v1")
        aged = "update embedding_sets set used_at = now() - interval '91 days' where name <> 'fresh'"
        connection.execute(aged)
        assert list_unused(connection, days=90) == ["old"]
    assert execute(graph, "retire_sets") == (True, {"retired": "old", "kept": "none"})
    assert execute(graph, "retire_sets") == (True, {"retired": "none", "kept": "none"})
    done, said = execute(graph, "retire_sets", names=["trial", "fresh"])
    assert done and said["retired"] == "fresh" and f"trial is live for {COURSE}" in said["kept"]
    with graph.stores.database.transaction() as connection:
        assert not connection.execute("select from course_sets where previous_id is null").fetchone()


def test_building_evaluating_and_moving_a_course_are_use(graph):
    aged = "update embedding_sets set used_at = now() - interval '91 days'"
    with graph.stores.database.transaction() as connection:
        connection.execute(aged)
        assert list_unused(connection, days=90) == ["trial"]
    promote_by_hand(graph)
    with graph.stores.database.transaction() as connection:
        connection.execute(aged)
    execute(graph, "roll_back_course", course=COURSE)
    with graph.stores.database.transaction() as connection:
        assert list_unused(connection, days=90) == []
