"""The run launcher: every run in a process forked from a preloaded one; it knows when such a process has died.

One class for the daemon and for the command line. It uses the fork server it was offered (`forkclient.py`), otherwise
it starts its own at the first run. A run without a process is reported as failed at once, so
that Dagster's run retries take over; after a restart the run's tag still names the process (`check_run_worker_health`).
"""

import json
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from dagster import Array, DagsterInstance, DagsterRun, DagsterRunStatus, Field
from dagster._config.config_schema import UserConfigSchema
from dagster._core.errors import DagsterLaunchFailedError
from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, RunLauncher, WorkerStatus
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClass, ConfigurableClassData, serialize_value

from pipelines.core.processes import ProcessName
from pipelines.runtime.forkclient import ForkClient, start_server, take_offered
from pipelines.runtime.worker import WORKER_TAG
from pipelines.runtime.works import GRACE_S

PATIENCE_S = 30.0
"""How long the launcher tries to tell of a run whose process is gone while the database is away."""

START_TIMEOUT_S = 60.0
"""How long a launch may wait for the fork server, which first imports everything (4 s on an idle machine)."""


class ForkingRunLauncher(RunLauncher[DagsterInstance], ConfigurableClass):
    """The run launcher of `dagster.yaml`.

    Args:
        preload: modules the fork server imports beforehand; a run of other code still works, only slower.
    """

    tells_of_dead_runs = True
    """It sees its runs' processes end: Dagster's monitoring need not ask often."""

    def __init__(
        self,
        preload: Sequence[str] = ("pipelines.definitions",),
        inst_data: ConfigurableClassData | None = None,
    ) -> None:
        self._preload = tuple(preload)
        self._inst_data = inst_data
        self._clients: list[ForkClient] = []  # the last one starts runs, others only see theirs end
        self._lock = threading.Lock()
        super().__init__()  # type: ignore[no-untyped-call]

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """What `dagster.yaml` said."""
        return self._inst_data

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """`preload`: list of module names."""
        return {"preload": Field(Array(str), is_required=False)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "ForkingRunLauncher":
        """Made from `dagster.yaml`."""
        return cls(**config_value, inst_data=inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start the run's process. The run itself says which one it is (tag and engine event)."""
        run, origin = context.dagster_run, context.job_code_origin
        if origin is None:
            raise _launch_failed(f"Run {run.run_id} does not say where its code is.")
        args = ExecuteRunArgs(
            job_origin=origin, run_id=run.run_id, instance_ref=self._instance.get_ref(), set_exit_code_on_failure=True
        )
        try:
            self._connected().start(run.run_id, serialize_value(args), timeout_s=START_TIMEOUT_S)
        except (ConnectionError, TimeoutError) as error:
            raise _launch_failed(f"The run's process could not be started: {error}") from None

    def terminate(self, run_id: str) -> bool:
        """Ask the run's process to end, and kill it if it does not within `GRACE_S`; False when the run is over."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        worker = worker_of(run)
        if worker is None or not worker.send(signal.SIGTERM):
            self._instance.report_run_canceled(run, "The run had no process any more.")
            return True
        killer = threading.Timer(GRACE_S, worker.send, (signal.SIGKILL,), {"group": True})
        killer.daemon = True
        killer.start()
        return True

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: the run's tag names its process."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """RUNNING while the run's process lives on this machine, NOT_FOUND otherwise."""
        worker = worker_of(run)
        if worker is None:
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "The run does not name its process.")
        if worker.alive:
            return CheckRunHealthResult(WorkerStatus.RUNNING, run_worker_id=str(worker.pid))
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"Process {worker.pid} of {worker.host} is gone.")

    @property
    def running(self) -> tuple[str, ...]:
        """Ids of the runs started here whose process has not ended."""
        return tuple(run_id for client in tuple(self._clients) for run_id in client.running)

    def bury(self, run_id: str, status: int | None = None) -> None:
        """Report a run whose process is gone, unless the run ended before its process did.

        Args:
            status: exit status or minus the signal; None when not known.
        """
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return
        if run.status == DagsterRunStatus.CANCELING:
            self._instance.report_run_canceled(run)
        else:
            self._instance.report_run_failed(run, _obituary(status))

    def join(self, timeout: int = 30) -> None:
        """Wait until the processes started here have ended, at most `timeout` seconds."""
        deadline = time.monotonic() + timeout
        for client in tuple(self._clients):
            client.wait_ended(max(0.0, deadline - time.monotonic()))

    def dispose(self) -> None:
        """Leave the fork server. One of our own ends then, and with it the runs under way."""
        with self._lock:
            clients, self._clients = self._clients, []
        for client in clients:
            client.close()

    def _connected(self) -> ForkClient:
        """The way to a server that lives and, where it is our own, has the code as it is on disk."""
        with self._lock:
            for client in self._clients[:-1]:
                if not client.running:
                    client.close()
                    self._clients.remove(client)
            newest = self._clients[-1] if self._clients else None
            if newest is None or newest.lost or newest.stale:
                log = Path(self._instance.root_directory, "workers.log")
                connection = take_offered() or start_server(self._preload, log)
                self._clients.append(ForkClient(connection, self._worker_ended))
            return self._clients[-1]

    def _worker_ended(self, run_id: str, status: int | None) -> None:
        """Called in the client's thread."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:  # the run may have died of a database that is away; later, monitoring looks
            with suppress(Exception):
                if status is None:
                    self._wait_for_orphan(run_id)
                self.bury(run_id, status)
                return
            time.sleep(1.0)

    def _wait_for_orphan(self, run_id: str) -> None:
        """Its server was lost; the worker notices that too, reports its run failed and ends."""
        run = self._instance.get_run_by_id(run_id)
        worker = None if run is None else worker_of(run)
        deadline = time.monotonic() + GRACE_S + 5
        while worker is not None and worker.alive and time.monotonic() < deadline:
            time.sleep(0.1)


def worker_of(run: DagsterRun) -> ProcessName | None:
    """The process of a run as its tag says; None before it started or when another launcher started it."""
    tag = run.tags.get(WORKER_TAG)
    return None if tag is None else ProcessName(**json.loads(tag))


def _launch_failed(message: str) -> DagsterLaunchFailedError:
    return DagsterLaunchFailedError(message)  # type: ignore[no-untyped-call]


def _obituary(status: int | None) -> str:
    if status is None:
        return "The run's process is gone, and so is the process that could say why."
    if status < 0:
        return f"The run's process was killed by {signal.Signals(-status).name}."
    return f"The run's process ended with status {status} before the run did."
