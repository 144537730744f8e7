"""Records that the former system's rows are read into, told in its own keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

Role = Literal["user", "assistant"]
Status = Literal["done", "stopped", "error", "interrupted"]
Kind = Literal["slide", "speech"]


class Reason(StrEnum):
    """Why a row stays behind."""

    NOT_A_CHAT = "not a chat"
    NO_OWNER = "no owner"
    OWNER_IS_NO_ID = "owner is not an id"
    COURSE_GONE = "course gone"
    PERSON_GONE = "person gone"
    LECTURE_NOT_ADOPTED = "lecture not adopted"
    MESSAGE_GONE = "message gone"
    NO_ANSWER = "message is not an answer"
    UNKNOWN_KIND = "unknown kind"
    CHAT_NOT_ADOPTED = "chat not adopted"
    DOCUMENT_GONE = "document gone"
    LECTURE_GONE = "lecture gone"
    OWNER_DIFFERS = "owner differs"
    COURSE_DIFFERS = "course differs"
    NO_PAGE = "no page"
    NO_TIMES = "no times"
    EMPTY = "empty"
    DUPLICATE = "duplicate"


class Note(StrEnum):
    """What is told of rows that come over, but not as they stood."""

    ASKED_BY_ANOTHER = "questions by another person than the chat's owner"
    REFERENCES_REMOVED = "questions freed from injected references"
    RENUMBERED = "sources given another number"
    FOREIGN_DECK = "sources on another person's deck"
    OTHER_SESSION = "sources that name another session than their message's"
    MATERIAL_GONE = "sources whose deck or lecture is gone"
    OTHER_ROLE = "messages of another role, left out"
    NOT_READABLE = "runs or messages that are no object, passed over"
    REPEATED_RUN = "runs stored twice, read once"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """A tool that a model called. `id`: of the call, None where none was stored.

    `arguments`: JSON, or text that is none. `result`: what the model was given; None where nothing was stored of it.
    """

    id: str | None
    name: str
    arguments: Any
    result: str | None
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture of a question. `data`: base64 as stored, None where only an address was."""

    media_type: str
    data: str | None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A question or an answer. `id` None: none was stored, and `run_id` tells it from others.

    `steps`: an answer's texts in order, none of them empty. `step_ids`: ids of the messages it was made of, its own
    last. `asked_by`: set where somebody else than the chat's owner asked.
    """

    id: str | None
    run_id: str | None
    role: Role
    text: str
    status: Status
    at: datetime | None
    steps: tuple[str, ...] = ()
    step_ids: tuple[str, ...] = ()
    model: str | None = None
    reasoning: str = ""
    tools: tuple[ToolUse, ...] = ()
    images: tuple[Image, ...] = ()
    asked_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A chat to adopt. `course` is what its row names, whether that course is there or not; None: none.

    `messages` in order: a question, its answer, and so on.
    """

    session_id: str
    owner: UUID
    title: str
    course: UUID | None
    created_at: datetime | None
    updated_at: datetime | None
    messages: tuple[Message, ...]
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A row of `agno_sessions` that was read: the chat, or why it stays behind.

    `others`: ids of messages that are no answer's step (of questions, tools, the system), of a chat that stays behind
    all its ids.
    """

    session_id: str
    chat: Chat | None
    reason: Reason | None = None
    others: frozenset[str] = frozenset()
    notes: Mapping[Note, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A row of `message_sources` that has a place: the answer's `handle` opens it.

    `quote`: empty where none was kept. `material`: deck or lecture, None where the row named none. `page` for slides,
    `start_ms` and `end_ms` for speech; None where the row has none. `former_number`: the number it had, where that
    could not be kept.
    """

    key: UUID
    handle: int
    kind: Kind
    material: UUID | None
    page: int | None
    start_ms: int | None
    end_ms: int | None
    quote: str
    title: str | None
    former_number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A row of a chunks table to adopt. `page` for slides, `start_ms` and `end_ms` for speech.

    `dimension`: numbers of its vector; None where it has none that can be used.
    """

    key: str
    kind: Kind
    material: UUID
    course: UUID
    page: int | None
    start_ms: int | None
    end_ms: int | None
    content: str
    created_at: datetime | None
    dimension: int | None
