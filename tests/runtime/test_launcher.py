"""Runs live in processes of their own that can be ended, found again by others, and do not linger."""

import json
import os
import signal
import time
from pathlib import Path
from uuid import uuid4

import psutil
from dagster import DagsterRunStatus
from dagster._core.launcher import WorkerStatus

from pipelines.core.processes import ProcessName
from pipelines.runtime.instance import Code
from pipelines.runtime.launcher import worker_of
from pipelines.runtime.worker import WORKER_TAG
from tests.runtime.conftest import instance_on
from tests.runtime.tiny import CANARY

CODE = Code(module="tests.runtime.tiny", location_name="tiny")


def launch(instance, behaviour):
    """Start a run of the tiny job and return its id."""
    key = f"{behaviour}-{uuid4().hex[:8]}"
    instance.add_dynamic_partitions("tiny", [key])
    job = CODE.load().resolve_job_def("tiny_job")
    run = instance.create_run_for_job(
        job,
        tags={"dagster/partition": key},
        job_code_origin=CODE.job_origin("tiny_job"),
        remote_job_origin=CODE.remote_origin("tiny_job"),
    )
    instance.launch_run(run.run_id, None)
    return run.run_id


def wait_for(condition, timeout_s=60):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def finished(instance, run_id):
    def told():
        run = instance.get_run_by_id(run_id)
        return run.is_finished and (run.status != DagsterRunStatus.FAILURE or "dagster/will_retry" in run.tags)

    wait_for(told)
    return instance.get_run_by_id(run_id)


def asleep(instance, run_id):
    """Wait until the run sleeps in its step with a child beside it; (its process, the child's)."""
    key = instance.get_run_by_id(run_id).tags["dagster/partition"]
    note = Path(os.environ["STUDYBUDDY_HOME"], key + ".child")
    wait_for(lambda: note.exists() and note.read_text())
    return worker_of(instance.get_run_by_id(run_id)), ProcessName.of(int(note.read_text()))


def everything_stored(instance, run_id):
    """All that Dagster kept of a run: its events, its row, and what it printed."""
    logs = Path(os.environ["STUDYBUDDY_DAGSTER_STORAGE"], run_id)
    printed = "".join(path.read_text() for path in logs.rglob("*") if path.is_file())
    return repr(instance.all_logs(run_id)) + repr(instance.get_run_by_id(run_id)) + printed


def test_a_run_is_an_ordinary_run_with_its_events_and_what_it_printed(instance):
    run = finished(instance, launch(instance, "works"))
    assert run.status == DagsterRunStatus.SUCCESS
    kinds = [event.dagster_event.event_type_value for event in instance.all_logs(run.run_id) if event.dagster_event]
    assert kinds.count("ASSET_MATERIALIZATION") == 2
    assert "LOGS_CAPTURED" in kinds
    assert f"printed by {run.tags['dagster/partition']}" in everything_stored(instance, run.run_id)


def follow(instance, *behaviours):
    """Launch runs, each when the one before has ended and its worker is free again; (runs, their processes)."""
    runs = []
    for behaviour in behaviours:
        run_id = launch(instance, behaviour)
        runs.append(finished(instance, run_id))
        wait_for(lambda: not instance.run_launcher.running)
    return runs, [worker_of(run) for run in runs]


def test_short_runs_follow_each_other_in_one_worker_each_with_its_own_events_and_prints(instance):
    runs, workers = follow(instance, "works", "works")
    assert workers[0] == workers[1]
    for mine, other in (runs, runs[::-1]):
        assert mine.status == DagsterRunStatus.SUCCESS
        stored = everything_stored(instance, mine.run_id)
        assert f"printed by {mine.tags['dagster/partition']}" in stored
        assert other.tags["dagster/partition"] not in stored


def test_a_run_killed_in_a_shared_worker_is_to_be_retried_and_leaves_the_next_alone(instance):
    runs, workers = follow(instance, "works", "dies", "works")
    assert workers[0] == workers[1] != workers[2]
    assert [run.status for run in runs] == [
        DagsterRunStatus.SUCCESS,
        DagsterRunStatus.FAILURE,
        DagsterRunStatus.SUCCESS,
    ]
    assert runs[1].tags["dagster/will_retry"] == "true"
    assert "killed by SIGKILL" in everything_stored(instance, runs[1].run_id)


def test_a_permanent_failure_in_a_shared_worker_leaves_the_next_alone(instance):
    runs, workers = follow(instance, "works", "permanent", "works")
    assert workers[0] == workers[1] != workers[2]
    assert [run.is_success for run in runs] == [True, False, True]
    assert "password" not in everything_stored(instance, runs[2].run_id)


def test_a_cancelled_run_in_a_shared_worker_ends_within_seconds_and_takes_its_worker_with_it(instance):
    _, (first,) = follow(instance, "works")
    run_id = launch(instance, "sleeps")
    worker, child = asleep(instance, run_id)
    assert worker == first
    assert instance.run_launcher.check_run_worker_health(instance.get_run_by_id(run_id)).run_worker_id == str(first.pid)
    assert instance.run_launcher.terminate(run_id)
    assert finished(instance, run_id).status == DagsterRunStatus.CANCELED
    wait_for(lambda: not worker.alive and not child.alive)
    (run,), _ = follow(instance, "works")
    assert run.is_success


def test_a_permanent_failure_is_not_retried_and_shows_nothing_of_its_cause(instance):
    run = finished(instance, launch(instance, "permanent"))
    assert run.tags["dagster/will_retry"] == "false"
    stored = everything_stored(instance, run.run_id)
    assert "week3.pdf is protected by a password." in stored
    assert CANARY not in stored


def test_a_transient_failure_is_retried_inside_its_run(instance):
    run = finished(instance, launch(instance, "transient"))
    assert run.status == DagsterRunStatus.SUCCESS
    assert CANARY not in everything_stored(instance, run.run_id)


def test_a_killed_process_fails_its_run_at_once_and_asks_for_a_retry(instance):
    run_id = launch(instance, "sleeps")
    worker, child = asleep(instance, run_id)
    worker.send(signal.SIGKILL)
    run = finished(instance, run_id)
    assert run.status == DagsterRunStatus.FAILURE
    assert run.tags["dagster/will_retry"] == "true"
    assert "killed by SIGKILL" in everything_stored(instance, run_id)
    wait_for(lambda: not child.alive)  # nor is anything left of what it had started


def test_terminating_cancels_the_run_from_any_process(instance):
    run_id = launch(instance, "sleeps")
    worker, child = asleep(instance, run_id)
    with instance_on(instance.get_ref()) as webserver:
        assert webserver.run_launcher.terminate(run_id)
    assert finished(instance, run_id).status == DagsterRunStatus.CANCELED
    wait_for(lambda: not worker.alive and not child.alive)
    assert not instance.run_launcher.terminate(run_id)


def test_health_is_known_to_a_daemon_that_started_later(instance):
    run_id = launch(instance, "sleeps")
    worker, _ = asleep(instance, run_id)
    with instance_on(instance.get_ref()) as later:
        healthy = later.run_launcher.check_run_worker_health(later.get_run_by_id(run_id))
        assert healthy.status == WorkerStatus.RUNNING
        worker.send(signal.SIGKILL)
        wait_for(lambda: not worker.alive)
        run = later.get_run_by_id(run_id)
        assert later.run_launcher.check_run_worker_health(run).status == WorkerStatus.NOT_FOUND
        reused = {**json.loads(run.tags[WORKER_TAG]), "pid": os.getpid()}
        impostor = run.with_tags({**run.tags, WORKER_TAG: json.dumps(reused)})
        assert later.run_launcher.check_run_worker_health(impostor).status == WorkerStatus.NOT_FOUND
    finished(instance, run_id)


def test_a_run_without_a_process_can_still_be_cancelled(instance):
    with instance_on(instance.get_ref()) as other:
        job = CODE.load().resolve_job_def("tiny_job")
        run = other.create_run_for_job(job, tags={"dagster/partition": "none"}, status=DagsterRunStatus.STARTED)
        assert other.run_launcher.terminate(run.run_id)
        assert other.get_run_by_id(run.run_id).status == DagsterRunStatus.CANCELED


def test_a_bug_fails_the_run_and_shows(instance):
    run = finished(instance, launch(instance, "bug"))
    assert run.status == DagsterRunStatus.FAILURE
    assert "ZeroDivisionError: a bug shows" in everything_stored(instance, run.run_id)


def test_workers_end_with_a_server_that_was_killed_and_the_next_run_gets_a_new_one(instance):
    run_id = launch(instance, "sleeps")
    worker, _ = asleep(instance, run_id)
    psutil.Process(psutil.Process(worker.pid).ppid()).kill()
    assert finished(instance, run_id).tags["dagster/failure_reason"] == "UNEXPECTED_TERMINATION"
    wait_for(lambda: not worker.alive and not instance.run_launcher.running)
    assert finished(instance, launch(instance, "works")).status == DagsterRunStatus.SUCCESS


def test_a_server_with_old_code_keeps_its_runs_but_gets_no_more(instance):
    launcher = instance.run_launcher
    sleeping = launch(instance, "sleeps")
    worker, _ = asleep(instance, sleeping)
    old = psutil.Process(worker.pid).ppid()
    launcher._clients[-1]._stale = True  # as if a module had been edited
    assert finished(instance, launch(instance, "works")).status == DagsterRunStatus.SUCCESS
    wait_for(lambda: launcher.running == (sleeping,))
    worker.send(signal.SIGKILL)
    assert finished(instance, sleeping).status == DagsterRunStatus.FAILURE
    wait_for(lambda: not launcher.running)
    assert finished(instance, launch(instance, "works")).status == DagsterRunStatus.SUCCESS
    wait_for(lambda: ProcessName.of(old) is None)
