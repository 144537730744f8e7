"""The answer loop: history, model, search, model, answer, told as events. It does nothing else.

Belongs here: the order of calls. The wire to the model belongs to `model.py`, the tool to `searching.py`, what may be
shown to `citations.py`, and what becomes of the events to their readers.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from pipelines.answering.events import (
    End,
    Event,
    FinishReason,
    Retried,
    StepStarted,
    ToolCallBegun,
    ToolCallPiece,
    ToolResult,
    Usage,
)  # fmt: skip
from pipelines.answering.model import ChatModel, Delta
from pipelines.answering.prompts import TOOLS, passages, system_prompt
from pipelines.answering.prompts import history as as_history
from pipelines.answering.quoting import NOTHING_FOUND, extractive_answer
from pipelines.answering.searching import ToolCall, new_call_id, search_first, use_tools
from pipelines.answering.turn import Turn
from pipelines.core.errors import ProviderRefusedError, ProviderUnavailableError
from pipelines.core.records import Hit

RETRY_AFTER_S = 0.5
"""Wait before a failed model call is made again, where the provider asks for none."""

_FINISH: dict[str, FinishReason] = {"stop": "stop", "length": "length", "content_filter": "content-filter"}


async def answer(turn: Turn, model: ChatModel | None, *, tools: bool = True) -> AsyncGenerator[Event]:
    """The whole answer of a turn, event by event.

    Args:
        model: None quotes the passages that fit best.
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
        else:
            async for event in _ask(turn, model, tools=tools and model.tools):
                yield event
    except (Exception, asyncio.CancelledError):
        for event in turn.settle():
            yield event
        raise
    yield End(turn.finish_reason)


async def _quote(turn: Turn) -> AsyncGenerator[Event]:
    yield StepStarted()
    hits: list[Hit] = []
    async for event in search_first(turn):
        if isinstance(event, ToolResult):
            hits = [hit for _, hit in event.passages]
        yield event
    for event in [*turn.say(extractive_answer(turn.question, hits).text), *turn.settle()]:
        yield event


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
    model.tools = False  # known from now on: it did answer without them


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
    messages.append({"role": "user", "content": question})
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
        if not said.calls:
            return
        messages.append(said.message())
        async for event in use_tools(turn, list(said.calls.values()), messages):
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
            return
        except ProviderUnavailableError as error:
            wait = RETRY_AFTER_S if error.retry_after_s is None else error.retry_after_s
            if said.began or attempt == 2 or wait > said.turn.bounds.retry_wait_s:
                raise
            code = error.code
        yield Retried(code, wait)
        await asyncio.sleep(wait)


@dataclass(slots=True)
class _Said:
    """What one model call said, kept to be shown to the next one."""

    turn: Turn
    began: bool = False
    texts: list[str] = field(default_factory=list)
    reasoning_details: list[Any] = field(default_factory=list)
    calls: dict[int, ToolCall] = field(default_factory=dict)

    def take(self, delta: Delta) -> Iterator[Event]:
        """What a delta tells the reader."""
        turn = self.turn
        if delta.reasoning:
            self.began = True
            yield from turn.think(delta.reasoning)
        if delta.text:
            self.began = True
            self.texts.append(delta.text)
            yield from turn.say(delta.text)
        self.reasoning_details += delta.reasoning_details
        for piece in delta.tools:
            self.began = True
            call = self.calls.get(piece.index)
            if call is None:
                yield from turn.settle()
                known = not piece.id or piece.id in turn.call_ids
                call = self.calls[piece.index] = ToolCall(new_call_id() if known else piece.id, piece.name)
                turn.call_ids.add(call.id)
                yield ToolCallBegun(call.id, call.name or "unknown")
            call.arguments += piece.arguments
            if piece.arguments:
                yield ToolCallPiece(call.id, piece.arguments)
        if delta.finish_reason:
            turn.finish_reason = _FINISH.get(delta.finish_reason, "stop" if self.calls else "other")
        if delta.usage:
            _add_usage(turn.usage, delta.usage)
        turn.model = delta.model or turn.model

    def message(self) -> dict[str, Any]:
        """The call's words and tool calls, as the next call is shown them."""
        calls = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}
            for call in self.calls.values()
        ]
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self.texts) or None, "tool_calls": calls}
        if self.reasoning_details:
            message["reasoning_details"] = self.reasoning_details  # some models go on only from their own thoughts
        return message


def _add_usage(total: dict[str, float], usage: dict[str, Any]) -> None:
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
            total[name] = total.get(name, 0) + value
