"""Events of the answer loop as parts of the AI SDK's stream: what a browser sees of an answer."""

from collections.abc import Callable
from typing import Any

from pipelines.answering import events as e
from pipelines.answering.prompts import NOTHING
from pipelines.answering.quoting import where
from pipelines.core.records import Hit
from serving.chat.compaction import data_of
from serving.chat.parts import SourceDocument
from serving.chat.writer import PartWriter
from serving.problems import PROBLEMS, code_of

EXCERPT_CHARS = 160


def write(event: e.Event, writer: PartWriter, cite: Callable[[int, Hit], SourceDocument]) -> None:
    """Write what an event tells. `cite` makes the part of a cited passage. Usage and end are not written here."""
    match event:
        case e.Text():
            writer.text(event.text)
        case e.Thought():
            writer.reasoning(event.text)
        case e.Source():
            writer.source(cite(event.number, event.hit))
        case e.Summarised():
            writer.summary(data_of(event))
        case e.StepStarted():
            writer.start_step()
        case e.ToolCallBegun():
            writer.tool_start(event.id, event.name)
        case e.ToolCallPiece():
            writer.tool_delta(event.id, event.text)
        case e.ToolCalled():
            writer.tool_input(event.id, event.input)
        case e.ToolResult():
            writer.tool_output(event.id, _shown(event.passages))
        case e.ToolFailed(error=None, input=str()):
            writer.tool_input_error(event.id, event.input, event.message)
        case e.ToolFailed():
            message = event.message if event.error is None else PROBLEMS[code_of(event.error)].message
            writer.tool_error(event.id, message)


def _shown(numbered: list[tuple[int, Hit]]) -> dict[str, Any]:
    """A search's result as the reader gets it: places and first words; the passages themselves stay here."""
    passages = [
        {"handle": number, "where": where(hit), "excerpt": " ".join(hit.text.split())[:EXCERPT_CHARS]}
        for number, hit in numbered
    ]
    return {"passages": passages} if passages else {"passages": [], "note": NOTHING}
