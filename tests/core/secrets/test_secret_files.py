"""Files that hold secrets: nobody gets in by an empty, cut or open one, and what can be mended is."""

import logging
import os
import stat
import subprocess
import sys

import pytest

from pipelines.core.errors import SettingsError
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.secrets.local_token import local_token

KEY = b"k" * 32


def place(settings, name):
    path = settings.home / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def put(path, content, mode=0o600):
    path.write_bytes(content)
    path.chmod(mode)


def test_a_token_is_made_once_and_kept_closed_whatever_the_umask(settings):
    before = os.umask(0)
    try:
        token = local_token(settings)
    finally:
        os.umask(before)
    assert local_token(settings) == token and len(token) >= 43
    for path in (settings.home / "run" / "api.token", settings.home / "run"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077
    assert [p.name for p in (settings.home / "run").iterdir() if "token." not in p.name] == ["api.token"]


def test_an_editor_s_line_end_is_no_damage(settings):
    token = local_token(settings)
    put(settings.home / "run" / "api.token", token.encode() + b"\n")
    assert local_token(settings) == token


@pytest.mark.parametrize(
    ("content", "mode"),
    [(b"", 0o600), (b"\n", 0o600), (b"abc", 0o600), (b"t" * 43 + b"\0", 0o600), (b"t" * 43, 0o644), (b"t" * 43, 0o620)],
)
def test_a_bad_token_is_replaced_and_said(settings, caplog, content, mode):
    path = place(settings, "run/api.token")
    put(path, content, mode)
    with caplog.at_level(logging.WARNING):
        token = local_token(settings)
    assert len(token) >= 43 and token.encode() != content and str(path) in caplog.text
    assert local_token(settings) == token and stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [(b"", 0o600, "empty"), (b"\n", 0o600, "empty"), (b"abc", 0o600, "cut"), (KEY + b"\n", 0o600, "damaged"),
     (KEY, 0o644, "0644"), (KEY, 0o640, "0640")],
)  # fmt: skip
def test_a_bad_master_key_is_refused_and_never_replaced(settings, content, mode, why):
    path = place(settings, "master.key")
    put(path, content, mode)
    with pytest.raises(SettingsError, match=why):
        Sealer.open_home(settings)
    assert path.read_bytes() == content


def test_a_master_key_opens_what_it_sealed_also_beside_leftovers(settings):
    place(settings, f"master.key.{os.getpid()}").write_bytes(b"")
    sealed = Sealer.open_home(settings).seal(b"word", context="row")
    assert Sealer.open_home(settings).open(sealed, context="row") == b"word"


@pytest.mark.parametrize("name", ["run/api.token", "master.key"])
@pytest.mark.parametrize("kind", ["folder", "link", "fifo", "other owner"])
def test_what_is_no_file_of_ours_is_refused(settings, name, kind):
    path = place(settings, name)
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        put(path.with_name("elsewhere"), KEY)
        path.symlink_to("elsewhere")
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    elif os.geteuid() == 0:
        put(path, b"t" * 43 if "token" in name else KEY)
        os.chown(path, 65_534, 65_534)
    else:
        pytest.skip("only root can give a file away")
    with pytest.raises(SettingsError, match=path.name):
        Sealer.open_home(settings) if name == "master.key" else local_token(settings)


def test_processes_that_begin_together_agree(settings):
    code = (
        "import sys; from pathlib import Path; from pipelines.core.settings import Settings;"
        "from pipelines.core.secrets.local_token import local_token;"
        "print(local_token(Settings(_env_file=None, studybuddy_home=Path(sys.argv[1]))))"
    )
    put(place(settings, "run/api.token"), b"")
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(settings.home)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    assert len({process.communicate(timeout=60)[0] for process in started} - {""}) == 1
