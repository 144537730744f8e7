"""A folder of a hundred good files and forty bad ones: each bad one fails once, with a sentence, and stops no other."""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from pipelines.core.postgres import database_urls
from pipelines.core.settings import Settings
from tests.homes import private_home
from tests.steps import pdf_files

GOOD, BAD = 100, 40
MOST_RUNS = 3
"""Attempts at one version of a file."""
CHANCE = random.Random(7)


def good(number: int) -> tuple[str, bytes]:
    """Captions of their own words."""
    return (
        f"talk{number}.vtt",
        f"WEBVTT\n\n00:00.000 --> 00:04.000\nTalk {number} is about gradient {number}.\n".encode(),
    )


def bad(number: int) -> tuple[str, bytes]:
    """What nobody can read, of the kinds in turn."""
    chance = CHANCE.randbytes(400 + number)
    kinds = [
        ("deck{}.pdf", b"%PDF-1.7\n" + chance),
        ("hollow{}.pdf", pdf_files.raw_pdf([b"<< /Type /Catalog /Number %d >>" % number])),
        ("empty{}.vtt", f"WEBVTT\n\nNOTE {number}: nothing is said\n".encode()),
        ("noise{}.wav", b"RIFF\xff\xff\xff\x7fWAVEfmt " + chance),
        ("picture{}.png", b"\x89PNG\r\n\x1a\n" + chance),
        ("slides{}.pptx", b"PK\x03\x04" + chance),
        ("film{}.mp4", b"\x00\x00\x00\x18ftypmp42" + chance),
        ("page{}.pdf", chance),
    ]
    name, data = kinds[number % len(kinds)]
    return name.format(number), data


@pytest.mark.attack
@pytest.mark.timeout(1800)
def test_forty_bad_files_among_a_hundred_good_ones_fail_alone_and_are_not_tried_for_ever(tmp_path: Path) -> None:
    wrong = dict(bad(number) for number in range(BAD))
    for name, data in [*wrong.items(), *(good(number) for number in range(GOOD))]:
        (tmp_path / name).write_bytes(data)
    with private_home() as home:
        line = [sys.executable, "-c", "from pipelines.cli import main; main()", "ingest", "--course", "C", "--json"]
        done = subprocess.run(
            [*line, str(tmp_path)], env={**os.environ, "STUDYBUDDY_HOME": str(home)}, capture_output=True, text=True,
            timeout=1700, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
        files = {row["file"]: row for row in json.loads(done.stdout)["files"]}
        assert {name for name, row in files.items() if row["status"] == "ingested"} == set(dict(map(good, range(GOOD))))
        assert all(row["chunks"] for name, row in files.items() if name not in wrong)
        for name in wrong:
            row = files[name]
            assert (row["status"], row["chunks"]) == ("failed", 0), row
            assert row["message"].endswith((".", "”", ")")) and "Traceback" not in row["message"], row
        settings = Settings(_env_file=None, studybuddy_home=home)  # type: ignore[call-arg]
        dagster_url = database_urls(settings)[1].replace("postgresql+psycopg2://", "postgresql://")
        with psycopg.connect(dagster_url) as connection:
            found = connection.execute("select partition from runs where partition is not null").fetchall()
    runs = Counter(key for (key,) in found)
    assert runs and max(runs.values()) <= MOST_RUNS, runs.most_common(5)
