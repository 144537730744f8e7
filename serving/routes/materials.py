"""Decks and lectures of courses: listed, looked at, offered, published, renamed, moved, processed again, deleted."""

from collections.abc import Callable
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from pipelines.core.postgres import Connection
from pipelines.core.publishing import delete as delete_upload
from pipelines.core.publishing import offer as offer_upload
from pipelines.core.publishing import place_of
from pipelines.core.publishing import publish as publish_upload
from pipelines.core.publishing import withdraw as withdraw_upload
from pipelines.core.reading.corrections import correct_title, undo_title
from pipelines.core.uploads import DOCUMENT, LECTURE, UploadKind
from serving.accounts.access import get_my_course
from serving.accounts.asking import Reader, Uploader
from serving.accounts.people import Principal
from serving.guard import router as guarded
from serving.materials.managing import Change
from serving.materials.shown import get_shown, list_shown
from serving.problems import documented
from serving.schemas.corrections import TitleCorrectionIn
from serving.schemas.uploads import PasswordIn, PublishIn, UploadList, UploadOut, UploadPatch
from serving.state import State, state_of

CourseId = Annotated[UUID, Query(alias="courseId", description="The course.")]

_CHANGED = documented("not_found", "not_allowed", "invalid_request")
_OFFERED = documented("not_found", "not_allowed", "invalid_request", "published")
_RENAMED = documented("not_found", "not_allowed", "invalid_request", "bad_name", "same_name", "not_published")
_WITHDRAWN = documented("not_found", "not_allowed", "invalid_request", "no_owner")


def _routes(kind: UploadKind, plural: str, noun: str) -> APIRouter:
    """The routes of one kind of upload, which are the same for both."""
    router = guarded(f"/api/{plural}", tag=plural)

    @router.get("", operation_id=f"list{noun}s", responses=documented("not_found", "invalid_request"))
    async def list_uploads(request: Request, person: Reader, course_id: CourseId) -> UploadList:
        """Those of a course that this person sees, by name."""
        state = state_of(request)
        async with state.database.transaction(as_person=person.person) as connection:
            course = await get_my_course(connection, person, course_id)
        found = await list_shown(state.core, person, course.id)
        return UploadList(items=[each for each in found if each.kind == kind.noun])

    @router.get("/{upload_id}", operation_id=f"get{noun}", responses=documented("not_found", "invalid_request"))
    async def get_upload(request: Request, person: Reader, upload_id: UUID) -> UploadOut:
        """One, with its stages and what of it could not be read."""
        return await get_shown(state_of(request).core, person, kind, upload_id)

    @router.patch("/{upload_id}", operation_id=f"update{noun}", responses=_RENAMED)
    async def update_upload(request: Request, person: Uploader, upload_id: UUID, body: UploadPatch) -> UploadOut:
        """Rename it, date its release, or move it to another course."""
        state, given = state_of(request), body.model_fields_set

        def change(connection: Connection) -> None:
            place_of(connection, person.person, kind, upload_id)
            changing = Change(connection, state.core.stores, kind, upload_id, person.person)
            if "file_name" in given:
                changing.rename(body.file_name)
            if "release_at" in given:
                changing.release(body.release_at)

        await state.core.run(person, change)
        now = upload_id
        if body.course_id is not None:
            now = await _move(state, person, kind, upload_id, body.course_id)
        return await get_shown(state.core, person, kind, now)

    @router.delete("/{upload_id}", status_code=204, operation_id=f"delete{noun}", responses=_CHANGED)
    async def delete(request: Request, person: Uploader, upload_id: UUID) -> Response:
        """Delete it: nothing of it is found any more; its files go within a minute."""
        return await _done(request, person, kind, upload_id, delete_upload)

    @router.post("/{upload_id}/offer", status_code=204, operation_id=f"offer{noun}", responses=_OFFERED)
    async def offer(request: Request, person: Uploader, upload_id: UUID) -> Response:
        """Offer one's own private one to the course: who teaches it sees it until they publish or decline it."""
        return await _done(request, person, kind, upload_id, offer_upload)

    @router.delete("/{upload_id}/offer", status_code=204, operation_id=f"takeBack{noun}", responses=_OFFERED)
    async def take_back(request: Request, person: Uploader, upload_id: UUID) -> Response:
        """Take the offer back."""
        return await _done(request, person, kind, upload_id, partial(offer_upload, offered=False))

    @router.post("/{upload_id}/publish", status_code=204, operation_id=f"publish{noun}", responses=_CHANGED)
    async def publish(request: Request, person: Uploader, upload_id: UUID, body: PublishIn | None = None) -> Response:
        """Make it the course's: one's own, or one that was offered. Who teaches may."""
        act = partial(publish_upload, release_at=body.release_at if body is not None else None)
        return await _done(request, person, kind, upload_id, act)

    @router.post("/{upload_id}/unpublish", status_code=204, operation_id=f"unpublish{noun}", responses=_WITHDRAWN)
    async def unpublish(request: Request, person: Uploader, upload_id: UUID) -> Response:
        """Take it from the course: it is its owner's alone again. Who teaches may."""
        return await _done(request, person, kind, upload_id, withdraw_upload)

    @router.post("/{upload_id}/decline", status_code=204, operation_id=f"decline{noun}", responses=_WITHDRAWN)
    async def decline(request: Request, person: Uploader, upload_id: UUID) -> Response:
        """Decline what was offered: it is its owner's alone again. Who teaches may."""
        return await _done(request, person, kind, upload_id, withdraw_upload)

    @router.post("/{upload_id}/reprocess", status_code=204, operation_id=f"reprocess{noun}", responses=_CHANGED)
    async def reprocess(request: Request, person: Uploader, upload_id: UUID) -> Response:
        """Have the same file processed again; what readers see of it stays until then."""
        return await _changed(request, person, kind, upload_id, Change.reprocess)

    @router.put("/{upload_id}/title", status_code=204, operation_id=f"correct{noun}Title", responses=_CHANGED)
    async def correct(request: Request, person: Uploader, upload_id: UUID, body: TitleCorrectionIn) -> Response:
        """Correct its title, over an earlier correction; processing it again keeps it, and its file keeps its name."""
        return await _done(request, person, kind, upload_id, partial(correct_title, title=body.title))

    @router.delete("/{upload_id}/title", status_code=204, operation_id=f"undo{noun}Title", responses=_CHANGED)
    async def undo(request: Request, person: Uploader, upload_id: UUID) -> Response:
        """Undo the correction of its title: it is as it was read again."""
        return await _done(request, person, kind, upload_id, undo_title)

    return router


documents = _routes(DOCUMENT, "documents", "Document")
lectures = _routes(LECTURE, "lectures", "Lecture")


@documents.post("/{upload_id}/unlock", status_code=204, operation_id="unlockDocument", responses=_CHANGED)
async def unlock(request: Request, person: Uploader, upload_id: UUID, body: PasswordIn) -> Response:
    """Give the password of a protected PDF; it is processed again."""
    password = body.password.get_secret_value()
    return await _changed(request, person, DOCUMENT, upload_id, lambda change: change.unlock(password))


async def _done(
    request: Request, person: Principal, kind: UploadKind, upload_id: UUID, act: Callable[..., None]
) -> Response:
    """An act of core on an upload, which asks itself whether it is theirs to do."""
    await state_of(request).core.run(person, partial(act, person=person.person, kind=kind, upload_id=upload_id))
    return Response(status_code=204)


async def _changed(
    request: Request, person: Principal, kind: UploadKind, upload_id: UUID, act: Callable[[Change], None]
) -> Response:
    core = state_of(request).core
    await core.run(person, lambda connection: act(Change(connection, core.stores, kind, upload_id, person.person)))
    return Response(status_code=204)


async def _move(state: State, person: Principal, kind: UploadKind, upload_id: UUID, course_id: UUID) -> UUID:
    def move(connection: Connection) -> UUID:
        return Change(connection, state.core.stores, kind, upload_id, person.person).move(course_id)

    return await state.core.run(person, move)
