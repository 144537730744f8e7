"""Jupyter as `make notebooks` starts it: own names, own pages and its token, whatever is configured on this machine."""

import os
import shlex
import socket
import subprocess
import time

import httpx
import pytest

from pipelines.core.settings import REPOSITORY

OPEN = """
c.ServerApp.allow_origin = "*"
c.ServerApp.allow_remote_access = True
c.ServerApp.disable_check_xsrf = True
"""


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory):
    """Address and token of a Jupyter whose user's own configuration opens every door."""
    home = tmp_path_factory.mktemp("jupyter")
    (home / "jupyter_server_config.py").write_text(OPEN)
    dry = subprocess.run(["make", "-n", "notebooks"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    command = shlex.split(next(line for line in dry.stdout.splitlines() if "jupyter lab" in line))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    more = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=token-of-the-test"]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(home), "JUPYTER_RUNTIME_DIR": str(home), "HOME": str(home)}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([*command, *more], cwd=REPOSITORY, env=environment, stdout=log, stderr=log)
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 90
    try:
        while True:
            assert process.poll() is None and time.monotonic() < deadline, (home / "log").read_text()[-2000:]
            try:
                httpx.get(f"{url}/api", timeout=5)
                break
            except httpx.HTTPError:
                time.sleep(0.3)
        yield url
    finally:
        process.terminate()
        process.wait(30)


TOKEN = {"authorization": "token token-of-the-test"}
EVIL = "http://evil.example"


@pytest.mark.slow
def test_jupyter_answers_its_owner_alone(jupyter):
    assert httpx.get(f"{jupyter}/api/contents", headers=TOKEN).status_code == 200
    assert httpx.get(f"{jupyter}/api/contents").status_code == 403
    assert httpx.get(f"{jupyter}/api/contents", headers={**TOKEN, "host": "evil.example"}).status_code == 403


@pytest.mark.slow
def test_a_page_of_another_site_cannot_use_the_cookie(jupyter):
    with httpx.Client(base_url=jupyter) as browser:
        assert browser.get("/tree", params={"token": "token-of-the-test"}, follow_redirects=True).status_code == 200
        assert browser.get("/api/contents").status_code == 200
        assert "access-control-allow-origin" not in browser.get("/api/contents", headers={"origin": EVIL}).headers
        for headers in ({"origin": EVIL, "referer": EVIL}, {}):
            assert browser.post("/api/contents", json={}, headers=headers).status_code in (403, 404)
        socket_headers = {
            "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "origin": EVIL,
        }  # fmt: skip
        assert browser.get("/api/events/subscribe", headers=socket_headers).status_code in (403, 404)
