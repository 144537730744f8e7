"""Chats: listed, opened, renamed, put away, deleted, exported, rated, and switched between branches."""

import base64
import binascii
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import Path, Query, Request
from fastapi.responses import Response

from pipelines.core.evaluations.question_sets import share_question, unshare_question
from serving.accounts.access import get_my_course
from serving.accounts.asking import Asker, Reader
from serving.chat import sessions as s
from serving.chat.export import Format, export
from serving.chat.live import DELETED
from serving.chat.parts import clean
from serving.chat.pictures import linked
from serving.chat.sharing import rated
from serving.chat.uimessages import ui_messages
from serving.database import row
from serving.guard import router as guarded
from serving.problems import ProblemError, documented
from serving.schemas.chats import (
    BranchList,
    BranchOut,
    FeedbackIn,
    MessageList,
    SessionIn,
    SessionList,
    SessionOut,
    SessionPatch,
)
from serving.state import state_of

router = guarded("/api/sessions", tag="sessions")

ChatId = Annotated[str, Path(description="The chat's id, as the client made it.")]
EXPORT_MESSAGES = 20_000


@router.get("", operation_id="listSessions", responses=documented("invalid_request"))
async def list_sessions(  # noqa: PLR0917  the framework calls it, by name
    request: Request,
    person: Reader,
    q: Annotated[str | None, Query(max_length=200, description="Words in the title or in a message.")] = None,
    course: Annotated[UUID | None, Query(description="Only chats about this course.")] = None,
    archived: Annotated[bool, Query(description="Chats that are put away, instead of those that are not.")] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[str | None, Query(max_length=200, description="`nextBefore` of the page before.")] = None,
) -> SessionList:
    """Chats of this person, newest first."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        found = await s.list_sessions(
            connection,
            person.user_id,
            limit=limit + 1,
            course_id=course,
            words=clean(q) if q else None,
            archived=archived,
            before=_decode(before) if before else None,
        )
    page = found[:limit]
    more = _encode(page[-1]) if len(found) > limit else None
    return SessionList(items=[_out(session) for session in page], next_before=more)


@router.post("", status_code=201, operation_id="createSession", responses=documented("not_found", "invalid_request"))
async def create_session(request: Request, person: Asker, body: SessionIn) -> SessionOut:
    """Open a chat about a course; opening one that is there answers it as it is. Asking opens one by itself."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        course = await get_my_course(connection, person, body.course_id)
        session = await s.ensure_session(
            connection, person.user_id, body.id or uuid4().hex, course_id=course.id, title=body.title
        )
    return _out(session)


@router.get("/{chat_id}", operation_id="getSession", responses=documented("not_found", "bad_id"))
async def get_session(request: Request, person: Reader, chat_id: ChatId) -> SessionOut:
    """One chat, and whether an answer is being written in it."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        session = await s.get_session(connection, person.user_id, s.check_id(chat_id))
        running = await row(connection, "running_run", user_id=person.user_id, client_id=chat_id)
    return _out(session, answering=running is not None)


@router.patch("/{chat_id}", operation_id="updateSession", responses=documented("not_found", "invalid_request"))
async def update_session(request: Request, person: Asker, chat_id: ChatId, body: SessionPatch) -> SessionOut:
    """Rename a chat, show another branch of it, or put it away (`archived`) or back. Asking in it takes it back too."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        session = await s.update_session(
            connection,
            person.user_id,
            s.check_id(chat_id),
            title=body.title,
            branch=body.branch,
            archived=body.archived,
        )
    return _out(session)


@router.delete("/{chat_id}", status_code=204, operation_id="deleteSession", responses=documented("not_found", "bad_id"))
async def delete_session(request: Request, person: Asker, chat_id: ChatId) -> Response:
    """Delete a chat with all its branches; an answer being written is ended."""
    state = state_of(request)
    async with state.database.transaction(as_person=person.person) as connection:
        running = await row(connection, "running_run", user_id=person.user_id, client_id=s.check_id(chat_id))
        await s.delete_session(connection, person.user_id, chat_id)
    if running is not None:
        state.runs.stop(running["id"], DELETED)  # another process notices at its next sign of life
    return Response(status_code=204)


@router.get("/{chat_id}/messages", operation_id="listMessages", responses=documented("not_found", "invalid_request"))
async def list_messages(
    request: Request,
    person: Reader,
    chat_id: ChatId,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    before: Annotated[UUID | None, Query(description="`nextBefore` of the page after.")] = None,
) -> MessageList:
    """The shown branch as UI messages for `useChat`, oldest first. An answer being written is left to its stream."""
    state = state_of(request)

    def link(message: s.Message) -> list[dict[str, Any]]:
        return linked(message.parts, message.key, chat_id, lambda path: state.links.sign(path, person.user_id))

    async with state.database.transaction(as_person=person.person) as connection:
        session = await s.get_session(connection, person.user_id, s.check_id(chat_id))
        found = await s.list_path(connection, session, limit=limit + 1, start=before)
        page = found[-limit:]
        items = await ui_messages(connection, [message for message in page if message.status != "running"], link)
    more = page[0].parent_key if len(found) > limit else None
    return MessageList(items=items, next_before=more)


@router.get("/{chat_id}/branches", operation_id="listBranches", responses=documented("not_found", "bad_id"))
async def list_branches(request: Request, person: Reader, chat_id: ChatId) -> BranchList:
    """Every branch that editing and asking again have made; show one by `PATCH` with its key."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        session = await s.get_session(connection, person.user_id, s.check_id(chat_id))
        found = await s.list_branches(connection, session)
    items = [
        BranchOut(
            key=branch.key,
            message_id=branch.id,
            role=branch.role,
            preview=branch.content[:120],
            created_at=branch.created_at,
            shown=branch.key == session.head_key,
        )
        for branch in found
    ]
    return BranchList(items=items)


@router.put(
    "/{chat_id}/messages/{message_id}/feedback",
    status_code=204,
    operation_id="putFeedback",
    responses=documented("not_found", "invalid_request"),
)
async def put_feedback(request: Request, person: Asker, chat_id: ChatId, message_id: str, body: FeedbackIn) -> Response:
    """Thumbs up or down for an answer, with a reason; `share` proposes its question for the course's set."""
    state = state_of(request)
    async with state.database.transaction(as_person=person.person) as connection:
        key = await s.put_feedback(
            connection,
            person.user_id,
            s.check_id(chat_id),
            s.check_id(message_id),
            rating=body.rating,
            reason=body.reason,
            shared=body.share,
        )
        found = await rated(connection, person.user_id, key) if body.share else None
    if found is not None:
        await state.core.run(person, partial(share_question, **found, rating=body.rating))
    else:
        await state.core.run(person, partial(unshare_question, message_key=key))
    return Response(status_code=204)


@router.delete(
    "/{chat_id}/messages/{message_id}/feedback",
    status_code=204,
    operation_id="deleteFeedback",
    responses=documented("bad_id"),
)
async def delete_feedback(request: Request, person: Asker, chat_id: ChatId, message_id: str) -> Response:
    """Take a rating back."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        await s.delete_feedback(connection, person.user_id, s.check_id(chat_id), s.check_id(message_id))
    return Response(status_code=204)


@router.get(
    "/{chat_id}/export",
    operation_id="exportSession",
    response_class=Response,
    responses=documented("not_found", "invalid_request")
    | {200: {"content": {"text/markdown": {"schema": {"type": "string"}}, "application/json": {}}}},
)
async def export_session(request: Request, person: Reader, chat_id: ChatId, format: Format = "markdown") -> Response:
    """The shown branch as a file to keep, with its sources: Markdown for people, JSON for programs."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        session = await s.get_session(connection, person.user_id, s.check_id(chat_id))
        found = await s.list_path(connection, session, limit=EXPORT_MESSAGES)
        messages = await ui_messages(connection, [message for message in found if message.status != "running"])
    text, media_type, suffix = export(session, messages, format)
    headers = {"content-disposition": f'attachment; filename="chat-{session.client_id}.{suffix}"'}
    return Response(text, media_type=media_type, headers=headers)


def _out(session: s.Session, *, answering: bool = False) -> SessionOut:
    return SessionOut(
        id=session.client_id,
        title=session.title,
        course_id=session.course_id,
        created_at=session.created_at,
        updated_at=session.updated_at,
        archived=session.archived_at is not None,
        answering=answering,
    )


def _encode(session: s.Session) -> str:
    return base64.urlsafe_b64encode(f"{session.updated_at.isoformat()}|{session.id}".encode()).decode()


def _decode(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, _, key = base64.urlsafe_b64decode(cursor).decode().partition("|")
        return datetime.fromisoformat(at), UUID(key)
    except (ValueError, binascii.Error):
        raise ProblemError("invalid_request", field="before") from None
