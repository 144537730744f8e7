"""An adoption in the graph: assets that tell counts and reasons, checks that compare, a schedule that ends."""

import dagster as dg
import pytest

from pipelines.adoption.moving import cut_over
from pipelines.core.settings import get_settings
from pipelines.definitions import defs
from pipelines.defs import adoption as module
from pipelines.defs.resources import lasting_stores
from tests.defs.graphs import failed_checks


@pytest.fixture
def graph(deployment, monkeypatch, tmp_path):
    """A deployment that this process's settings name."""
    here = deployment("f1")
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "STUDYBUDDY_HOME": str(here.home), "DATABASE_URL": here.url, "DAGSTER_DATABASE_URL": here.url,
        "DATABASE_SCHEMA": "studybuddy",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    lasting_stores.cache_clear()
    yield here
    lasting_stores().close()
    lasting_stores.cache_clear()
    get_settings.cache_clear()


def run():
    with dg.DagsterInstance.ephemeral() as instance:
        return defs.resolve_job_def("sync_adoption").execute_in_process(instance=instance)


def asked():
    return module.adoption_schedule(dg.build_schedule_context())


def test_assets_tell_what_came_over_and_checks_compare_both_sides(graph, monkeypatch):
    assert isinstance(asked(), dg.SkipReason), "nobody has begun"
    ran = run()
    assert not failed_checks(ran)
    made = {
        event.asset_key.to_user_string(): {name: value.value for name, value in event.metadata.items()}
        for event in ran.asset_materializations_for_node("adoption")
    }
    assert made["adopted_chats"]["messages"] == 302
    assert made["adopted_chats"]["left out of agno_sessions: no owner"] == 1
    assert made["adopted_passages"]["vectors kept"] == 37
    assert set(made) == set(module.KINDS)
    assert isinstance(asked(), dg.RunRequest)
    first = "(select min(client_id) from studybuddy.chat_sessions)"
    graph.run(f"update studybuddy.chat_sessions set title = 'Other' where client_id = {first}")  # noqa: S608
    ran = run()
    (wrong,) = [check for check in ran.get_asset_check_evaluations() if not check.passed]
    assert wrong.asset_key.to_user_string() == "adopted_chats"
    assert wrong.metadata["changed here (chat)"].value == 1
    with graph.open() as database, database.transaction() as connection:
        cut_over(connection)
    assert isinstance(asked(), dg.SkipReason), "everybody has moved"
    monkeypatch.setenv("DATABASE_SCHEMA", "public")
    get_settings.cache_clear()
    assert isinstance(asked(), dg.SkipReason)
