"""Dagster's storage: its tables, and what a run printed. Both as Dagster ships them, made cheaper.

Dagster's Postgres storage opens a connection for every event and asks for the columns of its tables again and again;
its compute log capture starts two `tail` and two Python processes a run to repeat on the terminal what nobody reads
there. Six trivial assets cost 1.1 s that way in a warm process and less than half as much this way.
"""

import json
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2
import sqlalchemy
from dagster import AssetKey, AssetRecordsFilter, DagsterEvent, DagsterEventType, EventRecordsResult
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS
from dagster._core.events.log import EventLogEntry
from dagster._core.execution.compute_logs import redirect_to_file
from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeIOType
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.local_compute_log_manager import IO_TYPE_EXTENSION, LocalComputeLogManager
from dagster._core.storage.tags import WILL_RETRY_TAG
from dagster._serdes import ConfigurableClassData
from dagster_postgres import (
    DagsterPostgresStorage,
    PostgresEventLogStorage,
    PostgresRunStorage,
    PostgresScheduleStorage,
)
from dagster_postgres.utils import pg_url_from_config, retry_pg_connection_fn

from pipelines.runtime.works import nearly_done

IDLE_CONNECTIONS = 1
MOST_CONNECTIONS = 12
"""Of one process; the daemon's threads use the database side by side."""
TRUST_S = 1.0
"""A connection used this recently is taken for alive; an older one is asked first, so a restart is survived. So long,
too, an answer that a step asks for again is taken for true."""
RUNS_CHANNEL = "studybuddy_runs"
"""Said in Dagster's database with the kind of event when a run was queued or has ended (`daemon.py` listens)."""
QUEUED = DagsterEventType.RUN_ENQUEUED.value
ENDINGS = frozenset(
    kind.value for kind in (DagsterEventType.RUN_SUCCESS, DagsterEventType.RUN_FAILURE, DagsterEventType.RUN_CANCELED)
)
TABLES = {"runs", "instance_info", "event_logs", "jobs"}
"""With these present Dagster's own look for missing tables, once a storage, is left out."""


OF_ASSETS = {
    DagsterEventType.ASSET_CHECK_EVALUATION,
    DagsterEventType.ASSET_MATERIALIZATION,
    DagsterEventType.ASSET_OBSERVATION,
}


class PooledPostgresStorage(DagsterPostgresStorage):
    """Dagster's Postgres storage over one small pool a process.

    Make it after a fork, never before: connections are not shared between processes.
    """

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        engine = _pooled(postgres_url)
        found = retry_pg_connection_fn(lambda: set(sqlalchemy.inspect(engine).get_table_names()))
        if not found >= TABLES:
            DagsterPostgresStorage(postgres_url)  # makes them
        super().__init__(postgres_url, should_autocreate_tables=False, inst_data=inst_data)
        self._run_storage = _RunStorage(postgres_url, should_autocreate_tables=False)
        self._event_log_storage = _EventLogStorage(postgres_url, should_autocreate_tables=False)
        self._schedule_storage = PostgresScheduleStorage(postgres_url, should_autocreate_tables=False)
        for storage in (self._run_storage, self._event_log_storage, self._schedule_storage):
            storage._engine = engine

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "PooledPostgresStorage":
        """Made from `dagster.yaml`; takes `postgres_url`, which must name psycopg2 (`postgresql+psycopg2://`)."""
        return cls(pg_url_from_config(config_value), inst_data=inst_data)


class _RunStorage(PostgresRunStorage):
    """Asks once whether the table of runs has today's columns; says when a run was queued or has ended."""

    _stats_columns: bool | None = None

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

    def has_run_stats_index_cols(self) -> bool:
        if self._stats_columns is None:
            self._stats_columns = super().has_run_stats_index_cols()
        return self._stats_columns


class _EventLogStorage(PostgresEventLogStorage):
    """Asks once whether a table or a column exists; one that exists stays. Keeps nothing of an event twice.

    A step asks for the same things again and again: whether its partition exists (5 times a step), and twice a check
    for the asset's latest materialization. What was answered within `TRUST_S` is not asked again, unless this process
    has stored something else than a check meanwhile.
    """

    def __init__(self, postgres_url: str, should_autocreate_tables: bool) -> None:
        self._present: set[tuple[str, str]] = set()
        self._partitions: dict[tuple[str, str], float] = {}
        self._latest: dict[AssetRecordsFilter, tuple[float, EventRecordsResult]] = {}
        super().__init__(postgres_url, should_autocreate_tables)

    def store_event(self, event: EventLogEntry) -> None:
        """Keep the event, unless it only says that a check gave its result: the check's own event says which.

        Dagster's own sends a NOTIFY with every event besides, for which nobody listens any more.
        """
        if _ends_a_check(event):
            return
        kind = event.dagster_event_type if event.is_dagster_event else None
        if kind not in ASSET_CHECK_EVENTS:
            self._latest.clear()
        inserted = SqlEventLogStorageTable.c.id
        with self._connect() as connection:
            event_id = int(connection.execute(self.prepare_insert_event(event).returning(inserted)).scalar_one())
        if kind in ASSET_EVENTS and event.get_dagster_event().asset_key:
            with self.index_transaction() as connection:
                self._store_asset_event_tags(connection, [event], [event_id])
                self._store_asset_event(connection, event, event_id)
        if kind in ASSET_CHECK_EVENTS:
            self.store_asset_check_event(event, event_id)

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        key, now = (partitions_def_name, partition_key), time.monotonic()
        if now - self._partitions.get(key, -TRUST_S) < TRUST_S:
            return True
        self._partitions.clear()
        found = super().has_dynamic_partition(partitions_def_name, partition_key)
        if found:
            self._partitions[key] = now
        return found

    def delete_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> None:
        self._partitions.clear()
        super().delete_dynamic_partition(partitions_def_name, partition_key)

    def fetch_materializations(
        self,
        records_filter: AssetKey | AssetRecordsFilter,
        limit: int,
        cursor: str | None = None,
        ascending: bool = False,
    ) -> EventRecordsResult:
        if not isinstance(records_filter, AssetRecordsFilter) or limit != 1 or cursor is not None or ascending:
            return super().fetch_materializations(records_filter, limit, cursor, ascending)
        key = records_filter._replace(asset_partitions=tuple(records_filter.asset_partitions or ()))
        at, found = self._latest.get(key, (-TRUST_S, None))
        if found is None or time.monotonic() - at >= TRUST_S:
            found = super().fetch_materializations(records_filter, limit)
            self._latest = {key: (time.monotonic(), found)}
        return found

    def _event_to_row(self, event: EventLogEntry) -> dict[str, Any]:
        row = super()._event_to_row(_once(event))
        return {**row, "event": json.dumps(json.loads(row["event"], object_hook=_lean), separators=(",", ":"))}

    def has_table(self, table_name: str) -> bool:
        key = ("table", table_name)
        if key not in self._present and super().has_table(table_name):
            self._present.add(key)
        return key in self._present

    def _has_asset_key_col_on_connection(self, conn: sqlalchemy.Connection, column_name: str) -> bool:
        key = ("column", column_name)
        if key not in self._present and super()._has_asset_key_col_on_connection(conn, column_name):
            self._present.add(key)
        return key in self._present


def _ends_a_check(event: EventLogEntry) -> bool:
    """Whether it is the output of an asset's check, which Dagster names after asset and check; no step reads those."""
    told = event.dagster_event
    if told is None or told.event_type != DagsterEventType.STEP_OUTPUT:
        return False
    return told.step_output_data.output_name.startswith(f"{told.step_key}_")


def _once(event: EventLogEntry) -> EventLogEntry:
    """The event without what stands in it, or in another event of its step, a second time: tags that repeat run and
    step, the message's copy, the step's handle in events of assets, and a result's figures, which its materialization
    has. Together that was half of what an upload costs in the event log."""
    told = event.dagster_event
    if told is None:
        return event
    told = told._replace(logging_tags={}, node_handle=None)
    if told.event_type == DagsterEventType.STEP_OUTPUT:
        told = told._replace(event_specific_data=told.step_output_data._replace(metadata={}))
    elif told.event_type in OF_ASSETS:
        told = told._replace(step_handle=None)
    return event._replace(dagster_event=told, user_message="")


EMPTY: dict[str, frozenset[str]] = {
    "DagsterEvent": frozenset(
        ("event_specific_data", "logging_tags", "pid", "solid_handle", "step_handle", "step_key", "step_kind_value")
    ),
    "EventLogEntry": frozenset(("message", "step_key")),
    "EventMetadataEntry": frozenset(("description",)),
}
"""Fields of stored events that Dagster takes for empty where they are missing."""


def _lean(stored: dict[str, Any]) -> dict[str, Any]:
    """A part of a stored event without the fields that say nothing."""
    empty = EMPTY.get(stored.get("__class__", ""))
    return stored if empty is None else {k: v for k, v in stored.items() if v or k not in empty}


def _pooled(url: str) -> sqlalchemy.Engine:
    engine = sqlalchemy.create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=IDLE_CONNECTIONS,
        max_overflow=MOST_CONNECTIONS - IDLE_CONNECTIONS,
    )

    def check(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("used", 0.0) < TRUST_S:
            return
        try:
            with connection.cursor() as cursor:
                cursor.execute("select 1")
        except psycopg2.Error:
            raise sqlalchemy.exc.DisconnectionError from None  # the pool then tries another, at last a new one

    def note(_connection: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    sqlalchemy.event.listen(engine, "checkout", check)
    sqlalchemy.event.listen(engine, "checkin", note)
    return engine


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
