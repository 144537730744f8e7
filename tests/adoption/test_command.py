"""`studybuddy adopt`, at the command line: what programs read, what people are asked, and no password in any of it."""

import json

import psycopg
import pytest
from typer.testing import CliRunner

from pipelines.cli import make_app
from pipelines.core.settings import get_settings


@pytest.fixture
def command(deployment, monkeypatch, tmp_path):
    """Runs the command on a deployment of its own; `here` is that."""
    here = deployment("f5")
    monkeypatch.chdir(tmp_path)

    def run(*arguments, url=None, schema="studybuddy", said=""):
        url = url or here.url.replace("postgresql://", "postgresql+psycopg2://")
        for name, value in {
            "STUDYBUDDY_HOME": str(here.home), "DATABASE_URL": url, "DATABASE_SCHEMA": schema,
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        get_settings.cache_clear()
        return CliRunner().invoke(make_app(["adopt"]), ["adopt", *arguments], input=said)

    run.here = here
    yield run
    get_settings.cache_clear()


def test_each_step_tells_programs_what_it_did_and_ends_with_one_where_the_sides_differ(command):
    dry = json.loads(command("--json").stdout)
    assert (dry["former"]["users"], dry["adopted"]["messages"], dry["changes"]) == (7, 14, {})
    assert dry["vectors"] == {"dims": 512, "to_embed": 0, "tokens_to_embed": 0}
    assert dry["estimate"]["seconds"] >= 1 and dry["estimate"]["megabytes"] >= 1
    assert json.loads(command("--apply", "--json").stdout)["adopted"] == dry["adopted"]
    same = command("verify", "--json")
    assert (same.exit_code, json.loads(same.stdout)["differences"]) == (0, 0)
    command.here.run("update courses set title = 'Other' where code = 'BIO 110'")
    other = command("verify", "--json")
    assert (other.exit_code, json.loads(other.stdout)["kinds"]) == (1, {"changed there": 1})
    assert json.loads(command("--sync", "--json").stdout)["changes"] == {"written": 1}
    status = json.loads(command("status", "--json").stdout)
    assert (status["people"], status["moved"], status["units"]["chat"]) == (8, 0, 3)
    assert command("cut-over", said="n\n").exit_code == 1, "it asks"
    assert len(json.loads(command("cut-over", "--course", "Other", "--yes", "--json").stdout)["people"]) > 0
    assert json.loads(command("cut-over", "--yes", "--json").stdout)["people"]
    assert len(json.loads(command("back", "--yes", "--json").stdout)["people"]) == 8
    assert "drop table ai.agno_sessions;" in json.loads(command("forget", "--yes", "--json").stdout)["sql"]
    assert json.loads(command("status", "--json").stdout)["people"] == 0


def test_people_read_what_would_come_and_what_stays(command):
    said = command().stdout
    assert "would come over" in said and "Nothing was written." in said and "s on two slow cores" in said
    assert "schema_migrations" in said, "another tool's table is left alone"
    assert "came over" in command("--apply").stdout
    assert "none differs" in command("verify").stdout


def test_no_password_is_told_whatever_goes_wrong(command, server):
    wrong = "postgresql+psycopg2://u:canary-pass@127.0.0.1:1/d"
    for arguments in ((), ("--apply",), ("verify",), ("status",), ("cut-over", "--yes"), ("forget", "--yes")):
        told = command(*arguments, url=wrong)
        assert told.exit_code == 1
        assert "canary" not in told.output and "Traceback" not in told.output
        assert "cannot be reached" in told.output
    told = command(url=server.url("template_app"), schema="public")
    assert told.exit_code == 1 and "Set DATABASE_SCHEMA" in " ".join(told.output.split())


def test_a_connection_that_breaks_in_the_middle_is_a_sentence_and_a_second_try_goes_on(command, monkeypatch):
    from pipelines.adoption import adopting

    write, written = adopting.write_units, []

    def cut(connection, units, extras):
        write(connection, units, extras)
        written.append(units)
        if len(written) == 1:
            with psycopg.connect(command.here.url, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])

    monkeypatch.setattr(adopting, "write_units", cut)
    told = command("--apply")
    assert told.exit_code == 1 or len(written) > 1, "the batch is written again on another connection"
    assert "Traceback" not in told.output
    assert json.loads(command("--apply", "--json").stdout)["adopted"]["messages"] == 14
    assert json.loads(command("verify", "--json").stdout)["differences"] == 0
