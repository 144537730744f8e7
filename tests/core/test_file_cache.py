"""Copies of files that lie in S3: made once, whole, bounded, never taken from who reads them.

A real S3 server's log says what was downloaded."""

import hashlib
import io
import multiprocessing
import os
import queue
import signal
import threading
import time
from contextlib import ExitStack

import pytest

from pipelines.core import file_cache
from pipelines.core.errors import NotFoundError, StorageUnavailableError
from pipelines.core.files import FileStore
from tests.runtime.test_bad_places import disk
from tests.s3 import s3_server

SPAWN = multiprocessing.get_context("spawn")
BUCKET = "s3://decks/files"


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    with s3_server(tmp_path_factory.mktemp("s3"), "decks") as server:
        yield server


@pytest.fixture
def machine(s3, tmp_path):
    """Open the store on one machine, whose copies may take 3 MB."""
    return FileStore(BUCKET, home=tmp_path, copies_bytes=3_000_000)


def stored(machine, size=1_000_000):
    return machine.add(io.BytesIO(os.urandom(size))).sha256


def read(machine, name):
    with machine.local_path(name) as path:
        return hashlib.sha256(path.read_bytes()).hexdigest()


def copies(machine, tmp_path):
    folder = tmp_path / "copies"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def age(tmp_path, name, seconds):
    then = time.time() - seconds
    os.utime(tmp_path / "copies" / name, (then, then))


def test_what_is_read_again_is_not_downloaded_again(s3, machine):
    name = stored(machine)
    assert [read(machine, name) for _ in range(3)] == [name] * 3
    assert s3.downloads(name) == 1
    with pytest.raises(NotFoundError), machine.local_path("0" * 64):
        pass


def test_over_the_bound_the_longest_unread_goes_and_what_is_being_read_stays(machine, tmp_path):
    names = [stored(machine) for _ in range(5)]
    with machine.local_path(names[0]) as held:
        for number, name in enumerate(names[1:4]):
            read(machine, name)
            age(tmp_path, name, 60 - number)
        age(tmp_path, names[0], 600)
        assert copies(machine, tmp_path) == {names[0], names[2], names[3]}, "the first is oldest, and is being read"
        read(machine, names[2])
        read(machine, names[4])
        assert copies(machine, tmp_path) == {names[0], names[2], names[4]}
        assert hashlib.sha256(held.read_bytes()).hexdigest() == names[0]
    large = stored(machine, 4_000_000)
    with machine.local_path(large) as path:
        assert path.stat().st_size == 4_000_000
    assert large not in copies(machine, tmp_path), "what is larger than the bound is there while it is read"


def test_a_copy_goes_with_its_file_and_when_nobody_has_read_it_for_an_hour(machine, tmp_path):
    deleted, old, young = (stored(machine) for _ in range(3))
    for name in (deleted, old, young):
        read(machine, name)
    machine.remove(deleted)
    assert deleted not in copies(machine, tmp_path)
    age(tmp_path, old, file_cache.KEEP_S + 60)
    machine.remove_remains(older_than_s=3600)
    assert copies(machine, tmp_path) == {young}


@pytest.mark.parametrize("damage", [lambda data: data[:500_000], lambda data: b"x" + data[1:], lambda data: b""])
def test_a_damaged_copy_is_never_read_and_is_made_anew(s3, machine, tmp_path, damage):
    name = stored(machine)
    read(machine, name)
    copy = tmp_path / "copies" / name
    copy.write_bytes(damage(copy.read_bytes()))
    assert read(machine, name) == name
    assert s3.downloads(name) == 2


def test_a_stored_file_that_is_damaged_itself_is_said_and_not_kept(s3, machine, tmp_path):
    name = stored(machine)
    machine._fs.pipe_file(f"decks/files/{name[:2]}/{name}", b"other bytes")
    with pytest.raises(StorageUnavailableError, match="damaged"), machine.local_path(name):
        pass
    assert copies(machine, tmp_path) == set()


def test_a_small_disk_holds_what_is_being_read_and_too_small_a_one_is_said(machine, tmp_path):
    small, also, large = stored(machine), stored(machine), stored(machine, 5_000_000)
    with disk(tmp_path / "copies", 2):
        read(machine, small)
        read(machine, also)
        assert copies(machine, tmp_path) == {also}, "the other gave it its room, although the bound is 3 MB"
        with machine.local_path(also) as held:
            with pytest.raises(StorageUnavailableError, match="needs room in .*copies"), machine.local_path(large):
                pass
            assert hashlib.sha256(held.read_bytes()).hexdigest() == also
            assert copies(machine, tmp_path) == {also}


def reading(home, name, number):
    """Another process of the machine; files say how far it is, because it is killed whatever it holds."""
    machine = FileStore(BUCKET, home=home, copies_bytes=3_000_000)
    with machine.local_path(name) as path:
        (home / f"reads-{number}").touch()
        waited(home / "go")
        (home / f"found-{number}").write_text(hashlib.sha256(path.read_bytes()).hexdigest())


def waited(path):
    until = time.monotonic() + 200
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_processes_that_want_a_file_at_once_download_it_once_and_none_takes_it_from_another(s3, machine, tmp_path):
    name = stored(machine, 2_500_000)
    others = [SPAWN.Process(target=reading, args=(tmp_path, name, number)) for number in range(3)]
    with ExitStack() as ending:
        for each in others:
            each.start()
            ending.callback(each.kill)
        for number in range(3):
            waited(tmp_path / f"reads-{number}")
        assert s3.downloads(name) == 1
        read(machine, stored(machine, 2_500_000))
        machine.remove(name)
        age(tmp_path, name, 7200)
        machine.copies.trim()
        assert name in copies(machine, tmp_path), "three read it"
        others[0].kill()
        others[0].join(200)
        (tmp_path / "go").touch()
        for each in others:
            each.join(200)
    assert [(tmp_path / f"found-{number}").read_text() for number in (1, 2)] == [name, name]
    assert name not in copies(machine, tmp_path), "it is old, and the last reader has left it"


def test_who_waits_for_a_download_reads_beside_who_made_it(machine):
    content, begun, go_on, leave = b"a" * 10, threading.Event(), threading.Event(), threading.Event()
    name, held = hashlib.sha256(content).hexdigest(), queue.Queue()

    class Slow(io.BytesIO):
        def read(self, size=-1):
            begun.set()
            go_on.wait(60)
            return super().read(size)

    def reads():
        with machine.copies.held(name, lambda: Slow(content)) as path:
            held.put(path.read_bytes())
            leave.wait(60)

    readers = [threading.Thread(target=reads) for _ in range(2)]
    readers[0].start()
    assert begun.wait(60)
    readers[1].start()
    time.sleep(0.3)
    assert held.empty()
    go_on.set()
    assert [held.get(timeout=60) for _ in readers] == [content, content]
    leave.set()
    for each in readers:
        each.join(60)


def downloading(home, name):
    """Another process, which is killed in the middle of a download."""

    class Slow(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                (home / f"begun-{name}").touch()
                signal.pause()
            return super().read(size)

    with FileStore(BUCKET, home=home).copies.held(name, lambda: Slow(b"a" * 5_000_000)):
        pass


def test_half_a_download_of_a_process_that_was_killed_is_nobodys_copy(machine, tmp_path):
    name, other = stored(machine), stored(machine)
    for wanted in (name, other):
        process = SPAWN.Process(target=downloading, args=(tmp_path, wanted))
        process.start()
        waited(tmp_path / f"begun-{wanted}")
        assert copies(machine, tmp_path) >= {f"{wanted}.part"}
        process.kill()
        process.join(60)
    assert read(machine, name) == name
    assert copies(machine, tmp_path) == {name}, "and of what nobody wants again nothing is left"
