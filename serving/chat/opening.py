"""Opening of a chat for a question: the chat, its course, what its asker has to pay with, and what was said, at once.

Belongs here: what a question needs to know before it is placed, read in one round trip to the database. Placing and
writing it belongs to `turns.py`.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from pipelines.core.models.payers import Means
from pipelines.core.statements import statement
from serving.accounts.access import CourseAccess
from serving.accounts.people import Principal
from serving.chat.compaction import History, read_history
from serving.database import SQL, Connection, row, run
from serving.limits import Limits
from serving.problems import ProblemError


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """The chat of a question. `head_key` None: nothing was asked in it. `titled_by`: see `Session`."""

    id: UUID
    client_id: str
    head_key: UUID | None
    titled_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a question finds.

    Args:
        new: the chat is not there yet, and `chat` is what it will be.
        named: the message that the request names stands in the chat.
        history: what was said on the shown branch, as far back as a model may need it.
    """

    chat: Chat
    new: bool
    named: bool
    course: CourseAccess
    means: Means
    history: History


async def open_chat(
    connection: Connection,
    person: Principal,
    client_id: str,
    *,
    course_id: UUID | None,
    message_id: str | None,
    limits: Limits,
) -> Opened:
    """A person's chat, before they ask in it; access is checked at every turn, because it may have ended.

    Args:
        client_id: what its owner calls the chat.
        course_id: as the request says; None: it names none, so the chat must be there.
        message_id: a message that the request names; None: it names none.

    Raises:
        ProblemError: `course_required`, `course_mismatch`, or `not_found`: the course is gone, or it is not theirs.
    """
    asked = {"user_id": person.user_id, "client_id": client_id, "course_id": course_id, "message_id": message_id}
    cursor = await connection.execute(statement("find_turn", SQL), asked)
    # Asked for before the answer to the first statement is waited for, so that both go together.
    history = await read_history(connection, None, limits, user_id=person.user_id, client_id=client_id)
    found = await cursor.fetchone()
    if found is not None and found["course.id"] is None and person.local:
        await run(connection, "join_all_courses")
        found = await row(connection, "find_turn", **asked)
    if found is None:
        raise ProblemError("not_found")
    told = _records(found)
    chat, new = told["chat"], told["chat"]["id"] is None
    of_course, named = chat.pop("course_id"), chat.pop("named")
    if new and course_id is None:
        raise ProblemError("course_required")
    if course_id is not None and of_course not in (None, course_id):
        raise ProblemError("course_mismatch")
    if told["course"]["id"] is None:
        raise ProblemError("not_found")
    if new:
        chat = {"id": uuid4(), "client_id": client_id, "head_key": None, "titled_by": "question"}
    return Opened(
        chat=Chat(**chat),
        new=new,
        named=named,
        course=CourseAccess(**told["course"]),
        means=Means(**told["means"]),
        history=history,
    )


def _records(row: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The records of a row whose columns are called `record.column`."""
    records: dict[str, dict[str, Any]] = {}
    for name, value in row.items():
        record, _, column = name.partition(".")
        records.setdefault(record, {})[column] = value
    return records
