"""Private names of dependencies: each in the module that is named here, and still what that module takes it for."""

import ast
import importlib
import inspect

import pytest

from tests.house.modules import ROOT, tracked

EXTENSION = {
    # what Dagster's own libraries import to bring launchers, storages and log managers of their own
    "dagster._config.config_schema",
    "dagster._core.errors",
    "dagster._core.launcher.base",
    "dagster._core.storage.compute_log_manager",
    "dagster._core.storage.tags",
    "dagster._core.events.log",
    "dagster._grpc.types",
    "dagster._serdes",
    "dagster._utils.interrupts",
    "dagster._core.workspace.context",
    "dagster._core.workspace.load_target",
}
ONE_PLACE = {
    # a run, and the code server
    "dagster._cli.api": {"pipelines/runtime/worker.py", "pipelines/runtime/supervisor.py", "pipelines/fleet/tasks.py"},
    "dagster._core.code_pointer": {"pipelines/runtime/instance.py"},
    "dagster._core.event_api": {"pipelines/runtime/event_log.py"},
    "dagster._core.events": {"pipelines/runtime/event_log.py"},
    "dagster._core.execution.compute_logs": {"pipelines/runtime/storage.py"},
    "dagster._core.origin": {"pipelines/runtime/instance.py"},
    "dagster._core.remote_origin": {"pipelines/runtime/instance.py"},
    "dagster._core.storage.event_log.migration": {"pipelines/runtime/event_log.py"},
    "dagster._core.storage.event_log.schema": {"pipelines/runtime/event_log.py"},
    "dagster._core.storage.local_compute_log_manager": {"pipelines/runtime/storage.py"},
    "dagster._core.types.loadable_target_origin": {"pipelines/runtime/instance.py"},
    "dagster._daemon": {"pipelines/runtime/daemon.py"},
    "dagster._grpc.server": {"pipelines/runtime/daemon.py"},
    "dagster._grpc.server_watcher": {"pipelines/runtime/daemon.py"},
}
PARAMETERS = {
    "dagster._cli.api:_execute_run_command_body": ["run_id", "instance", "write_stream_fn", "set_exit_code_on_failure"],
    "dagster._core.execution.compute_logs:redirect_to_file": ["stream", "filepath"],
    "dagster._daemon.controller:create_daemon_of_type": ["daemon_type", "instance"],
    "dagster._daemon.sensor:is_under_min_interval": ["state", "remote_sensor"],
    "dagster._daemon.sensor:get_elapsed": ["state"],
    "dagster._core.storage.event_log.sql_event_log:SqlEventLogStorage._event_to_row": ["self", "event"],
    "dagster._core.storage.event_log.sql_event_log:SqlEventLogStorage.store_asset_check_event": [
        "self",
        "event",
        "event_id",
    ],
    "dagster._core.storage.event_log.sql_event_log:SqlEventLogStorage._store_asset_event_tags": [
        "self",
        "conn",
        "events",
        "event_ids",
    ],
    "dagster._core.storage.event_log.sql_event_log:SqlEventLogStorage._get_asset_entry_values": [
        "self",
        "event",
        "event_id",
        "has_asset_key_index_cols",
    ],
    "dagster._core.storage.event_log.sql_event_log:SqlEventLogStorage._has_asset_key_col_on_connection": [
        "self",
        "conn",
        "column_name",
    ],
    "dagster_webserver.app:create_app_from_workspace_process_context": ["workspace_process_context", "path_prefix"],
}
VALUES = [
    "dagster._daemon.sensor:MIN_INTERVAL_LOOP_TIME",
    "dagster._daemon.asset_daemon:MIN_INTERVAL_LOOP_SECONDS",
    "dagster._daemon.controller:RELOAD_WORKSPACE_INTERVAL",
    "dagster._grpc.server:CLEANUP_TICK",
    "dagster._grpc.server_watcher:WATCH_INTERVAL",
    "grpc._common:MAXIMUM_WAIT_TIMEOUT",
]
"""Seconds that the daemon's slow ticks replace."""


def used():
    """(private module of Dagster, module of ours) of every import."""
    for path in tracked("pipelines/*.py", "serving/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                if name.startswith("dagster") and "._" in name:
                    yield name, path.relative_to(ROOT).as_posix()


def found(name):
    module, _, attributes = name.partition(":")
    value = importlib.import_module(module)
    for attribute in attributes.split("."):
        value = getattr(value, attribute)
    return value


def test_a_private_module_of_dagster_is_used_in_the_place_that_is_named_here():
    loose = []
    for name, path in used():
        place = next((ONE_PLACE[known] for known in ONE_PLACE if name == known or name.startswith(known + ".")), None)
        if path not in (place or ()) and name not in EXTENSION:
            loose.append(f"{path} uses {name}")
    assert not loose, loose


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS.items(), ids=list(PARAMETERS))
def test_a_private_function_takes_what_is_given_to_it(name, parameters):
    own = list(inspect.signature(found(name)).parameters)
    assert [parameter for parameter in own if parameter in parameters] == parameters, own


@pytest.mark.parametrize(
    "name",
    [
        "dagster_postgres.run_storage.run_storage:PostgresRunStorage",
        "dagster_postgres.event_log.event_log:PostgresEventLogStorage",
        "dagster_postgres.schedule_storage.schedule_storage:PostgresScheduleStorage",
    ],
)
def test_a_storage_keeps_its_engine_where_it_is_replaced(name):
    assert "self._engine =" in inspect.getsource(found(name).__init__)


@pytest.mark.parametrize("name", VALUES)
def test_a_pace_that_is_slowed_down_is_a_number_of_seconds(name):
    assert found(name) > 0
