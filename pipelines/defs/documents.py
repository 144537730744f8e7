"""The uploaded decks as an asset, and the context manager every asset of that graph is put around."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial

import dagster as dg

from pipelines.core.documents import get_document
from pipelines.core.records import PIPELINE, Document
from pipelines.core.stores import Stores
from pipelines.defs.partitions import documents_partitions
from pipelines.defs.uploads import OWNERS, UPLOADS_GROUP, upload_of

__all__ = ["GROUP", "OWNERS", "document_of", "documents"]

GROUP = "decks"

ROOT = "slides"
"""The asset at which a run of a whole deck begins."""

documents = dg.AssetSpec(
    "documents",
    description="Decks (PDF) as teachers uploaded them: the file in the store and its row in `documents`. Nothing here "
    "makes them; every new upload starts a run of the assets that follow.",
    group_name=UPLOADS_GROUP,
    owners=OWNERS,
    kinds={"pdf", "postgres"},
    partitions_def=documents_partitions,
)


def document_of(
    context: dg.AssetExecutionContext, stores: Stores, *, after: Sequence[str] = ()
) -> AbstractContextManager[Document]:
    """Put around an asset's body: gives the partition's document, and tells failures to Dagster and to the teacher.

    Args:
        after: stages that are made again after this asset.

    Raises:
        dagster.Failure, dagster.RetryRequested: as `told_to_dagster` says.
    """
    get = partial(get_document, person=PIPELINE, sealer=stores.sealer)
    return upload_of(context, stores, asset=documents, get=get, root=ROOT, after=after)
