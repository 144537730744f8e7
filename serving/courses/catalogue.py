"""Catalogue of courses: made, changed, and those open to all found and joined."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from pipelines.core.access import Role, manages_course
from serving.accounts.access import CourseAccess, allowed, get_my_course
from serving.accounts.people import Principal
from serving.database import Connection, row, rows, run

NEW: Mapping[str, Any] = {
    "language": None, "code": None, "term": None, "instructor": None, "open": False, "students_add_lectures": False,
}  # fmt: skip
"""What a new course says of itself where nothing else is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCourse:
    """A course that anybody signed in may join. `role` None: who asks does not belong to it."""

    id: UUID
    name: str
    language: str | None
    code: str | None
    term: str | None
    instructor: str | None
    role: Role | None


async def make_course(connection: Connection, person: Principal, said: Mapping[str, Any]) -> CourseAccess:
    """A new course; who makes it owns it.

    Args:
        said: `name`, and what else is given of `NEW`.
    """
    found = await row(connection, "make_course", **{**NEW, **said})
    assert found is not None  # noqa: S101  a function answers one row
    return await get_my_course(connection, person, found["id"])


async def change_course(
    connection: Connection, person: Principal, course_id: UUID, said: Mapping[str, Any]
) -> CourseAccess:
    """Change what is given of a course: a field of `NEW`, `name`, or `archived`.

    Raises:
        ProblemError: `not_found`, or `not_allowed` to who does not own it.
    """
    course = await get_my_course(connection, person, course_id)
    allowed(manages_course(course.role))
    now = {name: value for name, value in {**asdict(course), **said}.items() if name not in {"id", "role"}}
    await run(connection, "update_course", course_id=course.id, **now)
    return await get_my_course(connection, person, course_id)


async def list_open_courses(connection: Connection, person: Principal, words: str, *, limit: int) -> list[OpenCourse]:
    """Courses open to all whose name, code, term or instructor says these words (empty: all), by name."""
    found = await rows(connection, "list_open_courses", user_id=person.user_id, words=words, limit=limit)
    return [OpenCourse(**each) for each in found]


async def join_course(connection: Connection, person: Principal, course_id: UUID) -> CourseAccess:
    """Become a student of an open course; who belongs to it stays what they are.

    Raises:
        ProblemError: `not_found`: there is no such course, or it is not open to all.
    """
    await run(connection, "join_open_course", course_id=course_id)
    return await get_my_course(connection, person, course_id)
