"""A stranger's file cannot outlive, outgrow or outreach the child that reads it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.sandbox.bounded import ChildBrokenError, Item, missing_guards, run_bounded
from pipelines.steps.sandbox.limits import Limits

ROOT = Path(__file__).resolve().parents[3]


def run(
    name: str, limits: Limits | None = None, source: Path | None = None, **args: Any
) -> Generator[Item, None, None]:
    target = f"tests.steps.sandbox.targets:{name}"
    return run_bounded(target, source=source, args=args, limits=limits, subject="This PDF")


def code_of(name: str, limits: Limits | None = None) -> str:
    with pytest.raises(UnreadableFileError) as caught:
        list(run(name, limits))
    assert caught.value.message.startswith("This PDF") or caught.value.code == "parser_limit"
    return caught.value.code


def children() -> list[psutil.Process]:
    """The processes of the child, as the machine numbers them: the one that waits, and the one that reads."""
    living = [p for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
    found = [p for p in living if "child.py" in " ".join(p.cmdline())]
    assert len(found) == 2
    return found


def gone(processes: list[psutil.Process]) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes):
            return True
        time.sleep(0.02)
    return False


def test_items_arrive_in_order_with_value_and_bytes() -> None:
    items = list(run("count", up_to=50))
    assert [item.value["number"] for item in items] == list(range(50))
    assert [len(item.blob) for item in items] == list(range(50))


@pytest.mark.parametrize("background", [False, True])
def test_what_nobody_waits_for_lets_other_work_come_first(background: bool) -> None:
    items = run("steady", Limits(background=background), items=2, seconds=0.2)
    next(items)
    own, (_, reading) = psutil.Process().nice(), sorted(children(), key=lambda process: process.pid)
    assert (reading.nice() > own) is background
    items.close()


def test_items_arrive_while_the_child_still_works() -> None:
    items = run("sleep", seconds=60)
    next(items)
    processes = children()
    items.close()
    assert gone(processes)


def test_the_source_is_read_through_a_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "deck.pdf"
    path.write_bytes(os.urandom(3_000_000))
    (item,) = run("read_all", source=path)
    assert item.blob == path.read_bytes()


def test_a_missing_source_is_the_callers_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(run("read_all", source=tmp_path / "none.pdf"))


def test_nothing_of_the_parent_comes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_API_KEY", "canary")
    (item,) = run("environment")
    assert item.value["names"] == ["LC_ALL"]
    assert len(item.value["descriptors"]) <= 6  # stdin, stdout, stderr, the pipe, the listing, one of Python's own


def test_a_taken_over_parser_reaches_nothing(tmp_path: Path) -> None:
    if missing := missing_guards():
        pytest.skip(f"this machine refuses: {missing}")
    secret = tmp_path / "key"
    secret.write_text("canary")
    with socket.create_server(("127.0.0.1", 0)) as server:
        met = dict(
            item.value for item in run("attempts", port=server.getsockname()[1], secret=str(secret), parent=os.getpid())
        )
    assert set(met.values()) == {"PermissionError"}, met
    assert not (tmp_path / "written").exists()


def test_threads_stay_possible_inside() -> None:
    (item,) = run("with_threads")
    assert item.value == [0, 1, 2]


def test_endless_computing_ends_at_the_cpu_limit() -> None:
    assert code_of("spin", Limits(cpu_s=1, wall_s=30)) == "parser_limit"


def test_endless_waiting_ends_at_the_wall_limit() -> None:
    items = run("sleep", Limits(wall_s=3.0), seconds=60)
    next(items)
    processes = children()
    with pytest.raises(UnreadableFileError) as caught:
        list(items)
    assert caught.value.code == "parser_limit"
    assert gone(processes)


def test_a_slow_consumer_is_not_held_against_the_file() -> None:
    items = run("count", Limits(wall_s=3.0), up_to=40)
    next(items)
    time.sleep(3.5)
    assert len(list(items)) == 39


def test_every_item_brings_its_own_share_of_time() -> None:
    limits = Limits(cpu_s=1, wall_s=30, item_s=1)
    assert len(list(run("steady", limits, items=5, seconds=0.4))) == 5
    with pytest.raises(UnreadableFileError):
        list(run("steady", Limits(cpu_s=1, wall_s=30), items=5, seconds=0.4))


def test_all_items_together_bring_no_more_than_the_total() -> None:
    limits = Limits(cpu_s=1, wall_s=30, item_s=1, total_s=2)
    started = time.monotonic()
    with pytest.raises(UnreadableFileError) as caught:
        list(run("steady", limits, items=20, seconds=0.4))
    assert caught.value.code == "parser_limit"
    assert time.monotonic() - started < 20


def test_empty_items_cannot_come_for_ever() -> None:
    with pytest.raises(UnreadableFileError, match="more than 1,000 results") as caught:
        list(run("count_nothing", Limits(max_items=1000)))
    assert caught.value.code == "parser_limit"


def test_a_child_that_ignores_the_signal_of_its_limit_is_ended_all_the_same() -> None:
    assert code_of("spin_deaf", Limits(cpu_s=1, wall_s=30)) == "parser_limit"


def test_the_kernel_ends_a_child_whose_caller_does_not_look() -> None:
    items = run("spin", Limits(cpu_s=1, total_s=1, wall_s=30))
    next(items)
    assert gone(children()[1:])
    with pytest.raises(UnreadableFileError) as caught:
        list(items)
    assert caught.value.code == "parser_limit"


def test_memory_is_bounded() -> None:
    assert code_of("eat_memory", Limits(memory_mb=512)) == "parser_limit"


def test_output_is_bounded() -> None:
    assert code_of("flood", Limits(output_mb=3)) == "parser_limit"


def test_a_crash_means_the_file_is_damaged() -> None:
    assert code_of("crash") == "damaged"


def test_garbage_instead_of_frames_means_the_file_is_damaged() -> None:
    assert code_of("garbage") == "damaged"


def test_a_refusal_keeps_its_code_and_sentence() -> None:
    items = run("refuse")
    assert next(items).value == 1
    with pytest.raises(UnreadableFileError, match="has no pages") as caught:
        next(items)
    assert caught.value.code == "zero_pages"


def test_our_own_mistakes_are_not_called_damage() -> None:
    with pytest.raises(ChildBrokenError, match="a mistake of ours"):
        list(run("stumble"))
    with pytest.raises(ChildBrokenError, match="status 3"):
        list(run("leave"))


def test_the_child_dies_with_its_parent() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pipelines.steps.sandbox.bounded import run_bounded\n"
        "items = run_bounded('tests.steps.sandbox.targets:spin')\n"
        "print(next(items), flush=True)\n"
        "list(items)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(ROOT)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        processes = psutil.Process(parent.pid).children(recursive=True)
        assert len(processes) == 2
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert gone(processes)


def test_the_reading_process_dies_with_the_waiting_one() -> None:
    items = run("spin")
    next(items)
    waiting, reading = children()
    waiting.kill()
    assert gone([reading])
    with pytest.raises(UnreadableFileError):
        list(items)


def test_no_descriptor_or_process_is_left_behind() -> None:
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    others = set(psutil.Process().children(recursive=True))  # whatever tests before this one still have to wait for
    for _ in range(5):
        items = run("spin")
        next(items)
        items.close()
    assert len(list(descriptors.iterdir())) == before
    assert set(psutil.Process().children(recursive=True)) <= others
