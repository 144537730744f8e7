"""Dagster's daemon, woken by bells: whoever is woken runs, whatever Dagster's own pauses say."""

import time
from types import SimpleNamespace

import pytest
from dagster._core.scheduler.instigation import SensorInstigatorData

from pipelines.runtime.daemon import _is_under_min_interval


@pytest.mark.parametrize(
    ("interval_s", "ran_s_ago", "passed_over"),
    [(1, 0.1, False), (1, 5, False), (1, -60, False), (3600, 10, True), (3600, 4000, False), (3600, -60, False)],
    ids=["just now", "a while ago", "in the future", "hourly, just now", "hourly, long ago", "hourly, in the future"],
)
def test_a_sensor_that_bells_wake_runs_whenever_they_do_and_others_keep_their_pause(interval_s, ran_s_ago, passed_over):
    data = SensorInstigatorData(min_interval=interval_s, last_tick_timestamp=time.time() - ran_s_ago)
    state = SimpleNamespace(instigator_data=data)
    assert _is_under_min_interval(state, SimpleNamespace(min_interval_seconds=interval_s)) is passed_over
