"""Secrets that are given as settings or files, shared by the processes of several machines."""

import base64
import os

import pytest

from pipelines.core.errors import SettingsError, UnreadableFileError
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.secrets.local_token import local_token
from pipelines.core.secrets.signing_key import signing_key
from pipelines.core.settings import Settings

TOKEN = "t" * 43


def key():
    return base64.b64encode(os.urandom(32)).decode()


def home(path, **given):
    return Settings(_env_file=None, studybuddy_home=path, **given)


def test_two_homes_with_the_same_secrets_know_the_same(tmp_path):
    given = {"api_token": TOKEN, "signing_key": "s" * 32, "master_keys": key()}
    one, two = home(tmp_path / "one", **given), home(tmp_path / "two", **given)
    assert local_token(one) == local_token(two) == TOKEN
    assert signing_key(one, "links") == signing_key(two, "links") != signing_key(one, "cookies")
    assert Sealer.open_home(two).open(Sealer.open_home(one).seal(b"x", context="row"), context="row") == b"x"
    assert not (tmp_path / "one").exists(), "nothing is made where all was given"


def test_without_them_each_home_makes_its_own_once(tmp_path):
    one, two = home(tmp_path / "one"), home(tmp_path / "two")
    assert signing_key(one, "links") == signing_key(one, "links") != signing_key(two, "links")
    assert (tmp_path / "one" / "signing.key").stat().st_mode & 0o777 == 0o600


def test_a_secret_may_be_a_file_as_secret_stores_mount_it(tmp_path):
    files = {}
    for name, content in (("api_token", TOKEN), ("signing_key", "s" * 40), ("master_key", f"{key()}\n{key()}")):
        path = tmp_path / name
        path.write_text(f"{content}\n")
        path.chmod(0o444)
        files[f"{name}_file"] = path
    settings = home(tmp_path / "home", **files)
    assert local_token(settings) == TOKEN and len(signing_key(settings, "links")) == 32
    assert Sealer.open_home(settings).seal(b"x", context="row")


def test_the_first_key_seals_and_all_open(tmp_path):
    old, new = key(), key()
    sealed = Sealer.open_home(home(tmp_path, master_keys=old)).seal(b"x", context="row")
    both = Sealer.open_home(home(tmp_path, master_keys=f"{new}, {old}"))
    assert both.open(sealed, context="row") == b"x"
    fresh = both.seal(b"y", context="row")
    assert Sealer.open_home(home(tmp_path, master_keys=new)).open(fresh, context="row") == b"y"
    for keys, secret, context in ((new, sealed, "row"), (old, fresh, "row"), (f"{new},{old}", fresh, "other row")):
        with pytest.raises(UnreadableFileError):
            Sealer.open_home(home(tmp_path, master_keys=keys)).open(secret, context=context)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"api_token": "short"}, "API_TOKEN"),
        ({"api_token": "t" * 42 + " "}, "API_TOKEN"),
        ({"signing_key": "short"}, "SIGNING_KEY"),
        ({"master_keys": "no base64"}, "MASTER_KEYS"),
        ({"master_keys": base64.b64encode(b"short").decode()}, "MASTER_KEYS"),
        ({"master_keys": "A" * 43 + "=,x"}, "MASTER_KEYS"),
        ({"master_keys": " , "}, "MASTER_KEYS"),
        ({"api_token": TOKEN, "api_token_file": "/dev/null"}, "API_TOKEN"),
        ({"api_token_file": "/dev/null"}, "API_TOKEN"),
        ({"signing_key_file": "/nowhere/key"}, "SIGNING_KEY"),
        ({"master_key_file": "/"}, "MASTER_KEYS"),
    ],
    ids=str,
)
def test_a_secret_that_is_none_is_refused_and_never_shown(tmp_path, given, named):
    settings = home(tmp_path, **given)
    with pytest.raises(SettingsError, match=f"^{named}: ") as refused:
        local_token(settings), signing_key(settings, "links"), Sealer.open_home(settings)
    assert not [secret for secret in ("short", TOKEN) if secret in refused.value.message]
