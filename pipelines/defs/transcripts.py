"""Transcripts: what was said and when, from the captions a person gave or from the recording itself."""

import time

import dagster as dg

from pipelines.core.control_characters import escape_controls
from pipelines.core.findings import list_findings, replace_findings, sum_up
from pipelines.core.lectures import count_lecture
from pipelines.core.transcripts import replace_transcript
from pipelines.defs.lecture_audio import lecture_audio
from pipelines.defs.lectures import GROUP, OWNERS, lecture_of, lectures
from pipelines.defs.partitions import lectures_partitions
from pipelines.defs.resources import StoresResource
from pipelines.defs.speech import Heard, from_captions, from_recording
from pipelines.defs.subtitles import from_subtitles
from pipelines.steps.captions.records import CAPTIONS_VERSION
from pipelines.steps.speech.transcripts import SPEECH_VERSION

PREVIEW_SEGMENTS = 10


@dg.asset(
    partitions_def=lectures_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"whisper", "postgres"},
    deps=[lectures, lecture_audio],
    code_version=f"captions-{CAPTIONS_VERSION}.speech-{SPEECH_VERSION}",
    check_specs=[
        dg.AssetCheckSpec("times_are_in_order_and_inside", asset="transcripts"),
        dg.AssetCheckSpec("little_was_dropped", asset="transcripts"),
        dg.AssetCheckSpec("captions_are_in_the_language_spoken", asset="transcripts"),
        dg.AssetCheckSpec(
            "everything_is_read",
            asset="transcripts",
            description="Are there words for all that is heard or written? Read back from the findings people see.",
        ),
    ],
)
def transcripts(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """What was said and when: captions that a person gave or the recording holds, recognised speech otherwise."""
    started, store = time.monotonic(), stores.open
    with lecture_of(context, store) as lecture:
        if lecture.speech_source == "captions":
            heard = from_captions(context, stores, lecture)
        else:
            heard = from_subtitles(context, stores, lecture) or from_recording(context, stores, lecture)
        with store.database.transaction() as connection:
            replace_transcript(connection, lecture, heard.transcript, heard.segments)
            replace_findings(connection, lecture, heard.findings)
            counts, findings = count_lecture(connection, lecture), list_findings(connection, lecture)
    unread_ms = sum(f.end_ms - f.start_ms for f in findings if f.start_ms is not None and f.end_ms is not None)
    language = [finding.sentence for finding in findings if finding.code == "other_language"]
    made_from, seconds = heard.transcript, time.monotonic() - started
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": counts.segments,
            "source": made_from.source,
            "language": made_from.language or "not known",
            "model": made_from.model or "none: captions",
            "minutes": round(made_from.duration_ms / 60_000, 2),
            "minutes_of_speech": round(made_from.speech_ms / 60_000, 2),
            "repaired": made_from.repaired,
            "removed": made_from.removed,
            "unreadable_share": round(unread_ms / max(1, made_from.duration_ms), 3),
            **heard.figures,
            "seconds": round(seconds, 2),
            "preview": dg.MetadataValue.md(_preview(heard)),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="times_are_in_order_and_inside",
                passed=counts.segments > 0 and counts.bad_times == counts.stale_transcript == 0,
                metadata={"segments": counts.segments, "bad_times": counts.bad_times},
            ),
            dg.AssetCheckResult(
                check_name="little_was_dropped",
                passed=made_from.removed <= len(heard.segments),
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"kept": len(heard.segments), "removed": made_from.removed},
            ),
            dg.AssetCheckResult(
                check_name="captions_are_in_the_language_spoken",
                passed=not language,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"warning": escape_controls("".join(language)) or "none"},
            ),
            dg.AssetCheckResult(
                check_name="everything_is_read",
                passed=not findings,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"findings": escape_controls(sum_up(findings))},
            ),
        ],
    )


def _preview(heard: Heard) -> str:
    """The first sentences as a table; the UI shows it beside the counts."""
    rows = [
        f"| {segment.start_ms // 60_000}:{segment.start_ms // 1000 % 60:02} | {_cell(segment.text)} |"
        for segment in heard.segments[:PREVIEW_SEGMENTS]
    ]
    return "\n".join(["| time | said |", "| --- | --- |", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")[:200]
