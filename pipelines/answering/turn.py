"""One question on its way to an answer: what was asked, what was found, what has been said.

Belongs here: the state that the answer loop and its tool share, and the events that the model's words become.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from pipelines.answering.citations import CitationFilter, Handles
from pipelines.answering.events import Event, FinishReason, Source, Text, Thought
from pipelines.core.errors import ProviderRefusedError
from pipelines.core.records import Hit

Search = Callable[[str], Awaitable[list[Hit]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one answer may use. Times are seconds, sizes characters."""

    history_chars: int = 24_000
    """Characters of earlier messages the model is shown; the oldest go first."""

    steps: int = 6
    """Model calls in one answer; the last one may not call tools."""

    searches: int = 8
    """Searches in one answer."""

    query_chars: int = 20_000
    """Longest query of a search that the model asks for; more is cut off."""

    answer_chars: int = 200_000
    """Longest answer; a model that never ends is cut here."""

    retry_wait_s: float = 5.0
    """Longest `Retry-After` of a model provider that is waited for."""


@dataclass(kw_only=True)
class Turn:
    """One question being answered, and what came of it so far.

    `history` is earlier (role, words), oldest first, without the question; `summary` is of what was said before
    it, None: nothing was; `summarised`: this answer holds it. `search` finds passages of the course that
    was asked, and of no other whatever the model says. `quoted`: the answer is passages, word for word.
    """

    course: str
    question: str
    search: Search
    history: list[tuple[str, str]] = field(default_factory=list)
    summary: str | None = None
    summarised: bool = False
    bounds: Bounds = field(default_factory=Bounds)
    handles: Handles = field(default_factory=Handles)
    usage: dict[str, float] = field(default_factory=dict)
    model: str | None = None
    finish_reason: FinishReason = "stop"
    searches: int = 0
    chars: int = 0
    answered: bool = False
    quoted: bool = False
    call_ids: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.words = CitationFilter(self.handles)
        self.thoughts = CitationFilter(self.handles)
        self._told = 0

    def say(self, text: str) -> Iterator[Event]:
        """Words of the answer, as the model gives them.

        Raises:
            ProviderRefusedError: the model does not come to an end (`answer_too_long`).
        """
        shown = self.words.feed(self._room(text))
        if shown and (thought := self.thoughts.flush()):  # readers show thinking and answer apart, each by itself
            yield Thought(thought)
        yield from self._shown(shown)
        self._end_at_bound()

    def think(self, text: str) -> Iterator[Event]:
        """Words of the model's thinking.

        Raises:
            ProviderRefusedError: the model does not come to an end (`answer_too_long`).
        """
        if shown := self.thoughts.feed(self._room(text)):
            yield from self._shown(self.words.flush())
            yield Thought(shown)
        self._end_at_bound()

    def settle(self) -> Iterator[Event]:
        """What was held back until more came; nothing more comes for now."""
        if thought := self.thoughts.flush():
            yield Thought(thought)
        yield from self._shown(self.words.flush())

    def _shown(self, text: str) -> Iterator[Event]:
        if text:
            self.answered = self.answered or not text.isspace()
            yield Text(text)
        cited = self.words.cited
        if self._told < len(cited):
            for number in list(islice(cited, self._told, None)):
                self._told += 1
                yield Source(number, self.handles.hits[number])

    def _room(self, text: str) -> str:
        """As much of the text as the answer has room for."""
        room = max(0, self.bounds.answer_chars - self.chars)
        self.chars += len(text)
        return text if len(text) <= room else text[:room]

    def _end_at_bound(self) -> None:
        if self.chars > self.bounds.answer_chars:
            raise ProviderRefusedError("The model did not come to an end.", code="answer_too_long")
