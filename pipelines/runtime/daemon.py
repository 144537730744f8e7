"""Dagster's daemon, woken instead of asking: its loops run when there is work, and seldom otherwise.

Dagster asks its tables every second or few, for ever: 4 % of a core for a system in which nothing happens. Here the
tables say so: new uploads wake the sensors, a queued or an ended run wakes the queue. What is missed (a connection that
broke) is found at the slow tick, so a bell makes things soon and the tick makes them certain.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any

import dagster._daemon.asset_daemon
import dagster._daemon.controller
import dagster._daemon.sensor
import dagster._grpc.server
import dagster._grpc.server_watcher
import grpc._common
from dagster import DagsterInstance
from dagster._core.workspace.context import IWorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon
from dagster._daemon.controller import create_daemon_of_type, daemon_controller_from_instance
from dagster._daemon.daemon import DaemonIterator, DagsterDaemon, IntervalDaemon, MonitoringDaemon, SensorDaemon
from dagster._daemon.freshness import FreshnessDaemon
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._utils.interrupts import capture_interrupts

from pipelines.core.stages import LISTENER
from pipelines.runtime.bells import Bell, listen
from pipelines.runtime.leader import lead
from pipelines.runtime.storage import ENDINGS, RUNS_CHANNEL

UPLOADS_CHANNEL = "studybuddy_uploads"

SENSORS_TICK_S = 60.0
QUEUE_TICK_S = 30.0
RETRIES_TICK_S = 30.0
MONITORING_TICK_S = 15.0
FRESHNESS_TICK_S = 60.0
WATCH_CODE_S = 15.0
"""How often the code server is asked whether it is still the same one. A question costs both ends more than it seems:
gRPC's threads look for more for two seconds afterwards."""

CODE_CHORES_S = 5.0
"""How often the code server looks for runs it started itself; here it starts none."""

WAIT_S = 5.0
"""How often a thread that waits for gRPC wakes up for nothing. What it waits for wakes it, and so does a signal."""

RELOAD_S = 600.0
"""How often the definitions are loaded again although the code server is the same one."""

LEAST_BETWEEN_LOOKS_S = 1.0
"""However often the bells of sensors are rung: uploads that come one after the other are looked at together."""

BETWEEN_ENDS_S = 3.0
"""The same while runs end one after the other. A look costs a tenth of a second of processor time, a small upload less
than a second, and what the first of them left to do is begun at once."""


class Bells:
    """The bells of one daemon process: each rings the loops that were made to hear it."""

    def __init__(self) -> None:
        self._uploads: list[Bell] = []
        self._queued: list[Bell] = []
        self._ended: list[Bell] = []

    def of_sensors(self, ending: Event) -> Bell:
        """For the loop that runs sensors: uploads, and ends of runs."""
        bell = Bell(ending, least_s=LEAST_BETWEEN_LOOKS_S, stream_s=BETWEEN_ENDS_S)
        self._uploads.append(bell)
        self._ended.append(bell)
        return bell

    def of_queue(self, ending: Event) -> Bell:
        """For the loop that starts queued runs: a run was queued, or one ended and made room."""
        bell = Bell(ending)
        self._queued.append(bell)
        self._ended.append(bell)
        return bell

    def of_endings(self, ending: Event) -> Bell:
        """For the loop that tries dead runs again."""
        bell = Bell(ending)
        self._ended.append(bell)
        return bell

    def uploads_changed(self, _payload: str) -> None:
        """The tables of uploads have news."""
        _ring(self._uploads)

    def run_changed(self, payload: str) -> None:
        """A run was queued or has ended; an empty payload may mean anything."""
        if payload not in ENDINGS:
            _ring(self._queued)
        if payload in ENDINGS or not payload:
            _ring(self._ended, one_of_many=True)


def _ring(bells: list[Bell], *, one_of_many: bool = False) -> None:
    for bell in bells:
        bell.ring(one_of_many=one_of_many)


class _Woken(IntervalDaemon[Any]):
    """An interval daemon whose interval ends early when its bell is rung."""

    make_bell: Callable[[Event], Bell]
    _bell: Bell | None = None

    def core_loop(self, workspace_process_context: IWorkspaceProcessContext, shutdown_event: Event) -> DaemonIterator:
        bell = self._bell = self._bell or self.make_bell(shutdown_event)
        while True:  # left by an exception, and then begun again
            yield from self.run_iteration(workspace_process_context)
            bell.wait(self.interval_seconds)
            yield None


class _Queue(_Woken, QueuedRunCoordinatorDaemon):
    pass


class _Retries(_Woken, EventLogConsumerDaemon):
    pass


class _Monitoring(_Woken, MonitoringDaemon):
    pass


class _Freshness(_Woken, FreshnessDaemon):
    pass


class _Sensors(SensorDaemon):
    make_bell: Callable[[Event], Bell]
    _bell: Any = None

    def core_loop(self, workspace_process_context: IWorkspaceProcessContext, shutdown_event: Event) -> DaemonIterator:
        self._bell = self._bell or self.make_bell(shutdown_event)
        return super().core_loop(workspace_process_context, self._bell)


def make_daemons(instance: DagsterInstance, bells: Bells) -> list[DagsterDaemon[Any]]:
    """The daemons the instance asks for; those that would ask their tables all the time are woken by `bells`."""
    made: list[DagsterDaemon[Any]] = []
    for kind in instance.get_required_daemon_types():
        daemon: DagsterDaemon[Any]
        if kind == SensorDaemon.daemon_type():
            daemon = _Sensors(settings=instance.get_sensor_settings())
            daemon.make_bell = bells.of_sensors
        elif kind == QueuedRunCoordinatorDaemon.daemon_type():
            daemon = _Queue(interval_seconds=QUEUE_TICK_S)
            daemon.make_bell = bells.of_queue
        elif kind == EventLogConsumerDaemon.daemon_type():
            daemon = _Retries(interval_seconds=RETRIES_TICK_S)  # type: ignore[arg-type]
            daemon.make_bell = bells.of_endings
        elif kind == MonitoringDaemon.daemon_type():
            # a launcher that does not tell of a dead run by itself is asked as often as the instance says
            tells = getattr(instance.run_launcher, "tells_of_dead_runs", False)
            wanted_s = MONITORING_TICK_S if tells else float(instance.run_monitoring_poll_interval_seconds)
            daemon = _Monitoring(interval_seconds=wanted_s)
            daemon.make_bell = Bell
        elif kind == FreshnessDaemon.daemon_type():  # type: ignore[no-untyped-call]
            daemon = _Freshness(interval_seconds=FRESHNESS_TICK_S)  # type: ignore[arg-type]
            daemon.make_bell = Bell
        else:
            daemon = create_daemon_of_type(kind, instance)
        made.append(daemon)
    return made


def slow_down() -> None:
    """Have Dagster ask less often where it has a number for that. In every process that talks to the code server.

    And have a sensor run although it seems to have run in the future: else a clock that was set back stops it for as
    long. And one that bells wake (of an interval of a second) whenever they do: Dagster counts from the end of its last
    run, and what it passes over waits for the slow tick.
    """
    dagster._daemon.sensor.is_under_min_interval = _is_under_min_interval  # type: ignore[assignment]
    dagster._daemon.sensor.MIN_INTERVAL_LOOP_TIME = SENSORS_TICK_S  # type: ignore[assignment]
    dagster._daemon.asset_daemon.MIN_INTERVAL_LOOP_SECONDS = SENSORS_TICK_S  # type: ignore[assignment]
    dagster._daemon.controller.RELOAD_WORKSPACE_INTERVAL = RELOAD_S  # type: ignore[assignment]
    dagster._grpc.server_watcher.WATCH_INTERVAL = WATCH_CODE_S  # type: ignore[assignment]
    dagster._grpc.server.CLEANUP_TICK = CODE_CHORES_S
    grpc._common.MAXIMUM_WAIT_TIMEOUT = WAIT_S


_stock_interval = dagster._daemon.sensor.is_under_min_interval


def _is_under_min_interval(state: Any, sensor: Any, *more: Any) -> bool:
    elapsed = dagster._daemon.sensor.get_elapsed(state)
    if sensor.min_interval_seconds is not None and sensor.min_interval_seconds <= 1:
        return False
    return (elapsed is None or elapsed >= 0) and _stock_interval(state, sensor, *more)


def run_daemon(workspace: str | os.PathLike[str], *, uploads_url: str, runs_url: str) -> None:
    """Run the daemon until it is interrupted; where another one of the deployment works, stand by first.

    Args:
        workspace: the file that says where the code is.
        uploads_url, runs_url: libpq URLs of the application's database and of Dagster's.
    """
    lead(runs_url)
    bells = Bells()
    slow_down()
    with suppress(KeyboardInterrupt), capture_interrupts(), DagsterInstance.get() as instance:
        listen(uploads_url, UPLOADS_CHANNEL, bells.uploads_changed, application=LISTENER)
        listen(runs_url, RUNS_CHANNEL, bells.run_changed)
        with daemon_controller_from_instance(
            instance,
            workspace_load_target=WorkspaceFileTarget([os.fspath(workspace)]),
            gen_daemons=lambda found: make_daemons(found, bells),
            log_level="warning",
            code_server_log_level="warning",
        ) as controller:
            controller.check_daemon_loop()
