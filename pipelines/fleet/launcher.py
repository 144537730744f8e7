"""The run launcher of a fleet: Dagster's for Celery, which also notices that a machine is gone, and cancels for good.

Dagster's own leaves the run of a dead machine "started" for ever (its health check repeats the broker's last word),
fails runs that wait in the queue, and ends a cancelled run as a failure that is then tried again (docs/decisions/0034).
"""

import time
from contextlib import suppress
from typing import Any

from dagster import DagsterRun, DagsterRunStatus
from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import pack_value
from dagster_celery.config import TASK_EXECUTE_JOB_NAME
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from pipelines.fleet.tasks import AWAY, CONFIGURATION

ANSWER_S = 2.0
"""How long a machine may take to say what it is at."""

SILENT_S = 15.0
"""How long a machine may say nothing before its runs are taken for lost."""


class FleetRunLauncher(CeleryRunLauncher):  # type: ignore[misc]
    """The run launcher of `deploy/dagster/celery.yaml`."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        more["config_source"] = {**CONFIGURATION, **(more.get("config_source") or {})}
        super().__init__(*arguments, **more)
        self._silent_since: dict[str, float] = {}

    @property
    def supports_resume_run(self) -> bool:
        """No: a run that died is tried again as a new one."""
        return False

    def launch_run(self, context: LaunchRunContext) -> None:
        """Hand the run to the broker."""
        run, origin = context.dagster_run, context.job_code_origin
        assert origin is not None  # noqa: S101  every run that the daemon launches says where its code is
        args = ExecuteRunArgs(
            job_origin=origin,
            run_id=run.run_id,
            instance_ref=self._instance.get_ref(),
            set_exit_code_on_failure=True,
        )
        packed = {"execute_job_args_packed": pack_value(args)}
        task = self.celery.signature(TASK_EXECUTE_JOB_NAME, kwargs=packed, immutable=True)
        self._launch_celery_task_run(run=run, task_signature=task, routing_key=TASK_EXECUTE_JOB_NAME)

    def terminate(self, run_id: str) -> bool:
        """Ask the run's process to end, wherever it is; False when the run is over."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        task_id = run.tags.get(DAGSTER_CELERY_TASK_ID_TAG)
        if task_id is None:
            self._instance.report_run_canceled(run, "The run was not handed to a worker yet.")
            return True
        self.celery.control.revoke(task_id, terminate=True, signal="SIGINT")
        if self.celery.AsyncResult(task_id).state == "PENDING":
            self._instance.report_run_canceled(run, "The run waited for a worker.")
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the run's machine is at it. Any doubt means that it is: what lives is never failed."""
        task_id = run.tags.get(DAGSTER_CELERY_TASK_ID_TAG)
        if task_id is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "The run is on its way to the broker.")
        try:
            return self._look(run, task_id)
        except AWAY as error:
            self._silent_since.clear()
            return CheckRunHealthResult(WorkerStatus.RUNNING, f"The broker is away ({type(error).__name__}).")

    def _look(self, run: DagsterRun, task_id: str) -> CheckRunHealthResult:
        state, info = self._told(task_id)
        if state != "STARTED" or not isinstance(info, dict) or "hostname" not in info:
            self._silent_since.pop(run.run_id, None)
            ended = state in ("FAILURE", "REVOKED") or (state == "SUCCESS" and self._still_open(run))
            if ended and not self._somebody_is_at(run):
                return CheckRunHealthResult(WorkerStatus.FAILED, f"The worker's task ended ({state.lower()}).")
            return CheckRunHealthResult(WorkerStatus.RUNNING, "It waits for a worker, or has just ended.")
        return self._ask(run, task_id, str(info["hostname"]))

    def _ask(self, run: DagsterRun, task_id: str, machine: str) -> CheckRunHealthResult:
        """Ask the machine that took the run whether it is at it."""
        answer = self.celery.control.inspect(destination=[machine], timeout=ANSWER_S).active()
        if answer is None:
            since = self._silent_since.setdefault(run.run_id, time.monotonic())
            if time.monotonic() - since < SILENT_S:
                return CheckRunHealthResult(WorkerStatus.RUNNING, f"{machine} has not answered.")
            self._silent_since.pop(run.run_id, None)
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"{machine} has been silent for {SILENT_S:.0f} s.")
        self._silent_since.pop(run.run_id, None)
        if any(task["id"] == task_id for tasks in answer.values() for task in tasks):
            return CheckRunHealthResult(WorkerStatus.RUNNING, run_worker_id=machine)
        if self._told(task_id)[0] != "STARTED":
            return CheckRunHealthResult(WorkerStatus.RUNNING, "It has just ended.")
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"{machine} is not at this run any more.")

    def _somebody_is_at(self, run: DagsterRun) -> bool:
        """Whether any machine is at a run whose task has ended: it was handed to the broker twice."""
        answers = self.celery.control.inspect(timeout=ANSWER_S).active() or {}
        return any(run.run_id in str(task.get("kwargs")) for tasks in answers.values() for task in tasks)

    def _told(self, task_id: str) -> tuple[str, Any]:
        """What the broker remembers of a task, asked anew."""
        result = self.celery.AsyncResult(task_id)
        meta = result.backend.get_task_meta(task_id, cache=False)
        return str(meta.get("status")), meta.get("result")

    def _still_open(self, run: DagsterRun) -> bool:
        """Whether the run has not ended although its process did."""
        with suppress(Exception):
            found = self._instance.get_run_by_id(run.run_id)
            return found is not None and found.status in (DagsterRunStatus.STARTED, DagsterRunStatus.STARTING)
        return False
