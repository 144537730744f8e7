"""Readers of answers that another process writes: woken by LISTEN/NOTIFY, fed from the stored stream text.

Notifications only wake; what happened is always read from the tables, so a lost one costs a second and nothing else.
One statement reads for all followed answers of this process.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from pipelines.core.errors import StorageUnavailableError
from pipelines.core.records import PIPELINE
from serving.chat import parts as p
from serving.chat.feed import Feed
from serving.chat.runs import Runs
from serving.database import ServingDatabase, rows
from serving.log import log
from serving.problems import error_json

POLL_S = 1.0
"""Longest wait for a notification before the tables are looked at anyway."""

GAP_S = 5.0
"""How long the end of an ended answer may be missing from the tables before its readers are let go."""

STOP = "stop:"
RECONNECT_S = 1.0


@dataclass(eq=False)
class _Followed:
    feed: Feed = field(default_factory=Feed)
    seq: int = 0
    ended_at: float | None = None


class Follower:
    """Follows answers of other processes, and hears the calls to stop our own.

    Args:
        on_other: is given every notification that is about something else than answers; False: it is about answers.
    """

    def __init__(
        self, database: ServingDatabase, runs: Runs, on_other: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._database = database
        self._runs = runs
        self._on_other = on_other
        self._followed: dict[UUID, _Followed] = {}
        self._woken = asyncio.Event()

    def follow(self, run_id: UUID) -> Feed:
        """The stream text of an answer that another process writes, from its first part."""
        followed = self._followed.get(run_id)
        if followed is None:
            followed = self._followed[run_id] = _Followed()
            followed.feed.left_at = asyncio.get_running_loop().time()
            self._woken.set()
        return followed.feed

    async def listen(self) -> None:
        """Hear notifications until cancelled; a lost connection is made anew."""
        while True:
            try:
                await self._database.listen(self._hear)
            except (psycopg.Error, OSError) as error:
                log("listener_lost", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_S)

    def _hear(self, payload: str) -> None:
        if payload.startswith(STOP):
            try:
                self._runs.stop(UUID(payload.removeprefix(STOP)))
            except ValueError:
                return
        elif not self._on_other(payload) and self._followed:
            self._woken.set()

    async def pump(self) -> None:
        """Bring followed answers up to date whenever something happened, until cancelled."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_S if self._followed else None)
            self._woken.clear()
            try:
                await self._update()
            except StorageUnavailableError:
                await asyncio.sleep(RECONNECT_S)

    async def _update(self) -> None:
        now = asyncio.get_running_loop().time()
        for run_id, followed in list(self._followed.items()):
            left = followed.feed.left_at
            if followed.feed.ended or (not followed.feed.readers and left is not None and now - left > POLL_S):
                del self._followed[run_id]
        if not self._followed:
            return
        run_ids = list(self._followed)
        async with self._database.transaction(as_person=PIPELINE) as connection:
            states = {each["id"]: each["status"] for each in await rows(connection, "watch_runs", run_ids=run_ids)}
            after = [self._followed[run_id].seq for run_id in run_ids]
            events = await rows(connection, "read_events", run_ids=run_ids, after=after)
        for event in events:
            followed = self._followed[event["run_id"]]
            if event["seq"] == followed.seq + 1:  # a gap is a batch still on its way: wait for it
                followed.seq += 1
                followed.feed.append(event["data"].encode())
                if event["data"].endswith(p.DONE.decode()):
                    followed.feed.end()
        for run_id in run_ids:
            self._let_go(self._followed[run_id], states.get(run_id), now)

    @staticmethod
    def _let_go(followed: _Followed, status: str | None, now: float) -> None:
        """End the feed of an answer that ended without leaving its last words."""
        if followed.feed.ended or status == "running":
            return
        followed.ended_at = followed.ended_at if followed.ended_at is not None else now
        if now - followed.ended_at > GAP_S:
            followed.feed.append(p.Error(error_text=error_json("internal")).sse() + p.DONE)
            followed.feed.end()
