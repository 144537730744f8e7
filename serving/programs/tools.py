"""Tools of MCP: what each does for the person who asks, by the functions that the page's own routes call.

Belongs here: what a tool is, takes and gives, without the protocol around it (`server.py`).
"""

import time
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pipelines.answering.events import Event, Text, ToolCalled
from pipelines.answering.prompts import passages as quoted
from pipelines.answering.quoting import relevant_hits, where
from pipelines.core.records import Hit
from serving.accounts.access import get_my_course, list_my_courses
from serving.accounts.people import CHAT, READ, Principal
from serving.chat.parts import clean
from serving.database import row
from serving.materials.media import SLIDE_TYPE
from serving.materials.readers import deck_of, transcript_of
from serving.problems import ProblemError
from serving.programs import places
from serving.programs.asking import ask, find_course_id
from serving.programs.completions import Completion
from serving.schemas import programs as s
from serving.state import State

Progress = Callable[[float, str], Awaitable[None]]
"""Tells the program how far a tool has come: (characters so far, a few words)."""

TOLD_S = 1.0
"""Pause between words of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who uses a tool. `page`: where browsers reach the page."""

    state: State
    person: Principal
    page: str
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of a tool: words, the same as data, and a picture (media type, base64) where one was asked for."""

    text: str
    data: s.Result
    picture: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool. `scope`: what the person's token must be for."""

    title: str
    description: str
    takes: type[s.Arguments]
    gives: type[s.Result]
    scope: str
    use: Callable[[Asking, Any], Awaitable[Told]]


async def list_courses(asking: Asking, _: s.ListCourses) -> Told:
    """The person's courses."""
    async with asking.state.database.transaction(as_person=asking.person.person) as connection:
        found = await list_my_courses(connection, asking.person)
    items = [
        s.CourseItem(**{name: getattr(course, name) for name in s.CourseItem.model_fields if name != "role"},
                     role=str(course.role)) for course in found
    ]  # fmt: skip
    lines = [f"- {course.name} ({course.id})" for course in items]
    return Told(text="\n".join(lines) or "No courses.", data=s.CourseItems(courses=items))


async def search_course_materials(asking: Asking, wanted: s.SearchMaterials) -> Told:
    """Passages of a course, found as the chat finds them."""
    state, person = asking.state, asking.person
    course_id = await find_course_id(state, person, wanted.course)
    async with state.database.transaction(as_person=person.person) as connection:
        course = await get_my_course(connection, person, course_id)
    kinds = (wanted.kind,) if wanted.kind else ()
    hits = await state.searcher.search(
        wanted.query, course_id=course.id, person=person.person, limit=wanted.limit, kinds=kinds
    )
    found = relevant_hits(wanted.query, hits)
    items = [_passage(asking, course.id, hit) for hit in found]
    blocks = [f"{quoted([(number, hit)])}\n{items[number - 1].url}" for number, hit in enumerate(found, start=1)]
    return Told(text="\n\n".join(blocks) or quoted([]), data=s.Passages(course_id=course.id, passages=items))


async def read_page(asking: Asking, wanted: s.ReadPage) -> Told:
    """A page of a deck, with its picture where that is wanted."""
    state, person = asking.state, asking.person
    deck = await deck_of(state, person, wanted.document_id)
    page = next((each for each in deck.items if each.page == wanted.page), None)
    if page is None:
        raise ProblemError("not_found")
    spoken = [
        s.Passage(
            where=f"{said.title}, {_clock(said.start_ms)}-{_clock(said.end_ms)}", text="", lecture_id=said.lecture_id,
            url=places.lecture_url(asking.page, deck.course_id, said.lecture_id, said.start_ms),
            start_s=said.start_ms / 1000, end_s=said.end_ms / 1000,
        )
        for said in page.said
    ]  # fmt: skip
    data = s.PageRead(
        url=places.deck_url(asking.page, deck.course_id, wanted.document_id, page.page), course_id=deck.course_id,
        deck=deck.title, page=page.page, page_label=page.page_label, title=page.title, text=page.text,
        description=page.description, unread=[finding.sentence for finding in page.findings], spoken_about=spoken,
    )  # fmt: skip
    blocks = [
        f"{deck.title}, page {page.page}: {page.title}",
        page.text,
        page.description or "",
        *data.unread,
        data.url,
    ]
    picture = await _picture(asking, deck.course_id, wanted) if wanted.picture else None
    return Told(text="\n\n".join(block for block in blocks if block), data=data, picture=picture)


async def _picture(asking: Asking, course_id: Any, wanted: s.ReadPage) -> tuple[str, str] | None:
    key = {"course_id": course_id, "document_id": wanted.document_id, "page": wanted.page}
    async with asking.state.database.transaction(as_person=asking.person.person) as connection:
        found = await row(connection, "slide_image", person_id=asking.person.user_id, **key)
    if found is None:
        return None
    with asking.state.files.open_read(found["image_sha256"]) as file:
        return SLIDE_TYPE, b64encode(file.read()).decode()


async def read_minutes(asking: Asking, wanted: s.ReadMinutes) -> Told:
    """What was said in a stretch of a lecture."""
    talk = await transcript_of(asking.state, asking.person, wanted.lecture_id)
    start, end = wanted.start_s * 1000, (wanted.start_s + wanted.minutes * 60) * 1000
    lines = [line for line in talk.items if line.start_ms < end and line.end_ms > start]
    text = "\n".join(
        f"{_clock(line.start_ms)} " + (f"{line.speaker}: " if line.speaker else "") + line.text for line in lines
    )
    shown = [
        s.Passage(
            where=f"{each.file_name}, page {each.page}", text=each.title, document_id=each.document_id, page=each.page,
            url=places.deck_url(asking.page, talk.course_id, each.document_id, each.page),
            start_s=each.start_ms / 1000, end_s=each.end_ms / 1000,
        )
        for each in talk.slides if each.start_ms < end and each.end_ms > start
    ]  # fmt: skip
    data = s.MinutesRead(
        url=places.lecture_url(asking.page, talk.course_id, wanted.lecture_id, int(start)), course_id=talk.course_id,
        lecture=talk.title, text=text, pages=shown,
    )  # fmt: skip
    blocks = [talk.title, text or "Nothing was said then.", *(f"Shown: {each.where}" for each in shown), data.url]
    return Told(text="\n\n".join(blocks), data=data)


async def ask_course(asking: Asking, wanted: s.Ask) -> Told:
    """A cited answer, as the chat writes it; no chat keeps it."""
    course_id = await find_course_id(asking.state, asking.person, wanted.course)
    asked, turn, events = await ask(asking.state, asking.person, course_id, wanted.question)
    completion = Completion(asked, turn, model=wanted.course, page=asking.page)
    answer = await completion.whole(_watched(events, asking.progress))
    message = answer.choices[0].message
    sources = [s.AnswerSource(where=each.url_citation.title, url=each.url_citation.url) for each in message.annotations]
    return Told(text=message.content, data=s.Answered(answer=message.content, sources=sources, notice=answer.notice))


async def _watched(events: AsyncGenerator[Event | None], progress: Progress) -> AsyncGenerator[Event | None]:
    """The same events; the program is told now and then that more has come."""
    chars, told_at = 0, 0.0
    try:
        async for event in events:
            chars += len(event.text) if isinstance(event, Text) else 0
            if isinstance(event, ToolCalled) or event is None or time.monotonic() - told_at > TOLD_S:
                told_at = time.monotonic()
                await progress(float(chars), "Searching" if isinstance(event, ToolCalled) else "Writing")
            yield event
    finally:
        await events.aclose()


def _passage(asking: Asking, course_id: Any, hit: Hit) -> s.Passage:
    slide = hit.kind == "slide"
    return s.Passage(
        where=where(hit), url=places.hit_url(asking.page, course_id, hit), text=clean(hit.text),
        document_id=hit.source_id if slide else hit.document_id,
        lecture_id=hit.lecture_id if slide else hit.source_id, page=hit.page,
        start_s=hit.start_ms / 1000 if hit.start_ms is not None else None,
        end_s=hit.end_ms / 1000 if hit.end_ms is not None else None,
    )  # fmt: skip


def _clock(ms: int) -> str:
    return f"{ms // 60_000}:{ms // 1000 % 60:02d}"


TOOLS: dict[str, Tool] = {
    "list_courses": Tool(
        title="List courses", description="Courses whose materials can be searched and asked.",
        takes=s.ListCourses, gives=s.CourseItems, scope=READ, use=list_courses,
    ),
    "search_course_materials": Tool(
        title="Search course materials",
        description="Search the slides and lecture recordings of a course. Gives passages, best first, each with an "
        "address that opens its page or minute. Cite what you use by its address.",
        takes=s.SearchMaterials, gives=s.Passages, scope=READ, use=search_course_materials,
    ),
    "read_page": Tool(
        title="Read a page", description="One page of a deck: its text, what is drawn on it, when it was shown.",
        takes=s.ReadPage, gives=s.PageRead, scope=READ, use=read_page,
    ),
    "read_minutes": Tool(
        title="Read minutes of a lecture",
        description="What was said in a stretch of a lecture, and which pages were up.",
        takes=s.ReadMinutes, gives=s.MinutesRead, scope=READ, use=read_minutes,
    ),
    "ask": Tool(
        title="Ask a course", description="A written answer from the course's materials, every statement cited. Takes "
        "some seconds, and the person who asks may pay for it.",
        takes=s.Ask, gives=s.Answered, scope=CHAT, use=ask_course,
    ),
}  # fmt: skip
