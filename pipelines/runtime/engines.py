"""Connections to Dagster's database: one small pool a process, and what is known of the schema there.

Dagster's storages open a connection for every statement, and ask for tables, columns and built indexes again and again:
forty questions of the catalogue for one upload.
"""

import os
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

import psycopg2
import sqlalchemy

IDLE_CONNECTIONS = 1
MOST_CONNECTIONS = 12
"""Of one process; the daemon's threads use the database side by side."""
TRUST_S = 1.0
"""A connection used this recently is taken for alive; an older one is asked first, so a restart is survived."""

_engines: dict[tuple[int, str], sqlalchemy.Engine] = {}
_yes: WeakKeyDictionary[sqlalchemy.Engine, set[tuple[str, ...]]] = WeakKeyDictionary()


def engine_of(url: str) -> sqlalchemy.Engine:
    """This process's engine for `url` (`postgresql+psycopg2://`): the same for every storage, and another in a child,
    because connections are not shared between processes."""
    key = (os.getpid(), url)
    if key not in _engines:
        _engines[key] = _pooled(url)
    return _engines[key]


def known(engine: sqlalchemy.Engine, question: tuple[str, ...], ask: Callable[[], bool]) -> bool:
    """The answer to a question about the schema; one that was answered with yes is not asked again."""
    answered = _yes.setdefault(engine, set())
    if question not in answered and ask():
        answered.add(question)
    return question in answered


def asked_once(*names: str) -> Callable[[type[Any]], type[Any]]:
    """Class decorator for a storage: what these methods say of the schema stays true once it is true."""

    def decorate(storage: type[Any]) -> type[Any]:
        for name in names:
            setattr(storage, name, _remembering(name, getattr(storage, name)))
        return storage

    return decorate


def _remembering(name: str, method: Callable[..., bool]) -> Callable[..., bool]:
    @wraps(method)
    def answer(self: Any, *given: Any) -> bool:
        question = (type(self).__name__, name, *(each for each in given if isinstance(each, str)))
        return known(self._engine, question, lambda: method(self, *given))

    return answer


def _pooled(url: str) -> sqlalchemy.Engine:
    engine = sqlalchemy.create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=IDLE_CONNECTIONS,
        max_overflow=MOST_CONNECTIONS - IDLE_CONNECTIONS,
    )

    def check(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("used", 0.0) < TRUST_S:
            return
        try:
            with connection.cursor() as cursor:
                cursor.execute("select 1")
        except psycopg2.Error:
            raise sqlalchemy.exc.DisconnectionError from None  # the pool then tries another, at last a new one

    def note(_connection: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    sqlalchemy.event.listen(engine, "checkout", check)
    sqlalchemy.event.listen(engine, "checkin", note)
    return engine
