"""The fork server by itself: workers start, end with a status, and outlive neither their server nor its client."""

import queue
import socket
import subprocess
import sys
import time

import pytest

from pipelines.core.processes import ProcessName
from pipelines.runtime.forkclient import Connection, ForkClient

SERVER = """
import os, signal, socket, subprocess, sys, time
from pipelines.runtime.forkserver import ForkServer
def work(payload):
    exec(payload, globals())
    return 0
server = ForkServer(work, stale=lambda: os.path.exists(sys.argv[2]))
server.add_client(socket.socket(fileno=int(sys.argv[1])))
server.serve()
"""


class Served:
    """A fork server whose workers run the Python text they are sent; it is stale once `edited` exists."""

    def __init__(self, edited):
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVER, str(theirs.fileno()), str(edited)], pass_fds=[theirs.fileno()]
            )
        self.ended = queue.Queue()
        self.client = ForkClient(Connection(ours, self.process), lambda key, status: self.ended.put((key, status)))

    def start(self, payload, key="k"):
        return ProcessName.of(self.client.start(key, payload, timeout_s=20))


@pytest.fixture
def served(tmp_path):
    served = Served(tmp_path / "edited")
    yield served
    served.client.close()


def gone(*processes, within_s=10):
    deadline = time.monotonic() + within_s
    while any(process.alive for process in processes):
        assert time.monotonic() < deadline, "it still lives"
        time.sleep(0.02)


def test_a_worker_reports_how_it_ended(served):
    for key, payload, status in [
        ("fine", "pass", 0),
        ("exits", "sys.exit(3)", 3),
        ("raises", "sys.stderr.close(); sys.stderr = open(os.devnull, 'w'); 1/0", 70),
        ("killed", "os.kill(os.getpid(), signal.SIGKILL)", -9),
    ]:
        served.client.start(key, payload, timeout_s=20)
        assert served.ended.get(timeout=20) == (key, status)
    assert served.client.running == ()


def test_workers_run_side_by_side(served):
    for key in "abc":
        served.client.start(key, "time.sleep(600)", timeout_s=20)
    assert sorted(served.client.running) == ["a", "b", "c"]


def test_what_a_worker_leaves_behind_ends_with_it(served, tmp_path):
    served.start(
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(subprocess.Popen(['sleep', '600']).pid)); time.sleep(0.1)"
    )
    served.ended.get(timeout=20)
    left = ProcessName.of(int((tmp_path / "pid").read_text()))
    assert left is None or gone(left) is None


def test_workers_and_server_end_when_the_client_leaves(served):
    worker = served.start("time.sleep(600)")
    served.client.close()
    gone(worker)
    assert served.process.wait(timeout=10) == 0
    assert served.ended.empty()  # they are not reported dead by the one who left


def test_workers_end_when_the_server_is_killed_and_the_client_hears_of_it(served):
    worker = served.start("time.sleep(600)")
    served.process.kill()
    assert served.ended.get(timeout=10) == ("k", None)
    gone(worker)
    with pytest.raises(ConnectionError):
        served.client.start("next", "pass", timeout_s=5)


def test_a_worker_may_end_in_order_when_asked(served, tmp_path):
    note = tmp_path / "note"
    worker = served.start(
        f"signal.signal(signal.SIGTERM, lambda *_: (open({str(note)!r}, 'w').close(), os._exit(0)));"
        f"open({str(note)!r} + '.ready', 'w').close(); time.sleep(600)"
    )
    while not (tmp_path / "note.ready").exists():
        time.sleep(0.01)
    served.process.terminate()
    gone(worker)
    assert note.exists()


def test_a_stale_server_says_so(served, tmp_path):
    served.start("pass", "before")
    assert not served.client.stale
    (tmp_path / "edited").touch()
    served.start("pass", "after")
    assert served.client.stale
