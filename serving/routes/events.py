"""News of a course: what becomes of its uploads, as server-sent events."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Request
from fastapi.responses import StreamingResponse

from serving.accounts.access import get_my_course
from serving.accounts.asking import Reader
from serving.guard import router as guarded
from serving.materials.news import news_of
from serving.problems import documented
from serving.state import state_of

router = guarded("/api/courses", tag="events")

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `uploads` (all of them), `upload` (one that changed), `gone` (an id).",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/{course_id}/events",
    operation_id="watchCourse",
    response_class=StreamingResponse,
    responses=documented("not_found", "invalid_request") | _STREAM,
)
async def watch(
    request: Request,
    person: Reader,
    course_id: UUID,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> StreamingResponse:
    """What becomes of the uploads that this person sees: all of them at first, then each that changes.

    Who comes back with `Last-Event-ID` is told what they missed, and nothing where they missed nothing. The stream ends
    when they leave the course.
    """
    state = state_of(request)
    async with state.database.transaction(as_person=person.person) as connection:
        course = await get_my_course(connection, person, course_id)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    told = news_of(state, person, course.id, last_event_id)
    return StreamingResponse(told, media_type="text/event-stream", headers=headers)
