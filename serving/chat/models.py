"""Models that answer people: to each call the one its asker pays for, over connections that all calls share."""

from collections.abc import Callable
from uuid import UUID

from pipelines.answering.model import ChatModel, Habits
from pipelines.core.models.clients import AsyncClients
from pipelines.core.models.meter import Meter, Purpose
from pipelines.core.models.payers import Means, payer_of_answers
from pipelines.core.stores import Stores

MOST_HABITS = 1000
"""Models remembered; people may name many."""


class Models:
    """The models of this process.

    Args:
        pause: seconds to wait between reads of a stream: see `Pace`.
    """

    def __init__(self, stores: Stores, *, pause: Callable[[], float]) -> None:
        self._stores = stores
        self._pause = pause
        self._clients = AsyncClients(stores.settings)
        self.habits: dict[tuple[str, str], Habits] = {}

    def of(self, means: Means, purpose: Purpose, *, course_id: UUID | None, run_id: UUID | None) -> ChatModel | None:
        """The model that answers who has these means; None: no model is set, so passages are quoted.

        Args:
            run_id: of the answer the call belongs to.

        Raises:
            KeyMissingError: one is set, and nobody pays for it.
        """
        payer = payer_of_answers(means, self._stores.settings, self._stores.sealer)
        if payer is None:
            return None
        if len(self.habits) > MOST_HABITS:
            self.habits.clear()
        habits = self.habits.setdefault((payer.base_url, payer.model), Habits.of(payer.model))
        answer = str(run_id) if run_id is not None else None
        meter = Meter.of(self._stores, payer, purpose, course_id=course_id, run_id=answer)
        client = self._clients.of(payer)
        return ChatModel(client, payer.model, pause=self._pause, habits=habits, meter=meter)

    def warm(self) -> None:
        """Load the client library now: the first answer would keep everybody else's waiting for it."""
        self._clients.warm()

    async def close(self) -> None:
        """Close every connection to providers."""
        await self._clients.close()
