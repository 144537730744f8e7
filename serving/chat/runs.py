"""Answers being written in this process: each is a task of its own that outlives the request that began it.

Belongs here: starting, storing as it goes, ending early. What one is belongs to `live.py`, its end to `endings.py`,
readers elsewhere to `follow.py`, answers of dead processes to `reaper.py`. Stream text is stored in batches, one
statement for all answers at a time, in one transaction with the sources it names.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any
from uuid import UUID, uuid4

from psycopg.errors import ForeignKeyViolation

from pipelines.answering.events import Event, Retried, Text, ToolFailed
from pipelines.answering.turn import Turn
from pipelines.core.errors import StorageUnavailableError
from pipelines.core.records import PIPELINE
from pipelines.core.tracing.spans import span
from serving.chat.endings import end_answer, store
from serving.chat.events import write
from serving.chat.live import DELETED, LEFT, NOT_ALLOWED, SHUTDOWN, STATUS, STOPPED, LiveRun, Then
from serving.chat.turns import Begun
from serving.chat.unkept import Unkept
from serving.chat.writer import PartWriter
from serving.database import ServingDatabase, rows
from serving.limits import Limits
from serving.log import log
from serving.metrics import ANSWERS, FIRST_TEXT_SECONDS, RETRIES
from serving.problems import ProblemError, code_of

Work = Callable[[Turn], AsyncGenerator[Event]]
"""The answer loop, or what stands in for it."""


class Runs:
    """The answers of this process. `owner` names the process in the database."""

    def __init__(self, database: ServingDatabase, limits: Limits) -> None:
        self._database = database
        self._limits = limits
        self._live: dict[UUID, LiveRun] = {}
        self._unsaved: list[dict[str, Any]] = []  # batches a failing database did not take; taken again in order
        self._begun = asyncio.Event()
        self._afterwards: set[asyncio.Task[None]] = set()
        self.unkept = Unkept()
        self.owner = uuid4()
        self.draining = False

    def __len__(self) -> int:
        return len(self._live) + len(self.unkept)

    def get(self, run_id: UUID) -> LiveRun | None:
        """A live answer of this process."""
        return self._live.get(run_id)

    def admit(self, user_id: UUID) -> None:
        """May this person begin another answer here?

        Raises:
            ProblemError: `shutting_down`, `too_many_answers`.
        """
        if self.draining:
            raise ProblemError("shutting_down", retry_after_s=5)
        mine = sum(live.user_id == user_id for live in self._live.values()) + self.unkept.count(user_id)
        if mine >= self._limits.runs_per_user or len(self) >= self._limits.runs:
            raise ProblemError("too_many_answers", retry_after_s=5)

    def start(self, begun: Begun, user_id: UUID, turn: Turn, work: Work, *, then: Then | None = None) -> LiveRun:
        """Begin to write the answer; it goes on whatever becomes of the caller. `then`: see `Then`; None: nothing."""
        live = LiveRun(begun=begun, user_id=user_id, then=then)
        writer = PartWriter(lambda part: live.feed.append(part.sse()))
        writer.start(begun.message_id, {"sessionId": begun.session.client_id})
        self._live[begun.run_id] = live
        self._begun.set()
        live.task = asyncio.create_task(self._traced(live, writer, turn, work), name=f"run {begun.run_id}")
        return live

    def stop(self, run_id: UUID, cause: str = STOPPED) -> bool:
        """End an answer of this process early. False: it is not here, or ending already."""
        live = self._live.get(run_id)
        if live is None or live.task is None or live.ending:
            return False
        live.cause = live.cause or cause
        if live.started:  # a task cancelled before its first step would never clean up
            live.task.cancel()
        return True

    def stop_person(self, user_id: UUID) -> None:
        """End every answer that is being written here for this person."""
        for run_id, live in list(self._live.items()):
            if live.user_id == user_id:
                self.stop(run_id)
        self.unkept.stop("suspended", user_id)

    async def wait(self, run_id: UUID, timeout_s: float) -> None:
        """Wait until an answer of this process has ended, at most so long."""
        live = self._live.get(run_id)
        if live is not None and live.task is not None:
            await asyncio.wait([live.task], timeout=timeout_s)

    async def drain(self) -> None:
        """Take no more answers, let those under way end, then close the rest as interrupted."""
        self.draining = True
        if tasks := self._tasks():
            log("draining", runs=len(tasks))
            await asyncio.wait(tasks, timeout=self._limits.drain_s)
        for run_id in list(self._live):
            self.stop(run_id, SHUTDOWN)
        self.unkept.stop("shutting_down")
        if tasks := self._tasks():
            await asyncio.wait(tasks, timeout=self._limits.drain_s)
        for task in self._afterwards:
            task.cancel()
        await asyncio.gather(*self._afterwards, return_exceptions=True)

    def _tasks(self) -> list["asyncio.Task[None]"]:
        return [*(live.task for live in self._live.values() if live.task), *self.unkept.tasks]

    async def begun(self) -> None:
        """Wait until there is an answer whose text is to be stored; at once where there is one."""
        if not self._live and not self._unsaved:
            self._begun.clear()
            await self._begun.wait()

    async def flush(self) -> None:
        """Store what has been written since the last time, of all answers at once, and wake readers elsewhere."""
        fresh = [batch for live in self._live.values() if not live.ending and (batch := live.batch())]
        batches, self._unsaved = self._unsaved + fresh, []
        if not batches:
            return
        try:
            async with self._database.transaction(as_person=PIPELINE) as connection:
                await connection.execute("set local synchronous_commit = off")  # the last tick may go with the server
                await store(connection, batches)
        except (StorageUnavailableError, ForeignKeyViolation):  # the latter: a chat was deleted at this very moment
            self._unsaved = batches
            raise

    async def beat(self) -> None:
        """Say that these answers are alive; end those that were stopped, deleted or left by their readers, or
        whose person has lost their course. One that another process closed, because this one stood still for a while,
        goes on: its reader is here, and its end is written over what that process made of it."""
        known = list(self._live.items())  # an answer begun while the database is asked is not in its reply
        if not known:
            return
        async with self._database.transaction(as_person=PIPELINE) as connection:
            found = {each["id"]: each for each in await rows(connection, "beat", run_ids=[i for i, _ in known])}
        now, grace = asyncio.get_running_loop().time(), self._limits.leave_grace_s
        for run_id, live in known:
            told = found.get(run_id)
            if live.ending:
                continue
            if told is None:
                self.stop(run_id, DELETED)
            elif told["stop_requested"]:
                self.stop(run_id)
            elif not told["allowed"]:
                self.stop(run_id, NOT_ALLOWED)
            elif live.feed.left_at is not None and now - live.feed.left_at > grace and told["unwatched_s"] > grace:
                self.stop(run_id, LEFT)

    async def _traced(self, live: LiveRun, writer: PartWriter, turn: Turn, work: Work) -> None:
        with span("answer", answer=live.begun.run_id, user=live.user_id) as this:
            this.note(status=await self._write(live, writer, turn, work))

    async def _write(self, live: LiveRun, writer: PartWriter, turn: Turn, work: Work) -> str:
        status: str = "done"
        code: str | None = None
        live.started = True
        began, heard = time.perf_counter(), False
        try:
            await asyncio.sleep(0)  # the reader's stream opens first: building a request to the model takes a while
            if live.cause is None:
                async with aclosing(work(turn)) as events:
                    async for event in events:
                        if not heard and isinstance(event, Text):
                            heard = True
                            FIRST_TEXT_SECONDS.observe(time.perf_counter() - began)
                        write(event, writer, live.cite)
                        if isinstance(event, Retried | ToolFailed):
                            _log_trouble(live, event)
            else:
                status = STATUS[live.cause]
        except asyncio.CancelledError:
            live.cause = live.cause or SHUTDOWN
            status = STATUS[live.cause]
        except Exception as error:
            status, code = "error", code_of(error)
            log("run_failed", run=str(live.begun.run_id), code=code, error=type(error).__name__)
        live.ending = True
        ANSWERS.labels(status).inc()
        if (task := asyncio.current_task()) is not None:
            task.uncancel()
        try:
            await end_answer(self._database, live, writer, turn, status=status, code=code)
        finally:
            live.feed.end()
            del self._live[live.begun.run_id]
        if status == "done" and live.then is not None:
            task = asyncio.create_task(live.then(writer.message.text()))
            self._afterwards.add(task)
            task.add_done_callback(self._afterwards.discard)
        return status


def _log_trouble(live: LiveRun, event: Retried | ToolFailed) -> None:
    if isinstance(event, Retried):
        RETRIES.labels(event.code).inc()
        log("model_retried", run=str(live.begun.run_id), code=event.code, wait_s=event.wait_s)
    elif event.error is not None:
        log("search_failed", run=str(live.begun.run_id), code=code_of(event.error))
