"""Recognised slides: pages that are pictures of text, read after the deck can be searched by the text it has."""

import time

import dagster as dg

from pipelines.core.control_characters import escape_controls
from pipelines.core.errors import UnreadableFileError
from pipelines.core.findings import list_findings, name_pages, pages_of, replace_findings, sum_up
from pipelines.core.records import NOT_RECOGNISED_YET, Document, Finding
from pipelines.core.slides import read_slides, update_slides
from pipelines.core.stores import Stores
from pipelines.core.uploads import lock_upload
from pipelines.defs.documents import GROUP, OWNERS, document_of
from pipelines.defs.partitions import documents_partitions
from pipelines.defs.resources import StoresResource
from pipelines.defs.slides import read_document, slides
from pipelines.steps.pdf.findings import given_up
from pipelines.steps.pdf.slides import SLIDES_VERSION

AFTER = ("slide_chunks", "slide_embeddings")
"""What is made again of the deck; the last of them says that it is done (`is_recognising` in the database)."""


@dg.asset(
    partitions_def=documents_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"onnx", "postgres"},
    deps=[slides],
    code_version=SLIDES_VERSION,
    check_specs=[
        dg.AssetCheckSpec(
            "every_picture_is_read",
            asset="recognised_slides",
            description="Is there text for every page that shows something? Read back from the findings people see.",
        )
    ],
)
def recognised_slides(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """Pages that `slides` left because they are pictures of text. Zero rows where it left none."""
    started, store = time.monotonic(), stores.open
    with document_of(context, store, after=AFTER) as document:
        with store.database.transaction() as connection:
            before = list_findings(connection, document)
        waiting = pages_of(finding for finding in before if finding.code == NOT_RECOGNISED_YET)
        if waiting:
            _recognise(context, store, document, before)
        with store.database.transaction() as connection:
            findings, rows = list_findings(connection, document), read_slides(connection, document)
    unread = pages_of(findings)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(waiting),
            "pages": name_pages(waiting),
            "pages_by_ocr": sum(slide.text_source == "ocr" for slide in rows),
            "unreadable_share": round(len(unread) / len(rows), 3),
            "seconds": round(time.monotonic() - started, 2),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="every_picture_is_read",
                passed=not findings,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"pages": name_pages(unread), "findings": escape_controls(sum_up(findings))},
            )
        ],
    )


def _recognise(context: dg.AssetExecutionContext, store: Stores, document: Document, before: list[Finding]) -> None:
    """Read the deck whole and write its text over that of its text layer; what cannot be read leaves that as it is."""
    try:
        deck = read_document(context, store, document, text_first=False)
    except UnreadableFileError as error:
        context.log.warning(escape_controls(error.message))
        with store.database.transaction() as connection:
            lock_upload(connection, document)
            replace_findings(connection, document, given_up(before, error.message))
        return
    with store.database.transaction() as connection:
        update_slides(connection, document, deck.slides, title=deck.title, code_version=SLIDES_VERSION)
        replace_findings(connection, document, deck.findings)
