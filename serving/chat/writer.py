"""Writer of one answer's parts, in an order every client accepts; it keeps the message they add up to.

Belongs here: what is open, and what must be closed before what. The parts' shapes belong to `parts.py`. Whatever the
caller does, the stream is legal: a delta opens its part, a step closes what is open in it, a tool call without a result
ends as an error, and after the end nothing more is written.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from pipelines.answering.events import FinishReason
from serving.chat import parts as p
from serving.chat.message import MessageBuilder

INTERRUPTED = "interrupted"
"""What a tool call without a result is given: a call left open would make the whole thread unreadable to clients."""


class PartWriter:
    """One answer being written; `send` takes each part the moment it is decided."""

    def __init__(self, send: Callable[[p.Part], None]) -> None:
        self._send = send
        self.message = MessageBuilder()
        self.ended = False
        self._step = self._started = False
        self._text: str | None = None
        self._reasoning: str | None = None
        self._count = 0
        self._tools: dict[str, str] = {}  # calls without a result yet: id -> name
        self._inputs: set[str] = set()  # of these, the ones whose input is whole
        self._seen: set[str] = set()  # every call id of this answer
        self._sources: set[str] = set()

    def resume(self, said: list[p.Part]) -> None:
        """Take up a stream where it broke off: what was open in it can be closed, none of it is sent again."""
        for part in said:
            self.message.add(part)
            self._started = True
            if isinstance(part, p.StartStep | p.FinishStep):
                self._step = isinstance(part, p.StartStep)
            elif isinstance(part, p.TextStart | p.TextEnd):
                self._text = part.id if isinstance(part, p.TextStart) else None
            elif isinstance(part, p.ReasoningStart | p.ReasoningEnd):
                self._reasoning = part.id if isinstance(part, p.ReasoningStart) else None
            elif isinstance(part, p.ToolInputStart):
                self._tools[part.tool_call_id] = part.tool_name
            elif isinstance(part, p.ToolInputAvailable):
                self._inputs.add(part.tool_call_id)
            elif isinstance(part, p.ToolOutputAvailable | p.ToolOutputError | p.ToolInputError):
                self._tools.pop(part.tool_call_id, None)
            elif isinstance(part, p.Finish | p.Error | p.Abort):
                self.ended = True

    def start(self, message_id: str, metadata: dict[str, Any] | None = None) -> None:
        """Open the answer under this message id."""
        if not self._started:
            self._started = True
            self._put(p.Start(message_id=message_id, message_metadata=metadata))

    def start_step(self) -> None:
        """A model call begins; an open step is closed first."""
        self.finish_step()
        self._open_step()

    def finish_step(self) -> None:
        """Close the step with all that is open in it."""
        if self._step and not self.ended:
            self.close_text()
            self._fail_tools()
            self._step = False
            self._put(p.FinishStep())

    def text(self, delta: str) -> None:
        """More of the answer; an empty delta writes nothing."""
        if not delta or self.ended:
            return
        if self._text is None:
            self._open_step()
            self._close_reasoning()
            self._text = self._next("t")
            self._put(p.TextStart(id=self._text))
        self._put(p.TextDelta(id=self._text, delta=p.clean(delta)))

    def reasoning(self, delta: str) -> None:
        """More of the model's thinking."""
        if not delta or self.ended:
            return
        if self._reasoning is None:
            self._open_step()
            self._close_text()
            self._reasoning = self._next("r")
            self._put(p.ReasoningStart(id=self._reasoning))
        self._put(p.ReasoningDelta(id=self._reasoning, delta=p.clean(delta)))

    def close_text(self) -> None:
        """End the open text and reasoning, so that what follows stands after them."""
        self._close_reasoning()
        self._close_text()

    def tool_start(self, call_id: str, name: str) -> str:
        """A tool call begins. Returns the id it has in the stream (another one when the model repeats an id)."""
        self._open_step()
        self.close_text()
        call_id = p.clean(call_id) or uuid4().hex
        if call_id in self._seen:
            call_id = f"{call_id}_{len(self._seen)}"
        self._seen.add(call_id)
        self._tools[call_id] = name
        self._put(p.ToolInputStart(tool_call_id=call_id, tool_name=p.clean(name)))
        return call_id

    def tool_delta(self, call_id: str, delta: str) -> None:
        """More of the call's arguments."""
        if delta and call_id in self._tools and call_id not in self._inputs:
            self._put(p.ToolInputDelta(tool_call_id=call_id, input_text_delta=p.clean(delta)))

    def tool_input(self, call_id: str, value: Any) -> None:
        """The call's arguments are whole."""
        if call_id in self._tools and call_id not in self._inputs:
            self._inputs.add(call_id)
            name = p.clean(self._tools[call_id])
            self._put(p.ToolInputAvailable(tool_call_id=call_id, tool_name=name, input=p.clean_json(value)))

    def tool_input_error(self, call_id: str, value: Any, error: str) -> None:
        """The call's arguments cannot be used; the call is over."""
        if call_id in self._tools and call_id not in self._inputs:
            name = p.clean(self._tools.pop(call_id))
            part = p.ToolInputError(
                tool_call_id=call_id, tool_name=name, input=p.clean_json(value), error_text=p.clean(error)
            )
            self._put(part)

    def tool_output(self, call_id: str, output: Any) -> None:
        """What the tool answered."""
        if call_id in self._tools:
            self.tool_input(call_id, {})
            del self._tools[call_id]
            self._put(p.ToolOutputAvailable(tool_call_id=call_id, output=p.clean_json(output)))

    def tool_error(self, call_id: str, error: str) -> None:
        """The tool failed."""
        if call_id in self._tools:
            self.tool_input(call_id, {})
            del self._tools[call_id]
            self._put(p.ToolOutputError(tool_call_id=call_id, error_text=p.clean(error)))

    def source(self, source: p.SourceDocument) -> None:
        """A cited passage; the second of the same id writes nothing."""
        if source.source_id not in self._sources:
            self._sources.add(source.source_id)
            self._put(source)

    def citations(self, data: dict[str, Any]) -> None:
        """What the answer cites and quotes."""
        self._put(p.DataCitations(id="citations", data=p.clean_json(data)))

    def summary(self, data: dict[str, Any]) -> None:
        """The older part of the chat, summed up."""
        self._put(p.DataSummary(id="summary", data=p.clean_json(data)))

    def connect(self, provider: str, url: str) -> None:
        """A person connects a key of this provider there."""
        self._put(p.DataConnect(id="connect", data={"provider": provider, "url": url}))

    def finish(self, reason: FinishReason, metadata: dict[str, Any] | None = None) -> None:
        """The answer is whole."""
        self._end(p.Finish(finish_reason=reason, message_metadata=metadata))

    def error(self, text: str) -> None:
        """The answer failed."""
        self._end(p.Error(error_text=text))

    def abort(self, reason: str) -> None:
        """The answer was stopped."""
        self._end(p.Abort(reason=reason))

    def _end(self, last: p.Part) -> None:
        if not self.ended:
            self.finish_step()
            self._fail_tools()
            self._put(last)
            self.ended = True

    def _open_step(self) -> None:
        if not self._step and not self.ended:
            self._step = True
            self._put(p.StartStep())

    def _close_text(self) -> None:
        if self._text is not None:
            text_id, self._text = self._text, None
            self._put(p.TextEnd(id=text_id))

    def _close_reasoning(self) -> None:
        if self._reasoning is not None:
            reasoning_id, self._reasoning = self._reasoning, None
            self._put(p.ReasoningEnd(id=reasoning_id))

    def _fail_tools(self) -> None:
        for call_id in list(self._tools):
            self.tool_error(call_id, INTERRUPTED)

    def _next(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def _put(self, part: p.Part) -> None:
        if self.ended:
            return
        if not self._started:
            self.start(f"msg_{uuid4().hex}")
        self.message.add(part)
        self._send(part)
