"""Meter of model calls: each call of chat and pipeline goes through one, which says who pays, for what, with which key.

Belongs here: what happens around a call whoever makes it. The calls themselves stand in `completions.py`,
`embedder_remote.py` and `answering/model.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from pipelines.core.errors import StorageUnavailableError, StudyBuddyError
from pipelines.core.models.keys import set_key_rejected
from pipelines.core.models.ledger import Caps, Planned, close_call, open_call
from pipelines.core.models.payers import Payer
from pipelines.core.postgres import Database
from pipelines.core.tracing.spans import Span, current_trace, span

if TYPE_CHECKING:
    from pipelines.core.stores import Stores

Purpose = Literal[
    "answer", "title", "summary", "question", "description", "embedding", "reranking", "drafting", "grading"
]
"""What a call is for: an answer, a chat's title, a summary of a long chat, the vector of a question, the description of
a slide, vectors of an upload, the order of what a search found, drafts of questions, grades of answers."""


@dataclass(slots=True)
class Used:
    """What one call used, as far as the provider said. `cost_usd` None: it did not say.

    `began`: words of an answer came; `whole`: all of them did.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    began: bool = False
    whole: bool = False

    def tell(self, this: Span) -> None:
        """Say it of the call's span."""
        this.note(prompt_tokens=self.prompt_tokens, completion_tokens=self.completion_tokens, cost_usd=self.cost_usd)

    def take(self, usage: object) -> None:
        """Note the provider's usage: the `usage` object of its answer, as JSON or as the openai client reads it.

        Told several times in a stream, the last one counts. What is no number is not believed.
        """
        found = usage if isinstance(usage, dict) else getattr(usage, "__dict__", {}) | _extra(usage)
        self.prompt_tokens = _count(found.get("prompt_tokens")) or self.prompt_tokens
        self.completion_tokens = _count(found.get("completion_tokens")) or self.completion_tokens
        cost = found.get("cost")
        if isinstance(cost, int | float) and not isinstance(cost, bool) and 0 <= cost < float("inf"):
            self.cost_usd = float(cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """Model calls of one payer for one purpose.

    Args:
        caps: what may be spent a day.
        run_id: the Dagster run, or the answer's run; None: neither.
        course_id: None: of no course.
    """

    database: Database = field(repr=False)
    payer: Payer
    purpose: Purpose
    caps: Caps
    course_id: UUID | None = None
    run_id: str | None = None
    trace: str | None = field(default_factory=current_trace, repr=False)

    @classmethod
    def of(
        cls,
        stores: "Stores",
        payer: Payer,
        purpose: Purpose,
        *,
        course_id: UUID | None = None,
        run_id: str | None = None,
    ) -> "Meter":
        """The meter of these stores, with the operator's caps."""
        caps = Caps.of(stores.settings)
        return cls(
            database=stores.database, payer=payer, purpose=purpose, caps=caps, course_id=course_id, run_id=run_id
        )

    @contextmanager
    def call(self) -> Iterator[Used]:
        """Around one call to the model; its body notes what was used, and the ledger has a row of it.

        Raises:
            CapReachedError, CapBusyError: it would cost more than may be spent today, and is not made.
            StudyBuddyError: as its body does, or there is no database to count it.
        """
        with self._span() as this:
            call_id, used = self._open(), Used()
            try:
                yield used
                used.whole = True
            except StudyBuddyError as error:
                self._failed(error)
                raise
            finally:
                self._close(call_id, used)
                used.tell(this)

    @asynccontextmanager
    async def call_async(self) -> AsyncIterator[Used]:
        """The same for asyncio: the database is asked in a thread."""
        with self._span() as this:
            call_id, used = await asyncio.to_thread(self._open), Used()
            try:
                yield used
                used.whole = True
            except StudyBuddyError as error:
                await asyncio.shield(asyncio.to_thread(self._failed, error))
                raise
            finally:
                used.tell(this)
                await asyncio.shield(asyncio.to_thread(self._close, call_id, used))

    def _span(self) -> AbstractContextManager[Span]:
        """The call in its trace: what the meter was made for, which other threads use too."""
        return span(
            "model", parent=current_trace() or self.trace, leaf=True, purpose=self.purpose, run=self.run_id,
            course=self.course_id,
        )  # fmt: skip

    def _open(self) -> UUID:
        planned = Planned(
            person_id=self.payer.person_id,
            course_id=self.course_id,
            run_id=self.run_id,
            purpose=self.purpose,
            model=self.payer.model,
            own_key=self.payer.key_id is not None,
        )
        with self.database.transaction(lasting=False, pipelined=True) as connection:
            return open_call(connection, planned, self.caps)

    def _close(self, call_id: UUID, used: Used) -> None:
        """What was answered is not lost because it cannot be counted: the row stays as it was planned."""
        broken_off = used.began and not used.whole and used.cost_usd is None
        with suppress(StorageUnavailableError), self.database.transaction(pipelined=True) as connection:
            close_call(
                connection,
                call_id,
                failed=not used.whole,
                prompt_tokens=used.prompt_tokens,
                completion_tokens=used.completion_tokens,
                cost_usd=None if broken_off else used.cost_usd or 0.0,
            )

    def _failed(self, error: StudyBuddyError) -> None:
        """A key that the provider refuses is not sent again until its owner connects one anew."""
        if error.code == "key_rejected" and self.payer.key_id is not None:
            with self.database.transaction() as connection:
                set_key_rejected(connection, self.payer.key_id, True)


def _extra(usage: object) -> dict[str, Any]:
    return getattr(usage, "model_extra", None) or {}


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
