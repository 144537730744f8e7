"""Answers to readers of a deck or a lecture, put together from core's records."""

from collections import defaultdict
from functools import partial
from uuid import UUID

from pipelines.core.reading.readers import Line, Said, find_watched, put_watched, read_deck_pages, read_talk
from pipelines.core.records import Segment
from pipelines.steps.captions.formats import to_vtt
from serving.accounts.people import Principal
from serving.materials.chapters import chapters_of
from serving.schemas.readers import (
    ChapterOut,
    DeckOut,
    LineOut,
    PageFindingOut,
    PageOut,
    PlaceOut,
    SaidOut,
    ShownPageOut,
    TranscriptOut,
)
from serving.state import State


async def deck_of(state: State, person: Principal, document_id: UUID) -> DeckOut:
    """A deck with all its pages.

    Raises:
        NotFoundError: there is none for them.
    """
    deck = await state.core.run(person, partial(read_deck_pages, document_id=document_id, person=person.person))
    said, findings = defaultdict[int, list[Said]](list), defaultdict[int, list[PageFindingOut]](list)
    for each in deck.said:
        said[each.page].append(each)
    for finding in deck.findings:
        findings[finding.page].append(PageFindingOut.model_validate(finding))
    items = [
        PageOut(
            **{name: getattr(page, name) for name in PageOut.model_fields if hasattr(page, name)},
            findings=findings[page.page],
            said=[SaidOut.model_validate(each) for each in said[page.page]],
            image_url=picture_of(state, person, deck.course_id, document_id, page.page) if page.has_picture else None,
        )
        for page in deck.pages
    ]
    return DeckOut(
        course_id=deck.course_id,
        title=deck.title,
        read_title=deck.read_title,
        file_name=deck.file_name,
        items=items,
    )


async def transcript_of(state: State, person: Principal, lecture_id: UUID) -> TranscriptOut:
    """What was said in a lecture, which slides were up, and its chapters.

    Raises:
        NotFoundError: there is none for them.
    """
    talk, lines, pages = await state.core.run(person, partial(read_talk, lecture_id=lecture_id, person=person.person))
    duration_ms = talk.duration_ms or max((page.end_ms for page in pages), default=0)
    slides = [
        ShownPageOut(
            **{name: getattr(page, name) for name in ShownPageOut.model_fields if hasattr(page, name)},
            image_url=picture_of(state, person, talk.course_id, page.document_id, page.page),
        )
        for page in pages
    ]
    media = f"/api/courses/{talk.course_id}/lectures/{lecture_id}/media" if talk.has_media else None
    return TranscriptOut(
        course_id=talk.course_id,
        title=talk.title,
        read_title=talk.read_title,
        file_name=talk.file_name,
        duration_ms=talk.duration_ms,
        source=talk.source,
        language=talk.language,
        items=[LineOut.model_validate(line) for line in lines],
        slides=slides,
        chapters=[ChapterOut.model_validate(chapter) for chapter in chapters_of(pages, duration_ms)],
        media_url=state.links.sign(media, person.user_id) if media else None,
        captions_url=state.links.sign(f"/api/lectures/{lecture_id}/captions.vtt", person.user_id),
    )


async def captions_of(state: State, person: Principal, lecture_id: UUID) -> str:
    """What was said in a lecture, as WebVTT for players; no cue where nothing was transcribed.

    Raises:
        NotFoundError: there is none for them.
    """
    _, lines, _ = await state.core.run(person, partial(read_talk, lecture_id=lecture_id, person=person.person))
    return to_vtt(_segment(line) for line in lines)


async def place_in(state: State, person: Principal, lecture_id: UUID, position_ms: int | None = None) -> PlaceOut:
    """Where somebody stopped watching a lecture, remembered first where a position is given.

    Raises:
        NotFoundError: it is not there for them.
    """
    act = find_watched if position_ms is None else partial(put_watched, position_ms=position_ms)
    watched = await state.core.run(person, lambda connection: act(connection, lecture_id, person=person.person))
    return PlaceOut.model_validate(watched) if watched is not None else PlaceOut(position_ms=0, updated_at=None)


def picture_of(state: State, person: Principal, course_id: UUID, document_id: UUID, page: int) -> str:
    """The signed address of a page's picture."""
    path = f"/api/courses/{course_id}/documents/{document_id}/pages/{page}/image"
    return state.links.sign(path, person.user_id)


def _segment(line: Line) -> Segment:
    return Segment(start_ms=line.start_ms, end_ms=line.end_ms, text=line.text, speaker=line.speaker)
