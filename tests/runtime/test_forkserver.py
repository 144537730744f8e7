"""The fork server by itself: workers start, end with a status, and outlive neither their server nor its client."""

import os
import queue
import signal
import socket
import subprocess
import sys
import time

import pytest

from pipelines.core.processes import ProcessName
from pipelines.runtime.forkclient import Connection, ForkClient

SERVER = """
import os, signal, socket, subprocess, sys, time
from pipelines.runtime import forkserver, works
from pipelines.runtime.forkserver import ForkServer
forkserver.IDLE_S, forkserver.FOLLOW_S, works.WORKS = float(sys.argv[3]), 3.0, 3
def work(payload):
    exec(payload, globals())
    return 0
server = ForkServer(work, stale=lambda: os.path.exists(sys.argv[2]))
server.add_client(socket.socket(fileno=int(sys.argv[1])))
server.serve()
"""


class Served:
    """A fork server whose workers run the Python text they are sent; it is stale once `edited` exists."""

    def __init__(self, edited, *, idle_s=60.0):
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-c", SERVER, str(theirs.fileno()), str(edited), str(idle_s)]
            self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        self.ended = queue.Queue()
        self.client = ForkClient(Connection(ours, self.process), lambda key, status: self.ended.put((key, status)))

    def start(self, payload, key="k"):
        return ProcessName.of(self.client.start(key, payload, timeout_s=60))

    def work(self, payload, status=0):
        """Have it done to its end, with the status expected; returns the pid of who did it."""
        pid = self.client.start("k", payload, timeout_s=60)
        assert self.ended.get(timeout=20) == ("k", status)
        return pid


@pytest.fixture
def served(tmp_path):
    served = Served(tmp_path / "edited")
    yield served
    served.client.close()


def gone(*processes, within_s=60):
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
        served.client.start(key, payload, timeout_s=60)
        assert served.ended.get(timeout=60) == (key, status)
    assert served.client.running == ()


def test_workers_run_side_by_side(served):
    for key in "abc":
        served.client.start(key, "time.sleep(600)", timeout_s=60)
    assert sorted(served.client.running) == ["a", "b", "c"]


def test_what_a_worker_leaves_behind_ends_with_it(served, tmp_path):
    served.start(
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(subprocess.Popen(['sleep', '600']).pid)); time.sleep(0.1)"
    )
    served.ended.get(timeout=60)
    left = ProcessName.of(int((tmp_path / "pid").read_text()))
    assert left is None or gone(left) is None


def test_workers_and_server_end_when_the_client_leaves(served):
    worker = served.start("time.sleep(600)")
    served.client.close()
    gone(worker)
    assert served.process.wait(timeout=60) == 0
    assert served.ended.empty()  # they are not reported dead by the one who left


def test_workers_end_when_the_server_is_killed_and_the_client_hears_of_it(served):
    worker = served.start("time.sleep(600)")
    served.process.kill()
    assert served.ended.get(timeout=60) == ("k", None)
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


def test_work_done_well_is_followed_by_more_in_the_same_worker_up_to_a_number(served):
    workers = [served.work("seen = globals().get('seen', 0) + 1; assert seen <= 3") for _ in range(4)]
    assert workers[0] == workers[1] == workers[2] != workers[3]


def test_after_work_that_failed_or_was_killed_the_next_has_another_worker(served):
    first = served.work("pass")
    assert served.work("sys.exit(3)", 3) == first
    second = served.work("pass")
    assert served.work("os.kill(os.getpid(), signal.SIGKILL)", -9) == second != first
    assert served.work("pass") not in (first, second)


def test_a_worker_that_left_a_child_behind_gets_no_more_work(served):
    first = served.work("left = subprocess.Popen(['sleep', '600'])")
    assert served.work("assert 'left' not in globals()") != first


def test_a_worker_that_waits_ends_when_asked_or_with_its_server(served):
    asked = ProcessName.of(served.work("pass"))
    asked.send(signal.SIGTERM)
    gone(asked)
    while (orphan := ProcessName.of(served.work("pass"))) is None:
        pass  # handed to the one that is gone, which the server has not noticed yet: done by another
    served.process.kill()
    gone(orphan)
    assert served.ended.empty()


def test_a_worker_that_waits_ends_soon(tmp_path):
    served = Served(tmp_path / "edited", idle_s=1.0)
    unused = ProcessName.of(served.work("time.sleep(0.1)"))  # None: it is gone already
    assert unused is None or gone(unused) is None
    served.client.close()


def test_work_handed_to_a_worker_that_dies_before_taking_it_up_is_done_once_by_another(served, tmp_path):
    note, first = tmp_path / "note", served.work("pass")
    os.kill(first, signal.SIGSTOP)
    assert served.client.start("k", f"open({str(note)!r}, 'a').write('done')", timeout_s=60) == first
    os.kill(first, signal.SIGKILL)
    assert served.ended.get(timeout=60) == ("k", 0)
    assert note.read_text() == "done"


WAITS = "[time.sleep(0.01) for _ in iter(lambda: os.path.exists({go!r}), True)]"
NEARLY = "works.nearly_done(); open({note!r}, 'w').close(); "


def nearly_done(served, note, payload):
    """Start a worker and wait until it has said that it is nearly done; its pid."""
    pid = served.client.start("first", NEARLY.format(note=str(note)) + payload, timeout_s=60)
    while not note.exists():
        time.sleep(0.02)
    time.sleep(0.5)  # the server hears it in its next turn
    return pid


def test_work_that_comes_when_a_worker_is_nearly_done_waits_for_it(served, tmp_path):
    first = nearly_done(served, tmp_path / "note", "mine = 1; " + WAITS.format(go=str(tmp_path / "go")))
    assert served.client.start("next", "assert mine == 1", timeout_s=60) == first
    third = served.client.start("third", "assert 'mine' not in globals()", timeout_s=60)
    (tmp_path / "go").touch()
    assert third != first, "one waits for one worker"
    assert {served.ended.get(timeout=60) for _ in range(3)} == {("first", 0), ("next", 0), ("third", 0)}


@pytest.mark.parametrize(
    ("ending", "status"), [("sys.exit(3)", 3), ("os.kill(os.getpid(), signal.SIGKILL)", -9), ("time.sleep(600)", None)]
)
def test_work_that_waits_for_a_worker_that_fails_or_is_not_done_after_all_is_done_once_by_another(
    served, tmp_path, ending, status
):
    note = tmp_path / "done"
    waits = WAITS.format(go=str(tmp_path / "go"))
    first = nearly_done(served, tmp_path / "note", f"mine = 1; {waits}; {ending}")
    payload = f"assert 'mine' not in globals(); open({str(note)!r}, 'a').write('done')"
    assert served.client.start("next", payload, timeout_s=60) == first
    (tmp_path / "go").touch()
    ended = dict(served.ended.get(timeout=60) for _ in range(1 if status is None else 2))
    assert ended == {"next": 0} | ({} if status is None else {"first": status})
    assert note.read_text() == "done"


def test_one_busy_worker_is_not_handed_another_work(served):
    busy = served.client.start("busy", "time.sleep(600)", timeout_s=60)
    assert served.work("pass") != busy
