"""Addresses of places in courses that a program can hand to a person: pages of decks, minutes of lectures."""

from uuid import UUID

from pipelines.core.records import Hit


def deck_url(page: str, course_id: UUID, document_id: UUID, number: int | None = None) -> str:
    """A deck, at one of its pages."""
    return f"{page}/courses/{course_id}/decks/{document_id}" + (f"?page={number}" if number else "")


def lecture_url(page: str, course_id: UUID, lecture_id: UUID, start_ms: int | None = None) -> str:
    """A lecture, at one of its seconds."""
    return f"{page}/courses/{course_id}/lectures/{lecture_id}" + (f"?t={start_ms / 1000:g}" if start_ms else "")


def hit_url(page: str, course_id: UUID, hit: Hit) -> str:
    """What a hit was found in: its page, or its minute."""
    if hit.kind == "slide":
        return deck_url(page, course_id, hit.source_id, hit.page)
    return lecture_url(page, course_id, hit.source_id, hit.start_ms)
