"""Bells: what wakes a loop before its time is up. Postgres rings them (LISTEN/NOTIFY), so that nobody has to ask."""

import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg

from pipelines.core.migrate import connection_name

RECONNECT_S = 1.0
QUIET_S = 60.0
"""After this long without a word a listener asks whether its connection lives; a firewall may have dropped it."""


class Bell:
    """Stands where Dagster's loops expect an event that says "end": its `wait` also returns when it was rung.

    Args:
        ending: the event that ends the program.
        least_s: seconds that pass at least from one return of `wait` to the next, however often it is rung.
        stream_s: the same while it is rung for one of many again and again.
    """

    def __init__(self, ending: threading.Event, *, least_s: float = 0.0, stream_s: float = 0.0) -> None:
        self._ending, self._least_s, self._stream_s = ending, least_s, stream_s
        self._rung, self._soon = threading.Event(), threading.Event()
        self._was_one = False  # what woke the sleeper last was one of many
        self._woken = time.monotonic()
        threading.Thread(target=self._ring_at_the_end, daemon=True, name="bell").start()

    def ring(self, *, one_of_many: bool = False) -> None:
        """Wake the sleeper, or have its next sleep end at once.

        Args:
            one_of_many: what comes alone is seen at once, what follows something like it after `stream_s`.
        """
        if not one_of_many:
            self._soon.set()
        self._rung.set()

    def is_set(self) -> bool:
        """Whether the program ends."""
        return self._ending.is_set()

    def wait(self, timeout_s: float) -> bool:
        """Sleep until rung, until the program ends, or for `timeout_s`; whether the program ends."""
        if not self.is_set() and self._rung.wait(timeout_s):
            self._ending.wait(max(0.0, self._woken + self._least_s - time.monotonic()))
            if self._was_one:
                self._soon.wait(max(0.0, self._woken + self._stream_s - time.monotonic()))
        self._was_one = self._rung.is_set() and not self._soon.is_set()
        self._rung.clear()
        self._soon.clear()
        self._woken = time.monotonic()
        return self.is_set()

    def _ring_at_the_end(self) -> None:
        self._ending.wait()
        self.ring()


def listen(
    url: str, channel: str, heard: Callable[[str], None], *, application: str = "studybuddy listener"
) -> threading.Event:
    """Call `heard` with every payload on a channel of the database at `url`, in a thread of its own.

    It is called with an empty payload whenever the connection was made (again): something may have been missed.

    Args:
        application: what the database's list of connections calls this one.

    Returns:
        Set it, and the thread does not connect again.
    """
    ending = threading.Event()
    what = (url, channel, heard, application, ending)
    threading.Thread(target=_listen, args=what, daemon=True, name=f"listen-{channel}").start()
    return ending


def _listen(url: str, channel: str, heard: Callable[[str], None], application: str, ending: threading.Event) -> None:
    while not ending.is_set():
        with (
            suppress(psycopg.Error),
            psycopg.connect(url, autocommit=True, application_name=connection_name(application)) as connection,
        ):
            connection.execute(psycopg.sql.SQL("listen {}").format(psycopg.sql.Identifier(channel)))
            heard("")
            _hear(connection, heard)
        ending.wait(RECONNECT_S)


def _hear(connection: "psycopg.Connection[tuple[object, ...]]", heard: Callable[[str], None]) -> None:
    while True:
        if not select.select([connection.fileno()], [], [], QUIET_S)[0]:
            connection.execute("select 1")
        connection.pgconn.consume_input()
        while (notice := connection.pgconn.notifies()) is not None:
            heard(notice.extra.decode())
