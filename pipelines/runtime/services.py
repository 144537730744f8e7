"""Services behind `studybuddy up`, `down` and `status`: one supervisor in the background, found by its state file.

Belongs here: starting, finding and ending it. What it runs is in `supervisor.py`, how a command gets somebody who
processes its uploads in `attending.py`. Dagster is not imported here, so the commands answer at once.
"""

import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
STOP_TIMEOUT_S = 40.0
"""Runs under way may take 20 s to end in order."""

MOST_DEATHS = 2
"""A part that ends this often before all answer will not come up."""

POLL_S = 0.1
LOOPBACK = "127.0.0.1"
DEFINITIONS = "pipelines.definitions"


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
        """Whether its address answers HTTP, whatever it says; for one without an address, whether it lives."""
        return _http_answers(self.url) if self.url is not None else self.process.alive


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
            return replace(found, already=True)
        _end(settings.home, found)
        process = start_supervisor(settings, [definitions, "--ui", *(["--api"] if api else [])])
        try:
            Database.open(settings).close()  # while the supervisor imports
            return _wait_until_up(settings, process)
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
    """
    _, dagster_url = database_urls(settings)
    storage = settings.home / "dagster"
    storage.mkdir(parents=True, exist_ok=True)
    _copy(
        settings.instance_file, storage / "dagster.yaml"
    )  # Dagster leaves things beside its file, and they are this home's
    return {
        **_given(settings),
        "DAGSTER_HOME": str(storage),
        "MAX_CONCURRENT_RUNS": str(settings.max_concurrent_runs),
        "STUDYBUDDY_DAGSTER_STORAGE": str(storage),
        "STUDYBUDDY_DAGSTER_URL": dagster_url,
    }


def write_state(home: Path, state: Services) -> None:
    """Note what runs; readers see the old note or the new one, never half of one."""
    path = _state_path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(state), default=str, indent=2), encoding="utf-8")
    fresh.replace(path)


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
    if "--ui" in arguments:
        ports["DAGSTER_PORT"] = _port(LOOPBACK, settings.dagster_port, "DAGSTER_PORT")
    if "--api" in arguments:
        ports["API_PORT"] = _port(settings.api_host, settings.api_port, "API_PORT")
    logs = settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True, mode=0o700)  # the API prints the local user's token
    with (logs / "supervisor.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "pipelines.runtime.supervisor", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, **_given(settings), **{name: str(port) for name, port in ports.items()}},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait_until_up(settings: Settings, process: "subprocess.Popen[bytes]") -> Services:
    logs = settings.home / "logs"
    deadline = time.monotonic() + START_TIMEOUT_S
    slow = "supervisor"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise TransientError(f"Starting failed; see {logs / 'supervisor.log'}.", code="not_started")
        found = _read_state(settings.home)
        if found is not None and found.supervisor.pid == process.pid:
            silent = [service.name for service in found.services if not service.answers]
            dying = [service.name for service in found.services if service.deaths >= MOST_DEATHS]
            if dying:
                slow = dying[0]
                break
            if not silent:
                process.returncode = 0  # it stays; nobody here will wait for it
                return found
            slow = silent[0]
        time.sleep(POLL_S)
    raise TransientError(f"{slow} did not come up; see {logs / slow}.log.", code="not_started")


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
    if found is None:
        return False
    alive = [name for name in (found.supervisor, *(s.process for s in found.services)) if name.alive]
    end(alive, grace_s=5.0)
    _state_path(home).unlink(missing_ok=True)
    return bool(alive)


def _port(host: str, wanted: int, name: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise SettingsError(
                f"Port {wanted} of {host} cannot be used ({error.strerror}); set {name} to another, or to 0 for any."
            ) from None
        return int(probe.getsockname()[1])


def _http_answers(url: str) -> bool:
    host, _, port = url.removeprefix("http://").rpartition(":")
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=5)
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _state_path(home: Path) -> Path:
    return home / "run" / "services.json"


def _read_state(home: Path) -> Services | None:
    try:
        state: Mapping[str, Any] = json.loads(_state_path(home).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
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


@contextmanager
def turn(home: Path) -> Iterator[None]:
    """`up` and `down` of one home take turns across processes."""
    (home / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "run" / "turn").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
