"""Rotation of master keys: nothing fails to open meanwhile, a kill in the middle costs nothing, a loss is said."""

import base64
import json
import os
import random
import subprocess
import sys
import threading

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from typer.testing import CliRunner

from pipelines.cli import make_app
from pipelines.core.models.keys import find_model_key, put_model_key
from pipelines.core.secrets.crypto import KEY_BYTES, Sealer
from pipelines.core.secrets.lost import count_lost_secrets
from pipelines.core.secrets.rotation import rotate_keys
from pipelines.core.settings import Settings, get_settings
from pipelines.core.statements import statement
from pipelines.core.stores import Stores


def fill(stores, count):
    """That many people with a key each, and one deck with a password."""
    sealer = Sealer.open_home(stores.settings)
    with stores.database.transaction() as connection:
        made = connection.execute(
            "insert into users (issuer, subject) select 'i', n::text from generate_series(1, %s) n returning id",
            [count],
        ).fetchall()
        for (person,) in made:
            put_model_key(connection, person, SecretStr(f"key of {person}"), provider="openrouter", base_url=None,
                          label=None, sealer=sealer)  # fmt: skip
        connection.execute("insert into courses (name) values ('c')")
        connection.execute(
            "insert into documents (course_id, title, file_name, source_name, sha256, byte_count, password_sealed)"
            " select id, 't', 'f', 'f', %s, 1, %s from courses",
            ["a" * 64, sealer.seal(b"open sesame", context="document|" + "a" * 64)],
        )
    return [person for (person,) in made]


def opens(stores, person, sealer):
    with stores.database.transaction() as connection:
        key = find_model_key(connection, person, sealer=sealer)
    return key.secret is not None and key.secret.get_secret_value() == f"key of {person}"


def marks(stores):
    """How many secrets are under which key."""
    with stores.database.transaction() as connection:
        found = connection.execute(
            "select substring(sealed from 1 for 9), count(*) from (select sealed from model_keys union all"
            " select password_sealed from documents) s group by 1"
        ).fetchall()
    return {bytes(mark): count for mark, count in found}


@pytest.fixture
def stores(settings):
    with Stores.open(settings) as stores:
        yield stores


def test_everything_is_under_the_new_key_and_nothing_failed_to_open_meanwhile(stores):
    people, before = fill(stores, 450), Sealer.open_home(stores.settings)
    failed, done = [], threading.Event()

    def read():
        while not done.is_set():
            person = random.choice(people)
            if not opens(stores, person, before):
                failed.append(person)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    old = before.mark
    try:
        rotated = rotate_keys(stores)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert failed == [], "a process that began before goes on reading"
    assert (rotated.resealed, rotated.lost, rotated.busy, rotated.new_key) == (451, 0, 0, True)
    (mark,) = marks(stores)
    assert mark != old and mark == Sealer.open_home(stores.settings).mark
    assert before.seal(b"x", context="y").startswith(mark), "and seals with the new key, too"


DYING = """
import os, sys
from pathlib import Path
from pipelines.core.secrets import rotation
from pipelines.core.settings import Settings, get_settings
from pipelines.core.stores import Stores
settings = Settings(_env_file=None, studybuddy_home=Path(sys.argv[1]), database_url=sys.argv[2],
                    dagster_database_url=sys.argv[2])
left, real = int(sys.argv[3]), rotation._batch
rotation.BATCH = 50
def batch(*arguments):
    global left
    done = real(*arguments)
    left -= 1
    if left == 0:
        os.kill(os.getpid(), 9)
    return done
rotation._batch = batch
with Stores.open(settings) as stores:
    rotation.rotate_keys(stores)
"""


def test_killed_in_the_middle_it_goes_on_where_it_was(stores):
    people = fill(stores, 220)
    url = stores.settings.database_url.get_secret_value()
    for batches in (3, 12):
        died = subprocess.run([sys.executable, "-c", DYING, str(stores.settings.home), url, str(batches)], check=False)
        assert died.returncode == -9
        sealer = Sealer.open_home(stores.settings)
        assert all(opens(stores, person, sealer) for person in people)
    rotated = rotate_keys(stores)
    assert (rotated.lost, rotated.busy) == (0, 0) and len(marks(stores)) == 1
    assert len((stores.settings.home / "master.key").read_bytes()) <= 3 * KEY_BYTES
    assert all(opens(stores, person, Sealer.open_home(stores.settings)) for person in people)


def test_what_no_key_opens_is_counted_and_left(stores):
    people = fill(stores, 3)
    with stores.database.transaction() as connection:
        strange = Sealer(os.urandom(32)).seal(b"x", context="y")
        connection.execute("update model_keys set sealed = %s where user_id = %s", [strange, people[0]])
    rotated = rotate_keys(stores)
    assert (rotated.resealed, rotated.lost, rotated.busy) == (3, 1, 0)
    assert [opens(stores, person, Sealer.open_home(stores.settings)) for person in people] == [False, True, True]


def test_given_keys_are_changed_by_putting_the_new_one_first(stores, database_url):
    old, new = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))

    def given(keys):
        return Settings(
            **{**stores.settings.model_dump(exclude_unset=True), "master_keys": SecretStr(keys)}, _env_file=None
        )

    with Stores.open(given(old)) as before:
        people = fill(before, 5)
    with Stores.open(given(f"{new},{old}")) as both:
        rotated = rotate_keys(both)
    assert (rotated.resealed, rotated.new_key) == (6, False)
    with Stores.open(given(new)) as after:
        assert all(opens(after, person, after.sealer) for person in people)
    assert not (stores.settings.home / "master.key").exists() or len(marks(stores)) == 1


def test_what_an_earlier_release_sealed_opens_and_is_rotated(stores):
    people, sealer = fill(stores, 2), Sealer.open_home(stores.settings)
    key, nonce = (stores.settings.home / "master.key").read_bytes(), os.urandom(12)
    context = "document|" + "a" * 64
    before = b"\x01" + nonce + AESGCM(key).encrypt(nonce, b"open sesame", b"\x01" + context.encode())
    assert sealer.open(before, context=context) == b"open sesame"
    with stores.database.transaction() as connection:
        connection.execute("update documents set password_sealed = %s", [before])
        counted = connection.execute(statement("count_sealed_otherwise"), {"mark": sealer.mark}).fetchone()
    assert counted == (1,)
    assert rotate_keys(stores).resealed == 3 and len(marks(stores)) == 1
    with stores.database.transaction() as connection:
        kept = connection.execute("select password_sealed from documents").fetchone()[0]
    assert Sealer.open_home(stores.settings).open(bytes(kept), context=context) == b"open sesame"
    assert all(opens(stores, person, Sealer.open_home(stores.settings)) for person in people)


def test_the_command_says_what_it_did(stores, monkeypatch):
    people = fill(stores, 2)
    for name in ("studybuddy_home", "database_url", "dagster_database_url"):
        value = getattr(stores.settings, name)
        monkeypatch.setenv(name.upper(), str(value.get_secret_value() if isinstance(value, SecretStr) else value))
    get_settings.cache_clear()
    try:
        done = CliRunner().invoke(make_app(["keys"]), ["keys", "rotate", "--json"])
    finally:
        get_settings.cache_clear()
    assert done.exit_code == 0 and json.loads(done.stdout) == {"resealed": 3, "lost": 0, "busy": 0, "new_key": True}
    assert all(opens(stores, person, Sealer.open_home(stores.settings)) for person in people)


@pytest.mark.slow
def test_ten_thousand_keys_are_rotated_under_load(stores):
    fill(stores, 10_000)
    rotated = rotate_keys(stores)
    assert (rotated.resealed, rotated.lost, rotated.busy) == (10_001, 0, 0) and len(marks(stores)) == 1


def test_what_a_lost_key_sealed_is_counted_and_said(stores):
    fill(stores, 3)
    with stores.database.transaction() as connection:
        assert count_lost_secrets(connection, stores.sealer).warnings == []
        lost = count_lost_secrets(connection, Sealer(b"o" * 32))
    assert (lost.keys, lost.passwords) == (3, 1) and "sealed 3 keys" in lost.warnings[0]
    rotate_keys(stores)
    with stores.database.transaction() as connection:
        assert count_lost_secrets(connection, stores.sealer).warnings == [], "a process looks for new keys first"
