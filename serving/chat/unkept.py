"""Answers that no chat keeps: a program asks for one, reads it as it is written, and ends it by leaving.

Belongs here: writing beside the reader, so that an answer can be ended although its reader only waits. Answers of chats
outlive their readers: see `runs.py`.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from uuid import UUID

from pipelines.answering.events import Event
from pipelines.core.records import PIPELINE
from serving.chat.turns import Asked
from serving.database import ServingDatabase, rows
from serving.log import log
from serving.problems import ProblemError, code_of


class Unkept:
    """The answers of this process that no chat keeps."""

    def __init__(self) -> None:
        self._writing: dict[asyncio.Task[None], tuple[UUID, UUID]] = {}  # who asks, and which course
        self._causes: dict[asyncio.Task[None], str] = {}

    def __len__(self) -> int:
        return len(self._writing)

    @property
    def tasks(self) -> list["asyncio.Task[None]"]:
        """Of each answer the task that writes it."""
        return list(self._writing)

    def count(self, user_id: UUID) -> int:
        """How many are being written for this person."""
        return sum(whose == user_id for whose, _ in self._writing.values())

    def stop(self, cause: str, user_id: UUID | None = None, course_id: UUID | None = None) -> None:
        """End those of a person in a course, None: of everybody, in all; their readers get `cause`, a code of the table
        of problems."""
        for task, (whose, where) in self._writing.items():
            if user_id in (None, whose) and course_id in (None, where):
                self._causes[task] = cause
                task.cancel()

    async def check(self, database: ServingDatabase) -> None:
        """End those of people who have lost their course."""
        asked = set(self._writing.values())
        if not asked:
            return
        users, courses = zip(*asked, strict=True)
        async with database.transaction(as_person=PIPELINE) as connection:
            found = await rows(connection, "list_allowed", user_ids=list(users), course_ids=list(courses))
        for user_id, course_id in asked - {(each["user_id"], each["course_id"]) for each in found}:
            self.stop("not_found", user_id, course_id)

    def begin(
        self, user_id: UUID, asked: Asked, events: AsyncGenerator[Event], *, pause_s: float
    ) -> AsyncGenerator[Event | None]:
        """The events of an answer as they come, None whenever `pause_s` seconds have brought nothing.

        It counts from now on, and is written from when its reader begins to read.

        Raises:
            ProblemError: (the reader) the cause for which it was ended.
            StudyBuddyError: (the reader) as the events do.
        """
        told: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
        read = asyncio.Event()

        def ended(task: "asyncio.Task[None]") -> None:
            del self._writing[task]
            cause = self._causes.pop(task, None)
            error = ProblemError(cause) if cause else None if task.cancelled() else task.exception()
            log("answer_ended", run=str(asked.run_id), code=code_of(error) if error else None,
                whole=not task.cancelled())  # fmt: skip
            told.put_nowait(error)

        task = asyncio.create_task(_write(events, told, read, pause_s), name=f"answer {asked.run_id}")
        self._writing[task] = user_id, asked.course.id
        task.add_done_callback(ended)
        return _read(task, told, read, pause_s)


async def _write(
    events: AsyncGenerator[Event],
    told: "asyncio.Queue[Event | BaseException | None]",
    read: asyncio.Event,
    wait_s: float,
) -> None:
    async with aclosing(events):
        with suppress(TimeoutError):
            await asyncio.wait_for(read.wait(), wait_s)
        if not read.is_set():
            return  # who asked has left before it began
        async for event in events:
            told.put_nowait(event)


async def _read(
    task: "asyncio.Task[None]",
    told: "asyncio.Queue[Event | BaseException | None]",
    read: asyncio.Event,
    pause_s: float,
) -> AsyncGenerator[Event | None]:
    read.set()
    try:
        while True:
            try:
                each = await asyncio.wait_for(told.get(), pause_s)
            except TimeoutError:
                yield None
                continue
            if each is None:
                return
            if isinstance(each, BaseException):
                raise each
            yield each
    finally:
        task.cancel()
