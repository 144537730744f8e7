"""Runs started and watched from here, without a daemon: one a partition, a few at a time, tried again when they die.

The runs are ordinary ones. A daemon that comes up meanwhile sees them, and sees that a retry of theirs exists already.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from dagster import (
    AssetKey,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    JobDefinition,
    RunsFilter,
)
from dagster._core.errors import DagsterLaunchFailedError
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.tags import PARTITION_NAME_TAG, RETRY_NUMBER_TAG, RUN_FAILURE_REASON_TAG
from dagster_postgres.utils import DagsterPostgresException
from sqlalchemy.exc import DBAPIError

from pipelines.core.errors import StorageUnavailableError
from pipelines.runtime.forkserver import GRACE_S
from pipelines.runtime.instance import Code
from pipelines.runtime.launcher import ForkingRunLauncher

if TYPE_CHECKING:
    from dagster._core.workspace.context import BaseWorkspaceRequestContext

MOST_RETRIES = 3
"""Of a run whose process died; a step that failed has had its own retries."""

POLL_S = 0.1
PATIENCE_S = 60.0
WATCHED = {
    DagsterEventType.STEP_START,
    DagsterEventType.STEP_SUCCESS,
    DagsterEventType.STEP_FAILURE,
    DagsterEventType.STEP_UP_FOR_RETRY,
    DagsterEventType.ASSET_OBSERVATION,
    DagsterEventType.RUN_FAILURE,
}

What = Literal["launched", "step_started", "step_goes_on", "step_done", "step_waits", "step_failed", "retried", "ended"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNews:
    """Something happened to a partition's run. `step` is None where the whole run is meant.

    `message` says why for `step_failed`, `retried` and a run that `ended` without success, and for `step_goes_on` how
    far it has come (the asset's observation); None otherwise.
    """

    partition_key: str
    run_id: str
    what: What
    step: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a partition's last run ended. `failure` is a sentence for people, None after a success."""

    partition_key: str
    run_id: str
    succeeded: bool
    attempts: int
    seconds: float
    failure: str | None = None


@dataclass(slots=True)
class _Watched:
    run: DagsterRun
    key: str
    attempts: int
    since: float
    cursor: str | None = None
    failures: list[str] = field(default_factory=list)


def run_partitions(
    instance: DagsterInstance,
    *,
    job_name: str,
    partition_keys: Iterable[str],
    max_concurrent: int,
    on_news: Callable[[RunNews], None] | None = None,
    tags: Mapping[str, str] | None = None,
    assets: Iterable[str] = (),
    code: Code | None = None,
) -> dict[str, RunResult]:
    """Run a job for each partition and wait for all of them; the result of each, in the order they ended.

    Partition keys are taken only when there is room for another run, so an iterator may still be making them. Keys of
    dynamic partitions are added. Ends all runs under way when interrupted (Ctrl-C) or when `on_news` raises.

    Args:
        on_news: called in this thread.
        assets: make only these of the job's; empty means all.
        code: where the job is; None means `pipelines.definitions`.

    Raises:
        StorageUnavailableError: Dagster's database was away for more than a minute.
    """
    watch = _Watch(
        instance, job_name=job_name, tell=on_news or (lambda _: None), tags=tags or {}, assets=set(assets),
        code=code or Code(),
    )  # fmt: skip
    return watch.all(iter(partition_keys), max_concurrent)


class _Watch:
    def __init__(
        self,
        instance: DagsterInstance,
        *,
        job_name: str,
        tell: Callable[[RunNews], None],
        tags: Mapping[str, str],
        assets: set[str],
        code: Code,
    ) -> None:
        self._instance, self._code, self._tell, self._tags = instance, code, tell, tags
        self._assets = {AssetKey(name) for name in assets}
        launcher = instance.run_launcher
        assert isinstance(launcher, ForkingRunLauncher)  # noqa: S101  dagster.yaml says so
        self._launcher = launcher
        launcher.warm_up()
        self._job: JobDefinition = code.load().resolve_job_def(job_name)
        self._active: dict[str, _Watched] = {}
        self._results: dict[str, RunResult] = {}
        self._seen = time.monotonic()

    def all(self, keys: Iterator[str], max_concurrent: int) -> dict[str, RunResult]:
        more = True
        try:
            while more or self._active:
                while more and len(self._active) < max_concurrent:
                    key = next(keys, None)
                    more = key is not None
                    if key is not None:
                        self._launch(key)
                self._launcher.wait_any_ended(POLL_S)
                self._look_patiently()
        finally:
            self._end_active()
        return self._results

    def _launch(self, key: str, parent: _Watched | None = None) -> None:
        partitions = self._job.partitions_def
        name = getattr(partitions, "name", None)
        if parent is None and name is not None:
            self._instance.add_dynamic_partitions(name, [key])
        retry = {} if parent is None else {RETRY_NUMBER_TAG: str(parent.attempts)}
        run = self._instance.create_run_for_job(
            self._job,
            tags={**self._tags, PARTITION_NAME_TAG: key, **retry},
            asset_selection=self._assets or None,
            parent_run_id=None if parent is None else parent.run.run_id,
            root_run_id=None if parent is None else parent.run.root_run_id or parent.run.run_id,
            job_code_origin=self._code.job_origin(self._job.name),
            remote_job_origin=self._code.remote_origin(self._job.name),
        )
        attempts, since = (1, time.monotonic()) if parent is None else (parent.attempts + 1, parent.since)
        self._active[run.run_id] = _Watched(run, key, attempts, since)
        with suppress(DagsterLaunchFailedError):  # then the run has failed, and is treated like one that died
            self._instance.launch_run(run.run_id, cast("BaseWorkspaceRequestContext", None))  # its launcher needs none
        self._tell(RunNews(partition_key=key, run_id=run.run_id, what="launched"))

    def _look_patiently(self) -> None:
        """A database that restarts is waited for; the runs have their own ways to wait."""
        try:
            self._look()
            self._seen = time.monotonic()
        except (DBAPIError, DagsterPostgresException):
            if time.monotonic() - self._seen > PATIENCE_S:
                raise StorageUnavailableError("Dagster's database cannot be reached.") from None

    def _look(self) -> None:
        if not self._active:
            return
        for run in self._instance.get_runs(RunsFilter(run_ids=list(self._active))):
            watched = self._active[run.run_id]
            self._read_events(watched)
            if run.run_id in self._launcher.running:
                continue
            if not run.is_finished:
                self._launcher.bury(run.run_id)  # read again at the next look
            else:
                del self._active[run.run_id]
                self._ended(watched, run)

    def _read_events(self, watched: _Watched) -> None:
        more = True
        while more:
            page = self._instance.get_records_for_run(watched.run.run_id, watched.cursor, WATCHED)
            watched.cursor, more = page.cursor, page.has_more
            for record in page.records:
                self._heard(watched, record.event_log_entry)

    def _heard(self, watched: _Watched, entry: EventLogEntry) -> None:
        event = entry.get_dagster_event()
        whats: dict[DagsterEventType, What] = {
            DagsterEventType.STEP_START: "step_started",
            DagsterEventType.ASSET_OBSERVATION: "step_goes_on",
            DagsterEventType.STEP_SUCCESS: "step_done",
            DagsterEventType.STEP_UP_FOR_RETRY: "step_waits",
            DagsterEventType.STEP_FAILURE: "step_failed",
        }
        message = _reason(entry)
        if message is not None:
            watched.failures.append(message)
        if event.event_type in whats:
            self._tell(
                RunNews(
                    partition_key=watched.key,
                    run_id=watched.run.run_id,
                    what=whats[event.event_type],
                    step=event.step_key,
                    message=_progress(event) if event.event_type == DagsterEventType.ASSET_OBSERVATION else message,
                )
            )

    def _ended(self, watched: _Watched, run: DagsterRun) -> None:
        succeeded = run.status == DagsterRunStatus.SUCCESS
        failure = None if succeeded else (watched.failures or ["The run was cancelled."])[0]
        if _died(run) and watched.attempts <= MOST_RETRIES:
            self._tell(RunNews(partition_key=watched.key, run_id=run.run_id, what="retried", message=failure))
            self._launch(watched.key, watched)
            return
        self._results[watched.key] = RunResult(
            partition_key=watched.key,
            run_id=run.run_id,
            succeeded=succeeded,
            attempts=watched.attempts,
            seconds=time.monotonic() - watched.since,
            failure=failure,
        )
        self._tell(RunNews(partition_key=watched.key, run_id=run.run_id, what="ended", message=failure))

    def _end_active(self) -> None:
        for run_id in self._active:
            self._launcher.terminate(run_id)
        if self._active:
            self._launcher.join(int(GRACE_S) + 5)


def _died(run: DagsterRun) -> bool:
    return run.status == DagsterRunStatus.FAILURE and run.tags.get(RUN_FAILURE_REASON_TAG) != "STEP_FAILURE"


def _progress(event: DagsterEvent) -> str | None:
    return event.asset_observation_data.asset_observation.description


def _reason(entry: EventLogEntry) -> str | None:
    """The sentence of a failed step or run; None for other events."""
    event = entry.get_dagster_event()
    if event.event_type == DagsterEventType.RUN_FAILURE:
        return event.message
    if event.event_type != DagsterEventType.STEP_FAILURE:
        return None
    failure = event.step_failure_data
    if failure.user_failure_data is not None and failure.user_failure_data.description:
        return failure.user_failure_data.description
    return failure.error_display_string.strip().splitlines()[0] if failure.error else event.message
