"""The service's connections: one asynchronous pool for its own statements, one connection that listens.

Belongs here: connecting, running a named statement, waking up. Nothing holds a connection across a stream: a
transaction is over within a few milliseconds. Retrieval uses core's own synchronous pool in a thread.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from pydantic_core import to_json

from pipelines.core.errors import StorageUnavailableError
from pipelines.core.migrate import connection_name
from pipelines.core.postgres import BECOME, RECONNECT_S, become, prepared, still_connected
from pipelines.core.records import Person
from pipelines.core.schemas import IN_PUBLIC, Schemas
from pipelines.core.statements import statement

SQL = Path(__file__).parent / "sql"
CHANNEL = "studybuddy_chat"
POOL_TIMEOUT_S = 30.0

Connection = psycopg.AsyncConnection[DictRow]


class ServingDatabase:
    """An asynchronous pool. `async with` opens and closes it. `direct_url`: as `Database` has it."""

    def __init__(
        self, url: str, *, direct_url: str | None = None, schemas: Schemas = IN_PUBLIC, max_size: int = 20
    ) -> None:
        self._direct_url, self._path = direct_url or url, schemas.path
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            connection_class=psycopg.AsyncConnection[DictRow],
            min_size=1,
            max_size=max_size,
            open=False,
            reconnect_timeout=RECONNECT_S,
            check=_still_connected,
            # Every statement is one of few: prepared at once, none is planned a second time.
            kwargs={
                "application_name": connection_name("studybuddy-api"),
                "row_factory": dict_row,
                **prepared(url, self._direct_url, 0),
            },
        )

    async def __aenter__(self) -> "ServingDatabase":
        await self._pool.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, *, as_person: Person) -> AsyncIterator[Connection]:
        """Borrow a connection for one transaction: committed on leaving, rolled back on an exception.

        Row security goes by `as_person`; `PIPELINE` is for what the service does by itself, for everybody's chats.

        Statements are sent together until a row is asked for: `begin` goes with the first, `commit` with those whose
        rows nobody reads. What such a statement breaks is therefore raised on leaving.

        Raises:
            StorageUnavailableError: the server is gone, restarting, full, or the pool is exhausted.
        """
        try:
            async with AsyncExitStack() as borrowed:
                connection = await self._borrow(borrowed)
                async with connection.pipeline(), connection.transaction():
                    await connection.execute(BECOME, become(as_person, path=self._path))
                    yield connection
        except psycopg.errors.DiskFull:
            raise StorageUnavailableError("The database's disk is full; free some space and try again.") from None
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise StorageUnavailableError(f"The database cannot be reached now ({type(error).__name__}).") from None

    async def _borrow(self, borrowed: AsyncExitStack) -> Connection:
        """A connection until `borrowed` ends, asked for anew now and then: see `Database._borrow` in core."""
        deadline = time.monotonic() + POOL_TIMEOUT_S
        while True:
            try:
                return await borrowed.enter_async_context(self._pool.connection(timeout=RECONNECT_S))
            except PoolTimeout:
                if time.monotonic() > deadline:
                    raise

    def stats(self) -> dict[str, int]:
        """How many connections there are, and how many callers waited for one (psycopg's names)."""
        return self._pool.get_stats()

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Call `heard` with every payload on `CHANNEL`, on a connection of its own, until cancelled.

        Sleeps until something comes; psycopg's own `notifies` looks ten times a second.

        Raises:
            psycopg.Error: the connection was not made, or is lost.
        """
        async with await psycopg.AsyncConnection.connect(
            self._direct_url, autocommit=True, application_name=connection_name("studybuddy-api-listen")
        ) as connection:
            connection.add_notify_handler(lambda notice: heard(notice.payload))  # those that come with an answer
            await connection.execute(f"listen {CHANNEL}")
            loop, readable, socket = asyncio.get_running_loop(), asyncio.Event(), connection.fileno()
            loop.add_reader(socket, readable.set)
            try:
                while await readable.wait():
                    readable.clear()
                    connection.pgconn.consume_input()
                    while (notice := connection.pgconn.notifies()) is not None:
                        heard(notice.extra.decode())
            finally:
                loop.remove_reader(socket)


async def _still_connected(connection: Connection) -> None:
    still_connected(connection)


def jsonb(value: Any) -> Jsonb:
    """A JSON value as a parameter, written by pydantic: faster than the standard library and without NaN."""
    return Jsonb(value, dumps=to_json)


async def rows(connection: Connection, name: str, /, **parameters: Any) -> list[DictRow]:
    """Every row of the statement `name`."""
    cursor = await connection.execute(statement(name, SQL), parameters)
    return await cursor.fetchall()


async def row(connection: Connection, name: str, /, **parameters: Any) -> DictRow | None:
    """The first row of the statement `name`, None when there is none."""
    cursor = await connection.execute(statement(name, SQL), parameters)
    return await cursor.fetchone()


async def run(connection: Connection, name: str, /, **parameters: Any) -> None:
    """Run the statement `name` without waiting for it."""
    await connection.execute(statement(name, SQL), parameters)


async def run_many(connection: Connection, name: str, parameters: Sequence[dict[str, Any]]) -> None:
    """Run the statement `name` once for each."""
    if parameters:
        async with connection.cursor() as cursor:
            await cursor.executemany(statement(name, SQL), parameters)
