"""The beginning of a turn: what the client posted, checked, and written down in one transaction before the first byte.

Only the chat's id, the trigger, a message id and the last question are believed; the posted history could be forged,
so the branch is read from the database. An edited question keeps its id and begins a new branch beside the old one;
a repeated request for an answer begins a new answer beside the old one. A question keeps the decks and lectures it was
narrowed to, so that asking again asks the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID, uuid4

from psycopg.errors import UniqueViolation
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from pipelines.core.models.payers import Means
from pipelines.core.records import Person
from serving.accounts.access import CourseAccess
from serving.accounts.people import Principal
from serving.chat.compaction import History, read_history
from serving.chat.opening import Chat, Opened, open_chat
from serving.chat.parts import clean
from serving.chat.sessions import check_id, title_of
from serving.database import Connection, ServingDatabase, row, rows, run
from serving.limits import Limits
from serving.problems import ProblemError

SOURCES = 50
"""Decks and lectures that one question may be narrowed to."""


class ChatRequest(BaseModel):
    """What the AI SDK posts. Other fields of the body are not read."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    id: str
    trigger: Literal["submit-message", "regenerate-message"] = "submit-message"
    message_id: str | None = None
    message: Any = None
    messages: list[Any] = Field(default_factory=list)
    course_id: UUID | None = None
    source_ids: list[UUID] | None = Field(None, max_length=SOURCES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The last question of a request; `id` is the client's."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that may be answered, and who asks it.

    `run_id` names its answer; `history` is what was said before the question; `source_ids` are the decks and lectures
    it stays within, none: the whole course. `means` is what the asker has to pay for the answer with.
    """

    run_id: UUID
    person: Person
    course: CourseAccess
    question: str
    source_ids: tuple[UUID, ...]
    history: History
    means: Means


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun(Asked):
    """A turn of a chat that is written down and may start."""

    session: Chat
    message_key: UUID
    message_id: str


def read_request(body: Any) -> ChatRequest:
    """The request in a parsed JSON body.

    Raises:
        ProblemError: `invalid_request`, `bad_id`.
    """
    try:
        request = ChatRequest.model_validate(body)
    except ValidationError as error:
        field = ".".join(str(piece) for piece in error.errors()[0]["loc"])
        raise ProblemError("invalid_request", field=clean(field)[:100] or None) from None
    check_id(request.id)
    if request.message_id is not None:
        check_id(request.message_id)
    return request


def last_question(request: ChatRequest, *, max_chars: int) -> Question | None:
    """The last user message of the request; None when it has none.

    Raises:
        ProblemError: it is empty, too long, has a bad id or brings files.
    """
    candidates: Sequence[Any] = [request.message] if request.message is not None else request.messages
    message = next((m for m in reversed(candidates) if isinstance(m, dict) and m.get("role") == "user"), None)
    if message is None:
        return None
    parts = message.get("parts")
    texts: list[str] = []
    for part in parts if isinstance(parts, list) else ():
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "file":
            raise ProblemError("attachments_unsupported")
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
    text = clean("\n".join(texts)).strip()
    if not text:
        raise ProblemError("question_missing")
    if len(text) > max_chars:
        raise ProblemError("question_too_long")
    message_id = message.get("id")
    return Question(id=check_id(message_id) if isinstance(message_id, str) else f"msg_{uuid4().hex}", text=text)


async def begin_turn(
    database: ServingDatabase, person: Principal, request: ChatRequest, *, owner: UUID, limits: Limits
) -> Begun:
    """Write down the question, the place of its answer and the run that will fill it.

    Raises:
        ProblemError: see the codes; nothing is written then.
        StorageUnavailableError
    """
    question = last_question(request, max_chars=limits.question_chars)
    if question is None and request.trigger == "submit-message":
        raise ProblemError("question_missing")
    try:
        async with database.transaction(as_person=person.person) as connection:
            return await _begin(connection, person, request, question, owner=owner, limits=limits)
    except UniqueViolation as error:
        if error.diag.constraint_name == "chat_sessions_user_id_client_id_key":  # made by another request just now
            return await begin_turn(database, person, request, owner=owner, limits=limits)
        if error.diag.constraint_name != "chat_runs_one_at_a_time":
            raise
        raise ProblemError("answer_in_progress") from None


async def _begin(
    connection: Connection,
    person: Principal,
    request: ChatRequest,
    question: Question | None,
    *,
    owner: UUID,
    limits: Limits,
) -> Begun:
    """Two round trips for a new question: with the first comes what is known, with the second goes what is written."""
    sought = (question.id if question else None) or request.message_id
    opened = await open_chat(
        connection, person, request.id, course_id=request.course_id, message_id=sought, limits=limits
    )
    place = await _place(connection, opened, request, question, sought)
    source_ids = await _sources(connection, person, opened.course, request, place)
    history = opened.history
    if place.parent_key is None:
        history = History()
    elif not history.messages or history.messages[-1].key != place.parent_key:
        history = await read_history(connection, place.parent_key, limits, user_id=person.user_id, client_id=request.id)
    asked_key = None if place.key else uuid4()
    run_id, message_key, message_id = uuid4(), uuid4(), f"msg_{uuid4().hex}"
    if opened.new:
        made = {"id": opened.chat.id, "client_id": request.id, "course_id": opened.course.id}
        await run(connection, "insert_session", user_id=person.user_id, **made)
    await run(
        connection,
        "insert_turn",
        run_id=run_id,
        session_id=opened.chat.id,
        asked_key=asked_key,
        asked_id=question.id if question else None,
        parent_key=place.parent_key,
        question_key=place.key or asked_key,
        question=place.text,
        source_ids=list(source_ids),
        message_key=message_key,
        message_id=message_id,
        depth=(history.messages[-1].depth if history.messages else 0) + 2,
        owner=owner,
        title=title_of(place.text),
    )
    return Begun(
        run_id=run_id,
        person=person.person,
        session=opened.chat,
        course=opened.course,
        message_key=message_key,
        message_id=message_id,
        question=place.text,
        source_ids=source_ids,
        history=history,
        means=opened.means,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A question's place: its key where it is kept already, else None; what stands before it; its words.

    `source_ids` is what it was narrowed to when it was asked before.
    """

    key: UUID | None
    parent_key: UUID | None
    text: str
    source_ids: tuple[UUID, ...] = ()


async def _sources(
    connection: Connection, person: Principal, course: CourseAccess, request: ChatRequest, place: _Place
) -> tuple[UUID, ...]:
    """The decks and lectures to stay within; none: the whole course.

    Raises:
        ProblemError: `not_found`: one of those wanted is not in the course, or not theirs to see.
    """
    if request.source_ids is None:
        return place.source_ids
    wanted = set(request.source_ids)
    if wanted:
        asked = {"source_ids": list(wanted), "course_id": course.id, "person_id": person.user_id}
        found = await rows(connection, "list_askable", **asked)
        if {each["id"] for each in found} != wanted:
            raise ProblemError("not_found")
    return tuple(sorted(wanted))


async def _place(
    connection: Connection, opened: Opened, request: ChatRequest, question: Question | None, sought: str | None
) -> _Place:
    """Where the question of a request belongs. `sought`: the id of the message it names; None: it names none.

    Raises:
        ProblemError: `question_missing`.
    """
    again = request.trigger == "regenerate-message"
    known, head_key = None, opened.chat.head_key
    if opened.named:
        known = await row(connection, "find_on_path", head_key=head_key, id=sought)
    if again and known is None and question is None:
        known = await row(connection, "last_question", head_key=head_key)
    if known is not None and known["role"] == "assistant":
        known = await row(connection, "last_question", head_key=known["key"])
    if known is not None and (again or question is None or known["content"] == question.text):
        kept = tuple(UUID(source) for source in known["metadata"].get("sourceIds", ()))
        return _Place(key=known["key"], parent_key=known["parent_key"], text=known["content"], source_ids=kept)
    if question is None:
        raise ProblemError("question_missing")
    if known is not None:  # edited: a new branch from the same place
        return _Place(key=None, parent_key=known["parent_key"], text=question.text)
    return _Place(key=None, parent_key=head_key, text=question.text)
