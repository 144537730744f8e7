"""The answer loop: history, model, search, model, answer, told as events. It does nothing else.

Belongs here: the order of calls. The wire to the model belongs to `model.py`, the tool to `searching.py`, what may be
shown to `citations.py`, and what becomes of the events to their readers.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

from pipelines.answering.events import End, Event, Retried, StepStarted, ToolCallBegun, ToolResult, Usage
from pipelines.answering.model import ChatModel
from pipelines.answering.prompts import TOOLS, passages, system_prompt, with_summary
from pipelines.answering.prompts import history as as_history
from pipelines.answering.quoting import NO_MODEL, NOTHING_FOUND, NOTHING_LEFT, extractive_answer
from pipelines.answering.searching import search_first, use_tools
from pipelines.answering.tool_calls import ToolCalls
from pipelines.answering.turn import Turn
from pipelines.answering.wire import Delta
from pipelines.core.errors import (
    CapBusyError,
    CapReachedError,
    KeyMissingError,
    ProviderRefusedError,
    ProviderUnavailableError,
)
from pipelines.core.records import Hit

RETRY_AFTER_S = 0.5
"""Wait before a failed model call is made again, where the provider asks for none."""


async def answer(
    turn: Turn, model: ChatModel | None, *, tools: bool = True, missing: KeyMissingError | None = None
) -> AsyncGenerator[Event]:
    """The whole answer of a turn, event by event.

    Args:
        model: None quotes the passages that fit best.
        missing: why no model was asked although there is one: told (raised) once the passages are quoted.
        tools: False searches with the question first and leaves the model nothing to call. A model that turns out not
            to call tools is asked in the same way.

    Raises:
        StudyBuddyError: the answer cannot be written, or not to its end. What was written has been told by then, also
            when the task is cancelled.
    """
    try:
        if model is None:
            async for event in _quote(turn):
                yield event
            if missing is not None:
                raise missing
        else:
            try:
                async for event in _ask(turn, model, tools=tools and model.habits.tools):
                    yield event
            except (CapReachedError, CapBusyError):
                if not turn.answered:  # what is free can be had all the same
                    async for event in _quote(turn, why=NOTHING_LEFT):
                        yield event
                raise
    except (Exception, asyncio.CancelledError):
        for event in turn.settle():
            yield event
        raise
    yield End(turn.finish_reason)


async def _quote(turn: Turn, *, why: str = NO_MODEL) -> AsyncGenerator[Event]:
    yield StepStarted()
    hits: list[Hit] = []
    async for event in search_first(turn):
        if isinstance(event, ToolResult):
            hits = [hit for _, hit in event.passages]
        yield event
    for event in [*turn.say(extractive_answer(turn.question, hits, why=why).text), *turn.settle()]:
        yield event
    turn.quoted = True


async def _ask(turn: Turn, model: ChatModel, *, tools: bool) -> AsyncGenerator[Event]:
    try:
        async for event in _converse(turn, model, tools=tools):
            yield event
        return
    except ProviderRefusedError as error:
        if not tools or error.code != "bad_request" or turn.chars or turn.searches:
            raise
        refused = error.code
    yield Retried(refused, 0.0)  # perhaps only because this model cannot call tools
    async for event in _converse(turn, model, tools=False):
        yield event
    model.habits.tools = False  # known from now on: it did answer without them


async def _converse(turn: Turn, model: ChatModel, *, tools: bool) -> AsyncGenerator[Event]:
    messages: list[dict[str, Any]] = [{"role": "system", "content": system_prompt(turn.course, tools=tools)}]
    messages += as_history(turn.history, max_chars=turn.bounds.history_chars)
    question = turn.question
    if not tools:
        yield StepStarted()
        found: list[tuple[int, Hit]] = []
        async for event in search_first(turn):
            if isinstance(event, ToolResult):
                found = event.passages
            yield event
        if not found and not turn.history:  # nothing to answer from, and nothing to go on about
            for event in [*turn.say(NOTHING_FOUND), *turn.settle()]:
                yield event
            return
        question = f"{passages(found)}\n\nQuestion: {turn.question}"
    messages = with_summary([*messages, {"role": "user", "content": question}], turn.summary)
    for step in range(turn.bounds.steps):
        if step or tools:
            yield StepStarted()
        may_call = tools and step < turn.bounds.steps - 1 and turn.searches < turn.bounds.searches
        said = _Said(turn)
        async for event in _call(said, model, messages, may_call=may_call, tools=tools):
            yield event
        for event in turn.settle():
            yield event
        if turn.usage:
            yield Usage(turn.model, dict(turn.usage))
        if not said.tools.calls:
            _check_answered(turn)
            return
        messages.append(said.message())
        async for event in use_tools(turn, said.tools.calls, messages):
            yield event
    turn.finish_reason = "tool-calls"


async def _call(
    said: "_Said", model: ChatModel, messages: list[dict[str, Any]], *, may_call: bool, tools: bool
) -> AsyncGenerator[Event]:
    """One model call, made a second time when it failed before its first word and the provider lets us."""
    for attempt in (1, 2):
        try:
            async with aclosing(model.stream(messages, tools=TOOLS if tools else [], may_call=may_call)) as deltas:
                async for delta in deltas:
                    for event in said.take(delta):
                        yield event
            for event in said.close():
                yield event
            return
        except ProviderUnavailableError as error:
            wait = RETRY_AFTER_S if error.retry_after_s is None else error.retry_after_s
            if said.began or attempt == 2 or wait > said.turn.bounds.retry_wait_s:
                raise
            code = error.code
        yield Retried(code, wait)
        await asyncio.sleep(wait)


def _check_answered(turn: Turn) -> None:
    """An answer without a word is none.

    Raises:
        ProviderRefusedError: `content_refused` where the provider says so, else `no_answer`.
    """
    if turn.finish_reason == "tool-calls":
        turn.finish_reason = "other"  # it says that it calls tools, and calls none
    if not turn.answered:
        refused = turn.finish_reason == "content-filter"
        sentence = "The model refused to answer." if refused else "The model gave no answer."
        raise ProviderRefusedError(sentence, code="content_refused" if refused else "no_answer")


class _Said:
    """What one model call said, kept to be shown to the next one."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.began = False
        self.tools = ToolCalls(turn.call_ids)
        self._texts: list[str] = []
        self._reasoning_details: list[Any] = []
        self._used_before = dict(turn.usage)
        turn.finish_reason = "stop"  # a server need not give a reason

    def take(self, delta: Delta) -> Iterator[Event]:
        """What a delta tells the reader."""
        turn = self.turn
        turn.model = delta.model or turn.model
        turn.finish_reason = delta.finish_reason or turn.finish_reason
        if delta.usage:
            _add_usage(turn.usage, self._used_before, delta.usage)  # told several times, it is more of the same
        self._reasoning_details += delta.reasoning_details
        if delta.reasoning:
            self.began = True
            yield from turn.think(delta.reasoning)
        if delta.text:
            self.began = True
            self._texts.append(delta.text)
            yield from turn.say(delta.text)
        if delta.tools:
            self.began = True
            for piece in delta.tools:
                for event in self.tools.add(piece):
                    if isinstance(event, ToolCallBegun):
                        yield from turn.settle()
                    yield event

    def close(self) -> Iterator[Event]:
        """The call is over."""
        yield from self.turn.settle()
        yield from self.tools.close()

    def message(self) -> dict[str, Any]:
        """The call's words and tool calls, as the next call is shown them."""
        calls = [call.message() for call in self.tools.calls]
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self._texts) or None, "tool_calls": calls}
        if self._reasoning_details:
            message["reasoning_details"] = self._reasoning_details  # some models go on only from their own thoughts
        return message


def _add_usage(total: dict[str, float], before: dict[str, float], usage: dict[str, Any]) -> None:
    details = usage.get("prompt_tokens_details")
    seen = {
        "inputTokens": usage.get("prompt_tokens"),
        "outputTokens": usage.get("completion_tokens"),
        "totalTokens": usage.get("total_tokens"),
        "cachedInputTokens": details.get("cached_tokens") if isinstance(details, dict) else None,
        "cost": usage.get("cost"),
    }
    for name, value in seen.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            total[name] = before.get(name, 0) + value
