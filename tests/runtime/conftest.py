"""A real Dagster instance on real Postgres, with the launcher of `dagster.yaml`."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from dagster import DagsterInstance
from dagster._core.instance import InstanceRef

from pipelines.core.embedded import EmbeddedServer
from pipelines.core.settings import REPOSITORY, Settings
from pipelines.runtime.services import environment

LAUNCHER = {
    "module": "pipelines.runtime.launcher",
    "class": "ForkingRunLauncher",
    "config": {"preload": ["tests.runtime.tiny"]},
}


def instance_on(reference: InstanceRef) -> DagsterInstance:
    """Another instance of the same database, as another process would have."""
    return DagsterInstance.from_ref(reference)


@pytest.fixture(scope="module")
def instance(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DagsterInstance]:
    """An instance of this module's own, whose fork server has `tests.runtime.tiny` imported."""
    home: Path = tmp_path_factory.mktemp("dagster")
    name = f"dagster_{home.name.replace('-', '_')}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name}")  # type: ignore[arg-type]
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        studybuddy_home=home,
        database_url=server.url("template_app"),  # type: ignore[arg-type]
        dagster_database_url=server.url(name),  # type: ignore[arg-type]
    )
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in environment(settings).items():
            patch.setenv(variable, value)
        reference = InstanceRef.from_dir(os.fspath(REPOSITORY), overrides={"run_launcher": LAUNCHER})
        with DagsterInstance.from_ref(reference) as instance:
            yield instance
