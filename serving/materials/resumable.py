"""Uploads in pieces: bodies added to their partial files, and what is whole taken as any other upload is."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar, TypeVarTuple
from uuid import UUID

from fastapi import Request
from starlette.requests import ClientDisconnect

from pipelines.core.admission import MB
from pipelines.core.errors import PermanentError, StorageUnavailableError
from pipelines.core.names import file_name_of
from pipelines.core.partial.files import PartialFile
from pipelines.core.partial.uploads import PartialUpload, give_up_partial_upload
from pipelines.core.settings import Settings
from pipelines.core.stored_files import drop_unreferenced
from pipelines.core.uploads import DOCUMENT, KINDS
from serving.accounts.access import CourseAccess
from serving.accounts.people import Principal
from serving.materials.admitting import Said
from serving.materials.intake import BLOCK, Form, TakenFile
from serving.materials.recording import take
from serving.materials.turns import Turn
from serving.materials.tus import read_metadata
from serving.problems import ProblemError
from serving.state import State

T = TypeVar("T")
Given = TypeVarTuple("Given")

IGNORED = frozenset({"filetype", "name", "type", "relativePath"})
"""Metadata that clients add by themselves; content says what a file is."""


def what_comes(metadata: str) -> tuple[Said, str]:
    """What is to come by Upload-Metadata, and the file's name: `filename`, `kind`, and what a form's fields say.

    Raises:
        ProblemError: `invalid_request`.
        PermanentError: the name is none (`bad_name`).
    """
    found = read_metadata(metadata)
    kind = next((each for each in KINDS if each.noun == found.get("kind")), None)
    if kind is None or "filename" not in found:
        raise ProblemError("invalid_request", field="filename" if kind else "kind")
    rest = {name: [value] for name, value in found.items() if name not in {"filename", "kind", *IGNORED}}
    if "url" in rest:
        raise ProblemError("invalid_request", field="url")
    return Said.read(kind, rest), file_name_of(found["filename"])


def check_length(settings: Settings, said: Said, byte_count: int) -> None:
    """Goes on where a file may have so many bytes.

    Raises:
        ProblemError: `empty_file`, `too_large`.
    """
    largest = settings.pdf_max_mb if said.kind is DOCUMENT else settings.media_max_mb
    if not 0 < byte_count <= largest * MB:
        raise ProblemError("too_large" if byte_count else "empty_file")


async def receive(request: Request, part: PartialFile, turn: Turn, *, left: int) -> None:
    """Add a request's body to a partial file. Whatever came stays when the connection breaks; the disk has it then.

    Args:
        left: bytes that are missing.

    Raises:
        ProblemError: `longer_than_said`, `body_too_large`: nothing of the body is kept. `upload_busy`: a newer request
            has come for this upload.
        StorageUnavailableError
    """
    if turn.requests > 1:
        raise ProblemError("upload_busy", retry_after_s=1)
    begun_at, waiting = part.byte_count, bytearray()
    try:
        with suppress(ClientDisconnect):
            async with asyncio.timeout(None) as turn.reading:
                async for piece in request.stream():
                    left -= len(piece)
                    if left < 0:
                        raise ProblemError("longer_than_said")
                    waiting += piece
                    if len(waiting) >= BLOCK:
                        block, waiting = bytes(waiting), bytearray()
                        await whole(part.append, block)
    except TimeoutError:
        raise ProblemError("upload_busy", retry_after_s=1) from None
    except ProblemError:
        waiting.clear()
        await whole(part.cut, begun_at)
        raise
    finally:
        turn.reading = None
        await whole(part.append, bytes(waiting))
        await whole(part.sync)


async def finish(
    state: State, person: Principal, upload: PartialUpload, part: PartialFile, course: CourseAccess
) -> UUID:
    """Take an upload that is whole: the id of the document or lecture it became. What is refused is given up.

    Raises:
        ProblemError, PermanentError: as `recording.take`.
        StorageUnavailableError: it stays and can be taken later.
    """
    stores = state.core.stores
    said, name = what_comes(upload.metadata)
    stored = await whole(stores.files.add_whole, part.path)
    form = Form(files={"file": TakenFile(name, stored)})
    try:
        became, _ = await take(state.core, said.sending(person, course, form, partial_id=upload.id))
    except (PermanentError, ProblemError):
        await give_up(state, person, upload.id)
        raise
    finally:
        if not stored.existed:
            with suppress(StorageUnavailableError):  # what stays is swept later
                await asyncio.to_thread(drop_unreferenced, stores.database, stores.files, [stored.sha256])
    await asyncio.to_thread(stores.files.partial.remove, upload.id)
    return became


async def give_up(state: State, person: Principal, upload_id: UUID) -> bool:
    """Remove an upload in pieces and its bytes; False: they have none of that id."""
    work = partial(give_up_partial_upload, upload_id=upload_id, user_id=person.user_id)
    if not await state.core.run(person, work):
        return False
    await asyncio.to_thread(state.core.stores.files.partial.remove, upload_id)
    return True


async def whole(work: Callable[[*Given], T], *given: *Given) -> T:
    """What `work` answers from a thread; to its end, also where the request is cancelled meanwhile: two writes at once
    would mix their bytes."""
    task = asyncio.ensure_future(asyncio.to_thread(work, *given))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
