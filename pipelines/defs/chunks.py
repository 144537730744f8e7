"""Slide chunks: what retrieval finds, cut from the slides' text and descriptions."""

import time

import dagster as dg

from pipelines.core.chunks import STANDARD, replace_slide_chunks
from pipelines.core.errors import UnreadableFileError
from pipelines.core.findings import list_findings, name_pages, sum_up
from pipelines.core.reading.corrections import corrected_slides, corrected_title
from pipelines.core.slides import count_document, read_slide_descriptions, read_slides
from pipelines.defs.corrections import corrections
from pipelines.defs.descriptions import slide_descriptions
from pipelines.defs.documents import GROUP, OWNERS, document_of
from pipelines.defs.models import embedder_of
from pipelines.defs.partitions import documents_partitions
from pipelines.defs.recognised_slides import recognised_slides
from pipelines.defs.resources import StoresResource
from pipelines.defs.slides import slides
from pipelines.steps.chunkers import CHUNKERS, cut_deck
from pipelines.steps.chunks import CHUNKER_VERSION


@dg.asset(
    partitions_def=documents_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "postgres"},
    deps=[slides, recognised_slides, slide_descriptions, corrections],
    code_version=CHUNKER_VERSION,
    check_specs=[dg.AssetCheckSpec("every_slide_with_text_is_in_a_chunk", asset="slide_chunks")],
)
def slide_chunks(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """Slides as passages: text as teachers corrected it, description and context, within the embedder's token limit."""
    started, store = time.monotonic(), stores.open
    with document_of(context, store) as document:
        embed = embedder_of(store, document)
        with store.database.transaction() as connection:
            rows, corrected = corrected_slides(connection, document, read_slides(connection, document))
            title, retitled = corrected_title(connection, document)
            descriptions = read_slide_descriptions(connection, document)
        chunks = cut_deck(
            CHUNKERS[STANDARD],
            document,
            rows,
            descriptions,
            title=title,
            count_tokens=embed.count_tokens,
            max_tokens=embed.max_tokens,
        )
        with store.database.transaction() as connection:
            changes = replace_slide_chunks(connection, document, chunks, chunker_version=CHUNKER_VERSION)
            counts, findings = count_document(connection, document), list_findings(connection, document)
        if not chunks:
            why = sum_up(findings) or "Its pages are blank."
            raise UnreadableFileError(f"No word of {document.file_name} could be read. {why}", code="no_text")
    tokens = sorted(chunk.token_count for chunk in chunks)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": counts.chunks,
            "made": changes.made,
            "reused": changes.kept,
            "removed": changes.removed,
            "corrected_pages": name_pages(corrected),
            "corrected_title": title if retitled else "",
            "tokens_median": tokens[len(tokens) // 2] if tokens else 0,
            "tokens_most": tokens[-1] if tokens else 0,
            "token_limit": embed.max_tokens,
            "seconds": round(time.monotonic() - started, 2),
            **({"preview": dg.MetadataValue.md(f"```\n{chunks[0].search_text}\n```")} if chunks else {}),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="every_slide_with_text_is_in_a_chunk",
                passed=counts.chunks > 0 and counts.uncovered_slides == 0 and counts.chunks == counts.terms,
                metadata={"slides_with_text": counts.text_slides, "not_covered": counts.uncovered_slides},
            )
        ],
    )
