"""Courses, their members and invitations, as JSON."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from pipelines.core.access import Role
from serving.schemas.base import AwareFuture, In, Label, Out


class CourseOut(Out):
    """A course of this person and their role in it. `open`: anybody signed in may join; `archived`: it is over."""

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


class CourseList(Out):
    """All courses of this person, by name."""

    items: list[CourseOut]


class OpenCourseOut(Out):
    """A course that anybody signed in may join. `role` null: this person does not belong to it."""

    id: UUID
    name: str
    language: str | None
    code: str | None
    term: str | None
    instructor: str | None
    role: Role | None


class OpenCourseList(Out):
    """Open courses, by name."""

    items: list[OpenCourseOut]


class CourseIn(In):
    """A new course. `open`: anybody signed in may join; others come by invitation. `language`: such as `de`."""

    name: Label
    code: Label | None = None
    term: Label | None = None
    instructor: Label | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] | None = None
    open: bool = False
    students_add_lectures: bool = False


class CoursePatch(In):
    """What may be changed of a course; what is not given stays. `archived`: nobody finds or joins it any more."""

    name: Label = ""
    code: Label | None = None
    term: Label | None = None
    instructor: Label | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] | None = None
    open: bool = False
    students_add_lectures: bool = False
    archived: bool = False


class MemberOut(Out):
    """A person in a course. `name` and `email` null: not known, or not theirs to know who asks."""

    user_id: UUID
    name: str | None
    email: str | None
    role: Role
    joined_at: datetime


class MemberList(Out):
    """Members, owners and teachers first."""

    items: list[MemberOut]


class RoleIn(In):
    """The role a member is to have."""

    role: Role


class InvitationIn(In):
    """A new invitation. `uses`: how many may come with it; `expiresAt`: until when; null: without end."""

    role: Role
    uses: Annotated[int, Field(ge=1, le=100_000)] | None = None
    expires_at: AwareFuture | None = None


class InvitationMadeOut(Out):
    """A new invitation: `url` is the address to hand on, `code` its end."""

    id: UUID
    code: str
    url: str


class InvitationOut(Out):
    """An invitation without its code. `usesLeft` and `expiresAt` null: without end."""

    id: UUID
    role: Role
    uses_left: int | None
    expires_at: datetime | None
    created_at: datetime


class InvitationList(Out):
    """Invitations, newest first."""

    items: list[InvitationOut]


class InvitedOut(Out):
    """What an invitation leads to. `invitedBy` null: not known; `expiresAt` null: without end.

    `joinedAs`: the role that this person has in the course already; null: none.
    """

    course_name: str
    role: Role
    invited_by: str | None
    expires_at: datetime | None
    joined_as: Role | None


class JoinedOut(Out):
    """The course somebody came into, and their role there."""

    course_id: UUID
    role: Role
