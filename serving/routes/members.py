"""Members of courses: who they are, what they may do, who may come in, and leaving again."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Request
from fastapi.responses import Response

from serving.accounts.asking import Manager, Reader
from serving.courses.catalogue import join_course
from serving.courses.invitations import (
    accept_invitation,
    list_invitations,
    make_invitation,
    read_invitation,
    revoke_invitation,
)
from serving.courses.members import end_membership, list_members, set_role
from serving.guard import router as guarded
from serving.problems import documented
from serving.schemas.courses import (
    CourseOut,
    InvitationIn,
    InvitationList,
    InvitationMadeOut,
    InvitationOut,
    InvitedOut,
    JoinedOut,
    MemberList,
    MemberOut,
    RoleIn,
)
from serving.state import state_of

router = guarded("/api", tag="members")

MemberId = Annotated[UUID | Literal["me"], Path(description="The person's id; `me`: who asks.")]
Code = Annotated[str, Path(max_length=100, description="What stands at the end of the invitation's address.")]


@router.get("/courses/{course_id}/members", operation_id="listMembers", responses=documented("not_found"))
async def members(request: Request, person: Reader, course_id: UUID) -> MemberList:
    """Who belongs to the course, owners and teachers first. Only who teaches it is told addresses."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        found = await list_members(connection, person, course_id)
    return MemberList(items=[MemberOut.model_validate(each) for each in found])


@router.post(
    "/courses/{course_id}/members/me", operation_id="joinCourse", responses=documented("not_found", "invalid_request")
)
async def join(request: Request, person: Manager, course_id: UUID) -> CourseOut:
    """Pick an open course. One that is closed needs an invitation, and is not there for anybody else."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        return CourseOut.model_validate(await join_course(connection, person, course_id))


@router.patch(
    "/courses/{course_id}/members/{user_id}",
    operation_id="updateMember",
    responses=documented("not_found", "not_allowed", "last_owner", "invalid_request"),
)
async def update_member(
    request: Request, person: Manager, course_id: UUID, user_id: MemberId, body: RoleIn
) -> MemberOut:
    """Give a member another role; owners may."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        whom = person.user_id if user_id == "me" else user_id
        return MemberOut.model_validate(await set_role(connection, person, course_id, whom, body.role))


@router.delete(
    "/courses/{course_id}/members/{user_id}",
    status_code=204,
    operation_id="deleteMember",
    responses=documented("not_found", "not_allowed", "last_owner", "invalid_request"),
)
async def delete_member(request: Request, person: Manager, course_id: UUID, user_id: MemberId) -> Response:
    """Leave a course (`me`), or let a member go, which owners may. What was theirs alone stays theirs."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        await end_membership(connection, person, course_id, person.user_id if user_id == "me" else user_id)
    return Response(status_code=204)


@router.get(
    "/courses/{course_id}/invitations",
    operation_id="listInvitations",
    responses=documented("not_found", "not_allowed", "invalid_request"),
)
async def invitations(request: Request, person: Manager, course_id: UUID) -> InvitationList:
    """Invitations that were not revoked, newest first, without their codes."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        found = await list_invitations(connection, person, course_id)
    return InvitationList(items=[InvitationOut.model_validate(each) for each in found])


@router.post(
    "/courses/{course_id}/invitations",
    status_code=201,
    operation_id="createInvitation",
    responses=documented("not_found", "not_allowed", "too_many_invitations", "invalid_request"),
)
async def invite(request: Request, person: Manager, course_id: UUID, body: InvitationIn) -> InvitationMadeOut:
    """A link that lets people into the course. Its code is told now and never again."""
    state = state_of(request)
    async with state.database.transaction(as_person=person.person) as connection:
        invitation_id, code = await make_invitation(
            connection, person, course_id, role=body.role, uses=body.uses, expires_at=body.expires_at,
            most=state.limits.invitations_per_course,
        )  # fmt: skip
    here = state.doors.public_origin or str(request.base_url).rstrip("/")
    return InvitationMadeOut(id=invitation_id, code=code, url=f"{here}/join/{code}")


@router.delete(
    "/courses/{course_id}/invitations/{invitation_id}",
    status_code=204,
    operation_id="deleteInvitation",
    responses=documented("not_found", "not_allowed", "invalid_request"),
)
async def revoke(request: Request, person: Manager, course_id: UUID, invitation_id: UUID) -> Response:
    """End an invitation. Who came with it stays."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        await revoke_invitation(connection, person, course_id, invitation_id)
    return Response(status_code=204)


@router.get(
    "/invitations/{code}",
    operation_id="readInvitation",
    responses=documented("invitation_ended", "invalid_request"),
)
async def invited(request: Request, person: Manager, code: Code) -> InvitedOut:
    """Who invites to what, before one comes in. One that has ended looks like one that there never was."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        return InvitedOut.model_validate(await read_invitation(connection, code))


@router.post(
    "/invitations/{code}/accept",
    operation_id="acceptInvitation",
    responses=documented("invitation_ended", "invalid_request"),
)
async def accept(request: Request, person: Manager, code: Code) -> JoinedOut:
    """Come into a course with an invitation."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        course = await accept_invitation(connection, person, code)
    return JoinedOut(course_id=course.id, role=course.role)
