"""Answers of the service: the one answer loop, with the search of the asker's course and the model that they pay for.

Whoever reads the events, a chat that keeps them or a program that only listens, gets them from here.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from pipelines.answering.events import Event
from pipelines.answering.loop import answer
from pipelines.answering.model import ChatModel
from pipelines.answering.turn import Turn
from pipelines.core.errors import KeyMissingError, StudyBuddyError
from pipelines.core.models.meter import Purpose
from pipelines.core.records import Hit
from serving.chat.compaction import compact
from serving.chat.turns import Asked
from serving.log import log
from serving.problems import code_of
from serving.state import State


def turn_of(state: State, asked: Asked) -> Turn:
    """The turn of a question, which searches for who asks it."""

    async def search(question: str) -> list[Hit]:
        return await state.searcher.search(
            question,
            course_id=asked.course.id,
            person=asked.person,
            limit=state.limits.hits,
            source_ids=asked.source_ids,
        )

    return Turn(
        course=asked.course.name,
        question=asked.question,
        history=asked.history.words(state.limits),
        summary=asked.history.summary["text"] if asked.history.summary else None,
        search=search,
        bounds=state.limits.answer,
    )


def model_of(state: State, asked: Asked, purpose: Purpose) -> tuple[ChatModel | None, KeyMissingError | None]:
    """The model that the asker pays for; none where none is set, or with the reason why nobody pays."""
    try:
        return state.models.of(asked.means, purpose, course_id=asked.course.id, run_id=asked.run_id), None
    except KeyMissingError as error:
        return None, error


async def answer_to(state: State, asked: Asked, turn: Turn) -> AsyncGenerator[Event]:
    """The answer, by the model that its asker pays for, or the passages alone where nobody pays.

    Where the chat has grown too long for the model, a summary of its older part comes before it.
    """
    (model, missing), history = model_of(state, asked, "answer"), asked.history
    turn.model = model.name if model is not None else None
    if model is not None and history.too_long(state.limits):
        summing, _ = model_of(state, asked, "summary")
        assert summing is not None  # noqa: S101  as for the answer
        try:
            summed_up, history = await compact(
                state.database, asked.person, summing, history, course=asked.course.name, limits=state.limits
            )
        except StudyBuddyError as error:
            log("summary_failed", run=str(asked.run_id), code=code_of(error))
        else:
            turn.history, turn.summary, turn.summarised = history.words(state.limits), summed_up.text, True
            yield summed_up
    async with aclosing(answer(turn, model, missing=missing)) as events:
        async for event in events:
            yield event
