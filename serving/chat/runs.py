"""Answers being written in this process: each is a task of its own that outlives the request that began it.

Belongs here: starting, storing as it goes, ending once. Readers elsewhere belong to `follow.py`; answers of dead
processes to `reaper.py`. Stream text is stored in batches, one statement for all answers at a time, in one transaction
with the sources it names; the end of an answer (message, last batch, status) is one transaction, written before the
reader sees the end.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from psycopg.errors import ForeignKeyViolation

from pipelines.answering.citations import Handles, quotations
from pipelines.answering.events import Event, Retried, ToolFailed
from pipelines.answering.turn import Turn
from pipelines.core.errors import StorageUnavailableError
from pipelines.core.records import PIPELINE, Hit
from serving.accounts.addresses import CONNECT
from serving.chat import parts as p
from serving.chat.events import write
from serving.chat.feed import Feed
from serving.chat.sources import as_part, as_row
from serving.chat.turns import Begun
from serving.chat.writer import PartWriter
from serving.database import CHANNEL, Connection, ServingDatabase, jsonb, row, rows, run, run_many
from serving.limits import Limits
from serving.log import log
from serving.problems import ProblemError, code_of, error_json

STOPPED, LEFT, SHUTDOWN, DELETED, NOT_ALLOWED = "stopped", "left", "shutdown", "deleted", "not_allowed"
_STATUS = {STOPPED: "stopped", LEFT: "stopped", SHUTDOWN: "interrupted", DELETED: "stopped", NOT_ALLOWED: "stopped"}
_REASON = {
    STOPPED: "Stopped.",
    LEFT: "Nobody was reading any more.",
    SHUTDOWN: "The service was restarted.",
    DELETED: "The chat was deleted.",
    NOT_ALLOWED: "The course is not yours any more.",
}
SAVE_TRIES = 4
"""Times an answer's end is written when the database fails; between them 0.2, 0.4, 0.8 seconds pass."""

KEYLESS = ("connect_openrouter", "key_rejected")
"""Ends of answers after which a person is shown where to connect a key."""

Work = Callable[[Turn], AsyncGenerator[Event]]
"""The answer loop, or what stands in for it."""

Then = Callable[[str], Coroutine[Any, Any, None]]
"""What is done with the words of an answer that is whole, after its reader has seen its end."""


@dataclass(kw_only=True, eq=False)
class LiveRun:
    """One answer being written. `stored` and `seq` say how much of the feed the database has or is being given.

    `sources` are rows of the passages cited so far, of which the database has `stored_sources` or is being given them.
    """

    begun: Begun
    user_id: UUID
    feed: Feed = field(default_factory=Feed)
    sources: list[dict[str, Any]] = field(default_factory=list)
    stored_sources: int = 0
    stored: int = 0
    seq: int = 0
    started: bool = False
    ending: bool = False
    cause: str | None = None
    then: Then | None = None
    task: "asyncio.Task[None] | None" = None

    def batch(self) -> dict[str, Any] | None:
        """What is not stored yet, as a batch that is from now on counted as stored; None when there is nothing."""
        text, upto = self.feed.since(self.stored)
        if upto == self.stored:
            return None
        self.stored, self.seq = upto, self.seq + 1
        sources, self.stored_sources = self.sources[self.stored_sources :], len(self.sources)
        return {"run_id": self.begun.run_id, "seq": self.seq, "data": text, "sources": sources}

    def cite(self, number: int, hit: Hit) -> p.SourceDocument:
        """A passage the answer cites from now on, as the reader gets it."""
        source = as_row(self.begun, number, hit)
        self.sources.append(source)
        return as_part(source)


class Runs:
    """The answers of this process. `owner` names the process in the database."""

    def __init__(self, database: ServingDatabase, limits: Limits) -> None:
        self._database = database
        self._limits = limits
        self._live: dict[UUID, LiveRun] = {}
        self._unsaved: list[dict[str, Any]] = []  # batches a failing database did not take; taken again in order
        self._begun = asyncio.Event()
        self._afterwards: set[asyncio.Task[None]] = set()
        self.owner = uuid4()
        self.draining = False

    def __len__(self) -> int:
        return len(self._live)

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
        mine = sum(live.user_id == user_id for live in self._live.values())
        if mine >= self._limits.runs_per_user or len(self._live) >= self._limits.runs:
            raise ProblemError("too_many_answers", retry_after_s=5)

    def start(self, begun: Begun, user_id: UUID, turn: Turn, work: Work, *, then: Then | None = None) -> LiveRun:
        """Begin to write the answer; it goes on whatever becomes of the caller. `then`: see `Then`; None: nothing."""
        live = LiveRun(begun=begun, user_id=user_id, then=then)
        writer = PartWriter(lambda part: live.feed.append(part.sse()))
        writer.start(begun.message_id, {"sessionId": begun.session.client_id})
        self._live[begun.run_id] = live
        self._begun.set()
        live.task = asyncio.create_task(self._write(live, writer, turn, work), name=f"run {begun.run_id}")
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

    async def wait(self, run_id: UUID, timeout_s: float) -> None:
        """Wait until an answer of this process has ended, at most so long."""
        live = self._live.get(run_id)
        if live is not None and live.task is not None:
            await asyncio.wait([live.task], timeout=timeout_s)

    async def drain(self) -> None:
        """Take no more answers, let those under way end, then close the rest as interrupted."""
        self.draining = True
        tasks = [live.task for live in self._live.values() if live.task]
        if tasks:
            log("draining", runs=len(tasks))
            await asyncio.wait(tasks, timeout=self._limits.drain_s)
        for run_id in list(self._live):
            self.stop(run_id, SHUTDOWN)
        tasks = [live.task for live in self._live.values() if live.task]
        if tasks:
            await asyncio.wait(tasks, timeout=self._limits.drain_s)
        for task in self._afterwards:
            task.cancel()
        await asyncio.gather(*self._afterwards, return_exceptions=True)

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
                await _store(connection, batches)
        except (StorageUnavailableError, ForeignKeyViolation):  # the latter: a chat was deleted at this very moment
            self._unsaved = batches
            raise

    async def beat(self) -> None:
        """Say that these answers are alive; end those that were stopped, deleted or left by their readers, or
        whose person has lost their course."""
        known = list(self._live.items())  # an answer begun while the database is asked is not in its reply
        if not known:
            return
        async with self._database.transaction(as_person=PIPELINE) as connection:
            found = {each["id"]: each for each in await rows(connection, "beat", owner=self.owner)}
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

    async def _write(self, live: LiveRun, writer: PartWriter, turn: Turn, work: Work) -> None:
        status: str = "done"
        code: str | None = None
        live.started = True
        try:
            await asyncio.sleep(0)  # the reader's stream opens first: building a request to the model takes a while
            if live.cause is None:
                async with aclosing(work(turn)) as events:
                    async for event in events:
                        write(event, writer, live.cite)
                        if isinstance(event, Retried | ToolFailed):
                            _log_trouble(live, event)
            else:
                status = _STATUS[live.cause]
        except asyncio.CancelledError:
            live.cause = live.cause or SHUTDOWN
            status = _STATUS[live.cause]
        except Exception as error:
            status, code = "error", code_of(error)
            log("run_failed", run=str(live.begun.run_id), code=code, error=type(error).__name__)
        live.ending = True
        if (task := asyncio.current_task()) is not None:
            task.uncancel()
        try:
            await self._end(live, writer, turn, status, code)
        finally:
            live.feed.end()
            del self._live[live.begun.run_id]
        if status == "done" and live.then is not None:
            task = asyncio.create_task(live.then(writer.message.text()))
            self._afterwards.add(task)
            task.add_done_callback(self._afterwards.discard)

    async def _end(self, live: LiveRun, writer: PartWriter, turn: Turn, status: str, code: str | None) -> None:
        """Close the stream and write everything down; the reader sees the end when it is true."""
        writer.finish_step()
        if live.sources:
            writer.citations(_citations(writer.message.text(), turn.handles, live.sources))
        if code in KEYLESS:
            writer.connect("openrouter", CONNECT)
        live.feed.hold()
        metadata = _metadata(turn)
        if status == "done":
            writer.finish(turn.finish_reason, metadata or None)
        elif status == "error":
            writer.error(error_json(code or "internal"))
        else:
            writer.abort(_REASON[live.cause or SHUTDOWN])
        live.feed.append(p.DONE)
        ending = {"status": status, "error_code": code, "metadata": metadata}
        if not await self._save(live, writer, ending):
            live.feed.drop_held()
            live.feed.append(p.Error(error_text=error_json("storage_unavailable")).sse() + p.DONE)
        log("run_ended", run=str(live.begun.run_id), status=status, code=code, searches=turn.searches,
            cited=len(live.sources), dropped=turn.words.dropped, usage=turn.usage or None)  # fmt: skip

    async def _save(self, live: LiveRun, writer: PartWriter, ending: dict[str, Any]) -> bool:
        batch = live.batch()
        for attempt in range(SAVE_TRIES):
            try:
                async with self._database.transaction(as_person=PIPELINE) as connection:
                    if await row(connection, "finish_run", run_id=live.begun.run_id, status=ending["status"]):
                        await finish_message(connection, live.begun.message_key, writer, ending)
                        await _store(connection, [batch] if batch else [])
                return True
            except StorageUnavailableError:
                log("save_failed", run=str(live.begun.run_id), attempt=attempt + 1)
                await asyncio.sleep(0.2 * 2**attempt)
        return False


async def finish_message(connection: Connection, message_key: UUID, writer: PartWriter, ending: dict[str, Any]) -> None:
    """Keep an answer as its writer's parts add up."""
    await run(
        connection,
        "finish_message",
        message_key=message_key,
        status=ending["status"],
        error_code=ending["error_code"],
        content=writer.message.text(),
        parts=jsonb(writer.message.parts()),
        metadata=jsonb(ending["metadata"]),
    )


async def _store(connection: Connection, batches: list[dict[str, Any]]) -> None:
    if batches:
        await run_many(connection, "insert_source", [source for batch in batches for source in batch["sources"]])
        columns = {f"{name}s": [batch[name] for batch in batches] for name in ("run_id", "seq", "data")}
        await run(connection, "insert_events", **columns)
    await run(connection, "wake", channel=CHANNEL, payload="")


def _metadata(turn: Turn) -> dict[str, Any]:
    """What `message.metadata` gets at the end: model, usage and cost as far as the provider said; does it sum up?"""
    usage = {name: value for name, value in turn.usage.items() if name != "cost"}
    cost, summary = turn.usage.get("cost"), turn.summarised or None
    found = {"model": turn.model, "usage": usage or None, "cost": cost, "summary": summary}
    return {name: value for name, value in found.items() if value is not None}


def _log_trouble(live: LiveRun, event: Retried | ToolFailed) -> None:
    if isinstance(event, Retried):
        log("model_retried", run=str(live.begun.run_id), code=event.code, wait_s=event.wait_s)
    elif event.error is not None:
        log("search_failed", run=str(live.begun.run_id), code=code_of(event.error))


def _citations(text: str, handles: Handles, sources: list[dict[str, Any]]) -> dict[str, Any]:
    quotes = quotations(text, handles)
    return {
        "sources": [{"handle": source["handle"], "sourceId": str(source["id"])} for source in sources],
        "quotes": [
            {"text": quote.text, "handle": quote.handle, "verbatim": quote.handle is not None} for quote in quotes
        ],
    }
