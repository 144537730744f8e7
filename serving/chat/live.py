"""One answer being written: what its stream says so far, the passages it cites, and why it may end early."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pipelines.core.records import Hit
from serving.chat import parts as p
from serving.chat.feed import Feed
from serving.chat.sources import as_part, as_row
from serving.chat.turns import Begun

STOPPED, LEFT, SHUTDOWN, DELETED, NOT_ALLOWED = "stopped", "left", "shutdown", "deleted", "not_allowed"
STATUS = {STOPPED: "stopped", LEFT: "stopped", SHUTDOWN: "interrupted", DELETED: "stopped", NOT_ALLOWED: "stopped"}
"""What each cause makes of an answer."""

REASON = {
    STOPPED: "Stopped.",
    LEFT: "Nobody was reading any more.",
    SHUTDOWN: "The service was restarted.",
    DELETED: "The chat was deleted.",
    NOT_ALLOWED: "The course is not yours any more.",
}
"""What its reader is told."""

Then = Callable[[str], Coroutine[Any, Any, None]]
"""What is done with the words of an answer that is whole, after its reader has seen its end."""


@dataclass(kw_only=True, eq=False)
class LiveRun:
    """One answer being written. `stored` and `seq` say how much of the feed the database has or is being given.

    `sources` are rows of the passages cited so far, of which the database has `stored_sources` or is being given them.
    """

    begun: Begun
    user_id: UUID
    feed: Feed = field(default_factory=Feed)
    sources: list[dict[str, Any]] = field(default_factory=list)
    stored_sources: int = 0
    stored: int = 0
    seq: int = 0
    started: bool = False
    ending: bool = False
    cause: str | None = None
    then: Then | None = None
    task: "asyncio.Task[None] | None" = None

    def batch(self) -> dict[str, Any] | None:
        """What is not stored yet, as a batch that is from now on counted as stored; None when there is nothing."""
        text, upto = self.feed.since(self.stored)
        if upto == self.stored:
            return None
        self.stored, self.seq = upto, self.seq + 1
        sources, self.stored_sources = self.sources[self.stored_sources :], len(self.sources)
        return {"run_id": self.begun.run_id, "seq": self.seq, "data": text, "sources": sources}

    def cite(self, number: int, hit: Hit) -> p.SourceDocument:
        """A passage the answer cites from now on, as the reader gets it."""
        source = as_row(self.begun, number, hit)
        self.sources.append(source)
        return as_part(source)
