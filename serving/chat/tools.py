"""The one tool: searching the course. What fails is told to the reader and to the model, which may go on without it."""

import asyncio
import json
from typing import Any
from uuid import uuid4

from pipelines.answering.prompts import NOTHING, SEARCH_TOOL, passages
from pipelines.answering.quoting import relevant_hits, where
from pipelines.core.errors import StudyBuddyError
from pipelines.core.records import Hit
from serving.chat import parts as p
from serving.chat.turn import ToolCall, Turn
from serving.log import log
from serving.problems import PROBLEMS, code_of

EXCERPT_CHARS = 160


async def use_tools(turn: Turn, calls: list[ToolCall]) -> list[dict[str, Any]]:
    """Answer every call, side by side; what fails is told to the model, which may go on without it."""
    answers = await asyncio.gather(*(_use_tool(turn, call) for call in calls))
    turn.writer.finish_step()
    return [
        {"role": "tool", "tool_call_id": call.id, "content": content}
        for call, content in zip(calls, answers, strict=True)
    ]


async def _use_tool(turn: Turn, call: ToolCall) -> str:
    try:
        arguments = json.loads(call.arguments or "{}")
    except ValueError:
        turn.writer.tool_input_error(call.stream_id, call.arguments, "The arguments are not JSON.")
        return "Error: the arguments are not JSON."
    turn.writer.tool_input(call.stream_id, arguments)
    query = arguments.get("query") if isinstance(arguments, dict) else None
    wrong = (
        f"There is no tool `{call.name}`."
        if call.name != SEARCH_TOOL
        else "`query` must be a text that is not empty."
        if not isinstance(query, str) or not query.strip()
        else "No more searches in this answer."
        if turn.searches >= turn.limits.tool_calls
        else None
    )
    if wrong is not None:
        turn.writer.tool_error(call.stream_id, wrong)
        return f"Error: {wrong}"
    turn.searches += 1
    try:
        hits = relevant_hits(str(query), await turn.search(p.clean(str(query))[: turn.limits.question_chars]))
    except StudyBuddyError as error:
        code = code_of(error)
        log("search_failed", code=code)
        turn.writer.tool_error(call.stream_id, PROBLEMS[code].message)
        return f"Error: {PROBLEMS[code].message}"
    numbered = turn.handles.add(hits)
    turn.writer.tool_output(call.stream_id, _shown(numbered))
    return passages(numbered)


async def search_first(turn: Turn) -> list[Hit]:
    """Search with the question itself, shown to the reader like a call of the model; every hit gets its number.

    Raises:
        StudyBuddyError: the search failed, and there is no model to go on without it.
    """
    turn.searches += 1
    call_id = turn.writer.tool_start(f"call_{uuid4().hex[:16]}", SEARCH_TOOL)
    turn.writer.tool_input(call_id, {"query": turn.question})
    try:
        hits = await turn.search(turn.question)
    except StudyBuddyError as error:
        turn.writer.tool_error(call_id, PROBLEMS[code_of(error)].message)
        raise
    turn.writer.tool_output(call_id, _shown(turn.handles.add(hits)))
    return hits


def _shown(numbered: list[tuple[int, Hit]]) -> dict[str, Any]:
    """A search's result as the reader gets it: places and first words; the passages themselves stay here."""
    passages = [
        {"handle": number, "where": where(hit), "excerpt": " ".join(hit.text.split())[:EXCERPT_CHARS]}
        for number, hit in numbered
    ]
    return {"passages": passages} if passages else {"passages": [], "note": NOTHING}
