"""The preloaded image: safe to fork, and never older than the code on disk."""

import importlib
import subprocess
import sys

from dagster._core.workspace.load_target import WorkspaceFileTarget

from pipelines.core.settings import REPOSITORY
from pipelines.runtime import worker

LOOK = """
import os, sys, threading
from pipelines.runtime import forkserver
from pipelines.runtime import supervisor
from pipelines.runtime import worker
forkserver.preload([*supervisor.PRELOADED, "pipelines.definitions"])
assert "pipelines.definitions" in sys.modules
print(threading.active_count())
print(sum("socket" in os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")))
print("onnxruntime" in sys.modules or "pymupdf" in sys.modules or "faster_whisper" in sys.modules)
"""  # noqa: E501


def test_what_is_preloaded_has_no_threads_no_connections_and_no_models():
    looked = subprocess.run([sys.executable, "-c", LOOK], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert looked.stdout.split() == ["1", "0", "False"]
    assert looked.stderr == ""  # every module it names can be imported


def test_an_edited_module_is_noticed(tmp_path, monkeypatch):
    module = tmp_path / "edited_here.py"
    module.write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(worker, "PACKAGE", tmp_path)
    monkeypatch.setattr(worker, "_loaded", {})
    importlib.import_module("edited_here")
    worker.remember_sources()
    assert not worker.sources_changed()
    module.write_text("x = 2\n")
    assert worker.sources_changed()
    worker.remember_sources()
    module.unlink()
    assert worker.sources_changed()


def test_the_workspace_file_names_the_definitions():
    (origin,) = WorkspaceFileTarget([str(REPOSITORY / "workspace.yaml")]).create_origins()
    assert origin.location_name == "studybuddy"
    assert origin.loadable_target_origin.module_name == "pipelines.definitions"
