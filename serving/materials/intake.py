"""Intake of uploads: who may bring what, before their bytes are read; then into the store, looked at, recorded."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from fastapi import Request

from pipelines.core.errors import StorageUnavailableError
from pipelines.core.files import FileStore, IncomingFile, StoredFile
from pipelines.core.names import file_name_of
from pipelines.core.postgres import Database
from pipelines.core.stored_files import drop_unreferenced
from serving.materials.form import Field, FileBegins, read_form
from serving.problems import ProblemError

BLOCK = 1 << 20
"""Bytes that are written at a time, in a thread."""


@dataclass(frozen=True, slots=True)
class TakenFile:
    """A file of a form that is in the store. `name` is a name for a file and no path."""

    name: str
    stored: StoredFile


@dataclass(slots=True)
class Form:
    """What a form brought: its fields, each with all its values, and its files."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, TakenFile] = field(default_factory=dict)


@asynccontextmanager
async def taken_form(
    request: Request,
    *,
    database: Database,
    files: FileStore,
    largest: Mapping[str, int],
    admit: Callable[[Mapping[str, list[str]]], Awaitable[None]],
    instead: str | None = None,
) -> AsyncIterator[Form]:
    """The form of a request, its files in the store; what no row names when the context is left does not stay.

    Args:
        largest: the files there may be, by their field, and how many bytes each may have.
        instead: the field that may stand for the file; None: none may.
        admit: is given the fields before the first byte of a file is read, and raises where they are not welcome.

    Raises:
        ProblemError: `bad_form`, `file_missing`, and what `admit` raises.
        UnreadableFileError: a file is empty or too large.
        PermanentError: a name is none (`bad_name`).
        StorageUnavailableError
    """
    form, admitted = Form(), False
    reading = read_form(request)
    try:
        async for event in reading:
            if isinstance(event, Field):
                if form.files:
                    raise ProblemError("bad_form")
                form.fields.setdefault(event.name, []).append(event.value)
            elif isinstance(event, FileBegins):
                if event.name not in largest or event.name in form.files:
                    raise ProblemError("bad_form")
                if not admitted:
                    await admit(form.fields)
                    admitted = True
                name = file_name_of(event.file_name)
                form.files[event.name] = TakenFile(name, await _store(reading, files, largest[event.name]))
        if "file" not in form.files and instead not in form.fields:
            raise ProblemError("file_missing")
        if not admitted:
            await admit(form.fields)
        yield form
    finally:
        new = [taken.stored.sha256 for taken in form.files.values() if not taken.stored.existed]
        with suppress(StorageUnavailableError):  # what stays is swept later
            await asyncio.to_thread(drop_unreferenced, database, files, new)


async def _store(reading: AsyncIterator[object], files: FileStore, max_bytes: int) -> StoredFile:
    """The file that has begun, in the store."""
    incoming: IncomingFile = await asyncio.to_thread(files.begin, max_bytes=max_bytes)
    try:
        waiting = bytearray()
        async for event in reading:
            if not isinstance(event, bytes):
                break
            waiting += event
            if len(waiting) >= BLOCK:
                await asyncio.to_thread(incoming.write, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(incoming.write, bytes(waiting))
        return await asyncio.to_thread(incoming.finish)
    finally:
        await asyncio.to_thread(incoming.close)
