"""A process is known by number and start, so a number that was given out again is not mistaken for it."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

from pipelines.core.processes import ProcessName, end


def test_this_process_is_alive_and_has_one_name():
    assert ProcessName.own() == ProcessName.of(os.getpid())
    assert ProcessName.own().alive


def test_a_number_given_out_again_is_another_process():
    earlier = replace(ProcessName.own(), started="before")
    assert not earlier.alive
    assert not earlier.send(signal.SIGKILL)  # or this test would not end


def test_a_process_of_another_machine_is_not_here():
    assert not replace(ProcessName.own(), host="elsewhere").alive


def test_a_process_that_ended_but_was_not_waited_for_is_gone():
    with subprocess.Popen(["true"]) as process:
        deadline = time.monotonic() + 60
        while ProcessName.of(process.pid) is not None:
            assert time.monotonic() < deadline


def test_ending_reaches_children_and_forces_who_does_not_listen():
    stubborn = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen(['sleep', '600']); print(child.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE, text=True) as process:
        child = ProcessName.of(int(process.stdout.readline()))
        started = time.monotonic()
        end([ProcessName.of(process.pid)], grace_s=0.3)
        assert time.monotonic() - started < 10
    assert process.returncode == -signal.SIGKILL
    assert not child.alive
    end([child], grace_s=0.3)  # gone already
