"""Embedders of embedding sets: whom the vector of a question or a chunk is asked of, and at which address."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pipelines.core.embeddings.pointers import course_set
from pipelines.core.models.meter import Purpose
from pipelines.core.models.providers import LOCAL_MODELS, Embedder, embedder_for
from pipelines.core.postgres import Connection
from pipelines.core.records import EmbeddingSet
from pipelines.core.settings import Settings

if TYPE_CHECKING:
    from pipelines.core.stores import Stores


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
) -> tuple[Embedder, int | None]:
    """The embedder for questions about a course, and the id of the set to compare with (None: there is none yet).

    The pointer is read here, once a search: with both, a search stays in one set, whatever goes live meanwhile.

    Raises:
        SettingsError, KeyMissingError, StorageUnavailableError
    """
    with stores.database.transaction() as connection:
        known = course_set(connection, course_id)
    embed = set_embedder(stores, known, find_payer, "question", course_id=course_id, briefly=briefly)
    return embed, known.id if known is not None else None
