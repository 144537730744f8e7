"""The proxy of `deploy/haproxy.cfg` in front of two processes of the API: TLS, streams, and one of them killed."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.deploy.names import DEPLOY
from tests.fakes import FakeModel, text

TOKEN = "p" * 43
ANSWER_S = 60.0
"""Longer than the test waits for anything: what is read before the answer ends was not kept back."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not on this machine (Debian: haproxy)"),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def process(line, environment):
    started = subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            started.kill()
        started.wait(30)


class Site:
    """What stands behind the proxy, and a browser in front of it."""

    def __init__(self, browser, plain, processes, model):
        self.browser, self.plain, self.processes, self.model = browser, plain, processes, model


@pytest.fixture(scope="module")
def site(server, certificate, tmp_path_factory):
    home = tmp_path_factory.mktemp("proxied")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database proxied template template_app")
    model, ports = FakeModel(), [free_port() for _ in range(4)]
    environment = {
        **os.environ,
        "DATABASE_URL": server.url("proxied"),
        "FILES_URL": str(home / "files"),
        "MODEL_BASE_URL": model.url,
        "CHAT_MODEL": "scripted",
        "API_TOKEN": TOKEN,
        "SIGNING_KEY": "s" * 64,
        "MASTER_KEYS": "ZmxlZXQtZmxlZXQtZmxlZXQtZmxlZXQtZmxlZXQtMTI=",
        "PUBLIC_URL": f"https://127.0.0.1:{ports[3]}",
        "TRUSTED_PROXIES": "127.0.0.1",
        "PLAIN": f"127.0.0.1:{ports[2]}",
        "TLS": f"127.0.0.1:{ports[3]}",
        "CERTIFICATE": str(certificate),
        "API_1": f"127.0.0.1:{ports[0]}",
        "API_2": f"127.0.0.1:{ports[1]}",
    }
    with ExitStack() as stack:
        stack.callback(model.close)
        serve = [sys.executable, "-c", "from pipelines.cli import main; main()", "serve", "--port"]
        processes = [
            stack.enter_context(process([*serve, str(port)], {**environment, "STUDYBUDDY_HOME": str(home / str(port))}))
            for port in ports[:2]
        ]
        stack.enter_context(process(["haproxy", "-db", "-f", str(DEPLOY / "haproxy.cfg")], environment))
        context = ssl.create_default_context(cafile=str(certificate))
        browser = stack.enter_context(
            httpx.Client(
                base_url=environment["PUBLIC_URL"], verify=context, timeout=30,
                headers={"authorization": f"Bearer {TOKEN}"},
            )
        )  # fmt: skip
        direct = [f"http://127.0.0.1:{port}" for port in ports[:2]]
        deadline = time.monotonic() + 60
        for address in [*direct, environment["PUBLIC_URL"]]:
            while not ready(address, context):
                assert time.monotonic() < deadline, address
                time.sleep(0.2)
        yield Site(browser, f"http://127.0.0.1:{ports[2]}", processes, model)


def ready(address, context):
    with suppress(httpx.HTTPError):
        return httpx.get(f"{address}/readyz", verify=context).status_code == 200
    return False


def test_plain_http_is_sent_on_to_tls(site):
    answer = httpx.get(f"{site.plain}/livez")
    assert answer.status_code == 308
    assert answer.headers["location"].startswith("https://")
    assert "strict-transport-security" in site.browser.get("/livez").headers


def test_words_come_through_as_they_are_written_and_a_killed_process_is_not_asked_again(site):
    course = site.browser.post("/api/courses", json={"name": "Proxied"}).json()["id"]
    site.model.default = [*text("first ", reason=None), ANSWER_S, *text("last")]
    chat, question = str(uuid4()), str(uuid4())
    message = {"id": question, "role": "user", "parts": [{"type": "text", "text": "What is wind?"}]}
    body = {"id": chat, "messages": [message], "trigger": "submit-message", "courseId": course}
    read = []
    with site.browser.stream("POST", "/api/chat", json=body) as response:
        assert response.status_code == 200
        for line in response.iter_lines():
            read.append(line)
            if "first" in line:
                break
    assert "last" not in json.dumps(read)
    assert site.browser.post(f"/api/chat/{chat}/stop").is_success, "whichever process is asked to stop it"

    site.processes[0].send_signal(signal.SIGKILL)
    site.processes[0].wait(10)
    answers = [site.browser.get("/api/courses").status_code for _ in range(20)]
    assert set(answers) == {200}, answers
