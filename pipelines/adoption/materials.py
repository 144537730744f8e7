"""People, courses, decks and lectures of the former system. Pure: rows as JSON in, records or reasons out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from pipelines.adoption.records import AdoptedCourse, AdoptedPerson, Deck, Listing, Membership, Talk, TalkState
from pipelines.adoption.values import as_text, as_time, as_uuid, short

Row = Mapping[str, Any]

_TALK_STATE: Mapping[str, TalkState] = {"completed": "ready", "failed": "failed"}
NO_REASON = "The former system could not process it and does not say why."
FAILED = "adopted_failed"
"""Code of the failure of a deck or a lecture that had failed there."""

LONGEST_MS = 2**31 - 1


@dataclass(slots=True, kw_only=True)
class Known:
    """What came over so far, which later rows may point to."""

    courses: set[UUID] = field(default_factory=set)
    people: set[UUID] = field(default_factory=set)
    decks: dict[UUID, Deck] = field(default_factory=dict)
    talks: dict[UUID, Talk] = field(default_factory=dict)
    former_decks: set[UUID] = field(default_factory=set)
    former_talks: set[UUID] = field(default_factory=set)


def person_of(row: Row) -> AdoptedPerson | str:
    """A person; or why not."""
    key = as_uuid(row.get("id"))
    return AdoptedPerson(id=key, created_at=as_time(row.get("created_at"))) if key else "its id is none"


def course_of_row(row: Row) -> AdoptedCourse | str:
    """A course; or why not. Without a title it is called by its code."""
    key, code = as_uuid(row.get("id")), as_text(row.get("code")) or ""
    if key is None:
        return "its id is none"
    name = short(as_text(row.get("title")) or code or "Course")
    return AdoptedCourse(id=key, name=name, code=code, instructor=as_text(row.get("instructor")) or None)


def membership_of(row: Row, known: Known) -> Membership | str:
    """Who takes a course; or why not."""
    person, course = as_uuid(row.get("user_id")), as_uuid(row.get("course_id"))
    if person is None or person not in known.people:
        return "person gone"
    return Membership(user_id=person, course_id=course) if course in known.courses and course else "course gone"


def deck_of(row: Row, known: Known) -> Deck | str:
    """A deck; or why not."""
    key, course, owner = as_uuid(row.get("id")), as_uuid(row.get("course_id")), as_uuid(row.get("owner_id"))
    if key is None:
        return "its id is none"
    known.former_decks.add(key)
    if course is None or course not in known.courses:
        return "course gone"
    if owner is None:
        return "no owner"  # before the fifth version of that schema decks had none: nobody may be given what is private
    size = row.get("size_bytes")
    return Deck(
        id=key,
        course_id=course,
        owner_id=owner,
        file_name=short(as_text(row.get("filename")) or f"{key}.pdf"),
        byte_count=size if isinstance(size, int) and 0 <= size < 2**63 else 0,
        failed=row.get("status") == "failed",
        created_at=as_time(row.get("created_at")),
    )


def talk_of(row: Row, known: Known) -> Talk | str:
    """A lecture; or why not."""
    key, course = as_uuid(row.get("id")), as_uuid(row.get("course_id"))
    if key is None:
        return "its id is none"
    known.former_talks.add(key)
    if course is None or course not in known.courses:
        return "course gone"
    seconds, state = row.get("duration_seconds"), _TALK_STATE.get(str(row.get("status")), "unfinished")
    told = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 <= seconds * 1000 <= LONGEST_MS
    return Talk(
        id=key,
        course_id=course,
        title=short(as_text(row.get("title")) or ""),
        url=as_text(row.get("panopto_url")) or as_text(row.get("stream_url")) or None,
        duration_ms=seconds * 1000 if told and isinstance(seconds, int) else None,
        state=state,
        failure=(as_text(row.get("error_message")) or NO_REASON) if state == "failed" else "",
        created_at=as_time(row.get("created_at")),
    )


def listing_of(row: Row, known: Known) -> Listing | str:
    """Whose list a lecture is on; or why not."""
    person, talk = as_uuid(row.get("user_id")), as_uuid(row.get("lecture_id"))
    if talk is None or talk not in known.talks:
        return "lecture not adopted"
    return Listing(user_id=person, lecture_id=talk) if person in known.people and person else "person gone"


def title_of(source: Deck | Talk) -> str:
    """What a deck or a lecture is called: a deck by its file's name without the ending."""
    if isinstance(source, Talk):
        return source.title or "Lecture"
    return PurePosixPath(source.file_name).stem or source.file_name
