"""The courses a person may see: the one place that decides it. Foreign and missing are the same answer."""

from dataclasses import dataclass
from uuid import UUID

from pipelines.core.access import Role
from serving.accounts.people import Principal
from serving.database import Connection, row, rows, run
from serving.problems import ProblemError


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseAccess:
    """A course and this person's role in it.

    `language`, `code`, `term`, `instructor` None: not given. `open`: anybody signed in may join; `archived`: it is
    over, and is only read.
    """

    id: UUID
    name: str
    language: str | None
    code: str | None
    term: str | None
    instructor: str | None
    open: bool
    students_add_lectures: bool
    archived: bool
    role: Role


async def list_my_courses(connection: Connection, person: Principal) -> list[CourseAccess]:
    """Their courses, by name."""
    if person.local:
        await run(connection, "join_all_courses")
    return [CourseAccess(**found) for found in await rows(connection, "list_my_courses", user_id=person.user_id)]


async def get_my_course(connection: Connection, person: Principal, course_id: UUID) -> CourseAccess:
    """One of their courses.

    Raises:
        ProblemError: `not_found`: there is no such course, or it is not theirs.
    """
    found = await row(connection, "get_my_course", user_id=person.user_id, course_id=course_id)
    if found is None and person.local:
        await run(connection, "join_all_courses")
        found = await row(connection, "get_my_course", user_id=person.user_id, course_id=course_id)
    if found is None:
        raise ProblemError("not_found")
    return CourseAccess(**found)


def allowed(may: bool) -> None:
    """Goes on where a person may do what they ask for, with something that they see.

    Raises:
        ProblemError: `not_allowed`.
    """
    if not may:
        raise ProblemError("not_allowed")
