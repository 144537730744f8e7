"""The one daemon of a deployment that works, however many are started; the others stand by and take over.

Two that work at once start each run twice and try each dead one again twice. The lock is one of the database's
sessions: it ends with the process, and with a machine that says nothing for a while.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache

import psycopg
from psycopg.conninfo import make_conninfo

from pipelines.core.migrate import connection_name

LOCK = 7301925062
ASK_S = 2.0
"""How often a daemon that stands by asks whether it may begin."""
LOOK_S = 10.0
"""How often the one that works asks whether its session lives."""
SILENT_S = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}
"""After how long the server gives up a machine that is cut off: 25 seconds; its own default is two hours."""

OURS = {name.removeprefix("tcp_"): seconds for name, seconds in SILENT_S.items()} | {"tcp_user_timeout": 25_000}
"""The same as this side gives up a server; the last in milliseconds."""

Connection = psycopg.Connection[tuple[object, ...]]


def lead(url: str) -> None:
    """Return once this process is the one that works. From then on it ends as soon as it is not.

    Args:
        url: the database that the daemons share, without a pooler before it; while it is away this waits.
    """
    connection = _locked(url, _stand_by)
    threading.Thread(target=_stay, args=(url, connection), daemon=True, name="leader").start()


def _stay(url: str, connection: Connection) -> None:
    """Keep the lock; take it again after the server was away; end the process when another one has it."""
    while True:
        with suppress(psycopg.Error):
            while True:
                time.sleep(LOOK_S)
                connection.execute("select 1")
        connection.close()
        connection = _locked(url, _end)


def _locked(url: str, denied: Callable[[], None]) -> Connection:
    """A connection that has the lock, whenever that comes; `denied` is called each time another one has it."""
    while True:
        with suppress(psycopg.Error):
            connection = _connect(url)
            while not _take(connection):
                denied()
                time.sleep(ASK_S)
            return connection
        time.sleep(ASK_S)


@cache
def _stand_by() -> None:  # remembered: said once
    logging.getLogger(__name__).warning("Another daemon works; this one stands by.")


def _end() -> None:
    logging.getLogger(__name__).warning("Another daemon works now; this one ends.")
    os._exit(1)  # at once: what it is at would be done twice


def _connect(url: str) -> Connection:
    address = make_conninfo(url, application_name=connection_name("studybuddy leader"), **OURS)
    connection = psycopg.connect(address, autocommit=True)
    for name, seconds in SILENT_S.items():
        connection.execute("select set_config(%s, %s, false)", [name, str(seconds)])
    return connection


def _take(connection: Connection) -> bool:
    row = connection.execute("select pg_try_advisory_lock(%s)", [LOCK]).fetchone()
    return row is not None and row[0] is True
