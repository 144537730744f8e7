"""The service's transactions: statements travel together, and all of them count or none."""

import asyncio
import random
from collections import Counter

import psycopg
import pytest

from pipelines.core.migrate import connection_name
from pipelines.core.records import PIPELINE, Person
from serving.database import CHANNEL, ServingDatabase

EARS = connection_name("studybuddy-api-listen")
LISTENERS = """
    select pid from pg_stat_activity
    where application_name like 'studybuddy-api-listen %' and query like 'listen %' and state = 'idle'
      and datname = current_database()
"""
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


PEOPLE = """
    with course as (insert into courses (name) values ('Shared') returning id),
    people as (insert into users (issuer, subject) select 'test', 'p' || n from generate_series(1, 4) n returning id),
    members as (
        insert into user_courses (user_id, course_id, role) select p.id, c.id, 'student' from people p, course c
    ),
    chats as (
        insert into chat_sessions (user_id, client_id, course_id, title)
        select p.id, 'chat' || n, c.id, '' from people p, course c, generate_series(1, 5) n
    )
    select id from people
"""


@pytest.mark.slow
def test_ten_thousand_mixed_requests_over_two_connections_show_nobody_anothers_rows(database_url):
    """A fifth of them is cancelled or fails, at any moment; every hundredth transaction is the pipeline's."""
    with psycopg.connect(database_url) as connection:
        people = [Person(id=each) for (each,) in connection.execute(PEOPLE).fetchall()]
    chance = random.Random(1)
    ended: Counter[str] = Counter()

    async def request(database, person, fate):
        async with database.transaction(as_person=person) as connection:
            cursor = await connection.execute("select user_id from chat_sessions")
            found = [row["user_id"] for row in await cursor.fetchall()]
            if person is PIPELINE:
                assert len(found) == 20
            else:
                assert found == [person.id] * 5
            if fate == "fails":
                await connection.execute("select 1 / 0")

    async def one(database, gate, number):
        person = PIPELINE if number % 100 == 0 else chance.choice(people)
        fate = chance.choices(["ends", "fails", "is cancelled"], [8, 1, 1])[0]
        async with gate:
            task = asyncio.create_task(request(database, person, fate))
            if fate == "is cancelled":
                await asyncio.sleep(chance.random() * 0.004)
                task.cancel()
            try:
                await task
                ended["ends"] += 1
            except asyncio.CancelledError:
                ended["is cancelled"] += 1
            except psycopg.errors.DivisionByZero:
                ended["fails"] += 1

    async def main():
        async with ServingDatabase(database_url, max_size=2) as database:
            gate = asyncio.Semaphore(20)
            await asyncio.gather(*(one(database, gate, number) for number in range(10_000)))

    asyncio.run(main())
    assert sum(ended.values()) == 10_000
    assert ended["fails"] > 800
    assert ended["is cancelled"] > 500


def test_every_word_is_heard_until_the_connection_is_lost(database_url):
    async def main():
        heard, both = [], asyncio.Event()

        def hear(payload):
            heard.append(payload)
            if len(heard) == 2:
                both.set()

        listening = asyncio.create_task(ServingDatabase(database_url).listen(hear))
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as other:
            while not await (await other.execute(LISTENERS)).fetchall():
                await asyncio.sleep(0.02)
            for word in ("one", "two"):
                await other.execute("select pg_notify(%s, %s)", [CHANNEL, word])
            await asyncio.wait_for(both.wait(), 60)
            await other.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = %s and datname = current_database()",
                [EARS],
            )
            with pytest.raises(psycopg.OperationalError):
                await asyncio.wait_for(listening, 60)
        return heard

    assert asyncio.run(main()) == ["one", "two"]
