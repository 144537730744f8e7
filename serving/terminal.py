"""Door for commands of the same home: a search with models that are loaded, over a socket that only its user can open.

Belongs here: listening and answering. What is asked and how, both ends know from `pipelines/core/search/door.py`.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress

from pipelines.core.errors import StudyBuddyError
from pipelines.core.search.door import HITS, door_of, likeness
from pipelines.core.settings import Settings
from serving.log import log
from serving.search import Searcher

QUESTION_S = 5.0
"""How long a question may take to arrive."""


@asynccontextmanager
async def door_for_commands(settings: Settings, searcher: Searcher) -> AsyncIterator[None]:
    """Answer commands inside; where the socket cannot be made, they search by themselves."""
    like, path = likeness(settings), door_of(settings)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(StudyBuddyError, OSError, ValueError, LookupError, TypeError, TimeoutError):
            # the command finds out why by itself
            asked = json.loads(await asyncio.wait_for(reader.readline(), QUESTION_S))
            if asked["like"] == like:
                hits = await searcher.search_by_name(
                    asked["question"], course=asked["course"], limit=asked["limit"], kinds=tuple(asked["kinds"])
                )
                writer.write(HITS.dump_json(hits))
                await writer.drain()

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # of a service that was killed
        server = await asyncio.start_unix_server(answer, path)
        path.chmod(0o600)
    except OSError as error:  # the path is too long for a socket, the folder may not be written, ...
        log("no_door_for_commands", error=type(error).__name__)
        yield
        return
    async with server:
        yield
