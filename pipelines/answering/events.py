"""Events of an answer as it is written: words, thoughts, searches, sources, usage, end.

Belongs here: what a reader of the answer loop can get, and nothing about how a reader shows it. The stream of the AI
SDK, `studybuddy ask` and whatever comes are readers of these. Legal orders: every `ToolCallBegun` is followed by its
pieces, then by `ToolCalled` and `ToolResult` or `ToolFailed`; a `Source` follows the text that holds its handle; `End`
is the last one, and an answer that fails raises its error instead of it.
"""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from pipelines.core.errors import StudyBuddyError
from pipelines.core.records import Hit

FinishReason = Literal["stop", "length", "content-filter", "tool-calls", "error", "other"]
"""Why a model stopped writing, in the AI SDK's words; `other` is a reason nobody knows."""


@dataclass(slots=True)
class StepStarted:
    """A model call, or a search without one, begins."""


@dataclass(slots=True)
class Text:
    """More of the answer, checked: its handles are sources of this answer."""

    text: str


@dataclass(slots=True)
class Thought:
    """More of the model's thinking."""

    text: str


@dataclass(slots=True)
class ToolCallBegun:
    """The model begins to write a tool call. `id` is unique in the answer."""

    id: str
    name: str


@dataclass(slots=True)
class ToolCallPiece:
    """More of a call's arguments, as JSON text."""

    id: str
    text: str


@dataclass(slots=True)
class ToolCalled:
    """A call's arguments are whole: a JSON value."""

    id: str
    name: str
    input: Any


@dataclass(slots=True)
class ToolResult:
    """What a search found: passages with their numbers, best first; empty when nothing fits."""

    id: str
    passages: list[tuple[int, Hit]]


@dataclass(slots=True)
class ToolFailed:
    """A call that came to nothing. `input` None: its arguments were whole; otherwise the text that is no JSON.

    `error` is what the search raised, None where the call itself was wrong.
    """

    id: str
    message: str
    input: str | None = None
    error: StudyBuddyError | None = None


@dataclass(slots=True)
class Source:
    """The answer cites this passage under this number, for the first time."""

    number: int
    hit: Hit


@dataclass(slots=True)
class Summarised:
    """The older part of a long chat was summed up, up to the message `upto`.

    `sources`: the kept sources of the numbers in its text.
    """

    text: str
    upto: UUID
    sources: dict[int, UUID]


@dataclass(slots=True)
class Retried:
    """A model call is made a second time: its first one failed with `code` before it had said anything."""

    code: str
    wait_s: float


@dataclass(slots=True)
class Usage:
    """What the answer has used so far: tokens and `cost` (US dollars) by name, as far as the provider says."""

    model: str | None
    amounts: dict[str, float]


@dataclass(slots=True)
class End:
    """The answer is whole."""

    finish_reason: FinishReason


Event = (
    StepStarted | Summarised | Text | Thought | ToolCallBegun | ToolCallPiece | ToolCalled | ToolResult | ToolFailed
    | Source | Retried | Usage | End
)  # fmt: skip
