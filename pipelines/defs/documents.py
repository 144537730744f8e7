"""Context manager around every asset of the documents graph: its partition's document, and its failures."""

from contextlib import AbstractContextManager
from functools import partial

import dagster as dg

from pipelines.core.documents import get_document
from pipelines.core.records import Document
from pipelines.core.stores import Stores
from pipelines.defs.uploads import OWNERS, upload_of

__all__ = ["GROUP", "OWNERS", "document_of"]

GROUP = "documents"

ROOT = "slides"
"""The asset at which a run of a whole deck begins."""


def document_of(context: dg.AssetExecutionContext, stores: Stores) -> AbstractContextManager[Document]:
    """Put around an asset's body: gives the partition's document, and tells failures to Dagster and to the teacher.

    Raises:
        dagster.Failure, dagster.RetryRequested: as `told_to_dagster` says.
    """
    return upload_of(context, stores, get=partial(get_document, sealer=stores.sealer), root=ROOT)
