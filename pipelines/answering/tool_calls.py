"""Tool calls put together from their pieces, whichever way a server cuts and numbers them.

Belongs here: which call a piece belongs to. Servers send the same index for every call or none, ids that are empty,
repeated or new with each piece, and whole calls twice.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pipelines.answering.events import Event, ToolCallBegun, ToolCallPiece
from pipelines.answering.wire import ToolPiece


@dataclass(slots=True, eq=False)
class ToolCall:
    """A call of the model. `arguments` is JSON text; `id` is unique in the answer, `wire_id` as the server said it."""

    id: str
    name: str = ""
    arguments: str = ""
    wire_id: str = ""
    index: int | None = None
    told: int | None = None
    """Characters of the arguments the reader was told of; None: not even that there is a call."""

    def message(self) -> dict[str, Any]:
        """The call as the model is shown it; arguments that are no JSON would end the next request."""
        arguments = self.arguments if self.whole() else "{}"
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": arguments}}

    def whole(self) -> bool:
        """Whether the arguments are complete."""
        try:
            return isinstance(json.loads(self.arguments), dict)
        except (ValueError, RecursionError):
            return False


class ToolCalls:
    """The calls of one model call. `taken` holds the ids of the answer's earlier ones and gets those of these."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken
        self.calls: list[ToolCall] = []

    def add(self, piece: ToolPiece) -> Iterator[Event]:
        """Take one more piece; what it tells the reader."""
        call = self._find(piece)
        if call is None:
            call = ToolCall(self._new_id(piece.id), wire_id=piece.id, index=piece.index)
            self.calls.append(call)
        elif piece.arguments and piece.arguments == call.arguments and call.whole():
            return  # the whole call once more, as some servers end
        call.wire_id = call.wire_id or piece.id
        call.name = call.name or piece.name
        call.arguments += piece.arguments
        if call.name:
            yield from self._tell(call)

    def close(self) -> Iterator[Event]:
        """The model's call is over: calls that never got a name are told too."""
        for call in self.calls:
            if call.told is None:
                call.name = call.name or "unknown"
                yield from self._tell(call)

    def _find(self, piece: ToolPiece) -> ToolCall | None:
        """The call a piece belongs to; None: it begins one."""
        same = next((call for call in reversed(self.calls) if piece.id and call.wire_id == piece.id), None)
        if same is not None:
            other = piece.index is not None and same.index is not None and piece.index != same.index
            again = bool(piece.name and piece.arguments and piece.arguments != same.arguments)
            return None if same.whole() and (again or (other and piece.name)) else same
        numbered = [call for call in self.calls if piece.index is None or call.index in (None, piece.index)]
        last = numbered[-1] if numbered else None
        if last is None or not piece.id:
            return None if last is not None and last.name and piece.name and last.whole() else last
        begun_without_id = not last.wire_id and not last.arguments
        goes_on = not piece.name and not last.whole()
        return last if begun_without_id or goes_on else None

    def _tell(self, call: ToolCall) -> Iterator[Event]:
        if call.told is None:
            call.told = 0
            yield ToolCallBegun(call.id, call.name)
        if more := call.arguments[call.told :]:
            call.told = len(call.arguments)
            yield ToolCallPiece(call.id, more)

    def _new_id(self, wanted: str) -> str:
        found = wanted if wanted and wanted not in self._taken else new_call_id()
        self._taken.add(found)
        return found


def new_call_id() -> str:
    """An id for a call that has none of its own."""
    return f"call_{uuid4().hex[:16]}"
