"""The UI message a stream of parts adds up to, as the client keeps it and as the database stores it.

Belongs here: folding. The same fold makes the stored answer of a run that ended and of one whose process died, from
the stream text it left behind.
"""

from collections.abc import Iterable
from typing import Any

from serving.chat import parts as p

_DONE = "done"


class MessageBuilder:
    """Adds parts up. `parts()` is valid for the client's `safeValidateUIMessages` at any moment."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.metadata: dict[str, Any] = {}
        self._parts: list[dict[str, Any]] = []
        self._texts: dict[str, list[str]] = {}  # stream id -> pieces; joined when asked for, not at each delta
        self._tools: dict[str, dict[str, Any]] = {}

    @classmethod
    def of(cls, parts: Iterable[p.Part]) -> "MessageBuilder":
        """All these parts added up."""
        builder = cls()
        for part in parts:
            builder.add(part)
        return builder

    def add(self, part: p.Part) -> None:
        """Take one more part."""
        if isinstance(part, p.TextDelta | p.ReasoningDelta):
            self._texts[part.id].append(part.delta)
        elif isinstance(part, p.TextStart | p.ReasoningStart):
            pieces = self._texts[part.id] = []
            kind = "text" if isinstance(part, p.TextStart) else "reasoning"
            self._parts.append({"type": kind, "text": pieces, "state": _DONE})
        elif isinstance(part, p.StartStep):
            self._parts.append({"type": "step-start"})
        elif isinstance(part, p.SourceDocument):
            self._parts.append(part.model_dump(by_alias=True))
        elif isinstance(part, p.DataCitations | p.DataSummary | p.DataConnect):
            self._replace(part.model_dump(by_alias=True))
        elif isinstance(part, p.Start):
            self.id = part.message_id
            self.metadata.update(part.message_metadata or {})
        elif isinstance(part, p.Finish | p.MessageMetadata):
            self.metadata.update(part.message_metadata or {})
        else:
            self._add_tool(part)

    def _replace(self, data: dict[str, Any]) -> None:
        """A data part stands in for an earlier one of the same type and id, as in the client."""
        for old in self._parts:
            if data.get("id") is not None and (old["type"], old.get("id")) == (data["type"], data["id"]):
                old.update(data)
                return
        self._parts.append(data)

    def _add_tool(self, part: p.Part) -> None:
        if isinstance(part, p.ToolInputStart):
            tool: dict[str, Any] = {
                "type": f"tool-{part.tool_name}",
                "toolCallId": part.tool_call_id,
                "state": "input-streaming",
            }
            self._tools[part.tool_call_id] = tool
            self._parts.append(tool)
        elif isinstance(part, p.ToolInputAvailable):
            self._tools[part.tool_call_id].update(state="input-available", input=part.input)
        elif isinstance(part, p.ToolInputError):
            self._tools[part.tool_call_id].update(state="output-error", input=part.input, errorText=part.error_text)
        elif isinstance(part, p.ToolOutputAvailable):
            self._tools[part.tool_call_id].update(state="output-available", output=part.output)
        elif isinstance(part, p.ToolOutputError):
            tool = self._tools[part.tool_call_id]
            tool.setdefault("input", {})
            tool.update(state="output-error", errorText=part.error_text)

    def parts(self) -> list[dict[str, Any]]:
        """The message's parts; a tool call without a result is given as an error, so that no reader trips over it."""
        return [_closed(part) for part in self._parts]

    def text(self) -> str:
        """The answer's words alone."""
        return "\n\n".join("".join(part["text"]) for part in self._parts if part["type"] == "text").strip()


def _closed(part: dict[str, Any]) -> dict[str, Any]:
    if isinstance(part.get("text"), list):
        return {**part, "text": "".join(part["text"])}
    if part.get("state") in ("input-streaming", "input-available"):
        return {**part, "state": "output-error", "input": part.get("input", {}), "errorText": "interrupted"}
    return part
