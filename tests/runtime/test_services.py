"""`up`, `down` and what lies between, once and for real: the UI answers, what dies comes back, nothing is left."""

import http.client
import json
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import psycopg
import pytest

from pipelines.core.errors import SettingsError, TransientError
from pipelines.core.processes import ProcessName
from pipelines.core.secrets.local_token import local_token
from pipelines.core.settings import Settings
from pipelines.http.sign_in import sign_in_address
from pipelines.runtime import services

LAUNCH = """
mutation ($key: String!, $tags: [ExecutionTag!]!, $repository: RepositorySelector!, $job: JobOrPipelineSelector!) {
  addDynamicPartition(repositorySelector: $repository, partitionsDefName: "tiny", partitionKey: $key) { __typename }
  launchRun(executionParams: {selector: $job, mode: "default", executionMetadata: {tags: $tags}}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  }
}
"""
STRANGE_HOSTS = ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "0", "127.0.0.1:80:evil")
STRANGE_ORIGINS = ("http://evil.example", "null", "http://127.0.0.1:1")
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "graphql-ws",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
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

    def __init__(self, url, token):
        self.address, self.token = url.removeprefix("http://"), token

    def ask(self, query, **variables):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        connection.request(
            "POST",
            "/graphql",
            json.dumps({"query": query, "variables": variables}),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
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
def interface(settings, running):
    return Interface(running.url("dagster"), local_token(settings))


def process(settings, name):
    return next(service.process for service in services.running(settings).services if service.name == name)


def test_a_second_up_says_what_runs_and_changes_nothing(settings, running):
    again = services.up(settings, api=False, definitions="tests.runtime.tiny")
    assert again.already
    assert again.services == running.services == services.running(settings).services


LIMIT = 'mutation { setConcurrencyLimit(concurrencyKey: "stranger", limit: 3) }'
EVIL = {"Host": "evil.example", "Origin": "http://evil.example"}


def test_the_ui_obeys_no_stranger(interface):
    json_kind, bearer = {"Content-Type": "application/json"}, {"Authorization": f"Bearer {interface.token}"}
    body = json.dumps({"query": LIMIT})
    by_get = f"/graphql?{urlencode({'query': LIMIT})}"
    tries = [
        ("GET", by_get, None, {}, 401),
        ("GET", by_get, None, bearer, 405),
        ("HEAD", by_get, None, bearer, 405),
        ("POST", "/graphql", body, json_kind, 401),
        ("POST", "/graphql", body, {**json_kind, "Authorization": "Bearer "}, 401),
        ("POST", "/graphql", body, {"Content-Type": "text/plain", **bearer}, 415),
        ("POST", by_get, "", bearer, 415),
        *(("POST", "/graphql", body, {**json_kind, **bearer, "Host": host}, 421) for host in STRANGE_HOSTS),
        *(("POST", "/graphql", body, {**json_kind, **bearer, "Origin": origin}, 403) for origin in STRANGE_ORIGINS),
        ("POST", "/graphql", body, {**json_kind, **bearer, "Sec-Fetch-Site": "same-site"}, 403),
        ("GET", "/graphql", None, {**UPGRADE, **bearer, "Origin": "http://evil.example"}, 403),
        ("GET", "/graphql", None, {**UPGRADE, "Origin": f"http://{interface.address}"}, 403),
        ("GET", "/graphql", None, {**UPGRADE, **bearer, "Host": "evil.example"}, 403),
    ]
    for method, path, sent, headers, status in tries:
        connection = http.client.HTTPConnection(interface.address, timeout=30)
        connection.request(method, path, sent, headers)
        assert connection.getresponse().status == status, (method, path, headers)
        connection.close()
    found = interface.ask("{ instance { concurrencyLimits { concurrencyKey } } }")
    assert "stranger" not in json.dumps(found)


def test_the_printed_address_signs_a_browser_in_and_its_websocket_is_let_in(interface):
    def get(path, **headers):
        connection = http.client.HTTPConnection(interface.address, timeout=30)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read() if answer.status != 101 else b""
        answer.close()
        connection.close()
        return answer.status, answer.headers, body

    status, headers, _ = get(sign_in_address("", interface.token))
    cookie = headers["set-cookie"].partition(";")[0]
    assert status == 303 and headers["location"] == "/"
    assert b"<!DOCTYPE html>" in get("/", Cookie=cookie)[2]
    own = {"Origin": f"http://{interface.address}", "Cookie": cookie}
    assert get("/graphql", **UPGRADE, **own)[0] == 101
    assert get("/graphql", **UPGRADE, Cookie=cookie)[0] == 403


def test_the_materialize_button_makes_an_ordinary_run(interface):
    interface.wait(interface.materialize("works"), "SUCCESS")


@pytest.mark.slow
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
    deadline = time.monotonic() + 60
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


def test_an_instance_file_that_asks_for_what_nobody_has_set_is_named(settings, monkeypatch):
    monkeypatch.delenv("BROKER_URL", raising=False)
    fleet = settings.model_copy(update={"dagster_config": Path("deploy/dagster/celery.yaml")})
    with pytest.raises(SettingsError, match=r"celery\.yaml asks for BROKER_URL, LOGS_BUCKET, which is not set"):
        services.environment(fleet)
