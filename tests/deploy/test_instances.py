"""Dagster's instance files of `deploy/dagster/`: Dagster takes them, and a run becomes what they say."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import psycopg
import pytest
import yaml
from dagster import DagsterInstance, DagsterRunStatus
from dagster._core.instance import InstanceRef
from dagster._core.launcher.base import LaunchRunContext

from pipelines.core.settings import REPOSITORY, Settings
from pipelines.runtime.instance import Code
from pipelines.runtime.services import environment
from tests.runtime import tiny
from tests.s3 import s3_server

FILES = REPOSITORY / "deploy" / "dagster"
RUNS = {
    "RUNS_SERVICE_ACCOUNT": "studybuddy-runs",
    "RUNS_NAMESPACE": "study",
    "RUNS_IMAGE": "studybuddy-pipelines:1",
    "RUNS_SETTINGS": "studybuddy-settings",
    "RUNS_SECRETS": "studybuddy-secrets",
}
BUCKET = {
    "LOGS_BUCKET": "logs",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "k",
    "AWS_SECRET_ACCESS_KEY": "s",
}


class Kubernetes(ThreadingHTTPServer):
    """A server that takes jobs as Kubernetes's does, and remembers them."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.jobs = []


class Answers(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.jobs.append((self.path, body))
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def kubernetes():
    with Kubernetes() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def s3(tmp_path):
    """An S3 server with a bucket for logs."""
    with s3_server(tmp_path, "logs"):
        client = boto3.client("s3")
        yield client
        client.close()


@pytest.fixture
def open_file(server, tmp_path, monkeypatch):
    """Open an instance of a file, on a database of its own."""

    def opened(file: Path) -> DagsterInstance:
        name = f"instance_{file.stem}"
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name}")
        settings = Settings(
            _env_file=None,
            studybuddy_home=tmp_path / "home",
            database_url=server.url(name),
            dagster_database_url=server.url(name),
            broker_url="redis://127.0.0.1:1/0",
            dagster_config=file,
        )
        for key, value in {**RUNS, **BUCKET}.items():
            monkeypatch.setenv(key, value)
        for key, value in environment(settings).items():
            monkeypatch.setenv(key, value)
        return DagsterInstance.from_ref(InstanceRef.from_dir(str(settings.home / "dagster")))

    return opened


def test_the_file_for_celery_is_an_instance_with_our_launcher(open_file):
    with open_file(FILES / "celery.yaml") as instance:
        assert type(instance.run_launcher).__name__ == "FleetRunLauncher"
        assert type(instance.compute_log_manager).__name__ == "S3ComputeLogManager"
        assert instance.run_monitoring_enabled
        assert instance.run_retries_enabled


def test_the_file_for_kubernetes_makes_a_job_of_a_run_which_executes_it(open_file, kubernetes, s3, tmp_path):
    found = yaml.safe_load((FILES / "kubernetes.yaml").read_text())
    (tmp_path / "kubeconfig").write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "here",
                "contexts": [{"name": "here", "context": {"cluster": "here", "user": "nobody"}}],
                "clusters": [{"name": "here", "cluster": {"server": f"http://127.0.0.1:{kubernetes.server_port}"}}],
                "users": [{"name": "nobody", "user": {}}],
            }
        )
    )
    # the one thing that is other here than in a cluster: where its API is
    found["run_launcher"]["config"] |= {"load_incluster_config": False, "kubeconfig_file": str(tmp_path / "kubeconfig")}
    file = tmp_path / "kubernetes.yaml"
    file.write_text(yaml.safe_dump(found))
    code = Code(module="tests.runtime.tiny")
    with open_file(file) as instance:
        job = tiny.defs.resolve_job_def("tiny_job")
        instance.add_dynamic_partitions("tiny", ["quick"])
        run = instance.create_run_for_job(
            job,
            tags={"dagster/partition": "quick"},
            job_code_origin=code.job_origin(job.name),
            remote_job_origin=code.remote_origin(job.name),
        )
        instance.run_launcher.launch_run(LaunchRunContext(dagster_run=run, workspace=None))
        ((path, made),) = kubernetes.jobs
        given = made["spec"]["template"]["spec"]["containers"][0]
        pod = {each["name"]: each["value"] for each in given["env"]} | {"DAGSTER_HOME": str(tmp_path / "empty")}
        kept = {key: value for key, value in os.environ.items() if key != "DAGSTER_HOME"}
        line = [str(Path(sys.executable).with_name(given["args"][0])), *given["args"][1:]]
        done = subprocess.run(line, env={**kept, **pod}, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        assert instance.get_run_by_id(run.run_id).status is DagsterRunStatus.SUCCESS
    assert s3.list_objects_v2(Bucket="logs", Prefix="dagster-logs")["KeyCount"], "its log is where the UI looks"
    assert path == "/apis/batch/v1/namespaces/study/jobs"
    pod = made["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "studybuddy-pipelines:1"
    assert container["args"][:3] == ["dagster", "api", "execute_run"]
    assert container["envFrom"] == [
        {"configMapRef": {"name": "studybuddy-settings"}}, {"secretRef": {"name": "studybuddy-secrets"}},
    ]  # fmt: skip
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/var/lib/studybuddy", "/tmp"}
    assert pod["serviceAccountName"] == "studybuddy-runs"
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"]
    assert "postgresql" not in json.dumps(made), "secrets come from the Secret, never in the job"
