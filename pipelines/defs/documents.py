"""What every asset of the documents graph begins with: which document its partition is, and whether it is current."""

from typing import Any
from uuid import UUID

import dagster as dg

from pipelines.core.documents import fail_document, get_document, mark_document_requested
from pipelines.core.errors import StudyBuddyError, SupersededError
from pipelines.core.records import Document
from pipelines.core.stores import Stores

GROUP = "documents"
OWNERS = ["team:course-materials"]


def current_document(stores: Stores, context: dg.AssetExecutionContext) -> Document:
    """The document of this partition as it is now.

    Raises:
        SupersededError: it was deleted.
    """
    with stores.database.transaction() as connection:
        return get_document(connection, partition_id(context), sealer=stores.sealer)


def begin_document(stores: Stores, context: dg.AssetExecutionContext) -> Document:
    """As `current_document`, and note that a run has begun on this generation."""
    document = current_document(stores, context)
    with stores.database.transaction() as connection:
        mark_document_requested(connection, document)
    return document


def remember_failure(stores: Stores, document: Document, error: StudyBuddyError) -> None:
    """Keep the sentence for the teacher with the upload; a superseded upload has nothing to say."""
    if not isinstance(error, SupersededError):
        with stores.database.transaction() as connection:
            fail_document(connection, document.id, document.generation, code=error.code, message=error.message)


def partition_id(context: dg.AssetExecutionContext) -> UUID:
    """The partition key as the id it is."""
    return UUID(context.partition_key)


def seconds(value: float) -> Any:
    """A duration for the UI, in seconds with two decimals."""
    return dg.MetadataValue.float(round(value, 2))
