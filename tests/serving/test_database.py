"""The service's transactions: statements travel together, and all of them count or none."""

import asyncio

import psycopg
import pytest

from pipelines.core.records import PIPELINE
from serving.database import ServingDatabase

INSERT = "insert into users (issuer, subject) values ('test', 'ada')"


def using(url, work):
    async def main():
        async with ServingDatabase(url, max_size=1) as database:
            await work(database)
            async with database.transaction(as_person=PIPELINE) as connection:
                cursor = await connection.execute("select count(*) as n from users where issuer = 'test'")
                return (await cursor.fetchone())["n"]

    return asyncio.run(main())


def test_what_was_sent_and_never_read_is_there_afterwards(database_url):
    async def work(database):
        async with database.transaction(as_person=PIPELINE) as connection:
            await connection.execute(INSERT)

    assert using(database_url, work) == 1


def test_a_broken_statement_is_raised_on_leaving_and_takes_everything_back(database_url):
    async def work(database):
        with pytest.raises(psycopg.errors.UniqueViolation):
            async with database.transaction(as_person=PIPELINE) as connection:
                await connection.execute(INSERT)
                await connection.execute(INSERT)

    assert using(database_url, work) == 0


def test_an_exception_of_the_caller_takes_back_what_was_not_even_sent(database_url):
    async def work(database):
        with pytest.raises(ValueError, match="no"):
            async with database.transaction(as_person=PIPELINE) as connection:
                await connection.execute(INSERT)
                raise ValueError("no")

    assert using(database_url, work) == 0


@pytest.mark.parametrize("waiting", ["for the database", "for something else"])
def test_a_cancelled_transaction_leaves_nothing_and_a_usable_connection(database_url, waiting):
    async def work(database):
        inside = asyncio.Event()

        async def cancelled():
            async with database.transaction(as_person=PIPELINE) as connection:
                await connection.execute(INSERT)
                inside.set()
                if waiting == "for the database":
                    await (await connection.execute("select pg_sleep(60)")).fetchone()
                await asyncio.sleep(60)

        task = asyncio.create_task(cancelled())
        await inside.wait()
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert using(database_url, work) == 0
