"""Backups of real databases and files, and the way back into empty ones."""

import io
import itertools
import json
import shutil
from pathlib import Path

import psycopg
import pyrage
import pytest

from pipelines.core.backups.places import Manifest, Place
from pipelines.core.backups.restoring import check_backup, choose, restore_backup
from pipelines.core.backups.writing import drop_old, make_backup
from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.errors import PermanentError, SettingsError, StorageUnavailableError
from pipelines.core.settings import Settings
from pipelines.core.stored_files import check_files, drop_unreferenced, sweep_files
from pipelines.core.stores import Stores
from pipelines.core.uploads import DOCUMENT, delete_upload, purge_upload

_numbers = itertools.count(1)


@pytest.fixture
def empty(server):
    """Makes a new database that holds nothing; its URL."""
    made = []

    def make() -> str:
        name = f"empty_{next(_numbers)}"
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name}")
        made.append(name)
        return server.url(name)

    yield make
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for name in made:
            connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def stores(settings, empty):
    with Stores.open(settings.model_copy(update={"dagster_database_url": secret(empty())})) as stores:
        yield stores


@pytest.fixture
def target(tmp_path, empty):
    """Settings of a home and databases that are empty."""
    return Settings(
        _env_file=None, studybuddy_home=tmp_path / "other", database_url=empty(), dagster_database_url=empty()
    )


@pytest.fixture
def saved(tmp_path):
    return str(tmp_path / "saved")


def secret(url):
    return Settings(_env_file=None, dagster_database_url=url).dagster_database_url


def upload(stores, name, words):
    stored = stores.files.add(io.BytesIO(words))
    with stores.database.transaction() as connection:
        course = ensure_course(connection, "Physics")
        document, _ = put_document(
            connection, sealer=stores.sealer, course_id=course.id, title=name, file_name=name, source_name=name,
            sha256=stored.sha256, byte_count=stored.byte_count, password="open sesame",
        )  # fmt: skip
    return document


def rows(url):
    with psycopg.connect(url) as connection:
        names = connection.execute("select source_name, sha256 from documents order by 1").fetchall()
        rights = connection.execute(
            "select defaclacl::text, grantee, privilege_type from pg_default_acl, aclexplode(defaclacl)"
            " where defaclobjtype = 'r' order by 2, 3"
        ).fetchall()
        granted = connection.execute(
            "select table_schema, table_name, grantee, privilege_type from information_schema.role_table_grants"
            " where table_schema in ('public', 'ai') and grantee like 'studybuddy%' order by 1, 2, 3, 4"
        ).fetchall()
    return names, len(rights), granted


def url_of(settings):
    return settings.database_url.get_secret_value()


def test_what_was_saved_is_there_again_with_its_rights_and_its_bytes(stores, target, saved):
    upload(stores, "a.pdf", b"first"), upload(stores, "b.pdf", b"second")
    manifest, copied = make_backup(stores, Place(saved))
    assert (copied, manifest.counts["documents"]) == (2, 2)
    check_backup(Place(saved), choose(Place(saved)))
    restore_backup(target, Place(saved), choose(Place(saved)))
    assert rows(url_of(target)) == rows(url_of(stores.settings))
    with Stores.open(target) as other:
        assert check_files(other.database, other.files).missing == ()
        upload(other, "c.pdf", b"third")
    assert Path(saved).stat().st_mode & 0o077 == 0


def test_a_second_backup_copies_what_is_new_and_old_ones_go_with_what_only_they_name(stores, saved):
    first, second = upload(stores, "a.pdf", b"first"), upload(stores, "b.pdf", b"second")
    oldest, _ = make_backup(stores, Place(saved))
    with stores.database.transaction() as connection:
        delete_upload(connection, DOCUMENT, first.id)
    purge_upload(stores.database, stores.files, DOCUMENT, first.id)
    third = upload(stores, "c.pdf", b"third")
    newest, copied = make_backup(stores, Place(saved))
    assert (copied, set(newest.files)) == (1, {second.sha256, third.sha256})
    assert drop_old(Place(saved), 1) == [oldest.at]
    assert Place(saved).manifests() == [newest.at]
    assert set(Place(saved).sizes()) == set(newest.files)
    assert drop_old(Place(saved), 1) == []


def test_nothing_that_a_backup_names_is_removed_before_it_is_copied(stores, saved):
    upload(stores, "a.pdf", b"first"), upload(stores, "b.pdf", b"second")
    loose = stores.files.add(io.BytesIO(b"nobody's"))
    seen = []

    def meanwhile(done, total):
        if done == 1:
            with stores.database.transaction() as connection:
                ids = [row[0] for row in connection.execute("select id from documents")]
                for document_id in ids:
                    delete_upload(connection, DOCUMENT, document_id)
            for document_id in ids:
                purge_upload(stores.database, stores.files, DOCUMENT, document_id)
            seen.append(drop_unreferenced(stores.database, stores.files, [loose.sha256]))
            with pytest.raises(StorageUnavailableError, match="backup is being made"):
                sweep_files(stores.database, stores.files, older_than_s=0)
            seen.append(total)

    manifest, copied = make_backup(stores, Place(saved), told=meanwhile)
    assert (seen, copied, manifest.counts["documents"]) == ([[], 2], 2, 2)
    check_backup(Place(saved), manifest)
    assert sweep_files(stores.database, stores.files, older_than_s=0).files == 3


def test_a_missing_stored_file_is_named_and_there_is_no_backup(stores, saved):
    document = upload(stores, "a.pdf", b"first")
    stores.files.remove(document.sha256)
    with pytest.raises(StorageUnavailableError, match=document.sha256):
        make_backup(stores, Place(saved))
    with pytest.raises(PermanentError, match="no whole backup"):
        choose(Place(saved))


def test_nothing_is_restored_over_what_is_there(made, target):
    with Stores.open(target) as other:
        upload(other, "mine.pdf", b"mine")
    before = rows(url_of(target))
    with pytest.raises(PermanentError, match="something here already"):
        restore_backup(target, Place(str(made)), choose(Place(str(made))))
    assert rows(url_of(target)) == before


def spoil_file(saved):
    victim = max(
        (path for path in Path(saved, "files").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size
    )
    victim.write_bytes(victim.read_bytes()[:-1])


def lose_file(saved):
    next(path for path in Path(saved, "files").rglob("*") if path.is_file()).unlink()


def spoil_dump(saved):
    (dump,) = Path(saved).glob("backups/*/application.dump")
    dump.write_bytes(dump.read_bytes()[:-100])


def spoil_manifest(saved):
    (manifest,) = Path(saved).glob("backups/*/manifest.json")
    manifest.write_text(manifest.read_text()[:-20])


def newer(saved):
    (manifest,) = Path(saved).glob("backups/*/manifest.json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 99}))


def half_done(saved):
    (manifest,) = Path(saved).glob("backups/*/manifest.json")
    manifest.unlink()


@pytest.fixture(scope="module")
def made(server, tmp_path_factory):
    """A backup of one deck, made once; copy it before harming it."""
    folder, name = tmp_path_factory.mktemp("made"), f"made_{next(_numbers)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template template_app")
    url = server.url(name)
    settings = Settings(_env_file=None, studybuddy_home=folder / "home", database_url=url, dagster_database_url=url)
    with Stores.open(settings) as stores:
        upload(stores, "a.pdf", b"first")
        make_backup(stores, Place(str(folder / "saved")))
    yield folder / "saved"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (spoil_file, "damaged"),
        (lose_file, "damaged"),
        (spoil_dump, "application.dump"),
        (spoil_manifest, "cannot be read"),
        (newer, "newer version"),
        (half_done, "no whole backup"),
    ],
)
def test_a_damaged_backup_is_refused_before_anything_is_written(made, target, saved, harm, said):
    shutil.copytree(made, saved)
    harm(saved)
    with pytest.raises(PermanentError, match=said):
        restore_backup(target, Place(saved), choose(Place(saved)))
    with psycopg.connect(url_of(target)) as connection:
        assert connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() == (0,)
    assert not (target.home / "files").exists()


def test_a_restore_that_broke_off_is_done_again(stores, target, saved, monkeypatch):
    upload(stores, "a.pdf", b"first"), upload(stores, "b.pdf", b"second")
    make_backup(stores, Place(saved))

    class Cut(Place):
        def get(self, name, out, *, encrypted):
            if name.endswith("application.dump"):
                raise StorageUnavailableError("The bucket is away.")
            super().get(name, out, encrypted=encrypted)

    with pytest.raises(StorageUnavailableError):
        restore_backup(target, Cut(saved), choose(Place(saved)))
    restore_backup(target, Place(saved), choose(Place(saved)))
    assert rows(url_of(target)) == rows(url_of(stores.settings))


def test_a_folder_of_something_else_is_left_alone(stores, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mother.txt").write_text("Dear")
    with pytest.raises(PermanentError, match="no backup"):
        make_backup(stores, Place(str(tmp_path / "letters")))
    with pytest.raises(PermanentError, match="holds no backup"):
        choose(Place(str(tmp_path / "letters")))
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["mother.txt"]


def test_an_encrypted_backup_opens_with_its_key_alone_and_brings_the_master_key(stores, target, saved):
    upload(stores, "a.pdf", b"the words of the deck")
    own, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    manifest, _ = make_backup(stores, Place(saved, recipients=[str(own.to_public())]))
    assert manifest.encrypted
    written = b"".join(path.read_bytes() for path in Path(saved).rglob("*") if path.is_file())
    assert b"the words of the deck" not in written
    assert b"PGDMP" not in written
    with pytest.raises(SettingsError, match="--identity"):
        restore_backup(target, Place(saved), manifest)
    with pytest.raises(PermanentError, match="does not open"):
        restore_backup(target, Place(saved, identities=[str(other)]), manifest)
    restore_backup(target, Place(saved, identities=[str(own)]), manifest)
    with Stores.open(target) as restored:
        assert (target.home / "master.key").read_bytes() == (stores.settings.home / "master.key").read_bytes()
        assert check_files(restored.database, restored.files).missing == ()
    again, copied = make_backup(stores, Place(saved))
    assert (again.encrypted, copied) == (False, 1), "what is encrypted is not taken for what is not"


def test_a_key_that_is_none_and_an_address_that_is_none_are_told():
    with pytest.raises(SettingsError, match="BACKUP_RECIPIENTS"):
        Place("/tmp/nowhere", recipients=["age1nothing"])
    with pytest.raises(SettingsError, match="no folder"):
        Place("nothing://else")


def test_tables_in_schemas_of_their_own_go_where_such_are_wanted(settings, empty, tmp_path, saved):
    ours = settings.model_copy(
        update={"database_url": secret(empty()), "dagster_database_url": secret(empty()), "database_schema": "lectern"}
    )
    with Stores.open(ours) as stores:
        with psycopg.connect(url_of(ours)) as connection:
            connection.execute("create table public.users (id int)")
        upload(stores, "a.pdf", b"first")
        manifest, _ = make_backup(stores, Place(saved))
    target = ours.model_copy(
        update={
            "studybuddy_home": tmp_path / "other", "database_url": secret(empty()),
            "dagster_database_url": secret(empty()),
        }
    )  # fmt: skip
    with pytest.raises(SettingsError, match="DATABASE_SCHEMA=lectern"):
        restore_backup(target.model_copy(update={"database_schema": "public"}), Place(saved), manifest)
    restore_backup(target, Place(saved), manifest)
    with psycopg.connect(url_of(target)) as connection:
        assert connection.execute("select count(*) from lectern.documents").fetchone() == (1,)
        assert connection.execute("select to_regclass('public.users')").fetchone() == (None,)


def test_a_place_may_be_a_bucket(stores, target):
    address = f"memory://bucket-{next(_numbers)}/studybuddy"
    upload(stores, "a.pdf", b"first")
    make_backup(stores, Place(address))
    restore_backup(target, Place(address), choose(Place(address)))
    assert rows(url_of(target)) == rows(url_of(stores.settings))


def test_a_manifest_reads_back_as_it_was_written_and_other_json_is_refused():
    manifest = Manifest(at="t", schema="public", vectors="public", encrypted=False, counts={}, dumps={}, files={})
    assert Manifest.from_json(manifest.as_json()) == manifest
    for text in (
        "[]",
        "{}",
        '{"format": 1}',
        '{"format": 1, "dumps": [], "files": {}}',
        '{"format": 1, "dumps": {"a": 1}}',
    ):
        with pytest.raises(ValueError, match="."):
            Manifest.from_json(text)
