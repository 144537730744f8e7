"""`/metrics`: who may read it, and that its numbers are those of what was done."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
import yaml

from pipelines.core.settings import Settings
from tests.fakes import calls, text
from tests.serving.chat.test_loop import ask
from tests.serving.conftest import running

TOKEN = "scrape-" + "x" * 32
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
ENDINGS = {"counter": ("",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


@pytest.fixture(scope="module")
def scraped(modelled):
    """A service with a token for Prometheus."""
    settings = Settings(_env_file=None, **{**modelled.model_dump(exclude_unset=True), "metrics_token": TOKEN})
    with running(settings) as service:
        yield service


def read(service, token=None):
    """Every value by its name and labels."""
    headers = {"authorization": f"Bearer {token or service.token}"}
    response = httpx.get(f"{service.url}/metrics", headers=headers)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/plain")
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_the_local_token_and_the_token_for_it_open_it_and_nothing_else_does(scraped):
    assert read(scraped) and read(scraped, TOKEN)
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}):
        response = httpx.get(f"{scraped.url}/metrics", headers=headers)
        assert (response.status_code, response.json()["error"]["code"]) == (401, "not_authenticated")
    other = httpx.get(f"{scraped.url}/api/me", headers={"authorization": f"Bearer {TOKEN}"})
    assert other.status_code == 401, "it opens nothing but the metrics"


def test_an_answer_is_counted_with_its_first_word_and_its_search(scraped, model, material):
    before = read(scraped)
    model.script(calls("momentum"), text("It keeps a mean [1]."))
    ask(scraped, material)
    after = read(scraped)

    def more(name):
        return after[name] - before.get(name, 0)

    assert more('studybuddy_answers_total{status="done"}') == 1
    assert more("studybuddy_answer_first_text_seconds_count") == 1
    assert more("studybuddy_http_request_seconds_count") >= 1
    assert more("studybuddy_search_seconds_count") == 1
    assert after["studybuddy_streams_open"] == 0
    assert after["studybuddy_pool_service_size"] >= 1


def test_uploads_are_told_by_state_and_the_oldest_that_waits_by_its_age(settings):
    with running(settings) as service:
        with psycopg.connect(settings.database_url.get_secret_value()) as connection:
            course = uuid4()
            connection.execute("insert into courses (id, name) values (%s, 'metrics')", [course])
            for name, failed in (("waiting", None), ("failed", 1)):
                connection.execute(
                    "insert into documents (course_id, title, file_name, source_name, sha256, byte_count, owner_id,"
                    " published, failed_generation, failure_code, failure)"
                    " values (%(course)s, %(name)s, %(name)s, %(name)s, %(sha)s, 1, local_person(), true, %(failed)s,"
                    " %(code)s, %(code)s)",
                    {"course": course, "name": name, "sha": uuid4().hex * 2, "failed": failed,
                     "code": "parser_limit" if failed else None},
                )  # fmt: skip
            connection.execute(
                "insert into documents (course_id, title, file_name, source_name, sha256, byte_count, owner_id,"
                " published, requested_generation, adopted)"
                " values (%s, 'a', 'a', 'a', '', 1, local_person(), true, 1, true)",
                [course],
            )
            connection.execute(
                "insert into lectures (course_id, title, file_name, source_name, byte_count, published, adopted,"
                " updated_at) values (%s, 'a', 'a', 'a', 0, true, true, now() - interval '1 year')",
                [course],
            )
        found = read(service)
        assert found['studybuddy_uploads{kind="deck",state="waiting"}'] == 1
        assert found['studybuddy_uploads{kind="deck",state="failed"}'] == 1
        adopted = [found[f'studybuddy_uploads{{kind="{kind}",state="adopted"}}'] for kind in ("deck", "lecture")]
        assert adopted == [1, 1], "nothing waits for what came without a file, and nothing is made of it"
        assert not [name for name in found if name.startswith("studybuddy_upload_runs") and "under_way" in name]
        assert found['studybuddy_upload_failures{code="parser_limit"}'] == 1
        assert found["studybuddy_sandbox_kills"] == 1
        assert 0 < found["studybuddy_upload_oldest_wait_seconds"] < 600


def test_no_label_holds_a_name_or_an_id(scraped):
    response = httpx.get(f"{scraped.url}/metrics", headers=scraped.headers)
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", response.text)
    assert len(set(re.findall(r"^# TYPE (\S+)", response.text, re.MULTILINE))) > 12


def test_what_the_alerts_and_the_dashboard_ask_for_is_there(scraped):
    headers = {"authorization": f"Bearer {TOKEN}"}
    told = httpx.get(f"{scraped.url}/metrics", headers=headers).text
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", told, re.MULTILINE))
    names = {name + ending for name, kind in kinds.items() for ending in ENDINGS.get(kind, ("",))}
    panels = json.loads((DEPLOY / "grafana/studybuddy.json").read_text())["panels"]
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text())["groups"][0]["rules"]
    asked = [each["expr"] for each in rules] + [target["expr"] for panel in panels for target in panel["targets"]]
    wanted = {name for expression in asked for name in re.findall(r"studybuddy_\w+", expression)}
    assert len(asked) > 20 and wanted <= names, wanted - names


def test_prometheus_takes_the_alert_rules():
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (Debian's package prometheus) is not there")
    done = subprocess.run(
        [promtool, "check", "rules", DEPLOY / "prometheus/alerts.yaml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
