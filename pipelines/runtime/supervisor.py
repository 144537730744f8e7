"""The process behind `studybuddy up`: imports everything once, then forks the Dagster UI, daemon, code server and runs.

Four Python processes that each import Dagster take half a minute to come up on a small machine; four forks of one take
a few seconds and share its memory. It starts again what dies, and ends everything with itself. The API is a process of
its own, because serving must not load Dagster.
"""

import ctypes
import fcntl
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.core import embedded
from pipelines.core.database_address import libpq_address, parse_address
from pipelines.core.errors import StudyBuddyError
from pipelines.core.home import stay_private
from pipelines.core.postgres import database_urls
from pipelines.core.processes import ProcessName
from pipelines.core.settings import Settings, get_settings
from pipelines.runtime import worker
from pipelines.runtime.forkclient import Connection, offer, open_log
from pipelines.runtime.forkserver import ForkServer, preload
from pipelines.runtime.services import LOOPBACK, SUPERVISOR, Service, Services, environment, state_stamp, write_state
from pipelines.runtime.users import Users

PRELOADED_FOR_RUNS = (*worker.PRELOADED, "pipelines.runtime.daemon", "dagster._grpc.server")
PRELOADED = (
    *PRELOADED_FOR_RUNS,
    "dagster_webserver.app",
    "pipelines.runtime.webserver",
    "openai",
    "uvicorn.loops.auto",
)
SERVE = "from pipelines.core.settings import get_settings; from serving.run import serve; serve(get_settings())"
LOCATION = "studybuddy"
CODE_START_S = 60.0
SERVICE_GRACE_S = 10.0
LONGEST_DRAIN_S = 25.0
"""Of DRAIN_S, how much `down` waits for: who asked it to end everything waits too."""

FAREWELL_S = 5.0
"""How long runs may go on when nobody needs them any more: one that is just ending need not be tried again."""
TICK_S = 2.0
"""How often it is looked whether the database lives and the code is as it was; a part that ends is heard at once."""

TICK_FOR_COMMANDS_S = 1.0
"""The same where commands wait for this process to end after them."""

LONGEST_BACKOFF_S = 30.0
LONGEST_FOLDER = 80


@dataclass(slots=True)
class _Part:
    """One service: how it runs, and when it may start (again). `process` None: not running now."""

    name: str
    action: Callable[[], int]
    url: str | None = None
    process: ProcessName | None = None
    started: float = 0.0
    due: float = 0.0
    backoff_s: float = 1.0
    deaths: int = 0


class Supervisor(ForkServer):
    """Runs the services of one home until SIGTERM.

    Args:
        definitions: module that holds them.
        ui, api: whether to run the Dagster UI and the API. Without both the supervisor is there for commands only, and
            ends when the last of them has left.
        role: the one part (`daemon`, `dagster`) that this process is there for, in the foreground: beside it only the
            code server runs, and all write to this process's own output.
        host: address that the Dagster UI binds.
        folder: private place with a short name for sockets (a unix socket's path has about 100 characters).
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        *,
        definitions: str,
        ui: bool = False,
        api: bool = False,
        role: str | None = None,
        host: str = LOOPBACK,
    ) -> None:
        super().__init__(worker.run, stay=True)
        self._settings = settings
        self._definitions = definitions
        self._role, self._host = role, host
        self._code_socket = folder / "code"
        self._workspace = folder / "workspace.yaml"
        self._workspace.write_text(
            f"load_from:\n  - grpc_server: {{socket: {self._code_socket}, location_name: {LOCATION}}}\n"
        )
        self._noted: tuple[int, ...] | None = None  # the state file as it was written; another is written over
        self._mender: int | None = None  # the process that starts the database again, while it does
        self._mend_due = 0.0
        self._left: float | None = None  # when the last command that needed this had gone
        self._outdated = False
        self._served: Mapping[str, int] = {}  # the code the code server has
        self._edited: Mapping[str, int] = {}  # the code as it was a tick ago
        self._parts = [_Part("code", self._code_server)]
        self._users = None if ui or api or role else Users(settings.home)
        if role in (None, "daemon"):
            self._parts.append(_Part("daemon", self._daemon))
        if ui or role == "dagster":
            self._parts.append(_Part("dagster", self._webserver, f"http://{LOOPBACK}:{settings.dagster_port}"))
        if api:
            bound = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(settings.api_host, settings.api_host)  # noqa: S104  not bound
            host = f"[{bound}]" if ":" in bound else bound
            self._parts.append(_Part("api", self._api, f"http://{host}:{settings.api_port}"))

    def run(self) -> None:
        """Start everything, keep it running, end it in order."""
        for part in self._parts:
            if part.name == "api":
                self._start(part)  # it shares nothing with the others, so it need not wait for their imports
        preload([*PRELOADED, self._definitions] if self._users is None else [*PRELOADED_FOR_RUNS, self._definitions])
        from pipelines.runtime.daemon import slow_down

        slow_down()  # what is forked from here asks as seldom
        worker.remember_sources()
        self._served = self._edited = worker.sources()
        os.environ.update(environment(self._settings))
        self._make_tables()
        self.serve(self._tick, TICK_S if self._users is None else TICK_FOR_COMMANDS_S)
        self._force_services()

    def reaped(self, pid: int, status: int) -> None:
        """A service ended: start it again soon, later each time it does not last a minute."""
        if pid == self._mender:
            self._mender, self._mend_due = None, time.monotonic() + (0.5 if status else 0.0)
        for part in self._parts:
            if part.process is not None and part.process.pid == pid:
                lasted = time.monotonic() - part.started
                part.backoff_s = 1.0 if lasted > 60 else min(part.backoff_s * 2, LONGEST_BACKOFF_S)
                part.due, part.process = time.monotonic() + part.backoff_s, None
                part.deaths += 1
                _say(f"{part.name} ended with status {status} after {lasted:.0f} s")

    def _tick(self) -> None:
        self._mend_database()
        if self._users is not None and self._users.gone():
            self._left = self._left or time.monotonic()
            if time.monotonic() - self._left > (FAREWELL_S if self.working else 0):
                self.stop()
            return
        changed = False
        for part in self._parts:
            if part.process is None and time.monotonic() >= part.due and not self.stopping:
                self._start(part)
                changed = True
        changed |= self._follow_edits()
        if changed or self._noted is None or state_stamp(self._settings.home) != self._noted:
            self._write_state()

    def _mend_database(self) -> None:
        """Start the embedded database again when it has died: it is nobody's child."""
        if self._settings.database_url is not None or self._mender is not None or self.stopping:
            return
        if not embedded.alive(self._settings.home) and time.monotonic() >= self._mend_due:
            _say("the database has died and is started again")
            self._mender = self.fork(lambda: _start_database(self._settings.home))

    def _follow_edits(self) -> bool:
        """Show edited code in the UI without `down` and `up`: start the code server again once an edit has settled.

        Runs start fresh by themselves (`worker.run`). Returns whether the first edit since the start was noticed now.
        """
        now, noticed = worker.sources(), False
        if now != self._served and now == self._edited:
            self._served, noticed, self._outdated = now, not self._outdated, True
            for part in self._parts:
                if part.name == "code" and part.process is not None:
                    part.process.send(signal.SIGTERM)
        self._edited = now
        return noticed

    def _start(self, part: _Part) -> None:
        if part.name == "daemon":  # it launches runs: it gets a connection to this very process
            ours, theirs = socket.socketpair()
            self.add_client(ours)
            with theirs:
                pid = self.fork(lambda: self._as_service(part.name, lambda: _connected(theirs, part.action)))
        else:
            pid = self.fork(lambda: self._as_service(part.name, part.action))
        part.process, part.started = ProcessName.of(pid), time.monotonic()

    def _as_service(self, name: str, action: Callable[[], int]) -> int:
        if self._role is None:
            with open_log(self._settings.home / "logs" / f"{name}.log") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
        try:
            return action()
        finally:
            embedded.leave(self._settings.home)  # a forked child ends without Python's clean-up

    def _write_state(self) -> None:
        """Note what runs; where the disk is full, at a later turn."""
        logs = self._settings.home / "logs"
        services = tuple(
            Service(
                name=part.name, process=part.process, url=part.url, log=logs / f"{part.name}.log", deaths=part.deaths
            )
            for part in self._parts
            if part.process is not None
        )
        state = Services(
            supervisor=ProcessName.own(),
            services=services,
            outdated=self._outdated,
            temporary=self._users is not None,
        )
        with suppress(OSError):
            self._noted = None
            self._noted = write_state(self._settings.home, state)

    def _make_tables(self) -> None:
        """Once, in a child: no connection may be open here when others are forked, and only one may make tables."""
        os.waitpid(self.fork(_open_instance), 0)

    def life(self, works: Callable[[], int]) -> int:
        """Workers print to one log and use the embedded database until they end."""
        return self._as_service("runs", works)

    def ending(self) -> None:
        """Ask the services to end, at the same time as the runs."""
        for part in self._parts:
            if part.process is not None:
                part.process.send(signal.SIGTERM)

    def _force_services(self) -> None:
        alive = [part.process for part in self._parts if part.process is not None]
        deadline = time.monotonic() + max(SERVICE_GRACE_S, min(self._settings.drain_s, LONGEST_DRAIN_S) + 2)
        while any(process.alive for process in alive) and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in alive:
            process.send(signal.SIGKILL, group=True)

    def _code_server(self) -> int:
        from dagster._cli.api import grpc_command

        with suppress(FileNotFoundError):
            self._code_socket.unlink()
        where = ["--socket", str(self._code_socket), "--location-name", LOCATION]
        what = ["--module-name", self._definitions, "--use-python-environment-entry-point"]
        if worker.sources_changed():  # started again after an edit: this process has the old code
            _replace_process(["-m", "dagster", "api", "grpc", *where, *what, "--lazy-load-user-code"])
        grpc_command.main([*where, *what], standalone_mode=False)
        return 0

    def _daemon(self) -> int:
        from pipelines.runtime.daemon import run_daemon

        _wait_for(self._code_socket)
        app_url, dagster_url = database_urls(self._settings)
        runs_url = libpq_address(parse_address(dagster_url, name="DAGSTER_DATABASE_URL"))
        run_daemon(self._workspace, uploads_url=app_url, runs_url=runs_url)
        return 0

    def _webserver(self) -> int:
        from pipelines.runtime.webserver import serve_ui

        _wait_for(self._code_socket)
        serve_ui(self._settings, self._workspace, host=self._host)
        return 0

    def _api(self) -> int:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: the pipe to watch does not survive an exec
        _replace_process(["-c", SERVE])
        return 0


def _connected(connection: socket.socket, action: Callable[[], int]) -> int:
    offer(Connection(connection))
    return action()


def _open_instance() -> int:
    from dagster import DagsterInstance

    with DagsterInstance.get() as instance:
        instance.get_runs_count()
    return 0


def _start_database(home: Path) -> int:
    try:
        embedded.start_again(home)
    except StudyBuddyError as error:
        _say(error.message)
        return 1
    return 0


def _replace_process(arguments: list[str]) -> None:
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606


def _wait_for(path: Path) -> None:
    """Return when a server listens on the unix socket `path`, or after a while: then who asks for it says why."""
    deadline = time.monotonic() + CODE_START_S
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
            probe.connect(str(path))
            return
        time.sleep(0.05)


def _say(text: str) -> None:
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}", file=sys.stderr, flush=True)  # noqa: T201


def main(arguments: list[str]) -> int:
    """Supervise what the settings of this process name. Arguments: module of the definitions, then `--ui`, `--api`."""
    definitions, *options = arguments
    supervise(get_settings(), definitions=definitions, ui="--ui" in options, api="--api" in options)
    return 0


def supervise(settings: Settings, **what: Any) -> None:
    """Run a supervisor in this process until SIGTERM. `what`: what it runs, as `Supervisor` takes it."""
    stay_private()
    with _folder(settings.home / "run") as folder, _known(settings.home):
        Supervisor(settings, folder, **what).run()


@contextmanager
def _known(home: Path) -> Iterator[None]:
    """Hold the lock by which this process is found where the note of what runs is damaged."""
    path = home / "run" / SUPERVISOR
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextmanager
def _folder(wanted: Path) -> Iterator[Path]:
    """A private folder for a unix socket, whose path may have about 100 characters: `wanted`, or a temporary one."""
    if len(os.fsencode(wanted)) < LONGEST_FOLDER:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield wanted
    else:
        with tempfile.TemporaryDirectory(prefix="studybuddy-") as name:
            yield Path(name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
