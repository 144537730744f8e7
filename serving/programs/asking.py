"""Questions of programs: asked as the person behind them, answered as in a chat, and kept in none.

What was said before comes from the program: it is shown to the model as the person's own words and answers, and can do
no more than a question could.
"""

from collections.abc import AsyncGenerator, Sequence
from uuid import UUID, uuid4

from pipelines.answering.events import Event
from pipelines.answering.turn import Turn
from serving.accounts.access import list_my_courses
from serving.accounts.people import Principal
from serving.chat.answers import answer_to, turn_of
from serving.chat.compaction import History, Said
from serving.chat.opening import open_chat
from serving.chat.turns import Asked
from serving.problems import ProblemError
from serving.state import State


async def ask(
    state: State, person: Principal, course_id: UUID, question: str, *, said: Sequence[tuple[str, str]] = ()
) -> tuple[Asked, Turn, AsyncGenerator[Event | None]]:
    """A question that may be answered now, and its answer's events; None among them: nothing came for a while.

    Args:
        said: earlier (role, words), oldest first, of `user` and `assistant`; what a model cannot be shown is left out.

    Raises:
        ProblemError: `question_missing`, `question_too_long`, `too_many_answers`, `shutting_down`, or `not_found`: the
            course is not there for them.
        StorageUnavailableError
    """
    question, limits = question.strip(), state.limits
    if not question:
        raise ProblemError("question_missing")
    if len(question) > limits.question_chars:
        raise ProblemError("question_too_long")
    state.runs.admit(person.user_id)
    async with state.database.transaction(as_person=person.person) as connection:
        opened = await open_chat(
            connection, person, uuid4().hex, course_id=course_id, message_id=None, limits=limits
        )  # a chat that there is not, and that is not made
    asked = Asked(
        run_id=uuid4(),
        person=person.person,
        course=opened.course,
        question=question,
        source_ids=(),
        history=_history(said, limits.history_messages, limits.answer.history_chars),
        means=opened.means,
    )
    turn = turn_of(state, asked)
    state.runs.admit(person.user_id)  # once more: others of theirs may have begun while the database was asked
    events = state.runs.unkept.begin(person.user_id, asked, answer_to(state, asked, turn), pause_s=limits.ping_s)
    return asked, turn, events


async def find_course_id(state: State, person: Principal, called: str) -> UUID:
    """The course that a program calls by its id, which is not looked up, or by its name.

    Raises:
        ProblemError: `not_found`, `several_courses`.
        StorageUnavailableError
    """
    try:
        return UUID(called)
    except ValueError:
        pass
    async with state.database.transaction(as_person=person.person) as connection:
        found = [course.id for course in await list_my_courses(connection, person) if course.name == called]
    if len(found) > 1:
        raise ProblemError("several_courses")
    if not found:
        raise ProblemError("not_found")
    return found[0]


def _history(said: Sequence[tuple[str, str]], messages: int, chars: int) -> History:
    """The last of what was said, as much as a model is shown: a program's history is never summed up and paid for."""
    kept: list[Said] = []
    for depth, (role, words) in enumerate(reversed(said[-messages:])):
        chars -= len(words)
        if chars < 0:
            break
        kept.append(Said(key=uuid4(), role=role, content=words, depth=len(said) - depth, summary=None))
    return History(messages=tuple(reversed(kept)))
