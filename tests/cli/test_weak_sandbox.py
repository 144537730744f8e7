"""A machine that lacks a required guard reads nothing and says why, until a person accepts the risk."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipelines.core.settings import REPOSITORY, Settings
from pipelines.core.stores import Stores
from tests.homes import private_home
from tests.steps.sandbox.refusing import refusing

pytestmark = [pytest.mark.attack, pytest.mark.brief, pytest.mark.timeout(300)]

WORDS = "WEBVTT\n\n00:00.000 --> 00:04.000\nGradient descent follows the slope.\n"


@pytest.fixture
def home() -> Iterator[Path]:
    with private_home() as home:
        yield home


def studybuddy(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command line on a machine whose kernel refuses Landlock, seccomp and namespaces."""
    environment = {
        **os.environ,
        "STUDYBUDDY_HOME": str(home),
        "PYTHONPATH": str(REPOSITORY),
        "COLUMNS": "400",
        **settings,
    }
    line = [sys.executable, "-c", "from pipelines.cli import main; main()", *arguments]
    return subprocess.run(refusing(line), env=environment, capture_output=True, text=True, timeout=200, check=False)


def test_without_guards_ingest_fails_with_the_sentence_until_the_risk_is_accepted(home: Path, tmp_path: Path) -> None:
    captions = tmp_path / "week1.vtt"
    captions.write_text(WORDS)
    done = studybuddy(home, "ingest", "--course", "C", "--json", str(captions))
    (refused,) = json.loads(done.stdout)["files"]
    assert (done.returncode, refused["status"], refused["code"], refused["chunks"]) == (1, "failed", "no_sandbox", 0)
    assert all(word in refused["message"] for word in ("landlock", "seccomp", "ACCEPT_WEAK_SANDBOX=true"))
    with (
        Stores.open(Settings(_env_file=None, studybuddy_home=home)) as stores,
        psycopg.connect(stores.database.url) as connection,
    ):
        assert connection.execute("select count(*) from ai.lecture_chunks_knowledge").fetchone() == (0,)

    done = studybuddy(home, "ingest", "--course", "C", "--json", str(captions), ACCEPT_WEAK_SANDBOX="true")
    (accepted,) = json.loads(done.stdout)["files"]
    assert (done.returncode, accepted["chunks"]) == (0, 1), done.stdout + done.stderr
    (warning,) = json.loads(studybuddy(home, "status", "--json").stdout)["warnings"]
    assert "landlock" in warning
    assert "seccomp" in warning
    assert warning.partition(" in a weak sandbox")[0] in studybuddy(home, "status").stdout
