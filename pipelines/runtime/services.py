"""Services behind `studybuddy up`, `down` and `status`: one supervisor in the background, found by its state file.

Belongs here: starting, finding and ending it. What it runs is in `supervisor.py`, how a command gets somebody who
processes its uploads in `attending.py`. Dagster is not imported here, so the commands answer at once.
"""

import fcntl
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from pipelines.core.errors import SettingsError, TransientError
from pipelines.core.home import prepare_home
from pipelines.core.postgres import Database, database_urls
from pipelines.core.processes import ProcessName, end
from pipelines.core.settings import REPOSITORY, Settings

START_TIMEOUT_S = 120.0
ANSWER_TIMEOUT_S = 30.0
LONGEST_WORDS = 300
ERROR_LINE = re.compile(r"(?:\w+\.)*\w+(?:Error|Exception): (.+)")
"""The line of a trace that says what was wrong."""

STOP_TIMEOUT_S = 40.0
"""Runs under way may take 20 s to end in order."""

MOST_DEATHS = 2
"""A part that ends this often before all answer will not come up."""

NOTED_AGAIN_S = 3.0
"""A supervisor whose note was damaged writes another within about a second."""

SUPERVISOR = "supervisor"
"""File in the home's folder `run` that holds the supervisor's process number, locked for as long as it lives."""

POLL_S = 0.1
LOOPBACK = "127.0.0.1"
DEFINITIONS = "pipelines.definitions"


ASKED = re.compile(r"\{\s*env:\s*(\w+)\s*\}")
"""How Dagster's instance file asks for a variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One running part. `url` None: it has no address of its own. `deaths`: how often it was started again."""

    name: str
    process: ProcessName
    url: str | None
    log: Path
    deaths: int = 0

    @property
    def answers(self) -> bool:
        """Whether the API says it is ready, another address answers HTTP at all, and one without an address lives."""
        if self.url is None:
            return self.process.alive
        status = http_status(self.url, "/readyz" if self.name == "api" else "/")
        return status is not None and (self.name != "api" or status == 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What runs for one home. `outdated`: the code changed since, so `down` and `up` would run something else.

    `temporary`: a command started it for itself, and it ends with the last command that needs it. `already`: it was
    running before `up` was called.
    """

    supervisor: ProcessName
    services: tuple[Service, ...]
    outdated: bool
    temporary: bool = False
    already: bool = False

    def url(self, name: str) -> str | None:
        """Address of the service with this name (`dagster`, `api`); None when it does not run."""
        return next((service.url for service in self.services if service.name == name), None)


def up(settings: Settings, *, api: bool = True, definitions: str = DEFINITIONS) -> Services:
    """Start database, Dagster (UI, daemon, code server) and the API; returns when all answer.

    Where they run already, says so (`already`) and changes nothing.

    Args:
        api: whether to serve the API too.
        definitions: module that holds Dagster's definitions.

    Raises:
        SettingsError: a port is taken.
        TransientError: something did not start in time; the message names its log.
        StorageUnavailableError, MigrationError: from the database.
    """
    prepare_home(settings.home)
    with turn(settings.home):
        found = running(settings)
        if found is not None and not found.temporary:
            return replace(_wait_until_answered(settings, found), already=True)
        _end(settings.home, found)
        process = start_supervisor(settings, [definitions, "--ui", *(["--api"] if api else [])])
        try:
            Database.open(settings).close()  # while the supervisor imports
            return _wait_until_up(settings, process, ["code", "daemon", "dagster", *(["api"] if api else [])])
        except BaseException:
            process.terminate()
            process.wait(STOP_TIMEOUT_S)
            raise


def down(settings: Settings) -> bool:
    """End everything `up` started, runs under way included (a later `up` tries them again); False if nothing ran."""
    with turn(settings.home):
        found = _read_state(settings.home)
        return _end(settings.home, found)


def running(settings: Settings) -> Services | None:
    """What runs for this home; None when nothing does."""
    found = _read_state(settings.home)
    return found if found is not None and found.supervisor.alive else None


def environment(settings: Settings) -> dict[str, str]:
    """Variables for processes that work for `settings`: those of `dagster.yaml`, and every setting that was given.

    Starts the embedded database where there is no other.

    Raises:
        SettingsError: Dagster's instance file asks for a variable that nobody has set; or as `database_urls`.
        StorageUnavailableError
    """
    _, dagster_url = database_urls(settings)
    storage = settings.home / "dagster"
    storage.mkdir(parents=True, exist_ok=True)
    _copy(
        settings.instance_file, storage / "dagster.yaml"
    )  # Dagster leaves things beside its file, and they are this home's
    given = {
        **_given(settings),
        "DAGSTER_EVENT_BATCH_SIZE": "1000",  # the plan of a run is one write
        "DAGSTER_HOME": str(storage),
        "MAX_CONCURRENT_RUNS": str(settings.max_concurrent_runs),
        "STUDYBUDDY_DAGSTER_STORAGE": str(storage),
        "STUDYBUDDY_DAGSTER_URL": dagster_url,
    }
    asked = ASKED.findall(settings.instance_file.read_text(encoding="utf-8"))
    missing = sorted({name for name in asked if name not in given and name not in os.environ})
    if missing:
        raise SettingsError(f"{settings.instance_file} asks for {', '.join(missing)}, which is not set.")
    return given


def write_state(home: Path, state: Services) -> tuple[int, ...] | None:
    """Note what runs, and return the note's stamp. Readers see the old note or the new one, never half of one."""
    path = _state_path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(state), default=str, indent=2))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return state_stamp(home)


def state_stamp(home: Path) -> tuple[int, ...] | None:
    """What changes whenever the note is written, by whomever; None where there is none."""
    try:
        stat = _state_path(home).stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _copy(file: Path, copy: Path) -> None:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"DAGSTER_CONFIG: {file} cannot be read ({error.strerror}).") from None
    if not copy.exists() or copy.read_bytes() != content:
        fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
        fresh.write_bytes(content)
        fresh.replace(copy)


def _given(settings: Settings) -> dict[str, str]:
    values = {name.upper(): getattr(settings, name) for name in settings.model_fields_set}
    values = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in values.items()
    }
    return {**{k: str(v) for k, v in values.items() if v is not None}, "STUDYBUDDY_HOME": str(settings.home)}


def start_supervisor(settings: Settings, arguments: list[str]) -> "subprocess.Popen[bytes]":
    """Start it in the background, within a `turn`. `arguments`: those of `supervisor.py`.

    Raises:
        SettingsError: a port is taken.
    """
    ports = {}
    with ExitStack() as probes:  # both at once: the two may not be the same
        if "--ui" in arguments:
            ports["DAGSTER_PORT"] = _port(probes, LOOPBACK, settings.dagster_port, "DAGSTER_PORT")
        if "--api" in arguments:
            ports["API_PORT"] = _port(probes, settings.api_host, settings.api_port, "API_PORT")
    logs = settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True, mode=0o700)  # the API prints the local user's token
    with (logs / "supervisor.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.runtime.supervisor", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, **_given(settings), **{name: str(port) for name, port in ports.items()}},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    while process.poll() is None:
        supervisor = find_supervisor(settings.home)
        if supervisor is not None and supervisor.pid == process.pid:
            break  # from here on others see that there is one
        time.sleep(POLL_S / 5)
    return process


def _wait_until_up(settings: Settings, process: "subprocess.Popen[bytes]", names: Collection[str]) -> Services:
    logs = settings.home / "logs"
    deadline = time.monotonic() + START_TIMEOUT_S
    slow = "supervisor"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _not_started("Starting failed", logs / "supervisor.log")
        found = _read_state(settings.home)
        if found is not None and found.supervisor.pid == process.pid:
            there = {service.name for service in found.services}
            refuse_dying(settings, found)
            silent = [service.name for service in found.services if not service.answers]
            slow = next(iter([*silent, *(name for name in names if name not in there)]), "")
            if not slow:
                process.returncode = 0  # it stays; nobody here will wait for it
                return found
        time.sleep(POLL_S)
    raise _not_started(f"{slow} did not come up", logs / f"{slow}.log")


def refuse_dying(settings: Settings, found: Services) -> None:
    """Say which part ends again and again instead of coming up.

    Raises:
        TransientError: one does.
    """
    name = next((service.name for service in found.services if service.deaths >= MOST_DEATHS), None)
    if name is not None:
        raise _not_started(f"{name} did not come up", settings.home / "logs" / f"{name}.log")


def _wait_until_answered(settings: Settings, found: Services) -> Services:
    """What runs already, once all of it answers: a database or a part that died is just being started again."""
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while time.monotonic() < deadline:
        found = running(settings) or found
        silent = [service for service in found.services if not service.answers]
        if not silent:
            return found
        time.sleep(POLL_S)
    raise _not_started(f"{silent[0].name} does not answer", silent[0].log)


def _not_started(what: str, log: Path) -> TransientError:
    """The error that names a part, its last words and its log."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = [found[1] for line in lines if (found := ERROR_LINE.match(line))]
    last = next(reversed(named or [line.strip() for line in lines if line.strip()]), "")
    said = "".join(letter for letter in last if letter.isprintable())[:LONGEST_WORDS]
    return TransientError(f"{what}; see {log}.{f' It said last: {said}' if said else ''}", code="not_started")


def _end(home: Path, found: Services | None) -> bool:
    """End a supervisor in order and then what may be left; whether anything lived."""
    lived = found is not None and found.supervisor.send(signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while found is not None and found.supervisor.alive and time.monotonic() < deadline:
        time.sleep(POLL_S)
    return end_leftovers(home) or lived


def end_leftovers(home: Path) -> bool:
    """End services whose supervisor is gone; whether there were any."""
    found = _read_state(home)
    known = [] if found is None else [found.supervisor, *(service.process for service in found.services)]
    alive = [name for name in (find_supervisor(home), *known) if name is not None and name.alive]
    end(alive, grace_s=5.0)
    _state_path(home).unlink(missing_ok=True)
    return bool(alive)


def _port(probes: ExitStack, host: str, wanted: int, name: str) -> int:
    """The port, held by `probes`: `wanted`, or a free one where that is 0."""
    probe = probes.enter_context(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET))
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((host, wanted))
        probe.listen()  # two that only bind would not meet
    except OSError as error:
        raise SettingsError(
            f"Port {wanted} of {host} cannot be used ({error.strerror}); set {name} to another, or to 0 for any."
        ) from None
    return int(probe.getsockname()[1])


def http_status(url: str, path: str) -> int | None:
    """Status of a GET; None where nothing answers in time."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _state_path(home: Path) -> Path:
    return home / "run" / "services.json"


def _read_state(home: Path) -> Services | None:
    """What the note says. A damaged one says nothing: a supervisor that lives writes it anew, which is waited for."""
    for _ in range(round(NOTED_AGAIN_S / POLL_S)):
        try:
            return _state_of(json.loads(_state_path(home).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            supervisor = find_supervisor(home)
        if supervisor is None:
            return None
        time.sleep(POLL_S)
    return None if supervisor is None else Services(supervisor=supervisor, services=(), outdated=False)


def _state_of(state: Mapping[str, Any]) -> Services:
    services = tuple(
        Service(**{**item, "process": ProcessName(**item["process"]), "log": Path(item["log"])})
        for item in state["services"]
    )
    return Services(
        supervisor=ProcessName(**state["supervisor"]),
        services=services,
        outdated=bool(state["outdated"]),
        temporary=bool(state.get("temporary")),
    )


def find_supervisor(home: Path) -> ProcessName | None:
    """The supervisor of this home by the lock it holds, while it starts and where no note tells of it."""
    try:
        with (home / "run" / SUPERVISOR).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return ProcessName.of(int(file.read()))
    except (OSError, ValueError):
        return None
    return None


@contextmanager
def turn(home: Path) -> Iterator[None]:
    """`up` and `down` of one home take turns across processes."""
    try:
        (home / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (home / "run" / "turn").open("ab")
    except OSError as error:
        raise SettingsError(f"STUDYBUDDY_HOME: {home} cannot be written to ({error.strerror}).") from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
