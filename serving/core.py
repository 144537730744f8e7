"""Core's functions for the service: each in a thread, and in one transaction of who asks.

Belongs here: the bridge between the asynchronous service and synchronous core, nothing else.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from pipelines.core.postgres import Connection
from pipelines.core.statements import statement
from pipelines.core.stores import Stores
from serving.accounts.people import Principal
from serving.database import SQL

T = TypeVar("T")

THREADS = 4
"""Transactions at once; each takes one connection for some milliseconds."""


class Core:
    """Runs core's functions, which take a connection first."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="core")

    async def run(self, person: Principal, work: Callable[[Connection], T], *, as_pipeline: bool = False) -> T:
        """What `work` answers, with a connection on which row security goes by the person; committed when it returns.

        Args:
            as_pipeline: it reads or erases all of a person, more than row security shows them.

        Raises:
            StudyBuddyError, ProblemError: as `work` does; or the database is out of reach.
        """

        def transaction() -> T:
            database = self.stores.database
            if person.local:
                with database.transaction(as_person=person.person) as connection:
                    connection.execute(statement("join_all_courses", SQL))
            with database.transaction(as_person=person.whole if as_pipeline else person.person) as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, transaction)

    def close(self) -> None:
        """Let running transactions end."""
        self._threads.shutdown(wait=True, cancel_futures=True)
