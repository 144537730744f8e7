"""Deployments in processes of their own: the commands of some code with some environment, and its service."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from pipelines.core.settings import REPOSITORY

TOKEN = "t" * 43
STUDYBUDDY = [sys.executable, "-c", "from pipelines.cli import main; main()"]
SAMPLE = REPOSITORY / "sample" / "wind-power.pdf"
START_S = 90.0


@dataclass(frozen=True)
class Deployment:
    """One version of the code, and what its processes find in their environment."""

    environment: dict[str, str]
    code: Path = REPOSITORY

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command, to its end."""
        return subprocess.run(
            [*STUDYBUDDY, *arguments], cwd=self.code, env=self.environment, capture_output=True, text=True, timeout=300,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip

    def ingest(self, course: str, *files: Path) -> None:
        """Upload files and wait until they are ready."""
        done = self.run("ingest", "--course", course, *map(str, files or [SAMPLE]))
        assert done.returncode == 0, done.stdout + done.stderr

    def client(self, port: int) -> httpx.Client:
        """A client of the local user of a service at this port."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60)

    @contextmanager
    def serving(self, log: Path | None = None) -> Iterator[httpx.Client]:
        """The service, and a client of it.

        Args:
            log: where what it logs goes.
        """
        port = free_port()
        with Path(log or os.devnull).open("wb") as out:
            process = subprocess.Popen(
                [*STUDYBUDDY, "serve", "--port", str(port)], cwd=self.code, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        try:
            with self.client(port) as client:
                _wait(client, process)
                yield client
        finally:
            process.terminate()
            process.wait(30)


def environment(app_url: str, dagster_url: str, home: Path, **more: str) -> dict[str, str]:
    """The environment of a deployment on these databases; settings of whoever runs the tests are empty in it."""
    return {
        **os.environ,
        "STUDYBUDDY_HOME": str(home),
        "DATABASE_URL": app_url,
        "DAGSTER_DATABASE_URL": dagster_url,
        "API_TOKEN": TOKEN,
        "MULTILINGUAL_SEARCH": "false",
        "MODEL_BASE_URL": "",
        "OIDC_ISSUER": "",
        "PYTHONPATH": "",
        **more,
    }


def ask(client: httpx.Client, words: str = "How does the power of the wind grow with its speed?") -> str:
    """The stream that answers a question in the only course there is."""
    (course,) = client.get("/api/courses").json()["items"]
    question = {"id": str(uuid4()), "role": "user", "parts": [{"type": "text", "text": words}]}
    answer = client.post("/api/chat", json={"id": str(uuid4()), "courseId": course["id"], "messages": [question]})
    assert answer.status_code == 200, answer.text
    return answer.text


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(client: httpx.Client, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        assert process.poll() is None, "the service ended"
        with suppress(httpx.HTTPError):
            if client.get("/readyz").status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"the service was not ready within {START_S:.0f} s")
