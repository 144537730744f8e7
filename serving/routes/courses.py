"""Courses: made, listed, found, changed; plain search in one of them, and what a citation opens."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from pipelines.answering.quoting import relevant_hits, where
from pipelines.core.records import Hit, Kind
from serving.accounts.access import get_my_course, list_my_courses
from serving.accounts.asking import Manager, Reader
from serving.chat.parts import clean
from serving.chat.sessions import Source, get_source
from serving.courses.catalogue import change_course, list_open_courses, make_course
from serving.guard import router as guarded
from serving.problems import documented
from serving.schemas.courses import (
    CourseIn,
    CourseList,
    CourseOut,
    CoursePatch,
    OpenCourseList,
    OpenCourseOut,
)
from serving.schemas.passages import HitList, HitOut, SourceOut
from serving.state import State, state_of

router = guarded("/api", tag="courses")


@router.get("/courses", operation_id="listCourses", responses=documented())
async def courses(request: Request, person: Reader) -> CourseList:
    """Every course this person belongs to."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        found = await list_my_courses(connection, person)
    return CourseList(items=[CourseOut.model_validate(course) for course in found])


@router.post("/courses", status_code=201, operation_id="createCourse", responses=documented("invalid_request"))
async def create_course(request: Request, person: Manager, body: CourseIn) -> CourseOut:
    """A new course; who makes it owns it. Two courses may have one name."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        return CourseOut.model_validate(await make_course(connection, person, body.model_dump()))


@router.get("/courses/catalogue", operation_id="searchCatalogue", responses=documented("invalid_request"))
async def catalogue(
    request: Request,
    person: Reader,
    q: Annotated[str, Query(max_length=200, description="Words of the name, code, term or instructor.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OpenCourseList:
    """Courses that anybody signed in may join: `POST /api/courses/{id}/members/me`."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        found = await list_open_courses(connection, person, clean(q).strip(), limit=limit)
    return OpenCourseList(items=[OpenCourseOut.model_validate(each) for each in found])


@router.get("/courses/{course_id}", operation_id="getCourse", responses=documented("not_found", "invalid_request"))
async def course(request: Request, person: Reader, course_id: UUID) -> CourseOut:
    """One course of this person."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        return CourseOut.model_validate(await get_my_course(connection, person, course_id))


@router.patch(
    "/courses/{course_id}",
    operation_id="updateCourse",
    responses=documented("not_found", "not_allowed", "invalid_request"),
)
async def update_course(request: Request, person: Manager, course_id: UUID, body: CoursePatch) -> CourseOut:
    """Change what is given of a course; its owners may."""
    said = body.model_dump(exclude_unset=True)
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        return CourseOut.model_validate(await change_course(connection, person, course_id, said))


@router.get(
    "/courses/{course_id}/search",
    operation_id="searchCourse",
    responses=documented("not_found", "invalid_request", "embedding_mismatch", "provider_unavailable"),
)
async def search(  # noqa: PLR0917  the framework calls it, by name
    request: Request,
    person: Reader,
    course_id: UUID,
    q: Annotated[str, Query(min_length=1, max_length=20_000, description="The question, in a student's words.")],
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    kind: Annotated[list[Kind] | None, Query(description="Only slides, or only speech.")] = None,
    source: Annotated[list[UUID] | None, Query(max_length=100, description="Only these decks and lectures.")] = None,
) -> HitList:
    """The passages that answer a question best, as the chat finds them."""
    state = state_of(request)
    async with state.database.transaction(as_person=person.person) as connection:
        course = await get_my_course(connection, person, course_id)
    question = clean(q)
    hits = await state.searcher.search(
        question,
        course_id=course.id,
        person=person.person,
        limit=limit,
        kinds=tuple(kind or ()),
        source_ids=tuple(source or ()),
    )
    relevant = {hit.chunk_id for hit in relevant_hits(question, hits)}
    return HitList(items=[_hit(state, person.user_id, course.id, hit, hit.chunk_id in relevant) for hit in hits])


@router.get("/sources/{source_id}", operation_id="getSource", responses=documented("not_found", "invalid_request"))
async def source_card(request: Request, person: Reader, source_id: UUID) -> SourceOut:
    """A passage an answer cites: its words as they were, whether they have changed, and links that open it."""
    state = state_of(request)
    async with state.database.transaction(as_person=person.person) as connection:
        source = await get_source(connection, person.user_id, source_id)
    opens = source.shown and not source.removed
    links = media_links(state, person.user_id, source.course_id, source) if opens else {}
    if links and source.image_sha256 and (source.changed or not source.drawn):
        links["image_url"] = state.links.sign(f"/api/sources/{source.id}/image", person.user_id)
    elif links and source.changed:
        links["image_url"] = None  # the page says something else now: no picture is better than that one
    card = {name: getattr(source, name) for name in SourceOut.model_fields if hasattr(source, name)}
    return SourceOut(**card, where=where(source), **{"image_url": None, "media_url": None, **links})


def media_links(state: State, user_id: UUID, course_id: UUID | None, place: Hit | Source) -> dict[str, str | None]:
    """Signed addresses of the slide's picture and of the recording at its minute; None where there is none."""
    course = f"/api/courses/{course_id}"
    image = media = None
    if place.document_id is not None and place.page is not None:
        image = state.links.sign(f"{course}/documents/{place.document_id}/pages/{place.page}/image", user_id)
    if place.lecture_id is not None:
        media = state.links.sign(f"{course}/lectures/{place.lecture_id}/media", user_id)
        media += f"#t={(place.start_ms or 0) / 1000:g}"
    return {"image_url": image, "media_url": media}


def _hit(state: State, user_id: UUID, course_id: UUID, hit: Hit, relevant: bool) -> HitOut:
    links = media_links(state, user_id, course_id, hit)
    card = {name: getattr(hit, name) for name in HitOut.model_fields if hasattr(hit, name)}
    return HitOut(**card, where=where(hit), relevant=relevant, **links)
