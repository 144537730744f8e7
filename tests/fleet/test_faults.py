"""What happens to a fleet, and that nothing is lost by it: `make fleet-test` prints one line a fault.

Every upload ends ready, or with a failure that has a name, none is made twice, and no run stays "started".
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pymupdf
import pytest

from tests.fakes import FakeModel, text
from tests.fleet.machines import STUDYBUDDY, Fleet, fleet, until

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
WORDS = "Wind turbines turn moving air into power; the third power of its speed says how much there is in it. "
PAGES = 60
"""Enough that a run lasts seconds: there is time to do something to it."""

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(600)]

needed = [name for name in ("redis-server", "ip", "unshare", "setpriv") if shutil.which(name) is None]
if needed or os.geteuid() != 0:
    pytest.skip(f"a fleet of namespaces needs root, and {', '.join(needed) or 'nothing else'}", allow_module_level=True)


@pytest.fixture(scope="module")
def machines() -> Iterator[Fleet]:
    """A fleet of one control plane and two workers; the tests keep two alive."""
    with fleet() as found:
        found.workers = [found.worker(), found.worker()]
        yield found


def told(fault: str, outcome: str, seconds: float) -> None:
    """One line of the table."""
    print(f"\n{fault}: {outcome}, {seconds:.1f} s", flush=True)  # noqa: T201


def deck(folder: Path, name: str, pages: int = PAGES) -> Path:
    """A deck of its own bytes, whose run takes a while."""
    path = folder / f"{name}-{uuid4().hex[:8]}.pdf"
    with pymupdf.open() as document:
        for number in range(pages):
            page = document.new_page(width=400, height=300)
            page.insert_text((30, 60), f"{name} page {number + 1}", fontsize=14)
            page.insert_textbox((30, 80, 370, 280), f"{WORDS} {uuid4().hex} " * 2, fontsize=8)
        document.save(path)
    return path


def ingesting(machines: Fleet, course: str, *decks: Path) -> "subprocess.Popen[str]":
    """Upload decks and wait for them in another process."""
    return machines.in_background("ingest", "--course", course, "--json", *map(str, decks))


def results(process: "subprocess.Popen[str]") -> list[dict[str, object]]:
    """What became of the files."""
    said, complained = process.communicate(timeout=300)
    assert said, complained[-800:]
    found: list[dict[str, object]] = json.loads(said)["files"]
    return found


def all_ready(*processes: "subprocess.Popen[str]") -> None:
    """Every file of these commands was ingested."""
    found = [result for process in processes for result in results(process)]
    assert {str(each["status"]) for each in found} == {"ingested"}, [each["message"] for each in found]


def runs(machines: Fleet, *statuses: str) -> int:
    """How many runs have one of these statuses."""
    words = ", ".join(f"'{status}'" for status in statuses)
    return int(machines.rows(f"select count(*) from runs where status in ({words})", "dagster")[0][0])  # noqa: S608  words of this file


@dataclass
class Served:
    """An API process of its own, and a client that is signed in to it."""

    process: "subprocess.Popen[bytes]"
    client: httpx.Client


OPEN = ("STARTED", "STARTING", "QUEUED", "CANCELING", "NOT_STARTED")


def nothing_is_lost(machines: Fleet, course: str, wanted: int) -> None:
    """Every deck of a course is ready, was made once, and nothing runs any more."""
    until(lambda: runs(machines, *OPEN) == 0, 120, "every run has ended")
    chunks = "from ai.slide_chunks_knowledge c where c.document_id = d.id"
    sql = f"select d.source_name, d.failure, (select count(*) {chunks}), (select count(distinct c.page) {chunks})"
    sql += f" from documents d join courses on courses.id = d.course_id where courses.name = '{course}'"
    found = machines.rows(sql)
    assert len(found) == wanted
    for name, failure, chunks, pages in found:
        assert failure is None, f"{name}: {failure}"
        assert chunks == pages > 0, f"{name} has {chunks} chunks of {pages} pages"
    twice = machines.rows(
        "select partition from runs where status = 'SUCCESS' and pipeline_name = 'process_document'"
        " group by partition having count(*) > 1",
        "dagster",
    )
    assert not twice, f"made twice: {twice}"


def both_at_work(machines: Fleet) -> None:
    """Wait until each of the two workers has a run."""
    until(lambda: runs(machines, "STARTED") >= 2, 60, "two runs have started")


def latest_retry(machines: Fleet) -> float:
    """When the newest run that tries another one again was asked for, in seconds since 1970; 0: there is none."""
    tried = "select r.id from runs r join run_tags t on t.run_id = r.run_id where t.key = 'dagster/retry_number'"
    asked = "coalesce(max(extract(epoch from create_timestamp at time zone 'utc')), 0)"
    sql = f"select {asked} from runs where id in ({tried})"  # noqa: S608
    return float(machines.rows(sql, "dagster")[0][0])


def test_a_worker_that_is_killed_loses_no_run(machines, tmp_path):
    command = ingesting(machines, "killed", deck(tmp_path, "a"), deck(tmp_path, "b"))
    both_at_work(machines)
    began, at = time.monotonic(), time.time()
    machines.workers.pop(0).kill()
    until(lambda: latest_retry(machines) > at, 90, "the lost run is tried again")
    noticed = time.time() - at
    all_ready(command)
    nothing_is_lost(machines, "killed", 2)
    told(
        "worker killed", f"run tried again elsewhere after {noticed:.1f} s, both decks ready", time.monotonic() - began
    )
    machines.workers.append(machines.worker())


def test_a_worker_that_was_cut_off_and_comes_back_writes_nothing_more(machines, tmp_path):
    command = ingesting(machines, "cut", deck(tmp_path, "a"), deck(tmp_path, "b"))
    both_at_work(machines)
    began, lost = time.monotonic(), machines.workers[0]
    lost.cut_off()
    all_ready(command)
    nothing_is_lost(machines, "cut", 2)
    rows = "select xmin::text, id from ai.slide_chunks_knowledge order by 2"
    before = machines.rows(rows)
    ended = machines.rows("select run_id, status from runs order by 1", "dagster")
    lost.heal()
    time.sleep(15)
    assert machines.rows(rows) == before, "what was cut off wrote after it had been given up"
    assert machines.rows("select run_id, status from runs order by 1", "dagster") == ended, "a given up run changed"
    told("worker cut off", "run tried again elsewhere; healed, it wrote nothing", time.monotonic() - began)
    lost.kill()
    machines.workers.remove(lost)
    machines.workers.append(machines.worker())


def test_a_broker_that_is_away_fails_no_run_that_lives(machines, tmp_path):
    command = ingesting(machines, "broker", deck(tmp_path, "a"), deck(tmp_path, "b"))
    both_at_work(machines)
    began, failed = time.monotonic(), runs(machines, "FAILURE")
    machines.kill("redis")
    later = ingesting(machines, "broker", deck(tmp_path, "c"))
    time.sleep(10)
    machines.start_redis()
    all_ready(command, later)
    nothing_is_lost(machines, "broker", 3)
    lost = runs(machines, "FAILURE") - failed
    told("broker", f"away for 10 s, three decks ready, {lost} launches tried again", time.monotonic() - began)


def test_a_database_that_stops_hard_and_comes_back_elsewhere_loses_nothing(machines, tmp_path):
    command = ingesting(machines, "database", deck(tmp_path, "a"), deck(tmp_path, "b"))
    both_at_work(machines)
    began = time.monotonic()
    machines.stop_database()
    time.sleep(8)
    machines.start_database(machines.ports["moved"])
    all_ready(command)
    nothing_is_lost(machines, "database", 2)
    ready = f"http://127.0.0.1:{machines.ports['api']}/readyz"
    until(lambda: httpx.get(ready).status_code == 200, 30, "the API is ready again")
    told("database", "stopped hard for 8 s and moved, both decks ready", time.monotonic() - began)


def test_files_that_are_away_for_a_minute_are_waited_for(machines, tmp_path):
    machines.studybuddy("ingest", "--course", "s3", str(deck(tmp_path, "a", 2)))
    command = ingesting(machines, "s3", deck(tmp_path, "b"), deck(tmp_path, "c"))
    both_at_work(machines)
    began = time.monotonic()
    machines.pause("s3")
    time.sleep(60)
    machines.go_on("s3")
    all_ready(command)
    nothing_is_lost(machines, "s3", 3)
    told("s3", "away for 60 s, both decks ready", time.monotonic() - began)


def test_a_full_disk_is_said_and_another_try_succeeds(machines, tmp_path):
    began = time.monotonic()
    empty = [worker.fill_disk() for worker in machines.workers]
    path = deck(tmp_path, "a")
    (first,) = results(ingesting(machines, "disk", path))
    said = str(first["message"])
    for room in empty:
        room()
    if first["status"] == "failed":
        assert first["code"], "a failure has a name"
        assert "Traceback" not in said
        (again,) = results(ingesting(machines, "disk", path))
        assert again["status"] in ("ingested", "unchanged"), again
    nothing_is_lost(machines, "disk", 1)
    told(
        "disk",
        f"full: {said or 'nothing of it was needed'}; with room again the deck is ready",
        time.monotonic() - began,
    )


def test_a_database_whose_clock_jumps_an_hour_ahead_and_back_is_no_harm(machines, tmp_path):
    if not FAKETIME.is_file():
        told("clock", "not tried: libfaketime is not installed", 0)
        pytest.skip("libfaketime is not installed")
    began, port = time.monotonic(), machines.database_port
    for name, ahead in (("a", {"LD_PRELOAD": str(FAKETIME), "FAKETIME": "+3600s"}), ("b", {})):
        command = ingesting(machines, "clock", deck(tmp_path, name), deck(tmp_path, name))
        both_at_work(machines)
        machines.stop_database()
        machines.start_database(port, **ahead)
        off = float(machines.rows("select extract(epoch from clock_timestamp())")[0][0]) - time.time()
        assert (abs(off - 3600) if ahead else abs(off)) < 60
        all_ready(command)
    nothing_is_lost(machines, "clock", 4)
    told("clock", "of the database an hour ahead and back, four decks ready", time.monotonic() - began)


def test_two_daemons_make_nothing_twice_and_one_takes_over(machines, tmp_path):
    began, other = time.monotonic(), machines.folder / "other"
    ports = {"DAGSTER_PORT": "0", "API_PORT": "0"}
    machines.environment |= ports
    machines.studybuddy("up", home=other)
    try:
        decks = [deck(tmp_path, name, 10) for name in "abcd"]
        all_ready(ingesting(machines, "daemons", *decks))
        nothing_is_lost(machines, "daemons", 4)
        machines.studybuddy("down")  # the one that worked
        more = ("ingest", "--course", "daemons", "--json", str(deck(tmp_path, "e", 10)))
        all_ready(machines.in_background(*more, home=other))
        nothing_is_lost(machines, "daemons", 5)
    finally:
        machines.studybuddy("down", home=other)
        machines.environment |= {"DAGSTER_PORT": str(machines.ports["dagster"]), "API_PORT": str(machines.ports["api"])}
        machines.studybuddy("up")
    told("daemon", "two of them, four decks made once; the other took over", time.monotonic() - began)


def test_an_api_that_is_killed_or_stopped_leaves_its_reader_and_its_chat_usable(machines):
    model, began = FakeModel(), time.monotonic()
    machines.environment |= {"MODEL_BASE_URL": model.url, "CHAT_MODEL": "scripted", "DRAIN_S": "20"}
    served: list[Served] = []
    try:
        first, second = (serving(machines, served, name) for name in ("one", "two"))
        course = first.post("/api/courses", json={"name": f"Answers {uuid4().hex[:6]}"}).json()["id"]
        model.default = [
            *[step for word in range(100) for step in (0.1, *text(f"w{word} ", reason=None))],
            *text("end"),
        ]
        chat, question = str(uuid4()), str(uuid4())
        heard = words_before(second, chat, question, course, 20)
        served[1].process.kill()
        killed = time.monotonic()
        stored = resumed(first, chat, heard - 5)
        read = time.monotonic() - killed
        assert stored >= heard - 5, f"{stored} of {heard} words were stored"
        asked = until(lambda: asks(first, chat, course), 20, "the next question is taken")
        assert read <= 2.0, f"what was written came after {read:.1f} s"
        assert asked <= 6.0, f"the next question was taken after {asked:.1f} s"
        told(
            "api",
            f"killed: {stored} words again after {read:.1f} s, next question after {asked:.1f} s",
            time.monotonic() - began,
        )
        drained(machines, served, model)
    finally:
        for each in served:
            each.client.close()
            with suppress(ProcessLookupError):
                each.process.kill()
            each.process.wait(30)
        for name in ("MODEL_BASE_URL", "CHAT_MODEL", "DRAIN_S"):
            machines.environment.pop(name)
        model.close()


def drained(machines: Fleet, served: list["Served"], model: FakeModel) -> None:
    """An API that is told to end lets an answer come to its end first."""
    began, third = time.monotonic(), serving(machines, served, "three")
    course = third.post("/api/courses", json={"name": f"Drained {uuid4().hex[:6]}"}).json()["id"]
    model.default = [*[step for word in range(40) for step in (0.1, *text(f"w{word} ", reason=None))], *text("the end")]
    body = asking(str(uuid4()), str(uuid4()), course)
    with third.stream("POST", "/api/chat", json=body) as response:
        lines = []
        for line in response.iter_lines():
            lines.append(line)
            if "w5 " in line:
                served[-1].process.terminate()
    assert any("the end" in line for line in lines), lines[-3:]
    told("api", "stopped: the answer came to its end", time.monotonic() - began)


def serving(machines: Fleet, served: list["Served"], name: str) -> httpx.Client:
    """An API process of its own, and a client that is signed in to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (machines.folder / f"api-{name}.log").open("ab") as log:
        environment = {**machines.environment, "STUDYBUDDY_HOME": str(machines.folder / f"api-{name}")}
        line = [*STUDYBUDDY, "serve", "--port", str(port)]
        process = subprocess.Popen(line, env=environment, stdout=log, stderr=log, start_new_session=True)
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}", headers={"authorization": f"Bearer {'f' * 43}"}, timeout=60
    )
    served.append(Served(process, client))

    def ready() -> bool:
        with suppress(httpx.HTTPError):
            return client.get("/readyz").status_code == 200
        return False

    until(ready, 60, f"API {name} is ready")
    return client


def asking(chat: str, question: str, course: str) -> dict[str, object]:
    message = {"id": question, "role": "user", "parts": [{"type": "text", "text": "What is wind?"}]}
    return {"id": chat, "messages": [message], "trigger": "submit-message", "courseId": course}


def words_before(client: httpx.Client, chat: str, question: str, course: str, count: int) -> int:
    """Ask, and leave the answer after so many words; how many there were."""
    heard = 0
    with client.stream("POST", "/api/chat", json=asking(chat, question, course)) as response:
        for line in response.iter_lines():
            heard += '"text-delta"' in line
            if heard >= count:
                break
    return heard


def resumed(client: httpx.Client, chat: str, wanted: int) -> int:
    """Words of the answer that another process gives; it is left when there are so many, or after five seconds."""
    words, began = 0, time.monotonic()
    with client.stream("GET", f"/api/chat/{chat}/stream") as response:
        for line in response.iter_lines():
            words += line.count('"text-delta"')
            if words >= wanted or time.monotonic() - began > 5:
                break
    return words


def asks(client: httpx.Client, chat: str, course: str) -> bool:
    """Whether the next question of a chat is taken."""
    with client.stream("POST", "/api/chat", json=asking(chat, str(uuid4()), course)) as response:
        return response.status_code == 200
