"""A command's need of somebody who attends to uploads: what runs already, or else services of its own for as long.

A command writes rows and waits for the tables. Who turns rows into runs is the daemon of `studybuddy up`, here or on
another machine; where there is none, a supervisor with no more than code server and daemon is started, serves every
command that comes meanwhile, and ends when the last one has left, however that one ended.
"""

import subprocess
import time
from contextlib import ExitStack
from types import TracebackType

from pipelines.core.errors import TransientError
from pipelines.core.stages import somebody_looks
from pipelines.core.stores import Stores
from pipelines.runtime.services import (
    DEFINITIONS,
    POLL_S,
    STOP_TIMEOUT_S,
    end_leftovers,
    find_supervisor,
    refuse_dying,
    running,
    start_supervisor,
    turn,
)
from pipelines.runtime.users import Use, others


class Attendance:
    """One command's need of somebody who attends to uploads; a context manager. Nothing is started before `ensure`."""

    def __init__(self, stores: Stores, *, definitions: str = DEFINITIONS) -> None:
        self._stores, self._definitions = stores, definitions
        self._home = stores.settings.home
        self._process: subprocess.Popen[bytes] | None = None
        self._use, self._held = ExitStack(), False

    @property
    def temporary(self) -> bool:
        """Whether who attends may end with this command, so that it should wait until all is done."""
        found = running(self._stores.settings)
        return found.temporary if found is not None else self._held

    def ensure(self) -> None:
        """Start what is needed unless somebody attends; call it before waiting and again from time to time.

        Raises:
            TransientError: what was started here has ended, or a part of what runs does not come up.
            SettingsError, StorageUnavailableError
        """
        found = running(self._stores.settings)
        if found is not None and found.temporary:
            self._hold()
            found = running(self._stores.settings)  # they may have been ending, and that was waited for
        if found is not None:
            refuse_dying(self._stores.settings, found)
        if found is not None or (self._process is not None and self._process.poll() is None):
            return
        with self._stores.database.transaction() as connection:
            if somebody_looks(connection):
                return
        self._hold()
        with turn(self._home):
            if running(self._stores.settings) is not None or find_supervisor(self._home) is not None:
                return
            if self._process is not None:
                raise TransientError(
                    "The services that process uploads were stopped. What was uploaded is kept, and `studybuddy up` "
                    f"goes on with it. Their log: {self._home / 'logs' / 'supervisor.log'}",
                    code="not_attended",
                )
            end_leftovers(self._home)
            self._process = start_supervisor(self._stores.settings, [self._definitions])

    def _hold(self) -> None:
        if not self._held:
            self._use.enter_context(Use(self._home))
            self._held = True

    def __enter__(self) -> "Attendance":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave, and wait until what nobody needs any more has ended."""
        self._use.close()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self._ending() and time.monotonic() < deadline:
            time.sleep(POLL_S)

    def _ending(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            return False
        if others(self._home):
            self._process.returncode = 0  # it stays; nobody here will wait for it
            return False
        return True
