"""Chats as they are kept: sessions, the messages of the shown branch, ratings, sources. Rows become records here.

Belongs here: reading and changing what is stored. Beginning a turn belongs to `turns.py`, ending one to `runs.py`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pipelines.core.records import Box, Kind
from pipelines.core.search.boxes import boxes_of_passage
from serving.database import Connection, row, rows, run
from serving.problems import ProblemError

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
TITLE_CHARS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A chat. `client_id` is what its owner calls it; `course_id` None: the course is gone; `head_key` None: empty.

    `archived_at` None: it is in the list of chats. `titled_by`: "question" (its first words), "model" or "person".
    """

    id: UUID
    client_id: str
    course_id: UUID | None
    title: str
    head_key: UUID | None
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    titled_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of the shown branch. `parts` are UI message parts; `error_code` is set when `status` is error."""

    key: UUID
    id: str
    parent_key: UUID | None
    depth: int
    role: str
    status: str
    error_code: str | None
    content: str
    parts: list[dict[str, Any]]
    metadata: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """The last message of one branch of a chat."""

    key: UUID
    id: str
    role: str
    content: str
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A cited passage with its words as they were. `changed`: the course no longer holds them so; `removed`: its file
    was deleted; `shown`: there is something to look at. The place is where the same words stand now; of words that
    changed, where they stood. `image_sha256`: the picture of its page when it was cited; None: not kept;
    `drawn`: its page has one now. `course_id`
    and `chunk_id` None: it came from a former deployment, and course or passage are gone."""

    id: UUID
    course_id: UUID | None
    handle: int
    chunk_id: UUID | None
    kind: str
    source_id: UUID
    title: str
    file_name: str
    page: int | None
    page_label: str | None
    start_ms: int | None
    end_ms: int | None
    document_id: UUID | None
    lecture_id: UUID | None
    quote: str
    changed: bool
    removed: bool
    shown: bool
    image_sha256: str | None
    drawn: bool
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNews:
    """What has become of a cited passage: as `Source` says it."""

    id: UUID
    changed: bool
    removed: bool
    kind: Kind
    title: str
    file_name: str
    page: int | None
    page_label: str | None
    start_ms: int | None
    end_ms: int | None


def check_id(value: str) -> str:
    """An id a client made.

    Raises:
        ProblemError: `bad_id`.
    """
    if not ID.fullmatch(value):
        raise ProblemError("bad_id")
    return value


def title_of(question: str) -> str:
    """A chat's title, made from its first question."""
    words = " ".join(question.split())
    return words if len(words) <= TITLE_CHARS else words[:TITLE_CHARS].rsplit(" ", 1)[0] + " …"


async def get_session(connection: Connection, user_id: UUID, client_id: str) -> Session:
    """A chat of this person.

    Raises:
        ProblemError: `not_found`: there is none, or it is another's.
    """
    found = await row(connection, "get_session", user_id=user_id, client_id=client_id)
    if found is None:
        raise ProblemError("not_found")
    return Session(**found)


async def ensure_session(
    connection: Connection, user_id: UUID, client_id: str, *, course_id: UUID, title: str = ""
) -> Session:
    """The chat of this id, made where it is missing.

    Raises:
        ProblemError: `not_found`: there is neither such a chat nor such a course.
    """
    found = await row(
        connection, "ensure_session", user_id=user_id, client_id=client_id, course_id=course_id, title=title
    )
    if found is None:  # no course, or another request made the chat this very moment
        return await get_session(connection, user_id, client_id)
    return Session(**found)


async def list_sessions(
    connection: Connection,
    user_id: UUID,
    *,
    limit: int,
    course_id: UUID | None = None,
    words: str | None = None,
    archived: bool = False,
    before: tuple[datetime, UUID] | None = None,
) -> list[Session]:
    """Chats of this person, newest first.

    `words` looks in titles and messages; `archived`: those that are put away, instead of those that are not; `before`
    continues after that row.
    """
    pattern = None if not words else "%" + re.sub(r"([\\%_])", r"\\\1", words) + "%"
    found = await rows(
        connection,
        "list_sessions",
        user_id=user_id,
        course_id=course_id,
        pattern=pattern,
        archived=archived,
        before_at=before[0] if before else None,
        before_id=before[1] if before else None,
        limit=limit,
    )
    return [Session(**each) for each in found]


async def update_session(
    connection: Connection,
    user_id: UUID,
    client_id: str,
    *,
    title: str | None = None,
    branch: UUID | None = None,
    archived: bool | None = None,
) -> Session:
    """Rename a chat, show the branch through the message of this key, or put it away or back; None leaves it.

    Raises:
        ProblemError: `not_found`: no such chat or no such message in it.
    """
    head = None
    if branch is not None:
        session = await get_session(connection, user_id, client_id)
        leaf = await row(connection, "deepest_leaf", session_id=session.id, key=branch)
        if leaf is None:
            raise ProblemError("not_found")
        head = leaf["key"]
    changes = {"title": title, "head_key": head, "archived": archived}
    found = await row(connection, "update_session", user_id=user_id, client_id=client_id, **changes)
    if found is None:
        raise ProblemError("not_found")
    return Session(**found)


async def delete_session(connection: Connection, user_id: UUID, client_id: str) -> UUID:
    """Delete a chat; its own id comes back.

    Raises:
        ProblemError: `not_found`.
    """
    found = await row(connection, "delete_session", user_id=user_id, client_id=client_id)
    if found is None:
        raise ProblemError("not_found")
    gone: UUID = found["id"]
    return gone


async def list_path(
    connection: Connection, session: Session, *, limit: int, start: UUID | None = None
) -> list[Message]:
    """At most `limit` messages of the shown branch, oldest first, up to its end or up to the message `start`."""
    found = await rows(connection, "list_path", from_key=start or session.head_key, session_id=session.id, limit=limit)
    return [Message(**each) for each in reversed(found)]


async def list_branches(connection: Connection, session: Session) -> list[Branch]:
    """The ends of all branches, newest first."""
    return [Branch(**each) for each in await rows(connection, "list_branches", session_id=session.id)]


async def list_source_news(connection: Connection, message_keys: Sequence[UUID]) -> dict[str, SourceNews]:
    """What has become of the sources of these messages, by their id; those that are as they were are not in it."""
    found = await rows(connection, "list_source_news", message_keys=list(message_keys))
    return {str(each["id"]): SourceNews(**each) for each in found}


async def list_feedback(connection: Connection, messages: Sequence[Message]) -> dict[UUID, dict[str, Any]]:
    """Ratings of these messages by key: `{"rating": "up" or "down", "reason": text or None, "shared": bool}`."""
    found = await rows(connection, "list_feedback", message_keys=[message.key for message in messages])
    return {each.pop("message_key"): each for each in found}


async def list_siblings(connection: Connection, messages: Sequence[Message]) -> dict[UUID, list[UUID]]:
    """Of messages that have several versions: the keys of all of them, oldest first."""
    found = await rows(connection, "list_siblings", message_keys=[message.key for message in messages])
    return {each["key"]: each["versions"] for each in found if len(each["versions"]) > 1}


async def put_feedback(
    connection: Connection,
    user_id: UUID,
    client_id: str,
    message_id: str,
    *,
    rating: str,
    reason: str | None,
    shared: bool,
) -> UUID:
    """Keep what this person thinks of an answer; the key of the answer.

    Raises:
        ProblemError: `not_found`: no such answer in a chat of theirs.
    """
    names = {"user_id": user_id, "client_id": client_id, "message_id": message_id}
    found = await row(connection, "put_feedback", **names, rating=rating, reason=reason, shared=shared)
    if found is None:
        raise ProblemError("not_found")
    key: UUID = found["message_key"]
    return key


async def delete_feedback(connection: Connection, user_id: UUID, client_id: str, message_id: str) -> None:
    """Take a rating back; taking back what is not there is fine."""
    await run(connection, "delete_feedback", user_id=user_id, client_id=client_id, message_id=message_id)


async def get_source(connection: Connection, user_id: UUID, source_id: UUID) -> Source:
    """A passage cited in a chat of this person, in a course they still belong to.

    Raises:
        ProblemError: `not_found`.
    """
    found = await row(connection, "get_source", user_id=user_id, source_id=source_id)
    if found is None:
        raise ProblemError("not_found")
    body, line_boxes, then = found.pop("body"), found.pop("line_boxes"), found.pop("boxes")
    if found["changed"] or not found["drawn"]:
        return Source(**found, boxes=tuple(tuple(box) for box in then) if found["image_sha256"] else ())
    return Source(**found, boxes=boxes_of_passage(found["quote"], body, line_boxes) if body else ())
