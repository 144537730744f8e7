"""The one door to embedders: of this machine, or of any OpenAI-compatible URL.

What a remote one sends and checks stands in `embedder_remote.py`, the connections in `clients.py`; how provider faults
become our errors in `provider_faults.py`.
"""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt

from pipelines.core.errors import SettingsError
from pipelines.core.models.clients import Clients
from pipelines.core.models.embedder_local import LocalEmbedder
from pipelines.core.models.embedder_multilingual import DIMS as MULTILINGUAL_DIMS
from pipelines.core.models.embedder_multilingual import MODEL as MULTILINGUAL_MODEL
from pipelines.core.models.embedder_multilingual import MultilingualEmbedder
from pipelines.core.models.embedder_remote import RemoteEmbedder
from pipelines.core.models.meter import Meter, Purpose
from pipelines.core.models.payers import (
    NOBODY,
    find_means,
    payer_of_vectors,
)
from pipelines.core.postgres import Connection
from pipelines.core.settings import LOCAL_EMBEDDING_MODEL, Settings

if TYPE_CHECKING:
    from pipelines.core.stores import Stores


class Embedder(Protocol):
    """Turns texts into vectors of one model. `model` and `dims` name the embedding set the vectors belong to."""

    @property
    def model(self) -> str:
        """Name of the model, as embedding sets keep it."""

    @property
    def dims(self) -> int:
        """Length of each vector."""

    @property
    def max_tokens(self) -> int:
        """Most tokens of one text that are read; the rest is not seen."""

    @property
    def multilingual(self) -> "Embedder | None":
        """The embedder of the second set, for questions that are not in English; None: this one answers them too."""

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` as `max_tokens` counts them; never less than the model sees."""

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(n, dims) float32, each row of length 1, in the order of `texts`; no texts give (0, dims). Zeros: a text has
        no vector; a search then goes by words alone.

        Raises:
            ProviderRefusedError, ProviderUnavailableError, SettingsError, EmbeddingMismatchError
        """


LOCAL_MODELS = {LOCAL_EMBEDDING_MODEL: LocalEmbedder.dims, MULTILINGUAL_MODEL: MULTILINGUAL_DIMS}
"""Models that come along, and the dimension of each."""

_multilingual = MultilingualEmbedder()
_local = {
    (second, briefly): LocalEmbedder(
        threads=1 if briefly else 0, optimised=not briefly, multilingual=_multilingual if second else None
    )
    for second in (False, True)
    for briefly in (False, True)
}
"""The local embedder of this process, with a second one beside it or none, and for long or `briefly`."""


def wants_second_vectors(settings: Settings) -> bool:
    """Whether chunks get second vectors, for other languages: only beside the local embedder, which reads English."""
    return settings.multilingual_search and settings.embedding_model == LOCAL_EMBEDDING_MODEL


def load_second_embedder() -> None:
    """Load the model of second vectors now, in a process whose children share it.

    Raises:
        SettingsError: its wheel is not here as this version expects it.
    """
    _multilingual.load()


def embedder(
    settings: Settings, meter: Meter | None = None, clients: Clients | None = None, *, briefly: bool = False
) -> Embedder:
    """The embedder the settings name. Cheap: models load and connections open on first use.

    Args:
        meter: who pays, where a provider makes the vectors; None: the operator, and nobody counts.
        clients: connections to share; None: its own.
        briefly: this process embeds a question or two and ends; a local model is then loaded in a fifth of the time.

    Raises:
        SettingsError: EMBEDDING_DIMS that the local model does not have.
        KeyMissingError: the operator pays for nobody.
    """
    dims = LOCAL_MODELS.get(settings.embedding_model, settings.embedding_dims)
    if settings.embedding_dims != dims:
        raise SettingsError(f"EMBEDDING_DIMS must be {dims} for the local embedder.")
    if settings.embedding_model == MULTILINGUAL_MODEL:
        return _multilingual
    if settings.embedding_model == LOCAL_EMBEDDING_MODEL:
        return _local[wants_second_vectors(settings), briefly]
    payer = meter.payer if meter is not None else payer_of_vectors(NOBODY, settings, None)
    client = (clients or Clients(settings)).of(payer)
    return RemoteEmbedder(
        client,
        model=settings.embedding_model,
        dims=settings.embedding_dims,
        meter=meter,
        options=_options(settings, asking=meter is not None and meter.purpose == "question"),
    )


def _options(settings: Settings, *, asking: bool) -> dict[str, Any]:
    """EMBEDDING_OPTIONS as fields of a request, and for questions EMBEDDING_QUESTION_OPTIONS over them.

    Raises:
        SettingsError: one is no JSON object.
    """
    texts = {"EMBEDDING_OPTIONS": settings.embedding_options}
    if asking:
        texts["EMBEDDING_QUESTION_OPTIONS"] = settings.embedding_question_options
    options: dict[str, Any] = {}
    for name, text in texts.items():
        try:
            found = json.loads(text) if text else {}
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise SettingsError(f'{name} must be a JSON object, such as {{"output_dimension": 512}}.')
        options |= found
    return options


def embedder_for(
    stores: "Stores",
    find_payer: Callable[[Connection], UUID | None],
    purpose: Purpose,
    *,
    course_id: UUID | None = None,
    run_id: str | None = None,
    briefly: bool = False,
) -> Embedder:
    """The embedder of the settings; where a provider makes the vectors, a person pays and `stores`' connections serve.

    Args:
        find_payer: the id of this person (None: the operator pays), asked only where there is something to pay.
        briefly: see `embedder`.

    Raises:
        SettingsError, KeyMissingError, StorageUnavailableError
    """
    settings = stores.settings
    if settings.embedding_model in LOCAL_MODELS:
        return embedder(settings, briefly=briefly)
    with stores.database.transaction() as connection:
        means = find_means(connection, find_payer(connection), course_id=course_id)
    payer = payer_of_vectors(means, settings, stores.sealer)
    meter = Meter.of(stores, payer, purpose, course_id=course_id, run_id=run_id)
    return embedder(settings, meter, stores.clients)
