"""Homes of tests that start an embedded server of their own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.core import embedded


@contextmanager
def private_home() -> Iterator[Path]:
    """A folder for STUDYBUDDY_HOME; its database is stopped and all of it removed at the end.

    Not in pytest's folder: another run of pytest closes that to the server's own user.
    """
    folder = Path(tempfile.mkdtemp(prefix="sb-home-"))
    try:
        yield folder / "home"
    finally:
        embedded.stop(folder / "home")
        shutil.rmtree(folder, ignore_errors=True)
