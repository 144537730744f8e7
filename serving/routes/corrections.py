"""Corrections by teachers, reports of wrong sources by readers, and the health of a course that shows both."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Path, Request
from fastapi.responses import Response

from pipelines.answering.proposals import review
from pipelines.core.access import teaches
from pipelines.core.reading.corrections import correct_page, correct_segment, undo_page, undo_segment
from pipelines.core.reading.course_health import report_source, settle_report
from serving.accounts.access import CourseAccess, allowed, get_my_course
from serving.accounts.asking import Asker, Manager, Reader, Uploader
from serving.accounts.people import Principal
from serving.chat.sessions import get_source
from serving.courses.health import health_of
from serving.guard import router as guarded
from serving.problems import documented
from serving.schemas.corrections import (
    CourseHealthOut,
    LineCorrectionIn,
    PageCorrectionIn,
    ReportIn,
    ReportMadeOut,
    ReviewedOut,
    ReviewIn,
)
from serving.state import State, state_of

router = guarded("/api", tag="corrections")

Number = Annotated[int, Path(ge=1, le=1_000_000)]

_CHANGED = documented("not_found", "not_allowed", "invalid_request")


@router.put("/documents/{upload_id}/pages/{page}/text", status_code=204, operation_id="correctPage", responses=_CHANGED)
async def correct(
    request: Request, person: Uploader, upload_id: UUID, page: Number, body: PageCorrectionIn
) -> Response:
    """Correct the heading or the text of a page, over an earlier correction; searches find it within a minute.

    It stays when the deck is processed again, and where a new version says the same on this page.
    """
    act = partial(correct_page, document_id=upload_id, page=page, title=body.title, text=body.text)
    await state_of(request).core.run(person, partial(act, person=person.person))
    return Response(status_code=204)


@router.delete("/documents/{upload_id}/pages/{page}/text", status_code=204, operation_id="undoPage", responses=_CHANGED)
async def undo(request: Request, person: Uploader, upload_id: UUID, page: Number) -> Response:
    """Undo the correction of a page: it is as it was read again."""
    act = partial(undo_page, document_id=upload_id, page=page, person=person.person)
    await state_of(request).core.run(person, act)
    return Response(status_code=204)


@router.put("/lectures/{upload_id}/segments/{number}", status_code=204, operation_id="correctLine", responses=_CHANGED)
async def correct_line(
    request: Request, person: Uploader, upload_id: UUID, number: Number, body: LineCorrectionIn
) -> Response:
    """Correct a line of a transcript."""
    act = partial(correct_segment, lecture_id=upload_id, number=number, text=body.text, person=person.person)
    await state_of(request).core.run(person, act)
    return Response(status_code=204)


@router.delete("/lectures/{upload_id}/segments/{number}", status_code=204, operation_id="undoLine", responses=_CHANGED)
async def undo_line(request: Request, person: Uploader, upload_id: UUID, number: Number) -> Response:
    """Undo the correction of a line: it is as it was heard again."""
    act = partial(undo_segment, lecture_id=upload_id, number=number, person=person.person)
    await state_of(request).core.run(person, act)
    return Response(status_code=204)


@router.post(
    "/sources/{source_id}/reports",
    status_code=201,
    operation_id="reportSource",
    responses=documented("not_found", "invalid_request"),
)
async def report(request: Request, person: Asker, source_id: UUID, body: ReportIn) -> ReportMadeOut:
    """Report a source of one's own answers as wrong. Who teaches the course sees it, and not by whom."""
    state = state_of(request)
    async with state.database.transaction(as_person=person.person) as connection:
        await get_source(connection, person.user_id, source_id)
    act = partial(report_source, source_id=source_id, reason=body.reason.strip(), person=person.person)
    return ReportMadeOut(id=await state.core.run(person, act))


@router.delete(
    "/courses/{course_id}/reports/{report_id}", status_code=204, operation_id="settleReport", responses=_CHANGED
)
async def settle(request: Request, person: Manager, course_id: UUID, report_id: UUID) -> Response:
    """Take a report off the list: it was looked at."""
    state = state_of(request)
    course = await _taught(state, person, course_id)
    act = partial(settle_report, course_id=course.id, report_id=report_id, person=person.person)
    await state.core.run(person, act)
    return Response(status_code=204)


@router.post("/courses/{course_id}/proposals/review", operation_id="reviewProposals", responses=_CHANGED)
async def review_proposals(request: Request, person: Manager, course_id: UUID, body: ReviewIn) -> ReviewedOut:
    """Take proposed questions into the next version of the course's set, or decline them: all that are named, or none.

    What was shared from a chat or drafted by a model is never evaluated with before."""
    state = state_of(request)
    course = await _taught(state, person, course_id)
    take = {each.id: each.places for each in body.take}
    act = partial(review, course_id=course.id, take=take, decline=body.decline)
    return ReviewedOut.model_validate(await state.core.run(person, act))


@router.get("/courses/{course_id}/health", operation_id="getCourseHealth", responses=_CHANGED)
async def health(request: Request, person: Reader, course_id: UUID) -> CourseHealthOut:
    """What of the course wants a teacher: unread pages, lectures without slides, questions that found nothing (without
    names), sources reported as wrong."""
    state = state_of(request)
    return await health_of(state, person, await _taught(state, person, course_id))


async def _taught(state: State, person: Principal, course_id: UUID) -> CourseAccess:
    """A course of this person that they teach.

    Raises:
        ProblemError: `not_found`, `not_allowed`.
    """
    async with state.database.transaction(as_person=person.person) as connection:
        course = await get_my_course(connection, person, course_id)
    allowed(teaches(course.role))
    return course
