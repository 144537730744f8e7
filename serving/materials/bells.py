"""Bells of courses: who looks at a course is woken when something became of its uploads (trigger `ring_course`)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

RUNG = "course:"
"""How notifications about courses begin."""


class CourseBells:
    """The readers of this process, by course."""

    def __init__(self) -> None:
        self._bells: dict[UUID, set[asyncio.Event]] = {}

    @contextmanager
    def hear(self, course_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever something happened in the course; who waits clears it."""
        bell = asyncio.Event()
        self._bells.setdefault(course_id, set()).add(bell)
        try:
            yield bell
        finally:
            self._bells[course_id].discard(bell)
            if not self._bells[course_id]:
                del self._bells[course_id]

    def ring(self, course_id: UUID) -> None:
        """Wake everybody who looks at the course."""
        for bell in self._bells.get(course_id, ()):
            bell.set()


def rung_course(payload: str) -> UUID | None:
    """The course that a notification is about; None: it is about something else."""
    if not payload.startswith(RUNG):
        return None
    try:
        return UUID(payload.removeprefix(RUNG))
    except ValueError:
        return None
