"""The home and what is in it: for its owner alone, whatever the umask was and however it was found."""

import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.core.errors import SettingsError
from pipelines.core.home import prepare_home


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_home_is_closed_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        home = prepare_home(tmp_path / "a" / "home")
    finally:
        os.umask(before)
    assert mode(home) == 0o700


def test_an_open_home_is_closed_to_its_last_file_and_said(tmp_path, caplog):
    home = tmp_path / "home"
    (home / "files" / "ab").mkdir(parents=True)
    (home / "files" / "ab" / "deck").write_bytes(b"x")
    (home / "postgres").mkdir(mode=0o700)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"x")
    (home / "link").symlink_to(elsewhere)
    for path, open_mode in (
        (home, 0o755),
        (home / "files", 0o755),
        (home / "files/ab/deck", 0o644),
        (elsewhere, 0o644),
    ):
        path.chmod(open_mode)
    with caplog.at_level(logging.WARNING):
        prepare_home(home)
    assert str(home) in caplog.text
    assert not mode(home) & 0o066 and mode(home / "files") == 0o700 and mode(home / "files/ab/deck") == 0o600
    assert mode(elsewhere) == 0o644
    caplog.clear()
    prepare_home(home)
    assert not caplog.text


def test_a_home_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SettingsError, match="STUDYBUDDY_HOME"):
        prepare_home(tmp_path / "file" / "home")


def test_commands_leave_nothing_open_behind_them(settings):
    """A real command under an open umask, with an open home from before."""
    settings.home.mkdir(mode=0o755, parents=True)
    settings.home.chmod(0o755)
    command = Path(sys.executable).with_name("studybuddy")
    environment = {
        **os.environ,
        "STUDYBUDDY_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "DAGSTER_DATABASE_URL": settings.dagster_database_url.get_secret_value(),
    }
    done = subprocess.run(
        [command, "status", "--json"], env=environment, umask=0, capture_output=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b"was open to others" in done.stderr and b"Traceback" not in done.stderr
    assert {path for path in settings.home.rglob("*") if mode(path) & 0o077} == set()
    assert (settings.home / "run" / "api.token").exists()
