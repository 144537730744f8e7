"""Builder of the page: with Deno from its wheel, once for each state of its sources. `python web/build.py [--check]`.

The standard library alone, because `make` and the build hook of the wheel run it as it stands.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WEB = Path(__file__).resolve().parent
BUILT = WEB.parent / "serving" / "dist"
STAMP = BUILT / "version.txt"
"""Says of which sources the page was built; the service tells it to pages that are open."""

MADE = {"node_modules", "schema.d.ts", "__pycache__", "README.md"}
"""What lies in `web/` and is no source of the built page."""


def version() -> str:
    """Sixteen characters that change with any source of the page."""
    told = hashlib.sha256()
    for path in sorted(WEB.rglob("*")):
        if path.is_file() and not MADE & set(path.relative_to(WEB).parts):
            told.update(path.relative_to(WEB).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return told.hexdigest()[:16]


def is_built() -> bool:
    """Whether the page is that of today's sources."""
    return STAMP.is_file() and STAMP.read_text() == version()


def deno(*arguments: str, **environment: str) -> None:
    """Run Deno in `web/`.

    Raises:
        SystemExit: it is not installed, or failed; it has said why.
    """
    try:
        from deno import find_deno_bin
    except ImportError:
        raise SystemExit("The page is built by Deno: install the extra `web` of requirements.lock.") from None
    command = [find_deno_bin(), *arguments]
    variables = {**os.environ, "DENO_NO_UPDATE_CHECK": "1", "DENO_NO_PROMPT": "1", **environment}
    if code := subprocess.run(command, cwd=WEB, env=variables, check=False).returncode:
        raise SystemExit(code)


def build() -> None:
    """Build the page where its sources have changed.

    Raises:
        SystemExit: see `deno`.
    """
    if is_built():
        return
    with alone():
        if is_built():  # by whom we waited for
            return
        now = version()
        print("Building the page (under a minute, once): its packages ...", file=sys.stderr, flush=True)
        deno("install", "--frozen", "--quiet")
        print("Building the page: its files ...", file=sys.stderr, flush=True)
        deno("task", "--quiet", "build", "--logLevel", "warn", PAGE_VERSION=now)
        STAMP.write_text(now)


@contextmanager
def alone() -> Iterator[None]:
    """Keep other builders of this checkout waiting."""
    folder = os.open(WEB, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def check() -> None:
    """Types against `serving/openapi.json`, lint, format, and the page's own tests.

    Raises:
        SystemExit: see `deno`.
    """
    deno("install", "--frozen", "--quiet")
    deno("task", "--quiet", "check")


if __name__ == "__main__":
    check() if "--check" in sys.argv else build()
