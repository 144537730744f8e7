"""Dagster's UI behind the local user's sign-in: its own ASGI application, served as every other server here.

`dagster-webserver` as a command answers everybody who reaches its port: any web page that is open in a browser of this
machine could launch runs and stop sensors.
"""

from pathlib import Path

from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.cli import DEFAULT_DB_STATEMENT_TIMEOUT, DEFAULT_POOL_MAX_OVERFLOW, DEFAULT_POOL_RECYCLE
from dagster_webserver.version import __version__

from pipelines.core.secrets.local_token import local_token
from pipelines.core.settings import Settings
from pipelines.http.connections import raise_file_limit
from pipelines.http.local_gate import LocalGate
from pipelines.http.server import QuietServer, server_config
from pipelines.http.sign_in import LocalSignIn

EXECUTING = frozenset({"/graphql"})
"""Dagster runs a mutation that comes by GET, too."""

LIVE_DATA_MS = 2_000
"""How often an open page asks for news of assets."""


def serve_ui(settings: Settings, workspace: Path, *, host: str) -> None:
    """Serve the UI of this process's instance on DAGSTER_PORT until told to stop.

    Args:
        workspace: Dagster's `workspace.yaml`.
        host: address to bind. Whoever asks must know it by a loopback name all the same, and bring the token: from
            elsewhere it is reached through a tunnel (`ssh -L`, `kubectl port-forward`, a port published on loopback).

    Raises:
        SettingsError: the local token's file cannot be used.
    """
    raise_file_limit()
    sign_in = LocalSignIn(local_token(settings), service="dagster", port=settings.dagster_port)
    with DagsterInstance.get() as instance:
        instance.optimize_for_webserver(DEFAULT_DB_STATEMENT_TIMEOUT, DEFAULT_POOL_RECYCLE, DEFAULT_POOL_MAX_OVERFLOW)
        target = WorkspaceFileTarget(paths=[str(workspace)])
        with WorkspaceProcessContext(instance, target, version=__version__) as context:
            app = create_app_from_workspace_process_context(context, live_data_poll_rate=LIVE_DATA_MS)
            gate = LocalGate(app, sign_in=sign_in, executing=EXECUTING)
            QuietServer(server_config(gate, host=host, port=settings.dagster_port)).run()
