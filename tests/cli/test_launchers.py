"""One way to run: rows are written, and whatever launcher Dagster's file names processes them; nothing stays behind."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
import yaml
from dagster import DagsterInstance, DagsterRunStatus
from dagster._core.instance import InstanceRef

from pipelines.cli.ingest import ingest_files
from pipelines.core.settings import REPOSITORY, Settings
from pipelines.core.stores import Stores
from pipelines.runtime import services
from tests.defs.lectures import SAMPLE, lecture_captions
from tests.homes import private_home

STOCK = {"module": "dagster._core.launcher.default_run_launcher", "class": "DefaultRunLauncher"}


@pytest.fixture(params=["forking", pytest.param("stock", marks=pytest.mark.slow)])
def settings(request, server, tmp_path):
    """A home of its own whose Dagster file names one of the launchers."""
    names = [f"{request.param}_{kind}_{tmp_path.name.replace('-', '_')}".lower() for kind in ("app", "dagster")]
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f'create database "{names[0]}" template template_app')
        connection.execute(f'create database "{names[1]}"')
    config = yaml.safe_load((REPOSITORY / "dagster.yaml").read_text())
    if request.param == "stock":
        config["run_launcher"] = STOCK
    file = tmp_path / "dagster.yaml"
    file.write_text(yaml.safe_dump(config))
    return Settings(
        _env_file=None,
        studybuddy_home=tmp_path / "home",
        database_url=server.url(names[0]),
        dagster_database_url=server.url(names[1]),
        dagster_config=file,
    )


def test_the_sample_course_is_ingested_and_the_machine_left_as_it_was(settings, tmp_path, monkeypatch):
    lecture = tmp_path / "wind-power.vtt"
    lecture.write_bytes(lecture_captions())
    with Stores.open(settings) as stores:
        results = ingest_files(stores, "Sample", [SAMPLE / "wind-power.pdf", lecture])
        assert {result.candidate.source_name: result.status for result in results} == {
            "wind-power.pdf": "ingested", "wind-power.vtt": "ingested",
        }  # fmt: skip
        assert all(result.state.searchable and result.seconds > 0 for result in results)
    assert services.running(settings) is None
    left = [process for process in psutil.process_iter() if _works_for(process, settings.home)]
    assert left == []
    for name, value in services.environment(settings).items():
        monkeypatch.setenv(name, value)
    with DagsterInstance.from_ref(InstanceRef.from_dir(str(settings.home / "dagster"))) as instance:
        runs = instance.get_runs()
    assert {run.status for run in runs} == {DagsterRunStatus.SUCCESS}  # none was cut off when the command left
    assert len(runs) == 2


def _works_for(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get("STUDYBUDDY_HOME") == str(home)
    except psutil.Error:
        return False


@pytest.mark.slow
def test_an_instance_file_that_dagster_cannot_load_ends_the_command_with_its_reason(tmp_path):
    config = tmp_path / "dagster.yaml"
    config.write_text((REPOSITORY / "dagster.yaml").read_text().replace("pipelines.runtime.storage", "pipelines.gone"))
    with private_home() as home:
        environment = {
            **os.environ,
            "STUDYBUDDY_HOME": str(home),
            "PYTHONPATH": str(REPOSITORY),
            "DAGSTER_CONFIG": str(config),
        }
        line = [
            sys.executable,
            "-c",
            "from pipelines.cli import main; main()",
            "ingest",
            "--course",
            "C",
            str(SAMPLE / "wind-power.pdf"),
        ]
        done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 1
    assert "code did not come up" in done.stderr
    assert "pipelines.gone" in done.stderr
    assert "Traceback" not in done.stderr
