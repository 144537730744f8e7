"""Slide images and recordings: with the bearer token, or by a signed link for `<img>` and `<video>`."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from fastapi.responses import Response

from pipelines.core.errors import StorageUnavailableError
from serving.accounts.access import get_my_course
from serving.accounts.asking import Viewer
from serving.accounts.people import Principal
from serving.chat.pictures import bytes_of
from serving.chat.sessions import check_id
from serving.database import row
from serving.guard import router as guarded
from serving.materials.media import SLIDE_TYPE, Watch, fixed_headers, media_type, stored_file
from serving.materials.thumbnails import Width
from serving.problems import ProblemError, documented
from serving.state import state_of

router = guarded("/api", tag="media")

_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}},
    206: {"description": "The range asked for."},
}


@router.get(
    "/courses/{course_id}/documents/{document_id}/pages/{page}/image",
    operation_id="getSlideImage",
    response_class=Response,
    responses={**documented("not_found", "link_expired", "range_not_satisfiable", "invalid_request"), **_BYTES},
)
async def slide_image(  # noqa: PLR0917  the framework calls it, by name
    request: Request,
    person: Viewer,
    course_id: UUID,
    document_id: UUID,
    page: Annotated[int, Path(ge=1, le=100_000)],
    width: Annotated[Width | None, Query(description="Pixels; not given: as it was drawn.")] = None,
) -> Response:
    """The picture of a slide (WebP), as it was drawn or narrower."""
    found = await _find(request, person, "slide_image", course_id=course_id, document_id=document_id, page=page)
    state, sha256 = state_of(request), found["image_sha256"]
    if width is not None:
        return await state.thumbnails.respond(sha256, width, request.headers)
    return await stored_file(state.files, sha256, content_type=SLIDE_TYPE, headers=request.headers)


@router.get(
    "/courses/{course_id}/lectures/{lecture_id}/media",
    operation_id="getRecording",
    response_class=Response,
    responses={**documented("not_found", "link_expired", "range_not_satisfiable", "invalid_request"), **_BYTES},
)
async def recording(request: Request, person: Viewer, course_id: UUID, lecture_id: UUID) -> Response:
    """The recording of a lecture; players ask for ranges of it. It is cut when who reads it may see it no more."""
    state = state_of(request)

    async def find() -> dict[str, Any]:
        return await _find(request, person, "lecture_media", course_id=course_id, lecture_id=lecture_id)

    async def allowed() -> bool:
        try:
            await find()
        except ProblemError:
            return False
        except StorageUnavailableError:
            pass  # who could not be asked has not lost it
        return True

    found = await find()
    kind, watch = media_type(found["file_name"]), Watch(allowed=allowed, every_s=state.limits.watch_s)
    return await stored_file(
        state.files, found["media_sha256"], content_type=kind, headers=request.headers, watch=watch
    )


@router.get(
    "/sources/{source_id}/image",
    operation_id="getCitedImage",
    response_class=Response,
    responses={**documented("not_found", "link_expired", "range_not_satisfiable", "invalid_request"), **_BYTES},
)
async def cited_image(request: Request, person: Viewer, source_id: UUID) -> Response:
    """The picture of the page (WebP) that an answer cited, as it was then: also when the deck has a new version."""
    state = state_of(request)
    async with state.database.transaction(as_person=person.person) as connection:
        found = await row(connection, "find_cited_picture", user_id=person.user_id, source_id=source_id)
    if found is None:
        raise ProblemError("not_found")
    return await stored_file(state.files, found["image_sha256"], content_type=SLIDE_TYPE, headers=request.headers)


@router.get(
    "/sessions/{chat_id}/pictures/{message_key}/{number}",
    operation_id="getSentPicture",
    response_class=Response,
    responses={**documented("not_found", "link_expired", "invalid_request"), **_BYTES},
)
async def sent_picture(
    request: Request,
    person: Viewer,
    chat_id: str,
    message_key: UUID,
    number: Annotated[int, Path(ge=0, le=1000)],
) -> Response:
    """A picture that its person sent with a question in a former deployment."""
    names = {"client_id": check_id(chat_id), "message_key": message_key, "number": number}
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        found = await row(connection, "find_sent_picture", user_id=person.user_id, **names)
    picture = bytes_of(found["part"]) if found is not None and found["part"] is not None else None
    if picture is None:
        raise ProblemError("not_found")
    fixed = fixed_headers(f'"{message_key}-{number}"')
    if fixed["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=fixed)
    return Response(picture[0], headers=fixed, media_type=picture[1])


async def _find(
    request: Request, person: Principal, name: str, *, course_id: UUID, **ids: UUID | int
) -> dict[str, Any]:
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        course = await get_my_course(connection, person, course_id)
        found = await row(connection, name, course_id=course.id, person_id=person.user_id, **ids)
    if found is None:
        raise ProblemError("not_found")
    return found
