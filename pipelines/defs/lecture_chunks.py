"""Lecture chunks: what retrieval finds of speech, about a minute each."""

import time

import dagster as dg

from pipelines.core.chunks import STANDARD, replace_lecture_chunks
from pipelines.core.lectures import count_lecture
from pipelines.core.reading.corrections import corrected_segments, corrected_title
from pipelines.core.transcripts import read_transcript
from pipelines.defs.corrections import corrections
from pipelines.defs.lectures import GROUP, OWNERS, lecture_of
from pipelines.defs.models import embedder_of
from pipelines.defs.partitions import lectures_partitions
from pipelines.defs.resources import StoresResource
from pipelines.defs.transcripts import transcripts
from pipelines.steps.chunkers import CHUNKERS, cut_lecture
from pipelines.steps.speech.chunks import CHUNKER


@dg.asset(
    partitions_def=lectures_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "postgres"},
    deps=[transcripts, corrections],
    code_version=CHUNKER,
    check_specs=[dg.AssetCheckSpec("all_speech_is_in_a_chunk", asset="lecture_chunks")],
)
def lecture_chunks(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """Speech, as teachers corrected it, in passages of about a minute, cut where a sentence or a thought ends."""
    started, store = time.monotonic(), stores.open
    with lecture_of(context, store) as lecture:
        embed = embedder_of(store, lecture)
        with store.database.transaction() as connection:
            segments, corrected = corrected_segments(connection, lecture, read_transcript(connection, lecture))
            title, retitled = corrected_title(connection, lecture)
        chunks = cut_lecture(
            CHUNKERS[STANDARD],
            lecture,
            segments,
            title=title,
            count_tokens=embed.count_tokens,
            max_tokens=embed.max_tokens,
        )
        with store.database.transaction() as connection:
            changes = replace_lecture_chunks(connection, lecture, chunks, chunker_version=CHUNKER)
            counts = count_lecture(connection, lecture)
    seconds = sorted(((chunk.end_ms or 0) - (chunk.start_ms or 0)) / 1000 for chunk in chunks)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": counts.chunks,
            "made": changes.made,
            "reused": changes.kept,
            "removed": changes.removed,
            "corrected_lines": corrected,
            "corrected_title": title if retitled else "",
            "seconds_median": round(seconds[len(seconds) // 2], 1) if seconds else 0.0,
            "seconds_longest": round(seconds[-1], 1) if seconds else 0.0,
            "seconds": round(time.monotonic() - started, 2),
            **({"preview": dg.MetadataValue.md(f"```\n{chunks[0].search_text}\n```")} if chunks else {}),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="all_speech_is_in_a_chunk",
                passed=counts.chunks > 0 and counts.uncovered_segments == 0 and counts.chunks == counts.terms,
                metadata={"segments": counts.segments, "not_covered": counts.uncovered_segments},
            )
        ],
    )
