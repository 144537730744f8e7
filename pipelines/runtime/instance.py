"""Dagster's instance as this project runs it: `dagster.yaml`, and the variables it asks for."""

import os
import sys
from dataclasses import dataclass
from importlib import import_module

from dagster import DagsterInstance, Definitions
from dagster._core.code_pointer import CodePointer
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from pipelines.core.settings import Settings
from pipelines.runtime.services import environment

REPOSITORY_NAME = "__repository__"  # what Dagster calls the content of a Definitions object


def open_instance(settings: Settings) -> DagsterInstance:
    """Dagster's instance for `settings`, with its database made where needed. Dispose of it when done.

    Sets the variables `dagster.yaml` asks for in this process, for it and for the workers it will start.
    """
    os.environ.update(environment(settings))
    return DagsterInstance.get()


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Where definitions are; runs remember it and load them from there.

    `location_name` is the code location under which the UI and the daemon know them (`workspace.yaml`).
    """

    module: str = "pipelines.definitions"
    attribute: str = "defs"
    location_name: str = "studybuddy"

    def load(self) -> Definitions:
        """Import them."""
        definitions = getattr(import_module(self.module), self.attribute)
        assert isinstance(definitions, Definitions)  # noqa: S101  a mistake in this code, not in anybody's data
        return definitions

    def job_origin(self, job_name: str) -> JobPythonOrigin:
        """How a worker finds the job."""
        pointer = CodePointer.from_module(self.module, self.attribute, working_directory=None)
        return JobPythonOrigin(job_name, RepositoryPythonOrigin(sys.executable, pointer, entry_point=["dagster"]))

    def remote_origin(self, job_name: str) -> RemoteJobOrigin:
        """How the UI and the daemon find the job."""
        target = LoadableTargetOrigin(executable_path=sys.executable, module_name=self.module)
        location = ManagedGrpcPythonEnvCodeLocationOrigin(target, self.location_name)
        return RemoteJobOrigin(RemoteRepositoryOrigin(location, REPOSITORY_NAME), job_name)
