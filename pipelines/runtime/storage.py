"""Dagster's storage: its tables, and what a run printed. Both as Dagster ships them, made cheaper (`event_log.py` too).

Dagster's Postgres storage opens a connection for every event and asks for the columns of its tables again and again;
its compute log capture starts two `tail` and two Python processes a run to repeat on the terminal what nobody reads
there. Six trivial assets cost 1.1 s that way in a warm process and less than half as much this way.
"""

import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy
from dagster import DagsterEvent, DagsterEventType
from dagster._core.execution.compute_logs import redirect_to_file
from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeIOType
from dagster._core.storage.local_compute_log_manager import IO_TYPE_EXTENSION, LocalComputeLogManager
from dagster._core.storage.tags import WILL_RETRY_TAG
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage, PostgresRunStorage, PostgresScheduleStorage
from dagster_postgres.utils import pg_url_from_config, retry_pg_connection_fn

from pipelines.runtime.engines import asked_once, engine_of, known
from pipelines.runtime.event_log import EventLogStorage
from pipelines.runtime.works import nearly_done

RUNS_CHANNEL = "studybuddy_runs"
"""Said in Dagster's database with the kind of event when a run was queued or has ended (`daemon.py` listens)."""
QUEUED = DagsterEventType.RUN_ENQUEUED.value
ENDINGS = frozenset(
    kind.value for kind in (DagsterEventType.RUN_SUCCESS, DagsterEventType.RUN_FAILURE, DagsterEventType.RUN_CANCELED)
)
TABLES = {"runs", "instance_info", "event_logs", "jobs"}
"""With these present Dagster's own look for missing tables, once a storage, is left out."""


class PooledPostgresStorage(DagsterPostgresStorage):
    """Dagster's Postgres storage over one small pool a process.

    Make it after a fork, never before: connections are not shared between processes.
    """

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        engine = engine_of(postgres_url)

        def made() -> bool:
            return retry_pg_connection_fn(lambda: set(sqlalchemy.inspect(engine).get_table_names())) >= TABLES

        if not known(engine, ("tables",), made):
            DagsterPostgresStorage(postgres_url)  # makes them
        super().__init__(postgres_url, should_autocreate_tables=False, inst_data=inst_data)
        self._run_storage = _RunStorage(postgres_url, should_autocreate_tables=False)
        self._event_log_storage = EventLogStorage(postgres_url, should_autocreate_tables=False)
        self._schedule_storage = _ScheduleStorage(postgres_url, should_autocreate_tables=False)
        for storage in (self._run_storage, self._event_log_storage, self._schedule_storage):
            storage._engine = engine

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "PooledPostgresStorage":
        """Made from `dagster.yaml`; takes `postgres_url`, which must name psycopg2 (`postgresql+psycopg2://`)."""
        return cls(pg_url_from_config(config_value), inst_data=inst_data)


@asked_once(
    "has_backfill_id_column",
    "has_backfill_tags_table",
    "has_bulk_action_job_name_column",
    "has_bulk_actions_selector_cols",
    "has_built_index",
    "has_run_stats_index_cols",
)
class _RunStorage(PostgresRunStorage):
    """Asks once what the schema has; says when a run was queued or has ended."""

    def handle_run_event(self, run_id: str, event: DagsterEvent, update_timestamp: datetime | None = None) -> None:
        if event.event_type == DagsterEventType.RUN_SUCCESS:
            nearly_done()  # as soon as this is written, the next run is started
        super().handle_run_event(run_id, event, update_timestamp)
        if event.event_type_value in (QUEUED, *ENDINGS):
            self._announce(event.event_type_value)

    def add_run_tags(self, run_id: str, new_tags: Mapping[str, str]) -> None:
        super().add_run_tags(run_id, new_tags)
        if WILL_RETRY_TAG in new_tags:  # only now it is known what becomes of a run that failed
            self._announce(DagsterEventType.RUN_FAILURE.value)

    def _announce(self, what: str) -> None:
        with self.connect() as connection:
            connection.execute(sqlalchemy.text(f"NOTIFY {RUNS_CHANNEL}, '{what}'"))


@asked_once("has_instigators_table", "_has_instigators_table", "has_secondary_index_table", "has_built_index")
class _ScheduleStorage(PostgresScheduleStorage):
    """Asks once whether a table is there and an index built: nine times a tick of a sensor, otherwise."""


class FileComputeLogManager(LocalComputeLogManager):
    """What a run prints goes to files under `base_dir`, and only there; the UI reads them as always."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "FileComputeLogManager":
        """Made from `dagster.yaml`."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Generator[CapturedLogContext, None, None]:
        """Send standard output and error of this process to the files of `log_key` while inside."""
        out = self.get_captured_local_path(log_key, IO_TYPE_EXTENSION[ComputeIOType.STDOUT])
        err = self.get_captured_local_path(log_key, IO_TYPE_EXTENSION[ComputeIOType.STDERR])
        Path(out).parent.mkdir(parents=True, exist_ok=True)
        with redirect_to_file(sys.stdout, out), redirect_to_file(sys.stderr, err):
            yield CapturedLogContext(log_key)
        Path(self.complete_artifact_path(log_key)).touch()  # type: ignore[no-untyped-call]
