"""Invitations to a course: made by who teaches it, told once, good for some people and some time."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from pipelines.core.access import Role, invites, teaches
from serving.accounts.access import CourseAccess, allowed, get_my_course
from serving.accounts.people import Principal
from serving.database import Connection, row, rows
from serving.problems import ProblemError

ROLES: tuple[Role, ...] = ("student", "teacher", "owner")
"""From who may least to who may most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation without its code. `uses_left` and `expires_at` None: without end."""

    id: UUID
    role: Role
    uses_left: int | None
    expires_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """What an invitation leads to. `invited_by` None: nobody knows; `expires_at` None: without end.

    `joined_as`: the role of who asks in this course; None: they do not belong to it.
    """

    course_name: str
    role: Role
    invited_by: str | None
    expires_at: datetime | None
    joined_as: Role | None


async def make_invitation(
    connection: Connection, person: Principal, course_id: UUID, *, role: Role, uses: int | None,
    expires_at: datetime | None, most: int,
) -> tuple[UUID, str]:  # fmt: skip
    """A new invitation: its id, and its code, which is kept nowhere.

    Args:
        uses: how many may come with it, `expires_at` until when; None: without end.
        most: how many of a course may be good at a time.

    Raises:
        ProblemError: `not_found`, `not_allowed`, `too_many_invitations`.
    """
    course = await get_my_course(connection, person, course_id)
    allowed(invites(course.role, role))
    known = await row(connection, "count_invitations", course_id=course.id)
    if known is not None and known["invitations"] >= most:
        raise ProblemError("too_many_invitations")
    code = token_urlsafe(24)
    made = await row(
        connection,
        "insert_invitation",
        course_id=course.id,
        code_hash=_hash(code),
        role=role,
        uses=uses,
        expires_at=expires_at,
        user_id=person.user_id,
    )
    assert made is not None  # noqa: S101  an insert answers its row
    return made["id"], code


async def list_invitations(connection: Connection, person: Principal, course_id: UUID) -> list[Invitation]:
    """Invitations of a course, newest first, without their codes.

    Raises:
        ProblemError: `not_found`, `not_allowed`.
    """
    course = await _taught(connection, person, course_id)
    return [Invitation(**each) for each in await rows(connection, "list_invitations", course_id=course.id)]


async def revoke_invitation(connection: Connection, person: Principal, course_id: UUID, invitation_id: UUID) -> None:
    """End an invitation; who came with it stays.

    Raises:
        ProblemError: `not_found` for the course or the invitation, `not_allowed`.
    """
    course = await _taught(connection, person, course_id)
    roles = [role for role in ROLES if invites(course.role, role)]
    ids = {"course_id": course.id, "invitation_id": invitation_id}
    if await row(connection, "revoke_invitation", **ids, roles=roles) is None:
        raise ProblemError("not_found")


async def read_invitation(connection: Connection, code: str) -> Invited:
    """What an invitation leads to, for who holds its code.

    Raises:
        ProblemError: `invitation_ended`, also where there is no such code: who asks cannot tell.
    """
    found = await row(connection, "read_invitation", code_hash=_hash(code))
    if found is None:
        raise ProblemError("invitation_ended")
    return Invited(**found)


async def accept_invitation(connection: Connection, person: Principal, code: str) -> CourseAccess:
    """Come in with an invitation. Who belongs to the course already keeps the higher role, and spends nothing by it.

    Raises:
        ProblemError: `invitation_ended`, also where there is no such code.
    """
    found = await row(connection, "enter_course", code_hash=_hash(code))
    if found is None or found["ended"]:
        raise ProblemError("invitation_ended")
    return await get_my_course(connection, person, found["course_id"])


async def _taught(connection: Connection, person: Principal, course_id: UUID) -> CourseAccess:
    course = await get_my_course(connection, person, course_id)
    allowed(teaches(course.role))
    return course


def _hash(code: str) -> str:
    return sha256(code.encode()).hexdigest()
