"""`up`, `down` and what lies between, once and for real: the UI answers, what dies comes back, nothing is left."""

import http.client
import json
import signal
import socket
import subprocess
import time
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from pipelines.core.errors import SettingsError, TransientError
from pipelines.core.processes import ProcessName
from pipelines.core.settings import Settings
from pipelines.runtime import services

LAUNCH = """
mutation ($key: String!, $tags: [ExecutionTag!]!, $repository: RepositorySelector!, $job: JobOrPipelineSelector!) {
  addDynamicPartition(repositorySelector: $repository, partitionsDefName: "tiny", partitionKey: $key) { __typename }
  launchRun(executionParams: {selector: $job, mode: "default", executionMetadata: {tags: $tags}}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  }
}
"""
RUNS = "query ($tags: [ExecutionTag!]!) { runsOrError(filter: {tags: $tags}) { ... on Runs { results { runId status parentRunId tags { key value } } } } }"  # noqa: E501


@pytest.fixture(scope="module")
def settings(server, tmp_path_factory):
    """A home with its own databases and any free port; processes started for it find `tests.runtime.tiny`."""
    home = tmp_path_factory.mktemp("up")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database up_app template template_app")
        connection.execute("create database up_dagster")
    return Settings(
        _env_file=None,
        studybuddy_home=home,
        database_url=server.url("up_app"),
        dagster_database_url=server.url("up_dagster"),
        dagster_port=0,
        api_port=0,
    )


@pytest.fixture(scope="module")
def running(settings):
    """Everything up but the API; ended after the module, whatever happened."""
    found = services.up(settings, api=False, definitions="tests.runtime.tiny")
    yield found
    services.down(settings)


class Interface:
    """The Dagster UI, asked as a browser asks it."""

    def __init__(self, url):
        self.address = url.removeprefix("http://")

    def ask(self, query, **variables):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        connection.request(
            "POST",
            "/graphql",
            json.dumps({"query": query, "variables": variables}),
            {"Content-Type": "application/json"},
        )
        answer = json.load(connection.getresponse())
        connection.close()
        assert "errors" not in answer, answer
        return answer["data"]

    def materialize(self, behaviour):
        """Press Materialize for a new partition; its key."""
        key = f"{behaviour}-{uuid4().hex[:8]}"
        repository = {"repositoryName": "__repository__", "repositoryLocationName": "studybuddy"}
        answer = self.ask(
            LAUNCH,
            key=key,
            tags=[{"key": "dagster/partition", "value": key}],
            repository=repository,
            job={**repository, "jobName": "tiny_job"},
        )
        assert answer["launchRun"]["__typename"] == "LaunchRunSuccess", answer
        return key

    def runs(self, key):
        """Runs of a partition, oldest first."""
        answer = self.ask(RUNS, tags=[{"key": "dagster/partition", "value": key}])
        return answer["runsOrError"]["results"][::-1]

    def wait(self, key, *statuses, timeout_s=60):
        deadline = time.monotonic() + timeout_s
        while [run["status"] for run in self.runs(key)] != list(statuses):
            assert time.monotonic() < deadline, self.runs(key)
            time.sleep(0.1)
        return self.runs(key)


@pytest.fixture
def interface(running):
    return Interface(running.url("dagster"))


def process(settings, name):
    return next(service.process for service in services.running(settings).services if service.name == name)


def test_a_second_up_says_what_runs_and_changes_nothing(settings, running):
    again = services.up(settings, api=False, definitions="tests.runtime.tiny")
    assert again.already
    assert again.services == running.services == services.running(settings).services


def test_the_materialize_button_makes_an_ordinary_run(interface):
    interface.wait(interface.materialize("works"), "SUCCESS")


def test_a_run_killed_with_9_gives_back_its_pool_slot_and_is_tried_again_within_a_minute(interface):
    interface.ask('mutation { setConcurrencyLimit(concurrencyKey: "tiny", limit: 1) }')  # the retry needs the slot
    first, second = interface.wait(interface.materialize("diesonce"), "FAILURE", "SUCCESS")
    assert second["parentRunId"] == first["runId"]


def test_a_failed_step_is_not_tried_again_by_the_daemon(interface):
    key = interface.materialize("permanent")
    interface.wait(key, "FAILURE")
    time.sleep(3)  # longer than the daemon waits before it retries what died
    interface.wait(key, "FAILURE")


def test_a_daemon_that_dies_comes_back_and_its_run_goes_on(settings, interface):
    key = interface.materialize("naps")
    interface.wait(key, "STARTED")
    daemon = process(settings, "daemon")
    daemon.send(signal.SIGKILL)
    interface.wait(key, "SUCCESS")
    deadline = time.monotonic() + 20
    while process(settings, "daemon") == daemon:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    interface.wait(interface.materialize("works"), "SUCCESS")


def test_down_ends_everything_runs_under_way_included(settings, interface):
    key = interface.materialize("sleeps")
    interface.wait(key, "STARTED")
    note = Path(settings.home, key + ".child")
    while not note.exists():
        time.sleep(0.05)
    found = services.running(settings)
    everyone = [
        found.supervisor,
        *(service.process for service in found.services),
        ProcessName.of(int(note.read_text())),
    ]
    assert services.down(settings)
    assert not any(name.alive for name in everyone)
    assert services.running(settings) is None
    assert not services.down(settings)
    with psycopg.connect(settings.dagster_database_url.get_secret_value()) as connection:
        (row,) = connection.execute(
            "select status from runs join run_tags using (run_id) where key = 'dagster/partition' and value = %s", [key]
        ).fetchall()
    assert row == ("FAILURE",)  # as a run that died: the next daemon tries it again


def test_a_port_in_use_is_said_before_anything_starts(settings):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match="DAGSTER_PORT"):
            services.up(settings.model_copy(update={"dagster_port": port}), api=False)
    assert services.running(settings) is None


def test_what_does_not_start_is_named_with_its_log(settings):
    with pytest.raises(TransientError, match=r"code did not come up; see .*code\.log"):
        services.up(settings, api=False, definitions="tests.defs.nothing_here")
    assert services.running(settings) is None


def test_leftovers_of_a_killed_supervisor_are_ended_first(settings):
    process = subprocess.Popen(["sleep", "600"])
    left = ProcessName.of(process.pid)
    dead = ProcessName(host=left.host, pid=left.pid, started="before")
    log = settings.home / "logs" / "api.log"
    services.write_state(
        settings.home,
        services.Services(
            supervisor=dead, services=(services.Service(name="api", process=left, url=None, log=log),), outdated=False
        ),
    )
    assert services.running(settings) is None
    assert services.down(settings)
    assert process.wait(timeout=10) == -signal.SIGTERM
