"""The audit of the lock: every way an advisory says what it affects, and no success over what was not read."""

import json
import subprocess
import sys
import zipfile

import pytest

from tests.house.audit import LOCK, ROOT, audit, pins


def advisory(*, name="Some_Package", ecosystem="PyPI", events=None, versions=(), kind="ECOSYSTEM", **more):
    ranges = [{"type": kind, "events": events}] if events else []
    affected = {"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges, "versions": list(versions)}
    return {"id": "GHSA-1", "aliases": ["CVE-1"], "summary": "Reads\nanything.", "affected": [affected], **more}


def hits(told, version="2.10"):
    return audit([("some-package", version)], [told])[0]


@pytest.mark.parametrize(
    ("events", "version", "affected"),
    [
        ([{"introduced": "0"}, {"fixed": "2.10"}], "2.9", True),  # 2.9 < 2.10 as versions, not as text
        ([{"introduced": "0"}, {"fixed": "2.10"}], "2.10", False),
        ([{"introduced": "2.0"}, {"fixed": "2.10"}], "1.9", False),
        ([{"introduced": "0"}, {"last_affected": "2.10"}], "2.10", True),
        ([{"introduced": "0"}, {"last_affected": "2.10"}], "2.10.1", False),
        ([{"introduced": "0"}], "99", True),
        ([{"fixed": "3.0"}, {"introduced": "2.0"}, {"fixed": "1.0"}, {"introduced": "0"}], "2.5", True),
        ([{"fixed": "3.0"}, {"introduced": "2.0"}, {"fixed": "1.0"}, {"introduced": "0"}], "1.5", False),
        ([{"introduced": "0"}, {"fixed": "2.10"}], "2.10rc1", True),
        ([{"introduced": "no version at all"}], "1", True),
    ],
)
def test_a_range_affects_the_versions_between_its_events(events, version, affected):
    assert bool(hits(advisory(events=events), version)) is affected


def test_a_listed_version_is_affected_and_told_with_what_fixes_it():
    (found,) = hits(advisory(versions=["2.10"], events=[{"introduced": "3"}, {"fixed": "3.1"}]))
    assert str(found) == "some-package 2.10: GHSA-1, CVE-1: Reads anything. (fixed in 3.1)"


def test_other_ecosystems_commits_and_withdrawn_advisories_say_nothing():
    everything = [{"introduced": "0"}]
    assert not hits(advisory(ecosystem="npm", events=everything))
    assert not hits(advisory(kind="GIT", events=everything))
    assert not hits(advisory(withdrawn="2026-01-01T00:00:00Z", events=everything))


def test_every_package_of_the_lock_is_audited():
    found = pins(LOCK.read_text())
    assert len(found) == len([line for line in LOCK.read_text().splitlines() if line[:1] not in " #"]) > 200
    assert {"uv", "hatchling", "dagster", "pymupdf"} <= {name for name, _ in found}


def run(*arguments):
    command = [sys.executable, "-m", "tests.house.audit", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def test_the_command_lists_what_is_known_and_fails(tmp_path):
    version = dict(pins(LOCK.read_text()))["pymupdf"]
    (tmp_path / "GHSA-1.json").write_text(json.dumps(advisory(name="PyMuPDF", versions=[version])))
    code, out = run(tmp_path)
    assert code == 1
    assert f"pymupdf {version}: GHSA-1" in out
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(tmp_path / "GHSA-1.json", "GHSA-1.json")
    assert run(tmp_path / "all.zip") == (code, out)
    (tmp_path / "GHSA-1.json").write_text(json.dumps(advisory(name="nobody-uses-this", versions=[version])))
    assert run(tmp_path)[0] == 0


@pytest.mark.parametrize("content", [None, "", "{", "[]", json.dumps(advisory(ecosystem="npm", versions=["1"]))])
def test_what_was_not_read_is_no_success(tmp_path, content):
    if content:
        (tmp_path / "GHSA-1.json").write_text(content)
    code, out = run(*([] if content is None else [tmp_path]))
    assert code == 2
    assert "nothing was audited" in out
