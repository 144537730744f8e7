"""Context manager around every asset of the documents graph: its partition's document, and its failures."""

from contextlib import AbstractContextManager
from functools import partial

import dagster as dg

from pipelines.core.documents import fail_document, get_document, mark_document_requested
from pipelines.core.errors import StudyBuddyError
from pipelines.core.postgres import Connection
from pipelines.core.records import Document
from pipelines.core.stores import Stores
from pipelines.defs.uploads import OWNERS, upload_of

__all__ = ["GROUP", "OWNERS", "document_of"]

GROUP = "documents"


def document_of(
    context: dg.AssetExecutionContext, stores: Stores, *, first: bool = False
) -> AbstractContextManager[Document]:
    """Put around an asset's body: gives the partition's document, and tells failures to Dagster and to the teacher.

    Args:
        first: this asset is the root of the graph, so a run begins here and the sensor need not ask for another.

    Raises:
        dagster.Failure, dagster.RetryRequested: as `told_to_dagster` says.
    """
    return upload_of(
        context,
        stores,
        get=partial(get_document, sealer=stores.sealer),
        begin=partial(mark_document_requested, run_id=context.run.run_id) if first else None,
        fail=_fail,
    )


def _fail(connection: Connection, document: Document, error: StudyBuddyError) -> None:
    fail_document(connection, document.id, document.generation, code=error.code, message=error.message)
