"""`studybuddy daemon`, `webserver` and `healthy`: roles that something else starts, watches and ends."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import psycopg
import pytest

STUDYBUDDY = [sys.executable, "-c", "from pipelines.cli import main; main()"]
TOKEN = "r" * 43


@pytest.fixture(scope="module")
def environment(server):
    """Settings that all roles share; each has a home of its own."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database roles_app template template_app")
        connection.execute("create database roles_dagster")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if name != "STUDYBUDDY_HOME"}
    return {
        **kept,
        "DATABASE_URL": server.url("roles_app"),
        "DAGSTER_DATABASE_URL": server.url("roles_dagster"),
        "DAGSTER_PORT": str(port),
        "API_PORT": "1",
        "API_TOKEN": TOKEN,
    }


def studybuddy(environment, *arguments, home=None, **more):
    return subprocess.run(
        [*STUDYBUDDY, *arguments], env={**environment, "STUDYBUDDY_HOME": str(home), **more},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@contextmanager
def running(environment, home, *arguments):
    """A role in the foreground; ended in order."""
    home.mkdir()
    with (home.parent / f"{home.name}.log").open("wb") as log:
        process = subprocess.Popen(
            [*STUDYBUDDY, *arguments], env={**environment, "STUDYBUDDY_HOME": str(home)}, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def becomes_healthy(environment, home, role):
    deadline = time.monotonic() + 60
    while (asked := studybuddy(environment, "healthy", role, home=home)).returncode:
        assert time.monotonic() < deadline, asked.stderr
        time.sleep(0.3)


def status(environment, *, host="127.0.0.1", token=None):
    connection = http.client.HTTPConnection("127.0.0.1", int(environment["DAGSTER_PORT"]), timeout=10)
    headers = {"Host": f"{host}:{environment['DAGSTER_PORT']}"}
    connection.request("GET", "/server_info", headers=headers | ({"Authorization": f"Bearer {token}"} if token else {}))
    found = connection.getresponse().status
    connection.close()
    return found


def test_daemon_and_webserver_run_apart_and_say_whether_they_are_well(environment, tmp_path):
    first, second = tmp_path / "daemon", tmp_path / "webserver"
    with running(environment, first, "daemon") as daemon:
        becomes_healthy(environment, first, "daemon")
        with running(environment, second, "webserver", "--host", "0.0.0.0") as webserver:
            becomes_healthy(environment, second, "webserver")
            assert status(environment) == 401, "whoever reaches the port needs the token"
            assert status(environment, token=TOKEN) == 200
            assert status(environment, host="dagster.example", token=TOKEN) == 421, "and knows it by a loopback name"
            elsewhere = studybuddy(environment, "healthy", "daemon", home=second)
            assert elsewhere.returncode == 1 and "daemon" in elsewhere.stderr, "each home has its own role"
            asked = studybuddy(environment, "doctor", "--json", home=second)
            assert "attended to on another machine" in asked.stdout or "run and answer" in asked.stdout
        assert webserver.returncode == 0
    assert daemon.returncode == 0
    gone = studybuddy(environment, "healthy", "daemon", home=first)
    assert gone.returncode == 1
    assert "does not answer" in gone.stderr


@pytest.mark.parametrize("role", ["daemon", "webserver"])
def test_a_role_without_databases_that_others_can_share_is_refused(environment, tmp_path, role):
    done = studybuddy(environment, role, home=tmp_path / "home", DATABASE_URL="")
    assert done.returncode == 1
    assert "DATABASE_URL and DAGSTER_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("role", "said", "given"),
    [
        ("api", "The API at port 1 does not answer", {}),
        ("worker", "set BROKER_URL", {}),
        ("worker", "The broker cannot be asked", {"BROKER_URL": "redis://127.0.0.1:1/0"}),
    ],
)
def test_what_does_not_answer_is_said(environment, tmp_path, role, said, given):
    done = studybuddy(environment, "healthy", role, home=tmp_path / "home", **given)
    assert done.returncode == 1
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
