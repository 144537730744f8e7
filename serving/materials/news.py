"""News of a course for one reader: states, not changes, so that whatever was missed is made up by the next one.

The id of an event is the digest of everything its reader has been told by then. Who comes back with the digest of what
is there now has missed nothing; anybody else is told all of it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from hashlib import sha256
from uuid import UUID

from pydantic_core import to_json

from pipelines.core.errors import StudyBuddyError
from serving.accounts.access import get_my_course
from serving.accounts.people import Principal
from serving.materials.shown import list_shown
from serving.problems import ProblemError
from serving.state import State

LEAST_S = 0.5
"""Pause between two looks, however often the bell rings."""

PING = b": \n\n"
"""A comment, which keeps the connection open."""

LOOK_S = 30.0
"""Pause after which the tables are looked at although no bell rang: a release date came, a notification was lost."""


async def news_of(state: State, person: Principal, course_id: UUID, known: str | None) -> AsyncIterator[bytes]:
    """Server-sent events until the reader leaves the course or the service ends.

    Args:
        known: digest of what the reader was told before; None: nothing.
    """
    told: Mapping[UUID, bytes] | None = None
    with state.bells.hear(course_id) as bell:
        while True:
            bell.clear()
            found = await _look(state, person, course_id)
            if found is None:
                return
            digest = _digest(found)
            if told is None:
                yield (
                    _event("uploads", b'{"items":[' + b",".join(found.values()) + b"]}", digest)
                    if digest != known
                    else PING
                )
            else:
                for event in _changes(told, found, digest):
                    yield event
            told = found
            await asyncio.sleep(LEAST_S)
            looked = said = asyncio.get_running_loop().time()
            while not bell.is_set() and (now := asyncio.get_running_loop().time()) - looked < LOOK_S:
                with suppress(TimeoutError):
                    await asyncio.wait_for(bell.wait(), state.limits.watch_s)
                if state.runs.draining or not await _belongs(state, person, course_id):
                    return
                if now - said > state.limits.ping_s:
                    said = now
                    yield PING


async def _look(state: State, person: Principal, course_id: UUID) -> dict[UUID, bytes] | None:
    """Every upload they see, as JSON; None: the course is not theirs any more, or nobody can tell."""
    try:
        if not await _belongs(state, person, course_id):
            return None
        return {
            each.id: each.model_dump_json(by_alias=True).encode()
            for each in await list_shown(state.core, person, course_id)
        }
    except StudyBuddyError:
        return None


async def _belongs(state: State, person: Principal, course_id: UUID) -> bool:
    try:
        async with state.database.transaction(as_person=person.person) as connection:
            await get_my_course(connection, person, course_id)
    except (ProblemError, StudyBuddyError):
        return False
    return True


def _changes(told: Mapping[UUID, bytes], found: Mapping[UUID, bytes], digest: str) -> list[bytes]:
    """What is new or has changed, and what has gone; the last of them carries the digest."""
    said = [("upload", found[each]) for each in found if told.get(each) != found[each]]
    said += [("gone", to_json({"id": each, "status": "deleting"})) for each in told if each not in found]
    return [_event(name, data, digest if at == len(said) else None) for at, (name, data) in enumerate(said, start=1)]


def _event(name: str, data: bytes, mark: str | None) -> bytes:
    return f"event: {name}\n{f'id: {mark}' + chr(10) if mark else ''}".encode() + b"data: " + data + b"\n\n"


def _digest(found: Mapping[UUID, bytes]) -> str:
    return sha256(b"\n".join(found.values())).hexdigest()[:32]
