"""Dagster's event log, written a batch at a time: what ends a step is one write, and so is the plan of a run.

Dagster writes every event by itself, in up to five statements, and a step of ours ends with a dozen of them: that was
two fifths of a small upload's run. Nobody sees the difference. What a step does while it goes on (its start, its
progress, its messages) is written at once; who reads finds everything; and whoever dies before a step's end is written
has not ended it, for Dagster as for its tables.
"""

import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy
from dagster import (
    AssetKey,
    AssetRecordsFilter,
    DagsterEvent,
    DagsterEventType,
    EventLogRecord,
    EventRecordsResult,
)
from dagster._core.event_api import EventLogCursor
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.migration import ASSET_KEY_INDEX_COLS
from dagster._core.storage.event_log.schema import AssetKeyTable, SqlEventLogStorageTable
from dagster_postgres import PostgresEventLogStorage
from sqlalchemy.dialects import postgresql

from pipelines.runtime.engines import asked_once

TRUST_S = 1.0
"""So long an answer that a step asks for again is taken for true."""

OF_ASSETS = {
    DagsterEventType.ASSET_CHECK_EVALUATION,
    DagsterEventType.ASSET_MATERIALIZATION,
    DagsterEventType.ASSET_OBSERVATION,
}

ENDING_A_STEP = {
    DagsterEventType.STEP_OUTPUT,
    DagsterEventType.HANDLED_OUTPUT,
    DagsterEventType.ASSET_CHECK_EVALUATION,
}
"""Events that are Dagster's own and follow a step's code, with no more to wait for before STEP_SUCCESS or
STEP_FAILURE."""

INSERT = SqlEventLogStorageTable.insert().returning(SqlEventLogStorageTable.c.id, sort_by_parameter_order=True)


@asked_once("has_table", "_has_asset_key_col_on_connection", "has_secondary_index")
class EventLogStorage(PostgresEventLogStorage):
    """Asks once whether a table or a column exists. Keeps nothing of an event twice.

    A step asks for the same things again and again: whether its partition exists (5 times a step), and twice a check
    for the asset's latest materialization. What was answered within `TRUST_S`, or written, is not asked again, unless
    this process has stored something else than a check meanwhile.
    """

    def __init__(self, postgres_url: str, should_autocreate_tables: bool) -> None:
        self._partitions: dict[tuple[str, str], float] = {}
        self._latest: dict[AssetRecordsFilter, tuple[float, EventRecordsResult]] = {}
        self._lock = threading.RLock()
        self._waiting: list[EventLogEntry] = []
        self._writing: sqlalchemy.Connection | None = None
        super().__init__(postgres_url, should_autocreate_tables)

    def store_event(self, event: EventLogEntry) -> None:
        """Keep the event, unless it only says that a check gave its result: the check's own event says which.

        Dagster's own sends a NOTIFY with every event besides, for which nobody listens any more.
        """
        if not _ends_a_check(event):
            self._store([event])

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Keep these events, all or none."""
        self._store(events)

    def _store(self, events: Sequence[EventLogEntry]) -> None:
        with self._lock:
            if any(_kind(event) not in ASSET_CHECK_EVENTS for event in events):
                self._latest.clear()
            self._waiting += events
            if not all(self._may_wait(event) for event in events):
                self._write_waiting()

    def _may_wait(self, event: EventLogEntry) -> bool:
        """Whether the end of its step follows at once. A materialization that the step's own code reports does not."""
        if event.step_key is None:
            return False
        first = self._waiting[0]
        begun = first.step_key == event.step_key and _kind(first) in ENDING_A_STEP
        return _kind(event) in ENDING_A_STEP or (_kind(event) in OF_ASSETS and begun)

    def _write_waiting(self) -> None:
        events, self._waiting = self._waiting, []
        if not events:
            return
        of_assets = any(_kind(event) in ASSET_EVENTS | ASSET_CHECK_EVENTS for event in events)
        with super()._connect() as connection:
            if len(events) == 1 and not of_assets:
                connection.execute(INSERT, [self._event_to_row(event) for event in events])
                return
            with _together(connection):
                ids = connection.execute(INSERT, [self._event_to_row(event) for event in events]).scalars().all()
                self._writing = connection
                try:
                    self._tell_assets(connection, list(zip(events, ids, strict=True)))
                finally:
                    self._writing = None
            self._remember(zip(events, ids, strict=True))

    def _remember(self, stored: Iterable[tuple[EventLogEntry, int]]) -> None:
        """Know what was just written for the latest: checks ask for the materialization that they are about."""
        for event, event_id in stored:
            if _kind(event) == DagsterEventType.ASSET_MATERIALIZATION and (told := event.get_dagster_event()).partition:
                key = AssetRecordsFilter(asset_key=_asset(told), asset_partitions=(told.partition,))
                cursor = EventLogCursor.from_storage_id(event_id).to_string()
                record = EventLogRecord(storage_id=event_id, event_log_entry=event)
                self._latest[key] = (time.monotonic(), EventRecordsResult([record], cursor=cursor, has_more=True))

    def _tell_assets(self, connection: sqlalchemy.Connection, stored: Sequence[tuple[EventLogEntry, int]]) -> None:
        """Note at assets and checks what was just stored of them."""
        latest: dict[str, dict[str, Any]] = {}
        for event, event_id in stored:
            if _kind(event) in ASSET_CHECK_EVENTS:
                self.store_asset_check_event(event, event_id)
            elif _kind(event) in ASSET_EVENTS and (key := event.get_dagster_event().asset_key):
                self._store_asset_event_tags(connection, [event], [event_id])
                known = latest.setdefault(key.to_string(), {})
                known |= self._get_asset_entry_values(event, event_id, self.has_secondary_index(ASSET_KEY_INDEX_COLS))
        for name, values in sorted(latest.items()):  # in one order, so that two who write wait for no other in turn
            query = postgresql.insert(AssetKeyTable).values(asset_key=name, **values)
            new = [AssetKeyTable.c.asset_key]
            connection.execute(
                query.on_conflict_do_update(index_elements=new, set_=values)
                if values
                else query.on_conflict_do_nothing()
            )

    @contextmanager
    def _connect(self) -> Iterator[sqlalchemy.Connection]:
        """A connection for a statement. Who asks finds what was stored before."""
        with self._lock:
            if self._writing is not None:  # this thread's own: it has the lock
                yield self._writing
                return
            self._write_waiting()
        with super()._connect() as connection:
            yield connection

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
        found = self._known(key)
        if found is None:
            with self._lock:
                self._write_waiting()
            found = self._known(key)
        if found is None:
            found = super().fetch_materializations(records_filter, limit)
            self._latest = {key: (time.monotonic(), found)}
        return found

    def _known(self, key: AssetRecordsFilter) -> EventRecordsResult | None:
        """What was found or written a moment ago; None: it has to be asked."""
        at, found = self._latest.get(key, (-TRUST_S, None))
        return found if time.monotonic() - at < TRUST_S else None

    def _event_to_row(self, event: EventLogEntry) -> dict[str, Any]:
        row = super()._event_to_row(_once(event))
        return {**row, "event": json.dumps(json.loads(row["event"], object_hook=_lean), separators=(",", ":"))}


@contextmanager
def _together(connection: sqlalchemy.Connection) -> Iterator[None]:
    """One transaction on a connection that is set to have none: to set it otherwise, and back, costs as much again."""
    connection.exec_driver_sql("begin")
    try:
        yield
    except BaseException:
        with suppress(sqlalchemy.exc.SQLAlchemyError):
            connection.exec_driver_sql("rollback")
        raise
    connection.exec_driver_sql("commit")


def _asset(told: DagsterEvent) -> AssetKey:
    assert told.asset_key is not None  # noqa: S101  a materialization is of an asset
    return told.asset_key


def _kind(event: EventLogEntry) -> DagsterEventType | None:
    return event.dagster_event_type if event.is_dagster_event else None


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
