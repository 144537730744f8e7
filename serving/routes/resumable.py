"""Uploads in pieces (tus 1.0.0): begun, asked about, gone on with after a broken connection, given up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Header, Request
from fastapi.responses import Response

from pipelines.core.admission import MB
from pipelines.core.partial.files import PartialFile
from pipelines.core.partial.uploads import PartialUpload, begin_partial_upload, keep_partial_upload
from pipelines.core.settings import Settings
from serving.accounts.access import CourseAccess
from serving.accounts.asking import Uploader
from serving.accounts.people import Principal
from serving.guard import router as guarded
from serving.guard import takes
from serving.materials.admitting import one_of_few
from serving.materials.resumable import check_length, finish, give_up, receive, what_comes
from serving.materials.turns import Turn
from serving.materials.tus import EXTENSIONS, PIECE, VERSION, TusRoute, headers_of
from serving.problems import ProblemError, documented
from serving.state import State, state_of

router = guarded("/api/uploads", tag="uploads", route_class=TusRoute)

MOST_BYTES = 2**53
"""Largest number that every client can write."""

_SPOKEN = ("method_override", "tus_version", "invalid_request")
_TAKEN = (
    "same_name", "empty_file", "unknown_kind", "too_large", "not_a_pdf", "not_media", "bad_name", "person_quota",
    "course_quota", "not_found", "not_allowed",
)  # fmt: skip
_TURNS = ("upload_busy",)
_BYTES = {"type": "string", "format": "binary"}


def _largest(settings: Settings) -> int:
    return max(settings.pdf_max_mb, settings.media_max_mb) * MB


@router.options("", status_code=204, operation_id="describeUploads", responses=documented(*_SPOKEN))
async def describe(request: Request, person: Uploader) -> Response:  # noqa: ARG001  says who may ask
    """What of tus is spoken here."""
    said = {"tus-version": VERSION, "tus-extension": EXTENSIONS}
    return Response(status_code=204, headers=said | {"tus-max-size": str(_largest(state_of(request).settings))})


@router.post(
    "", status_code=201, operation_id="beginUpload", responses=documented(*_SPOKEN, *_TAKEN, "too_many_uploads")
)
async def begin(
    request: Request,
    person: Uploader,
    upload_length: Annotated[int, Header(ge=0, le=MOST_BYTES)],
    upload_metadata: Annotated[str, Header(description="`filename`, `courseId`, `kind`: document or lecture; and "
                                           "`published`, `deckIds` as in a form. Values in base64.")],
) -> Response:  # fmt: skip
    """Begin an upload of so many bytes; `Location` says where they go. Two days without a piece end it.

    All that a form would be refused for is refused here, before a byte is sent: who may not, too large, no room left.
    """
    state = state_of(request)
    said, _ = what_comes(upload_metadata)
    check_length(state.core.stores.settings, said, upload_length)
    course = await said.admit(state, person)
    work = partial(
        begin_partial_upload, settings=state.core.stores.settings, user_id=person.user_id, course_id=course.id,
        metadata=upload_metadata, byte_count=upload_length, counted=not person.local,
        most=state.limits.partial_uploads_per_user,
    )  # fmt: skip
    upload = await state.core.run(person, work)
    return Response(status_code=201, headers={"location": f"/api/uploads/{upload.id}", **headers_of(upload)})


@router.head(
    "/{upload_id}", operation_id="askUpload", responses=documented(*_SPOKEN, *_TAKEN, *_TURNS), response_class=Response
)
async def ask(request: Request, person: Uploader, upload_id: UUID) -> Response:
    """How far an upload has come: `Upload-Offset`, what is safely kept. One that is whole and not taken yet is taken.

    `Content-Location` is the document or lecture that it became.
    """
    async with _at(state_of(request), person, upload_id) as found:
        upload = found.upload
        became = await found.taken()
        more = {"upload-length": str(upload.byte_count), "upload-metadata": upload.metadata}
        return Response(headers={**headers_of(upload, offset=found.offset), **more, **became})


@router.patch(
    "/{upload_id}",
    status_code=204,
    operation_id="continueUpload",
    openapi_extra={"requestBody": {"required": True, "content": {PIECE: {"schema": _BYTES}}}},
    responses=documented(*_SPOKEN, *_TAKEN, *_TURNS, "wrong_offset", "longer_than_said", "wrong_body",
                         "body_too_large", "too_many_uploads"),
)  # fmt: skip
@takes(PIECE, largest=_largest)
async def go_on(
    request: Request,
    person: Uploader,
    upload_id: UUID,
    upload_offset: Annotated[int, Header(ge=0, le=MOST_BYTES)],
) -> Response:
    """Send on from `Upload-Offset`. What comes before a connection breaks is kept.

    With its last byte the upload is taken as a form's is: `Content-Location` is what it became. What is refused then is
    given up.
    """
    state = state_of(request)
    with one_of_few(state, person):
        async with _at(state, person, upload_id) as found:
            left = found.upload.byte_count - found.offset
            if upload_offset != found.offset:
                raise ProblemError("wrong_offset")
            if int(request.headers.get("content-length", 0)) > left:
                raise ProblemError("longer_than_said")
            if found.part is not None:
                await receive(request, found.part, found.turn, left=left)
            became = await found.taken()
            return Response(status_code=204, headers={**headers_of(found.upload, offset=found.offset), **became})


@router.delete(
    "/{upload_id}", status_code=204, operation_id="giveUpUpload", responses=documented(*_SPOKEN, "not_found")
)
async def end(request: Request, person: Uploader, upload_id: UUID) -> Response:
    """Give an upload up; what it became, if it was whole, stays."""
    state = state_of(request)
    async with state.turns.turn(upload_id):
        if not await give_up(state, person, upload_id):
            raise ProblemError("not_found")
    return Response(status_code=204)


@dataclass(kw_only=True)
class _Found:
    """A person's upload while a request is at it. `part` None: it has become something."""

    state: State
    person: Principal
    course: CourseAccess
    upload: PartialUpload
    part: PartialFile | None
    turn: Turn

    @property
    def offset(self) -> int:
        """Bytes that are kept."""
        return self.upload.byte_count if self.part is None else self.part.byte_count

    async def taken(self) -> dict[str, str]:
        """The header that says what it became, which happens now where it has just become whole; empty: it is not."""
        became = self.upload.upload_id
        if self.part is not None:
            if self.offset < self.upload.byte_count:
                return {}
            became = await finish(self.state, self.person, self.upload, self.part, self.course)
        said, _ = what_comes(self.upload.metadata)
        return {"content-location": f"/api/{said.kind.noun}s/{became}"}


@asynccontextmanager
async def _at(state: State, person: Principal, upload_id: UUID) -> AsyncIterator[_Found]:
    """A person's upload, which nobody else is at meanwhile, and whose course they may still bring it to.

    Raises:
        ProblemError, NotFoundError: `not_found`, `not_allowed`.
        PartialFileBusyError: another process is at it.
    """
    async with state.turns.turn(upload_id) as turn:
        upload = await state.core.run(person, partial(keep_partial_upload, upload_id=upload_id, user_id=person.user_id))
        said, _ = what_comes(upload.metadata)
        found = _Found(
            state=state, person=person, course=await said.admit(state, person), upload=upload, part=None, turn=turn
        )
        if upload.upload_id is not None:
            yield found
            return
        with state.core.stores.files.partial.held(upload_id) as part:
            await asyncio.to_thread(part.sync)
            found.part = part
            yield found
