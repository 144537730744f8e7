"""The courses a person may see: the one place that decides it. Foreign and missing are the same answer."""

from dataclasses import dataclass
from uuid import UUID

from serving.accounts.people import Principal
from serving.database import Connection, row, rows, run
from serving.problems import ProblemError


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseAccess:
    """A course and this person's role in it: student, teacher or owner. `language` None means not given."""

    id: UUID
    name: str
    language: str | None
    role: str


async def list_my_courses(connection: Connection, person: Principal) -> list[CourseAccess]:
    """His courses, by name."""
    if person.local:
        await run(connection, "join_all_courses", user_id=person.user_id)
    return [CourseAccess(**found) for found in await rows(connection, "list_my_courses", user_id=person.user_id)]


async def get_my_course(connection: Connection, person: Principal, course_id: UUID) -> CourseAccess:
    """One of their courses.

    Raises:
        ProblemError: `not_found`: there is no such course, or it is not theirs.
    """
    found = await row(connection, "get_my_course", user_id=person.user_id, course_id=course_id)
    if found is None and person.local:
        await run(connection, "join_all_courses", user_id=person.user_id)
        found = await row(connection, "get_my_course", user_id=person.user_id, course_id=course_id)
    if found is None:
        raise ProblemError("not_found")
    return CourseAccess(**found)
