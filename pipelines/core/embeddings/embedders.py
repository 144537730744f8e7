"""Embedders of embedding sets: whom the vector of a question or a chunk is asked of, and at which address."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from pipelines.core.embeddings.pointers import course_set
from pipelines.core.errors import KeyMissingError, ProviderRefusedError, ProviderUnavailableError
from pipelines.core.models.meter import Purpose
from pipelines.core.models.providers import LOCAL_MODELS, Embedder, embedder_for
from pipelines.core.postgres import Connection
from pipelines.core.records import EmbeddingSet
from pipelines.core.settings import Settings

if TYPE_CHECKING:
    from pipelines.core.stores import Stores

AWAY_S = 60.0
"""How long nobody is asked for vectors of questions again who could not be: each try takes its seconds."""

_LOGGER = logging.getLogger(__name__)
_away: dict[tuple[str, str | None], float] = {}


def settings_of(settings: Settings, known: EmbeddingSet) -> Settings:
    """The settings as if they named this set. A key that was given for another address is not among them."""
    changed: dict[str, Any] = {"embedding_model": known.model, "embedding_dims": known.dims}
    if known.base_url is not None and known.base_url != settings.embedding_base_url:
        changed |= {"embedding_base_url": known.base_url, "embedding_api_key": None}
        if known.base_url != settings.model_base_url:
            changed["model_api_key"] = None
    return settings.model_copy(update=changed)


def set_embedder(
    stores: "Stores",
    known: EmbeddingSet | None,
    find_payer: Callable[[Connection], UUID | None],
    purpose: Purpose,
    *,
    course_id: UUID | None = None,
    run_id: str | None = None,
    briefly: bool = False,
) -> Embedder:
    """The embedder of a set; None: of the settings. The other arguments are those of `embedder_for`.

    A set that the settings made with a provider's model is asked for where they say now: they have to name it still.

    Raises:
        SettingsError, KeyMissingError, StorageUnavailableError
    """
    if known is not None and (known.added or known.model in LOCAL_MODELS):
        stores = replace(stores, settings=settings_of(stores.settings, known))
    return embedder_for(stores, find_payer, purpose, course_id=course_id, run_id=run_id, briefly=briefly)


def question_embedder(
    stores: "Stores",
    course_id: UUID,
    find_payer: Callable[[Connection], UUID | None],
    *,
    briefly: bool = False,
    or_words: bool = False,
) -> tuple[Embedder, int | None]:
    """The embedder for questions about a course, and the id of the set to compare with (None: there is none yet).

    The pointer is read here, once a search: with both, a search stays in one set, whatever goes live meanwhile.

    Args:
        or_words: of a set that was added, such as that of adopted vectors, the provider may be away or refuse, and its
            key missing: a question then has no vector (`Embedder.embed`), and words alone decide.

    Raises:
        SettingsError, KeyMissingError, StorageUnavailableError
    """
    with stores.database.transaction() as connection:
        known = course_set(connection, course_id)
    set_id = known.id if known is not None else None

    def make() -> Embedder:
        return set_embedder(stores, known, find_payer, "question", course_id=course_id, briefly=briefly)

    if or_words and known is not None and known.added and known.model not in LOCAL_MODELS:
        return _OrNone(model=known.model, dims=known.dims, base_url=known.base_url, make=make), set_id
    return make(), set_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _OrNone:
    """The embedder that `make` makes; zeros where nobody can be asked."""

    model: str
    dims: int
    base_url: str | None
    make: Callable[[], Embedder]
    multilingual = None

    @property
    def max_tokens(self) -> int:
        return self.make().max_tokens

    def count_tokens(self, text: str) -> int:
        return self.make().count_tokens(text)

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        who = (self.model, self.base_url)
        if time.monotonic() >= _away.get(who, 0.0):
            try:
                return self.make().embed(texts)
            except (KeyMissingError, ProviderRefusedError, ProviderUnavailableError) as error:
                _away[who] = time.monotonic() + AWAY_S
                _LOGGER.warning(
                    "Courses are searched by words alone: %s cannot be asked. %s", self.model, error.message
                )
        return np.zeros((len(texts), self.dims), dtype=np.float32)
