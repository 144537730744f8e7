"""Chats as JSON: sessions, their messages and branches, ratings, and what a client posts to ask."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from serving.schemas.base import Id, In, Out, Words


class SessionOut(Out):
    """A chat. `archived`: it is put away, and only in the list of those."""

    id: str
    title: str
    course_id: UUID | None
    created_at: datetime
    updated_at: datetime
    archived: bool = False
    answering: bool = False


class SessionList(Out):
    """Chats, newest first; `nextBefore` continues the list and is null at its end."""

    items: list[SessionOut]
    next_before: str | None


class SessionIn(In):
    """A new chat; without an id one is made."""

    course_id: UUID
    id: Id | None = None
    title: Annotated[Words, StringConstraints(max_length=200)] = ""


class SessionPatch(In):
    """What may be changed: the title, which branch is shown (the key of any message of it), is it put away?"""

    title: Annotated[Words, StringConstraints(min_length=1, max_length=200)] | None = None
    branch: UUID | None = None
    archived: bool | None = None


class MessageOut(Out):
    """A UI message of the AI SDK. `metadata` has createdAt, status, key, versions, feedback, usage and cost."""

    id: str
    role: Literal["user", "assistant"]
    metadata: dict[str, Any]
    parts: list[dict[str, Any]]


class MessageList(Out):
    """Messages of the shown branch, oldest first; `nextBefore` asks for older ones and is null at the beginning."""

    items: list[MessageOut]
    next_before: UUID | None


class BranchOut(Out):
    """The end of one branch; `key` shows it by `PATCH /api/sessions/{id}`."""

    key: UUID
    message_id: str
    role: Literal["user", "assistant"]
    preview: str
    created_at: datetime
    shown: bool


class BranchList(Out):
    """All branches of a chat, newest first."""

    items: list[BranchOut]


class FeedbackIn(In):
    """Thumbs, and why. `share`: who teaches the course may see the question, what was cited and what was not, without a
    name, and test the search with it; False takes that back where they have not done so yet."""

    rating: Literal["up", "down"]
    reason: Annotated[Words, StringConstraints(max_length=2000)] | None = None
    share: bool = False


class StopOut(Out):
    """Whether an answer was being written and has been told to stop."""

    stopped: bool


class ChatBody(Out):
    """What the AI SDK's `DefaultChatTransport` posts. Of the messages only the last question is read.

    `sourceIds`: at most 50 decks and lectures of the course to stay within. A question keeps its own: who asks again
    without any is answered from the same ones, and an empty list is the whole course.
    """

    id: Id
    messages: list[dict[str, Any]] = Field(default_factory=list)
    message: dict[str, Any] | None = None
    trigger: Literal["submit-message", "regenerate-message"] = "submit-message"
    message_id: Id | None = None
    course_id: UUID | None = None
    source_ids: list[UUID] | None = None
