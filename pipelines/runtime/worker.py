"""One run, executed in a process forked from a preloaded one, or in a fresh one where the code has changed since.

`python -m pipelines.runtime.worker serve FD MODULE...` is a fork server for one client; `... run ARGS FD` is one run.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pipelines.core.processes import ProcessName
from pipelines.runtime.forkserver import ForkServer, preload
from pipelines.runtime.works import alive_pipe, watch_server

if TYPE_CHECKING:
    from dagster import DagsterInstance

PRELOADED = (
    "dagster",
    "dagster._cli.api",
    "dagster._core.definitions.external_asset",
    "dagster._core.definitions.repository_definition.repository_data_builder",
    "dagster._core.executor.in_process",
    "dagster._core.instance.factory",
    "dagster._core.storage.root",
    "dagster._core.system_config.composite_descent",
    "dagster._core.workspace.autodiscovery",
    "dagster._utils.test.definitions",
    "fsspec.implementations.local",
    "pipelines.runtime.launcher",
    "pipelines.runtime.storage",
    "psycopg2.extras",
    "snowballstemmer",
    "tokenizers",
    "upath.implementations.local",
    "pipelines.runtime.second_embedder",
)
"""What every run needs besides the definitions and would load late, each run again. Not onnxruntime: it starts a
thread when imported, and a fork copies none."""

WORKER_TAG = ".dagster/studybuddy/worker"
"""Run tag that names the run's process (a `ProcessName` as JSON), so that any process can ask whether it lives. The UI
hides tags that begin like this one."""

PACKAGE = Path(__file__).resolve().parents[1]

_loaded: Mapping[str, int] = {}


def run(payload: str) -> int:
    """Execute the run that `payload` (Dagster's `ExecuteRunArgs`) names.

    Returns 0 only if the tables say that it succeeded and nobody has asked this process to end: another run may follow.
    """
    if sources_changed():
        _start_afresh(payload)
    from dagster import DagsterRunStatus
    from dagster._cli.api import _execute_run_command_body
    from dagster._grpc.types import ExecuteRunArgs
    from dagster._serdes import deserialize_value, serialize_value
    from dagster._utils.interrupts import capture_interrupts, check_captured_interrupt

    args = deserialize_value(payload, ExecuteRunArgs)
    assert args.instance_ref is not None  # noqa: S101  the launcher always sends it
    with capture_interrupts():
        instance = _instance_of(serialize_value(args.instance_ref))
        instance.add_run_tags(args.run_id, {WORKER_TAG: json.dumps(asdict(ProcessName.own()))})
        status = _execute_run_command_body(args.run_id, instance, lambda _: None, set_exit_code_on_failure=True)
        ended = instance.get_run_by_id(args.run_id)
        well = ended is not None and ended.status == DagsterRunStatus.SUCCESS and not check_captured_interrupt()
        return status or int(not well)


@cache
def _instance_of(reference: str) -> "DagsterInstance":
    """Kept for this process's next run, with its connection and the statements it has compiled."""
    from dagster import DagsterInstance
    from dagster._serdes import deserialize_value

    return DagsterInstance.from_ref(cast(Any, deserialize_value(reference)))


def _start_afresh(payload: str) -> None:
    """Replace this process by a fresh one for the same run, with the code as it is now."""
    alive = alive_pipe()
    assert alive is not None  # noqa: S101  only a fork server's child has modules to be stale
    os.set_inheritable(alive, True)
    os.execv(sys.executable, [sys.executable, "-m", "pipelines.runtime.worker", "run", payload, str(alive)])  # noqa: S606


def remember_sources() -> None:
    """Note which files the project's modules were loaded from; a changed file makes the next runs start fresh."""
    global _loaded  # noqa: PLW0603  one preloaded image a process
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    _loaded = _modified(name for name in files if name and PACKAGE in Path(name).parents)


def sources_changed() -> bool:
    """Whether a module that was noted has changed on disk since."""
    return sources() != _loaded


def sources() -> Mapping[str, int]:
    """Modification time in ns, now, of every file that was noted; -1 for one that is gone."""
    return _modified(_loaded)


def _modified(files: Iterable[str]) -> dict[str, int]:
    times = {}
    for name in files:
        try:
            times[name] = os.stat(name).st_mtime_ns  # noqa: PTH116  names come as text and there are many
        except FileNotFoundError:
            times[name] = -1
    return times


def main(arguments: list[str]) -> int:
    """The two commands above."""
    command, *rest = arguments
    if command == "run":
        watch_server(int(rest[1]))
        return run(rest[0])
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the client decides: when it is gone, so is its socket
    preload([*PRELOADED, *rest[1:]])
    remember_sources()
    server = ForkServer(run, stale=sources_changed)
    server.add_client(socket.socket(fileno=int(rest[0])))
    server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
