"""What every asset of the documents graph begins and ends with: its document, and what is told when it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import dagster as dg

from pipelines.core.documents import fail_document, get_document, mark_document_requested
from pipelines.core.errors import StudyBuddyError, SupersededError
from pipelines.core.records import Document
from pipelines.core.stores import Stores
from pipelines.defs.failures import told_to_dagster

GROUP = "documents"
OWNERS = ["team:course-materials"]


@contextmanager
def document_of(context: dg.AssetExecutionContext, stores: Stores, *, first: bool = False) -> Iterator[Document]:
    """Put around an asset's body: gives the partition's document, and tells failures to Dagster and to the teacher.

    Args:
        first: this asset is the root of the graph, so a run begins here and the sensor need not ask for another.

    Raises:
        dagster.Failure, dagster.RetryRequested: as `told_to_dagster` says.
    """
    found: list[Document] = []

    def remember(error: StudyBuddyError) -> None:
        if found and not isinstance(error, SupersededError):  # a superseded upload has nothing to say
            document = found[0]
            with stores.database.transaction() as connection:
                fail_document(connection, document.id, document.generation, code=error.code, message=error.message)

    with told_to_dagster(context, on_failure=remember):
        with stores.database.transaction() as connection:
            document = get_document(connection, UUID(context.partition_key), sealer=stores.sealer)
            found.append(document)
            if first:
                mark_document_requested(connection, document, run_id=context.run_id)
        yield document
