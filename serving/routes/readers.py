"""Readers of decks and lectures: pages and where each was spoken about, transcripts, captions, where one stopped."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from serving.accounts.access import get_my_course
from serving.accounts.asking import Asker, Reader, Viewer
from serving.database import rows
from serving.guard import router as guarded
from serving.materials.readers import captions_of, deck_of, place_in, transcript_of
from serving.materials.suggestions import Heading, suggest
from serving.problems import documented
from serving.schemas.readers import DeckOut, PlaceIn, PlaceOut, SuggestionList, SuggestionOut, TranscriptOut
from serving.state import state_of

router = guarded("/api", tag="readers")

DECKS_ASKED = 20
"""Decks whose headings are looked through: what a course is about now stands in its newest."""

_FOUND = documented("not_found", "invalid_request")
_VTT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/vtt": {"schema": {"type": "string"}}}}}


@router.get("/documents/{upload_id}/pages", operation_id="listPages", responses=_FOUND)
async def pages(request: Request, person: Reader, upload_id: UUID) -> DeckOut:
    """The pages of a deck: text, headings, what could not be read, and when each was up in a lecture.

    To search in one deck ask `GET /api/courses/{id}/search?source=` of it.
    """
    return await deck_of(state_of(request), person, upload_id)


@router.get("/lectures/{upload_id}/transcript", operation_id="getTranscript", responses=_FOUND)
async def transcript(request: Request, person: Reader, upload_id: UUID) -> TranscriptOut:
    """What was said in a lecture, which page was up when, and its chapters."""
    return await transcript_of(state_of(request), person, upload_id)


@router.get(
    "/lectures/{upload_id}/captions.vtt",
    operation_id="getCaptions",
    response_class=Response,
    responses=_VTT | documented("not_found", "link_expired", "invalid_request"),
)
async def captions(request: Request, person: Viewer, upload_id: UUID) -> Response:
    """What was said in a lecture as WebVTT, for the `<track>` of a player."""
    text = await captions_of(state_of(request), person, upload_id)
    return Response(text, media_type="text/vtt", headers={"cache-control": "private, no-cache"})


@router.get("/lectures/{upload_id}/place", operation_id="getPlace", responses=_FOUND)
async def place(request: Request, person: Reader, upload_id: UUID) -> PlaceOut:
    """Where one stopped watching a lecture."""
    return await place_in(state_of(request), person, upload_id)


@router.put("/lectures/{upload_id}/place", operation_id="putPlace", responses=_FOUND)
async def remember_place(request: Request, person: Asker, upload_id: UUID, body: PlaceIn) -> PlaceOut:
    """Remember where one stopped watching a lecture."""
    return await place_in(state_of(request), person, upload_id, body.position_ms)


@router.get("/courses/{course_id}/suggestions", operation_id="listSuggestions", responses=_FOUND)
async def suggestions(
    request: Request, person: Reader, course_id: UUID, limit: Annotated[int, Query(ge=1, le=10)] = 3
) -> SuggestionList:
    """Headings of the course's decks that a first question may be about."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        course = await get_my_course(connection, person, course_id)
        key = {"course_id": course.id, "person_id": person.user_id, "decks": DECKS_ASKED}
        found = await rows(connection, "list_headings", **key)
    chosen = suggest([Heading(**each) for each in found], limit)
    return SuggestionList(items=[SuggestionOut(heading=each.title, **_place(each)) for each in chosen])


def _place(heading: Heading) -> dict[str, Any]:
    return {"document_id": heading.document_id, "file_name": heading.file_name, "page": heading.page}
