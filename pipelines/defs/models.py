"""Models of a run, paid by who brought the upload it works on. A run carries no key: it is opened where it is used."""

from collections.abc import Callable
from functools import partial

from pipelines.core.embeddings.embedders import set_embedder
from pipelines.core.models.meter import Meter, Purpose
from pipelines.core.models.payers import Means, Payer, find_means, find_uploader
from pipelines.core.models.providers import Embedder
from pipelines.core.records import Document, EmbeddingSet, Lecture
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.settings import Settings
from pipelines.core.stores import Stores


def meter_for(
    stores: Stores,
    upload: Document | Lecture,
    choose: Callable[[Means, Settings, Sealer], Payer | None],
    purpose: Purpose,
) -> Meter | None:
    """Who pays for calls about this upload, by one of the functions of `core/models/payers.py`; None: no model is set.

    Raises:
        KeyMissingError: nobody does.
    """
    with stores.database.transaction() as connection:
        means = find_means(connection, find_uploader(connection, upload.id))
    payer = choose(means, stores.settings, stores.sealer)
    if payer is None:
        return None
    return Meter.of(stores, payer, purpose, course_id=upload.course_id, run_id=upload.run_id)


def embedder_of(stores: Stores, upload: Document | Lecture, known: EmbeddingSet | None = None) -> Embedder:
    """The embedder for what is made of this upload, in a set; None: in the one of the settings.

    Raises:
        SettingsError, KeyMissingError
    """
    find = partial(find_uploader, upload_id=upload.id)
    return set_embedder(stores, known, find, "embedding", course_id=upload.course_id, run_id=upload.run_id)
