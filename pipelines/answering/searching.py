"""The one tool: searching the course. What fails is told to the reader and to the model, which may go on without it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from pipelines.answering.events import Event, ToolCallBegun, ToolCalled, ToolFailed, ToolResult
from pipelines.answering.prompts import SEARCH_TOOL, passages
from pipelines.answering.quoting import relevant_hits
from pipelines.answering.tool_calls import ToolCall, new_call_id
from pipelines.answering.turn import Turn
from pipelines.core.errors import StudyBuddyError

SEARCH_FAILED = "The course materials cannot be searched now."


async def use_tools(turn: Turn, calls: Sequence[ToolCall], messages: list[dict[str, Any]]) -> AsyncGenerator[Event]:
    """Answer every call, side by side; what came of them is added to `messages` for the model."""
    wanted: list[tuple[ToolCall, str]] = []
    outcomes: dict[str, ToolResult | ToolFailed] = {}
    for call in calls:
        try:
            arguments = json.loads(call.arguments or "{}")
        except (ValueError, RecursionError):
            outcomes[call.id] = ToolFailed(call.id, "The arguments are not JSON.", input=call.arguments)
            continue
        yield ToolCalled(call.id, call.name, arguments)
        query = arguments.get("query") if isinstance(arguments, dict) else None
        wrong = _wrong(turn, call.name, query)
        if wrong is None:
            turn.searches += 1
            wanted.append((call, str(query)[: turn.bounds.query_chars]))
        else:
            outcomes[call.id] = ToolFailed(call.id, wrong)
    found = await asyncio.gather(*(_find(turn, call.id, query) for call, query in wanted))
    outcomes |= {outcome.id: outcome for outcome in found}
    for call in calls:
        outcome = outcomes[call.id]
        yield outcome
        content = passages(outcome.passages) if isinstance(outcome, ToolResult) else f"Error: {outcome.message}"
        messages.append({"role": "tool", "tool_call_id": call.id, "content": content})


async def search_first(turn: Turn) -> AsyncGenerator[Event]:
    """Search with the question itself, told like a call of the model.

    Raises:
        StudyBuddyError: the search failed, and there is no model to go on without it.
    """
    turn.searches += 1
    call_id = new_call_id()
    yield ToolCallBegun(call_id, SEARCH_TOOL)
    yield ToolCalled(call_id, SEARCH_TOOL, {"query": turn.question})
    outcome = await _find(turn, call_id, turn.question)
    yield outcome
    if isinstance(outcome, ToolFailed) and outcome.error is not None:
        raise outcome.error


async def _find(turn: Turn, call_id: str, query: str) -> ToolResult | ToolFailed:
    try:
        hits = relevant_hits(query, await turn.search(query))
    except StudyBuddyError as error:
        return ToolFailed(call_id, SEARCH_FAILED, error=error)
    return ToolResult(call_id, turn.handles.add(hits))


def _wrong(turn: Turn, name: str, query: object) -> str | None:
    """What is wrong with a call, for the model and the reader; None when it may be carried out."""
    if name != SEARCH_TOOL:
        return f"There is no tool `{name}`."
    if not isinstance(query, str) or not query.strip():
        return "`query` must be a text that is not empty."
    return "No more searches in this answer." if turn.searches >= turn.bounds.searches else None
