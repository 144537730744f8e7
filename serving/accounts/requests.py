"""Count of requests by person and minute, kept in the database for all processes, waited for only by who sends many.

A process lets a person's next few requests in before it has told the database of them, and tells it of everybody's
together. What a person can get beyond the limit is therefore a twentieth of it for each process, and no request waits
for a count but those of somebody who sends very many.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable
from uuid import UUID

from pipelines.core.errors import StorageUnavailableError
from pipelines.core.records import PIPELINE
from serving.database import ServingDatabase, rows, run
from serving.log import log
from serving.problems import ProblemError

COUNT_S = 2.0
"""Pause after which the database is told of requests that came since."""


class RequestCount:
    """Counts requests by person.

    Args:
        most: requests a minute; a bucket of so many fills again evenly. 0: as many as they like.
    """

    def __init__(self, database: ServingDatabase, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._most = most
        self._clock = clock
        self._few = max(1, most // 20)
        self._untold: Counter[UUID] = Counter()
        self._refused: dict[UUID, float] = {}
        self._telling = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def admit(self, user_id: UUID) -> None:
        """One request more of this person.

        Raises:
            ProblemError: `too_many_requests`, with the seconds until there is one again.
            StorageUnavailableError: they send very many, and nobody can count them now.
        """
        if not self._most:
            return
        self._check(user_id)
        while self._untold[user_id] >= self._few:
            await self.tell()
            self._check(user_id)
        self._untold[user_id] += 1
        if self._untold[user_id] * 2 >= self._few and not self._tasks:
            task = asyncio.create_task(self._tell_quietly())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def tell(self) -> None:
        """Tell the database of every request that it does not know of yet, and learn who has none left.

        Raises:
            StorageUnavailableError
        """
        async with self._telling:
            told, self._untold = self._untold, Counter()
            counted = {user_id: requests for user_id, requests in told.items() if requests}
            if not counted:
                return
            try:
                async with self._database.transaction(as_person=PIPELINE) as connection:
                    found = await rows(
                        connection, "count_requests", user_ids=[*counted], requests=[*counted.values()], most=self._most
                    )
            except StorageUnavailableError:
                self._untold.update(counted)
                raise
            now = self._clock()
            self._refused = {user_id: until for user_id, until in self._refused.items() if until > now}
            for each in found:
                if each["held"] < 1:
                    self._refused[each["user_id"]] = now + (1 - each["held"]) * 60 / self._most

    async def forget(self) -> None:
        """Remove what the database need not know any more.

        Raises:
            StorageUnavailableError
        """
        async with self._database.transaction(as_person=PIPELINE) as connection:
            await run(connection, "forget_requests")

    def _check(self, user_id: UUID) -> None:
        wait_s = self._refused.get(user_id, 0.0) - self._clock()
        if wait_s > 0:
            raise ProblemError("too_many_requests", retry_after_s=math.ceil(wait_s))

    async def _tell_quietly(self) -> None:
        try:
            await self.tell()
        except StorageUnavailableError as error:
            log("requests_not_counted", code=error.code)
