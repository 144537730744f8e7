"""Runs without a daemon: a few at a time, tried again when their process dies, ended when nobody waits any more."""

from uuid import uuid4

import pytest
from dagster import DagsterRunStatus, RunsFilter

from pipelines.runtime.instance import Code
from pipelines.runtime.runs import run_partitions

CODE = Code(module="tests.runtime.tiny", location_name="tiny")


def run(instance, keys, **options):
    return run_partitions(
        instance, job_name="tiny_job", partition_keys=keys, max_concurrent=options.pop("most", 2), code=CODE, **options
    )


def key(behaviour):
    return f"{behaviour}-{uuid4().hex[:8]}"


def test_every_partition_gets_a_result_and_one_bad_one_stops_nobody(instance):
    good, bad = [key("works") for _ in range(4)], key("permanent")
    results = run(instance, [good[0], bad, *good[1:]])
    assert set(results) == {*good, bad}
    assert all(results[name].succeeded and results[name].failure is None for name in good)
    assert not results[bad].succeeded
    assert results[bad].attempts == 1
    assert results[bad].failure == "week3.pdf is protected by a password."


def test_news_tell_each_stage_in_order(instance):
    news, name = [], key("transient")
    run(instance, [name], on_news=news.append)
    assert [(item.what, item.step) for item in news] == [
        ("launched", None),
        *[("step_started", "first"), ("step_waits", "first")] * 1,
        ("step_waits", "first"),
        ("step_done", "first"),
        ("step_started", "second"),
        ("step_done", "second"),
        ("ended", None),
    ]
    assert {item.partition_key for item in news} == {name}


def test_news_tell_how_far_a_long_step_has_come(instance):
    news, name = [], key("reports")
    run(instance, [name], on_news=news.append)
    (told,) = [item for item in news if item.what == "step_goes_on"]
    assert (told.step, told.message) == ("first", "1 of 2 minutes")


def test_a_run_whose_process_was_killed_is_tried_again_and_says_so(instance):
    news, name = [], key("diesonce")
    result = run(instance, [name], on_news=news.append)[name]
    assert (result.succeeded, result.attempts) == (True, 2)
    retried = next(item for item in news if item.what == "retried")
    assert "killed by SIGKILL" in retried.message
    runs = instance.get_runs(RunsFilter(tags={"dagster/partition": name}))
    assert [item.status for item in runs] == [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE]
    assert runs[0].parent_run_id == runs[0].root_run_id == runs[1].run_id  # as the daemon's own retries


def test_a_run_that_always_dies_is_given_up(instance):
    name = key("dies")
    result = run(instance, [name])[name]
    assert (result.succeeded, result.attempts) == (False, 4)
    assert "killed by SIGKILL" in result.failure


def test_keys_are_taken_only_when_there_is_room(instance):
    begun, ended = [], []

    def keys():
        for _ in range(5):
            begun.append(key("works"))
            assert len(begun) - len(ended) <= 2
            yield begun[-1]

    run(instance, keys(), on_news=lambda item: ended.append(item) if item.what == "ended" else None)
    assert len(ended) == 5


def test_an_interrupt_ends_the_runs_under_way(instance):
    name = key("sleeps")

    def interrupt(item):
        if item.what == "step_started":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(instance, [name], on_news=interrupt)
    (left,) = instance.get_runs(RunsFilter(tags={"dagster/partition": name}))
    assert left.status == DagsterRunStatus.CANCELED
    assert not instance.run_launcher.running
