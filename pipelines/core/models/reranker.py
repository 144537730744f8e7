"""The one door to rerankers: models that read a question and a passage together and say how well one answers the other.

Off unless RERANKER_MODEL is set. What is asked of one, and what happens when it fails, stands in `search/reranking.py`.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from os import getpid
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from pipelines.core.models.meter import Meter
from pipelines.core.models.payers import payer_of_reranking
from pipelines.core.models.reranker_local import LocalReranker
from pipelines.core.models.reranker_remote import RemoteReranker
from pipelines.core.postgres import Connection
from pipelines.core.settings import REPOSITORY, Settings

if TYPE_CHECKING:
    from pipelines.core.stores import Stores


class Reranker(Protocol):
    """Scores passages for a question. `depth`: passages it is given; `budget_ms`: milliseconds a question may take."""

    @property
    def model(self) -> str:
        """Name of the model, for people."""

    @property
    def depth(self) -> int: ...
    @property
    def budget_ms(self) -> float: ...

    def load(self) -> None:
        """Get ready: what takes long and happens once a process is in no question's time.

        Raises:
            SettingsError: it is not there, or is no reranker.
        """

    def score(self, question: str, passages: Sequence[str]) -> list[float]:
        """How well each passage answers the question, in their order; higher is better.

        Raises:
            ProviderRefusedError, ProviderUnavailableError, CapReachedError, CapBusyError
        """


def reranker_for(
    stores: "Stores", find_payer: Callable[[Connection], UUID | None], *, course_id: UUID | None = None
) -> Reranker | None:
    """The reranker of the settings; None: none is set. Cheap: models load and connections open on first use.

    Args:
        find_payer: the id of the person whose call it is (None: nobody's), asked only where a provider reranks. The
            operator pays for it.

    Raises:
        StorageUnavailableError
    """
    settings = stores.settings
    if settings.reranker_model is None:
        return None
    if settings.reranker_base_url is None:
        return _local(settings, getpid())
    with stores.database.transaction() as connection:
        payer = payer_of_reranking(find_payer(connection), settings)
    return RemoteReranker(
        stores.clients.of(payer),
        model=payer.model,
        depth=settings.reranker_depth,
        budget_ms=settings.reranker_budget_ms,
        meter=Meter.of(stores, payer, "reranking", course_id=course_id),
    )


@lru_cache(maxsize=4)
def _local(settings: Settings, process: int) -> LocalReranker:  # noqa: ARG001  a model's threads survive no fork
    return LocalReranker(
        REPOSITORY / Path(settings.reranker_model or "").expanduser(),
        depth=settings.reranker_depth,
        budget_ms=settings.reranker_budget_ms,
    )
