"""One question on its way to an answer: what was asked, what was found, what has been said.

Belongs here: the state that the answer loop and the tools share.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pipelines.answering.citations import CitationFilter, Handles
from pipelines.core.records import Hit
from serving.chat import parts as p
from serving.chat.writer import PartWriter
from serving.limits import Limits
from serving.problems import ProblemError

Search = Callable[[str], Awaitable[list[Hit]]]


@dataclass(kw_only=True)
class Turn:
    """One question being answered, and what came of it so far."""

    course: str
    question: str
    history: list[tuple[str, str]]
    writer: PartWriter
    search: Search
    limits: Limits
    handles: Handles = field(default_factory=Handles)
    usage: dict[str, float] = field(default_factory=dict)
    model: str | None = None
    finish_reason: p.FinishReason = "stop"
    searches: int = 0
    chars: int = 0

    def __post_init__(self) -> None:
        self.words = CitationFilter(self.handles)
        self.thoughts = CitationFilter(self.handles)

    def say(self, text: str) -> None:
        """Words of the answer, as the model gives them."""
        if text:
            self.chars += len(text)
            if self.chars > self.limits.answer_chars:
                raise ProblemError("answer_too_long")
            self.writer.text(self.words.feed(text))

    def think(self, text: str) -> None:
        """Words of the model's thinking."""
        if text:
            self.chars += len(text)
            self.writer.reasoning(self.thoughts.feed(text))

    def settle(self) -> None:
        """Write what the filters still hold."""
        self.writer.reasoning(self.thoughts.flush())
        self.writer.text(self.words.flush())


@dataclass
class ToolCall:
    """A call of the model: `id` is the model's, `stream_id` the reader's; `arguments` is JSON text."""

    id: str
    stream_id: str
    name: str
    arguments: str = ""
