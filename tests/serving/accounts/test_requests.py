"""Requests a minute: nobody gets more than theirs, in however many processes, and nobody else notices."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from serving.accounts.requests import RequestCount
from serving.database import ServingDatabase
from serving.problems import ProblemError
from tests.serving.accounts.conftest import LIMITS, SignedInService, free_port, issuer_settings
from tests.serving.conftest import running

MOST = 40


@pytest.fixture(scope="module")
def two(serving_settings, issuer):
    """Two processes' worth of services that let a person ask forty times a minute."""
    ports = free_port(), free_port()
    given = [issuer_settings(serving_settings, issuer, port, requests_per_minute=MOST) for port in ports]
    with running(given[0], LIMITS, port=ports[0]) as one, running(given[1], LIMITS, port=ports[1]) as other:
        yield SignedInService(one, issuer), SignedInService(other, issuer)


def test_a_burst_over_two_processes_is_cut_at_the_limit_with_a_wait_and_others_go_on(two):
    name = f"loud-{uuid4().hex}"
    with two[0].program(subject=name) as one, two[1].program(subject=name) as other, two[0].program() as quiet:
        with ThreadPoolExecutor(10) as pool:
            paths = ("/api/me", "/v1/models")
            came = list(pool.map(lambda at: (one, other)[at % 2].get(paths[at // 2 % 2]), range(2 * MOST)))
        refused = [each for each in came if each.status_code == 429]
        let_in = len(came) - len(refused)
        refilled = 5  # of a bucket that fills again within a minute, while eighty requests are made
        assert {each.status_code for each in came} == {200, 429}
        assert MOST <= let_in <= MOST + 2 * (MOST // 20) * 2 + refilled
        for each in refused:
            assert each.json()["error"]["code"] == "too_many_requests" and 1 <= int(each.headers["retry-after"]) <= 60
        asked_by_programs = [each.json()["error"] for each in refused if each.url.path == "/v1/models"]
        assert {each["type"] for each in asked_by_programs} == {"rate_limit_error"}
        assert quiet.get("/api/me").status_code == 200


class TestCounting:
    def tried(self, settings, work, most=MOST):
        async def main():
            async with ServingDatabase(settings.database_url.get_secret_value()) as database:
                self.asked = 0
                real = database.transaction

                def counted(**more):
                    self.asked += 1
                    return real(**more)

                database.transaction = counted
                return await work(RequestCount(database, most), RequestCount(database, most))

        return asyncio.run(main())

    @pytest.fixture
    def user_id(self, rows) -> UUID:
        return rows("insert into users (issuer, subject) values ('i', %s) returning id", [uuid4().hex])[0][0]

    async def admitted(self, count, user_id, requests):
        """How many of so many requests at once are let in."""

        async def one():
            try:
                await count.admit(user_id)
            except ProblemError as problem:
                assert problem.code == "too_many_requests" and problem.retry_after_s >= 1
                return 0
            return 1

        return sum(await asyncio.gather(*(one() for _ in range(requests))))

    def test_a_few_requests_never_ask_the_database(self, serving_settings, user_id):
        async def work(count, _):
            return await self.admitted(count, user_id, 15)

        assert self.tried(serving_settings, work, most=600) == 15
        assert self.asked <= 1, "and what it is told of is told beside them"

    def test_fifty_at_once_in_each_of_two_processes_get_no_more_than_the_limit_and_a_twentieth(
        self, serving_settings, user_id
    ):
        async def work(*counts):
            return sum(await asyncio.gather(*(self.admitted(each, user_id, 50) for each in counts)))

        assert MOST <= self.tried(serving_settings, work) <= MOST + 4 * (MOST // 20) + 2

    def test_what_one_process_let_in_another_knows(self, serving_settings, user_id):
        async def work(one, other):
            first = await self.admitted(one, user_id, 2 * MOST)
            await other.admit(user_id)
            await other.tell()
            return first, await self.admitted(other, user_id, MOST)

        first, then = self.tried(serving_settings, work)
        assert first >= MOST and then <= 1

    def test_a_bucket_fills_again_and_holds_no_more_than_a_minute(self, serving_settings, user_id, rows):
        async def work(count, _):
            await self.admitted(count, user_id, 2 * MOST)
            rows(
                "update request_buckets set held = 0, filled_at = now() - interval '30 s' where user_id = %s", [user_id]
            )
            count._refused.clear()
            half = await self.admitted(count, user_id, 2 * MOST)
            rows(
                "update request_buckets set held = 0, filled_at = now() - interval '1 h' where user_id = %s", [user_id]
            )
            count._refused.clear()
            return half, await self.admitted(count, user_id, 2 * MOST)

        half, whole = self.tried(serving_settings, work)
        assert MOST / 2 <= half <= MOST / 2 + 5 and MOST <= whole <= MOST + 5

    def test_nobody_is_counted_where_there_is_no_limit(self, serving_settings, user_id):
        async def work(count, _):
            return await self.admitted(count, user_id, 500)

        assert self.tried(serving_settings, work, most=0) == 500 and self.asked == 0

    def test_who_was_erased_meanwhile_breaks_nobody_s_count(self, serving_settings, user_id, rows):
        async def work(count, _):
            await count.admit(uuid4())
            await count.admit(user_id)
            await count.tell()

        self.tried(serving_settings, work)
        assert rows("select held from request_buckets where user_id = %s", [user_id]) == [(MOST - 1,)]
