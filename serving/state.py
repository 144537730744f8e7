"""Everything the routes need, opened once when the service starts and handed to them by `app.state`."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from fastapi import Request

from pipelines.answering.pace import Pace
from pipelines.core.errors import StudyBuddyError
from pipelines.core.files import FileStore
from pipelines.core.models.clients import Clients
from pipelines.core.postgres import Database
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.settings import Settings
from pipelines.core.stores import Stores
from pipelines.core.tracing.spans import export_spans, send_spans
from serving.accounts.changes import changed_person
from serving.accounts.doors import Doors
from serving.accounts.opened import Accounts, open_accounts
from serving.accounts.openrouter import OpenRouter
from serving.chat.follow import Follower
from serving.chat.models import Models
from serving.chat.reaper import forget, reap
from serving.chat.runs import Runs
from serving.core import THREADS as CORE_THREADS
from serving.core import Core
from serving.database import ServingDatabase
from serving.limits import Limits
from serving.log import log
from serving.materials.bells import CourseBells, rung_course
from serving.materials.links import Links
from serving.materials.thumbnails import Thumbnails
from serving.materials.turns import Turns
from serving.programs.door import McpDoor
from serving.search import THREADS, Searcher
from serving.terminal import door_for_commands


@dataclass(kw_only=True, eq=False)
class State:
    """The opened service. `uploading`: files on their way, by person; `turns`: at uploads in pieces."""

    settings: Settings
    limits: Limits
    doors: Doors
    database: ServingDatabase
    files: FileStore
    core: Core
    bells: CourseBells
    searcher: Searcher
    accounts: Accounts
    links: Links
    thumbnails: Thumbnails
    runs: Runs
    follower: Follower
    models: Models
    openrouter: OpenRouter
    mcp: McpDoor
    uploading: Counter[UUID] = field(default_factory=Counter)
    turns: Turns = field(default_factory=Turns)


def state_of(request: Request) -> State:
    """The opened service behind a request."""
    state: State = request.app.state.service
    return state


@asynccontextmanager
async def opened(settings: Settings, limits: Limits, doors: Doors) -> AsyncIterator[State]:
    """Open everything, keep it going, close it; answers under way end first.

    Raises:
        SettingsError, StorageUnavailableError, MigrationError
    """
    export_spans(settings, "studybuddy-api")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.to_thread, send_spans)
        sync = await asyncio.to_thread(Database.open, settings, max_size=THREADS + CORE_THREADS)
        stack.push_async_callback(asyncio.to_thread, sync.close)
        database = await stack.enter_async_context(
            ServingDatabase(sync.url, direct_url=sync.direct_url, schemas=sync.schemas)
        )
        files, bells = FileStore.open(settings), CourseBells()
        clients = stack.enter_context(Clients(settings))
        stores = Stores(settings, sync, files, await asyncio.to_thread(Sealer.open_home, settings), clients)
        core = Core(stores)
        stack.callback(core.close)
        searcher = Searcher(stores)
        stack.callback(searcher.close)
        await stack.enter_async_context(door_for_commands(settings, searcher))
        thumbnails = Thumbnails(files)
        stack.callback(thumbnails.close)
        runs = Runs(database, limits)
        pace = Pace(runs.__len__)
        models = Models(stores, pause=pace.pause_s)
        stack.push_async_callback(models.close)
        mcp = McpDoor()
        stack.push_async_callback(mcp.close)
        openrouter = OpenRouter(settings, timeout_s=limits.openrouter_timeout_s)
        stack.push_async_callback(openrouter.close)
        accounts = await open_accounts(settings, limits, doors, database, stack)
        follower = Follower(database, runs, on_other=_heard(accounts, runs, bells))
        tasks: list[asyncio.Task[None]] = [
            asyncio.create_task(each) for each in _chores(runs, follower, database, limits)
        ]
        tasks += [asyncio.create_task(_every(pause_s, chore)) for pause_s, chore in accounts.chores]
        tasks.append(asyncio.create_task(pace.watch()))
        tasks.append(asyncio.create_task(asyncio.to_thread(_warm, searcher, models)))
        stack.push_async_callback(_cancel, tasks)
        stack.push_async_callback(runs.drain)
        yield State(
            settings=settings,
            limits=limits,
            doors=doors,
            database=database,
            files=files,
            core=core,
            bells=bells,
            searcher=searcher,
            accounts=accounts,
            links=Links.open(settings, limits),
            thumbnails=thumbnails,
            runs=runs,
            follower=follower,
            models=models,
            openrouter=openrouter,
            mcp=mcp,
        )


def _heard(accounts: Accounts, runs: Runs, bells: CourseBells) -> Callable[[str], bool]:
    """Takes news of courses, for whoever looks at them, and of people: they are looked at again, and the answers of one
    who was suspended end."""

    def heard(payload: str) -> bool:
        course_id = rung_course(payload)
        if course_id is not None:
            bells.ring(course_id)
            return True
        changed = changed_person(payload)
        if changed is not None:
            accounts.authenticator.forget(changed.user_id)
            if changed.suspended:
                runs.stop_person(changed.user_id)
        return changed is not None

    return heard


def _chores(
    runs: Runs, follower: Follower, database: ServingDatabase, limits: Limits
) -> list[Coroutine[None, None, None]]:
    async def flushing() -> None:
        await runs.begun()
        await runs.flush()

    async def checking() -> None:
        await runs.unkept.check(database)

    async def reaping() -> None:
        await reap(database, limits, runs.owner)

    async def forgetting() -> None:
        await forget(database, limits)

    return [
        _every(limits.flush_s, flushing),
        _every(limits.beat_s, runs.beat),
        _every(limits.beat_s, checking),
        _every(limits.dead_after_s / 3, reaping),
        _every(limits.events_kept_s / 5, forgetting),
        follower.listen(),
        follower.pump(),
    ]


async def _every(pause_s: float, chore: Callable[[], Awaitable[None]]) -> None:
    """Do a chore again and again; one that fails is done again after the pause."""
    while True:
        try:
            await chore()
        except StudyBuddyError as error:
            log("chore_failed", chore=chore.__name__, code=error.code)
        except Exception as error:
            log("chore_failed", chore=chore.__name__, error=type(error).__name__)
        await asyncio.sleep(pause_s)


def _warm(searcher: Searcher, models: Models) -> None:
    models.warm()
    try:
        searcher.warm()
    except StudyBuddyError as error:
        log("embedder_not_ready", code=error.code)


async def _cancel(tasks: list["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
