"""The private folder of one child, for the few that must write files; it is gone with the child."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.steps.sandbox.separation import NOBODY


@contextmanager
def private_folder() -> Iterator[Path]:
    """An empty folder that only the child may enter, removed with all that is in it.

    Raises:
        OSError: there is no room for temporary files.
    """
    folder = Path(tempfile.mkdtemp(prefix="studybuddy-"))
    try:
        if os.geteuid() == 0:  # then the child is another user
            os.chown(folder, NOBODY, NOBODY)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def bytes_below(folder: Path) -> int:
    """Bytes of all files below `folder`; ones that go meanwhile do not count."""
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(f"{base}/{name}").st_size
            except OSError:
                continue
    return total
