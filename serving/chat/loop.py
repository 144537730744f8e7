"""The answer loop: model, search, model, answer. It fits on a page because it does nothing else.

Belongs here: the order of calls. The wire to the model belongs to `answering/model.py`, the tool to `tools.py`, what
the reader gets to `writer.py`, what outlives the request to `runs.py`. The course comes from the session, never from
the model.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from pipelines.answering.model import ChatModel, Delta
from pipelines.answering.prompts import TOOLS, passages, system_prompt
from pipelines.answering.prompts import history as as_history
from pipelines.answering.quoting import extractive_answer, relevant_hits
from pipelines.core.errors import ProviderRefusedError, ProviderUnavailableError
from serving.chat import parts as p
from serving.chat.tools import search_first, use_tools
from serving.chat.turn import ToolCall, Turn
from serving.log import log

_FINISH: dict[str, p.FinishReason] = {"stop": "stop", "length": "length", "content_filter": "content-filter"}


async def answer(turn: Turn, model: ChatModel | None) -> None:
    """Write the whole answer of a turn; without a model, the passages that fit best.

    Raises:
        StudyBuddyError, ProblemError: the answer cannot be written, or not to its end.
    """
    if model is None:
        turn.writer.start_step()
        hits = await search_first(turn)
        turn.say(extractive_answer(turn.question, hits).text)
        turn.settle()
        return
    try:
        await _converse(turn, model, tools=model.tools)
    except ProviderRefusedError as error:
        if not _no_tools(error, model, turn):
            raise
        await _converse(turn, model, tools=False)
        model.tools = False  # known from now on: it did answer without them
        log("model_without_tools", model=model.name)


async def _converse(turn: Turn, model: ChatModel, *, tools: bool) -> None:
    messages: list[dict[str, Any]] = [{"role": "system", "content": system_prompt(turn.course, tools=tools)}]
    messages += as_history(turn.history, max_chars=turn.limits.history_chars)
    question = turn.question
    if not tools:
        turn.writer.start_step()
        found = turn.handles.add(relevant_hits(turn.question, await search_first(turn)))
        question = f"{passages(found)}\n\nQuestion: {turn.question}"
    messages.append({"role": "user", "content": question})
    for step in range(turn.limits.steps):
        if step or tools:
            turn.writer.start_step()
        may_call = tools and step < turn.limits.steps - 1 and turn.searches < turn.limits.tool_calls
        said = await _call(turn, model, messages, may_call=may_call, tools=tools)
        turn.settle()
        if not said.calls:
            return
        messages.append(said.message())
        messages += await use_tools(turn, list(said.calls.values()))
    turn.finish_reason = "tool-calls"


@dataclass
class _Said:
    """What one model call said, kept to be shown to the next one."""

    texts: list[str] = field(default_factory=list)
    reasoning_details: list[Any] = field(default_factory=list)
    calls: dict[int, ToolCall] = field(default_factory=dict)

    def message(self) -> dict[str, Any]:
        calls = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}
            for call in self.calls.values()
        ]
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self.texts) or None, "tool_calls": calls}
        if self.reasoning_details:
            message["reasoning_details"] = self.reasoning_details  # some models go on only from their own thoughts
        return message


async def _call(turn: Turn, model: ChatModel, messages: list[dict[str, Any]], *, may_call: bool, tools: bool) -> _Said:
    """One model call, tried a second time when it failed before its first word and the provider lets us."""
    said, began = _Said(), False
    for attempt in (1, 2):
        try:
            async for delta in model.stream(messages, tools=TOOLS if tools else [], may_call=may_call):
                began = began or bool(delta.text or delta.reasoning or delta.tools)
                _take(turn, said, delta)
            return said
        except ProviderUnavailableError as error:
            wait = 0.5 if error.retry_after_s is None else error.retry_after_s
            if began or attempt == 2 or wait > turn.limits.retry_wait_s:
                raise
            log("model_retried", code=error.code, wait_s=wait)
            await asyncio.sleep(wait)
    raise AssertionError("unreachable")


def _take(turn: Turn, said: _Said, delta: Delta) -> None:
    turn.think(delta.reasoning)
    if delta.text:
        said.texts.append(delta.text)
        turn.say(delta.text)
    said.reasoning_details += delta.reasoning_details
    for piece in delta.tools:
        call = said.calls.get(piece.index)
        if call is None:
            turn.settle()
            call_id = piece.id or f"call_{uuid4().hex[:16]}"
            call = ToolCall(call_id, turn.writer.tool_start(call_id, piece.name or "unknown"), piece.name)
            said.calls[piece.index] = call
        call.arguments += piece.arguments
        turn.writer.tool_delta(call.stream_id, piece.arguments)
    if delta.finish_reason:
        turn.finish_reason = _FINISH.get(delta.finish_reason, "stop" if said.calls else "other")
    if delta.usage:
        _add_usage(turn.usage, delta.usage)
    turn.model = delta.model or turn.model


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


def _no_tools(error: ProviderRefusedError, model: ChatModel, turn: Turn) -> bool:
    """Did the provider refuse only because this model cannot call tools?"""
    return model.tools and error.code == "bad_request" and not turn.chars and not turn.searches
