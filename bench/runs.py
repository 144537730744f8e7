"""The cost of one run beside its work: six assets that do nothing, through our launcher and Dagster's own ways.

`python -m bench.runs` prints JSON: seconds from the request to the first step, over all steps, and in all (medians).
`forked`: launched without a queue; `button`: launched through the running UI, by queue and daemon; `in_process`:
Dagster's own storage and `materialize()` in a process that is warm already; `command`: `dagster job execute`, default
executor, a process for the run and for each step (once, because it takes most of a minute); `up_s`: from nothing to a
UI that answers. `many`: seconds a run when 40 are waiting, two at a time.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg

from bench import six_assets
from pipelines.core.secrets.local_token import local_token
from pipelines.core.settings import Settings
from pipelines.runtime import services
from pipelines.runtime.instance import Code, open_instance

CODE = Code(module="bench.six_assets")
TIMES = 7
STOCK = """
storage: {postgres: {postgres_url: {env: STUDYBUDDY_DAGSTER_URL}}}
telemetry: {enabled: false}
"""
BUTTON = """
mutation ($tags: [ExecutionTag!]!) {
  launchRun(executionParams: {mode: "default", executionMetadata: {tags: $tags}, selector: {
    jobName: "six_assets", repositoryName: "__repository__", repositoryLocationName: "studybuddy"}}) {
    ... on LaunchRunSuccess { run { runId } } } }
"""


def timed(instance: dg.DagsterInstance, request: Callable[[], str]) -> dict[str, float]:
    """Make one run and read off its events; `request` answers its id, before or after it has ended."""
    asked = time.time()
    run_id = request()
    while not instance.get_run_by_id(run_id).is_finished:  # type: ignore[union-attr]
        time.sleep(0.01)
    total = time.time() - asked
    events = [entry for entry in instance.all_logs(run_id) if entry.dagster_event is not None]
    steps = [entry for entry in events if entry.dagster_event.event_type_value in ("STEP_START", "STEP_SUCCESS")]  # type: ignore[union-attr]
    assert len(steps) == 12, "all six ran"
    return {
        "first_step_s": steps[0].timestamp - asked,
        "steps_s": steps[-1].timestamp - steps[0].timestamp,
        "total_s": total,
    }


def medians(samples: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure, and how many there were."""
    found = {name: round(statistics.median(sample[name] for sample in samples), 2) for name in samples[0]}
    return {**found, "n": len(samples)}


def forked(instance: dg.DagsterInstance) -> list[dict[str, float]]:
    """Through our launcher; the first, which waits for the fork server's imports, is left out."""
    job = CODE.load().resolve_job_def("six_assets")

    def request() -> str:
        run = instance.create_run_for_job(
            job,
            tags={"dagster/partition": "k"},
            job_code_origin=CODE.job_origin(job.name),
            remote_job_origin=CODE.remote_origin(job.name),
        )
        instance.launch_run(run.run_id, None)  # type: ignore[arg-type]
        return run.run_id

    return [timed(instance, request) for _ in range(TIMES + 1)][1:]


def many(instance: dg.DagsterInstance, url: str, token: str, count: int = 40) -> float:
    """Seconds a run when many wait in the queue."""
    started = time.monotonic()
    run_ids = [press(url, token) for _ in range(count)]
    ended = dg.RunsFilter(run_ids=run_ids, statuses=[dg.DagsterRunStatus.SUCCESS])
    while instance.get_runs_count(ended) < count:
        time.sleep(0.05)
    return round((time.monotonic() - started) / count, 2)


def press(url: str, token: str) -> str:
    """Press the UI's button; the run's id."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    tags = [{"key": "dagster/partition", "value": "k"}]
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    body = json.dumps({"query": BUTTON, "variables": {"tags": tags}})
    connection.request("POST", "/graphql", body, headers)
    answer: dict[str, Any] = json.load(connection.getresponse())
    connection.close()
    return str(answer["data"]["launchRun"]["run"]["runId"])


def button(instance: dg.DagsterInstance, url: str, token: str) -> list[dict[str, float]]:
    """Through the UI's API, the queue and the daemon."""
    return [timed(instance, lambda: press(url, token)) for _ in range(TIMES + 1)][1:]


def in_process(home: Path) -> list[dict[str, float]]:
    """Dagster's own Postgres storage, `materialize()`, everything warm."""
    with dg.DagsterInstance.from_config(os.fspath(home)) as instance:
        request = lambda: dg.materialize(six_assets.assets, instance=instance, partition_key="k").run_id  # noqa: E731
        return [timed(instance, request) for _ in range(TIMES + 1)][1:]


def command(home: Path) -> list[dict[str, float]]:
    """A fresh `dagster job execute` with the default executor."""
    arguments = ["job", "execute", "-m", "bench.six_assets", "-j", "stock", "--tags"]

    def request() -> str:
        subprocess.run(
            [sys.executable, "-m", "dagster", *arguments, json.dumps({"dagster/partition": "k"})],
            env={**os.environ, "DAGSTER_HOME": os.fspath(home)},
            check=True,
            capture_output=True,
        )
        return instance.get_runs(limit=1)[0].run_id

    with dg.DagsterInstance.from_config(os.fspath(home)) as instance:
        return [timed(instance, request)]


def measure() -> dict[str, Any]:
    """All of the above, in a home that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="sb-bench-") as folder:
        settings = Settings(_env_file=None, studybuddy_home=Path(folder), dagster_port=0, api_port=0)  # type: ignore[call-arg]
        started = time.monotonic()
        found = services.up(settings, api=False, definitions="bench.six_assets")
        up_s = time.monotonic() - started
        try:
            with open_instance(settings) as instance:
                instance.add_dynamic_partitions("trivial", ["k"])
                result: dict[str, Any] = {"up_s": round(up_s, 1)}
                url, token = found.url("dagster") or "", local_token(settings)
                result["button"] = medians(button(instance, url, token))
                result["forked"] = medians(forked(instance))
                result["many"] = many(instance, url, token)
                stock = Path(folder, "stock")
                stock.mkdir()
                Path(stock, "dagster.yaml").write_text(STOCK)
                result["in_process"] = medians(in_process(stock))
                result["command"] = medians(command(stock))
        finally:
            services.down(settings)
    return result


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
