"""A parser that was taken over reaches no other process and no other file, whatever call it makes."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipelines.core.errors import UnguardedError
from pipelines.steps.sandbox.bounded import missing_guards, run_bounded
from pipelines.steps.sandbox.guards import GUARDS, REQUIRED
from pipelines.steps.sandbox.separation import NOBODY
from tests.steps.sandbox.refusing import refusing
from tests.steps.sandbox.targets import IPC_KEY, REACHES

TARGETS = "tests.steps.sandbox.targets"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def victim() -> Iterator[psutil.Process]:
    """A process of the very user the child is."""
    as_child = NOBODY if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "300"], user=as_child) as process:
        yield psutil.Process(process.pid)
        process.kill()


@pytest.fixture
def victim_file(tmp_path: Path) -> Path:
    """A file of that user, in a folder anybody may enter."""
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/tmp"):
            folder.chmod(0o755)
    path = tmp_path / "master.key"
    path.write_text("canary")
    path.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    return path


def state_of(process: psutil.Process) -> object:
    limits = Path(f"/proc/{process.pid}/limits").read_text()
    return process.status(), limits, process.nice(), process.cpu_affinity(), process.ionice()


def ipc_objects() -> list[str]:
    """Those with the key that `REACHES` asks for; other programs of this machine have some of their own."""
    lines = [line for kind in ("shm", "msg", "sem") for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()]
    return [line for line in lines if line.split()[0] == str(IPC_KEY)]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the calls are made by their numbers on x86_64")
def test_no_system_call_reaches_another_process_or_file(victim: psutil.Process, victim_file: Path) -> None:
    if missing := missing_guards():
        pytest.skip(f"this machine refuses: {missing}")
    before = state_of(victim), victim_file.stat(), os.listxattr(victim_file)
    met = dict(
        item.value
        for item in run_bounded(
            f"{TARGETS}:reach_out", source=victim_file, args={"victim": victim.pid, "file": str(victim_file)}
        )
    )
    assert list(met) == [name for name, *_ in REACHES]
    assert {name: errno.errorcode.get(code or 0) for name, code in met.items() if code not in REFUSALS} == {}
    assert victim.is_running()
    assert (state_of(victim), victim_file.stat(), os.listxattr(victim_file)) == before
    assert ipc_objects() == []
    assert victim_file.read_text() == "canary"


REFUSALS = (errno.EPERM, errno.EACCES, errno.ENOSYS)


def test_every_guard_holds_on_this_machine_or_says_why_not() -> None:
    missing = missing_guards()
    assert missing.keys() <= set(GUARDS)
    assert "limits" not in missing
    assert all(missing.values())


def test_the_child_is_another_user_without_groups_alone_among_processes() -> None:
    (item,) = run_bounded(f"{TARGETS}:environment")
    assert item.value["pid"] == 1
    assert item.value["user"] == (NOBODY if os.geteuid() == 0 else os.geteuid()) or os.geteuid() != 0
    if os.geteuid() == 0:
        assert item.value["groups"] == []


def test_without_a_required_guard_nothing_is_read_until_somebody_accepts_that(tmp_path: Path) -> None:
    source = tmp_path / "deck.pdf"
    source.write_bytes(b"stranger")
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from pipelines.core.errors import UnguardedError\n"
        "from pipelines.steps.sandbox.bounded import run_bounded\n"
        "from pipelines.steps.sandbox.limits import Limits\n"
        "for accept in (False, True):\n"
        "    try:\n"
        "        limits = Limits(accept_missing_guards=accept)\n"
        "        items = run_bounded('tests.steps.sandbox.targets:read_all', source=Path(sys.argv[2]), limits=limits)\n"
        "        print([item.blob for item in items])\n"
        "    except UnguardedError as error:\n"
        "        print(error.code, error.message)\n"
    )
    command = refusing([sys.executable, "-c", program, str(ROOT), str(source)])
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    refused, accepted = done.stdout.splitlines()
    assert refused.startswith("no_sandbox Nothing was read")
    assert all(name in refused for name in (*REQUIRED, "no files", "no network", "ACCEPT_WEAK_SANDBOX=true"))
    assert accepted == "[b'stranger']"


def test_the_error_of_a_missing_guard_is_one_a_person_must_act_on() -> None:
    assert not UnguardedError("x").retryable
