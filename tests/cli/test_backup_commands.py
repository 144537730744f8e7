"""`studybuddy backup` and `restore` as an operator types them: one home saved, another one made of it."""

import json
import os
import subprocess
import sys

from tests.homes import private_home

MAIN = [sys.executable, "-c", "from pipelines.cli import main; main()"]


def studybuddy(home, *arguments, **environment):
    return subprocess.run(
        [*MAIN, *arguments],
        env=os.environ | {"STUDYBUDDY_HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_home_is_saved_and_another_one_is_made_of_it(tmp_path):
    saved = str(tmp_path / "saved")
    with private_home() as home, private_home() as other:
        made = studybuddy(home, "migrate")
        assert made.returncode == 0, made.stderr
        first = studybuddy(home, "backup", saved)
        assert first.returncode == 0, first.stderr
        assert "0 files copied" in first.stdout
        assert "BACKUP_RECIPIENTS" in first.stdout
        told = json.loads(studybuddy(home, "backup", saved, "--keep", "1", "--json").stdout)
        assert (told["copied"], len(told["removed"]), told["encrypted"]) == (0, 1, False)
        assert "is whole" in studybuddy(home, "backup", saved, "--check").stdout
        done = studybuddy(other, "restore", saved)
        assert done.returncode == 0, done.stderr
        counts = [json.loads(studybuddy(each, "status", "--json").stdout)["counts"] for each in (home, other)]
        assert counts[0] == counts[1]
        again = studybuddy(other, "restore", saved)
        assert (again.returncode, "Traceback" in again.stderr) == (1, False)
        assert "something here already" in again.stderr
