"""Members of a course and their roles. A course always keeps an owner."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from pipelines.core.access import Role, manages_course, teaches
from serving.accounts.access import allowed, get_my_course
from serving.accounts.people import Principal
from serving.database import Connection, row, rows
from serving.problems import ProblemError


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person in a course. `name` None: nobody said; `email` also None for students, who need not know it."""

    user_id: UUID
    name: str | None
    email: str | None
    role: Role
    joined_at: datetime


async def list_members(connection: Connection, person: Principal, course_id: UUID) -> list[Member]:
    """Who belongs to the course, owners and teachers first.

    Raises:
        ProblemError: `not_found`.
    """
    course = await get_my_course(connection, person, course_id)
    found = [Member(**each) for each in await rows(connection, "list_members", course_id=course.id)]
    if teaches(course.role):
        return found
    return [each if each.user_id == person.user_id else replace(each, email=None) for each in found]


async def set_role(connection: Connection, person: Principal, course_id: UUID, user_id: UUID, role: Role) -> Member:
    """Give a member another role.

    Raises:
        ProblemError: `not_found` for the course or the member, `not_allowed`, `last_owner`.
    """
    course = await get_my_course(connection, person, course_id)
    allowed(manages_course(course.role))
    await _keep_an_owner(connection, course.id, without=user_id if role != "owner" else None)
    if await row(connection, "set_role", course_id=course.id, user_id=user_id, role=role) is None:
        raise ProblemError("not_found")
    return next(each for each in await list_members(connection, person, course.id) if each.user_id == user_id)


async def end_membership(connection: Connection, person: Principal, course_id: UUID, user_id: UUID) -> None:
    """Leave a course, or let another member go, which owners may.

    Raises:
        ProblemError: `not_found` for the course or the member, `not_allowed`, `last_owner`.
    """
    course = await get_my_course(connection, person, course_id)
    allowed(user_id == person.user_id or manages_course(course.role))
    await _keep_an_owner(connection, course.id, without=user_id)
    if await row(connection, "delete_member", course_id=course.id, user_id=user_id) is None:
        raise ProblemError("not_found")


async def _keep_an_owner(connection: Connection, course_id: UUID, *, without: UUID | None) -> None:
    """Hold the owners, so that two who leave at one moment take turns.

    Raises:
        ProblemError: `last_owner`.
    """
    owners = [each["user_id"] for each in await rows(connection, "lock_owners", course_id=course_id)]
    if owners == [without]:
        raise ProblemError("last_owner")
