"""Lecture slides: which page was up when. Nobody waits for it: a lecture can be searched before.

Which decks are looked at and what is known of them; the pictures of a recording are compared by `defs/seen_slides.py`.
"""

import time
from collections.abc import Mapping, Sequence
from uuid import UUID

import dagster as dg
import numpy as np
import numpy.typing as npt

from pipelines.core.findings import list_findings, replace_findings
from pipelines.core.lecture_slides import (
    LinkedDocument,
    find_alignment_recipe,
    list_linked_documents,
    read_lecture_slides,
    replace_lecture_slides,
)
from pipelines.core.lectures import find_lecture_frames
from pipelines.core.models.providers import Embedder
from pipelines.core.records import Finding, Lecture, SlideSpan
from pipelines.core.stores import Stores
from pipelines.defs.compared_decks import Compared, decks_to_draw, gather
from pipelines.defs.descriptions import slide_descriptions
from pipelines.defs.embeddings import slide_embeddings
from pipelines.defs.lecture_embeddings import lecture_embeddings
from pipelines.defs.lecture_frames import lecture_frames
from pipelines.defs.lectures import GROUP, OWNERS, lecture_of
from pipelines.defs.models import embedder_of
from pipelines.defs.partitions import lectures_partitions
from pipelines.defs.recognised_slides import recognised_slides
from pipelines.defs.resources import StoresResource
from pipelines.defs.seen_slides import draw_pages, match_frames
from pipelines.defs.slides import slides
from pipelines.defs.transcripts import transcripts
from pipelines.steps.alignment.align import (
    ALIGNMENT_VERSION,
    PROPOSE_SHARE,
    PROPOSE_SIMILARITY,
    AlignableSlide,
    align,
    propose_decks,
)
from pipelines.steps.alignment.seen import SceneMatch, seen_ms, seen_spans, share_seen
from pipelines.steps.alignment.windows import speech_windows

MOST_PROPOSED = 2
"""Decks a lecture is taken to go through when nobody said which."""

SEEN_MS = 10_000
"""A deck whose pages are seen for so long is the lecture's, and where some deck is seen, no other is."""

PREVIEW_SPANS = 20

DECKS = (slides, recognised_slides, slide_descriptions, slide_embeddings)
"""What is read of decks."""

DAMAGED = "damaged_pictures"
"""Code of the finding that says so."""

UNSURE = 0.4
"""Confidence below which a span counts as unsure."""


@dg.asset(
    partitions_def=lectures_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "postgres"},
    deps=[
        transcripts,
        lecture_frames,
        lecture_embeddings,  # any deck of the course may be the lecture's
        *(dg.AssetDep(deck, partition_mapping=dg.AllPartitionMapping()) for deck in DECKS),
    ],
    code_version=ALIGNMENT_VERSION,
    op_tags={"dagster/priority": "-1"},  # nobody waits for it: make the lecture searchable first
    check_specs=[
        dg.AssetCheckSpec("slides_were_spoken_about", asset="lecture_slides"),
        dg.AssetCheckSpec("speech_has_a_slide", asset="lecture_slides"),
        dg.AssetCheckSpec("spans_are_sure", asset="lecture_slides"),
    ],
)
def lecture_slides(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """Which page of which deck was up when, from what is said and seen: for its decks, linked or recognised."""
    started, store, matches = time.monotonic(), stores.open, list[SceneMatch]()
    with lecture_of(context, store) as lecture:
        known = True
        _tell_damage(store, lecture)
        draw_pages(store, decks_to_draw(store, lecture))
        while not _is_made_from(store, lecture, compared := gather(store, lecture)):  # a deck may come meanwhile
            known = False
            matches = _seen(store, compared)
            proposed, spans = _align(compared, matches, embedder_of(store, lecture))
            with store.database.transaction() as connection:
                replace_lecture_slides(
                    connection, lecture, spans, recipe=compared.recipe, deck_sha256s=compared.deck_sha256s,
                    proposed=proposed,
                )  # fmt: skip
        with store.database.transaction() as connection:
            spans = read_lecture_slides(connection, lecture)
            decks = list_linked_documents(connection, lecture.id)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": len(spans),
            "decks": len(decks),
            "proposed": sum(not deck.given for deck in decks),
            "looked_at": len(compared.deck_sha256s),
            **(_figures(matches) if matches else {}),
            "made": 0 if known else len(spans),
            "reused": len(spans) if known else 0,
            "seconds": round(time.monotonic() - started, 2),
            "preview": dg.MetadataValue.md(_preview(spans)),
        },
        check_results=_checks(spans, [s for s in compared.slides if s.document_id in {d.document_id for d in decks}]),
    )


def _is_made_from(store: Stores, lecture: Lecture, compared: Compared) -> bool:
    with store.database.transaction() as connection:
        return find_alignment_recipe(connection, lecture) == compared.recipe


def _seen(store: Stores, compared: Compared) -> list[SceneMatch]:
    """Which pages the scenes of the recording show; empty where it shows nothing."""
    if compared.frames is None or not compared.pictures:
        return []
    return match_frames(store, compared.frames, list(compared.pictures.items()))


def _tell_damage(store: Stores, lecture: Lecture) -> None:
    """Tell the teacher when the pictures of a video cannot be read."""
    with store.database.transaction() as connection:
        frames, before = find_lecture_frames(connection, lecture), list_findings(connection, lecture)
        if frames is not None and frames.failure is not None and DAMAGED not in {finding.code for finding in before}:
            damaged = Finding(
                code=DAMAGED,
                sentence="the pictures of this video cannot be read, so which slide was up when is told from speech.",
                advice="Export the video again and upload that.",
            )
            replace_findings(connection, lecture, [*before, damaged])


def _align(
    compared: Compared, matches: Sequence[SceneMatch], embed: Embedder
) -> tuple[list[LinkedDocument], list[SlideSpan]]:
    """The decks proposed, and which of their slides was up when; both empty where there is no deck."""
    if not compared.slides:
        return [], []
    windows = speech_windows(compared.segments)
    around = embed.embed([window.around for window in windows])
    texts = [slide.text for slide in compared.slides]
    vectors = np.zeros((len(texts), embed.dims), np.float32)
    vectors[[at for at, text in enumerate(texts) if text]] = embed.embed([text for text in texts if text])
    slides, proposed = compared.slides, list[LinkedDocument]()
    if not compared.given:
        proposed = _proposed(around, slides, vectors, seen_ms(matches))
        chosen = {link.document_id for link in proposed}
        kept = [at for at, slide in enumerate(slides) if slide.document_id in chosen]
        slides, vectors = [slides[at] for at in kept], vectors[kept]
        if not slides:
            return [], []
    alone = embed.embed([window.text for window in windows])
    spans = align(
        windows, slides, alone=alone, around=around, slide_vectors=vectors, duration_ms=compared.duration_ms,
        seen=seen_spans(matches),
    )  # fmt: skip
    return proposed, spans


def _proposed(
    around: npt.NDArray[np.float32],
    slides: Sequence[AlignableSlide],
    vectors: npt.NDArray[np.float32],
    seen: Mapping[UUID, int],
) -> list[LinkedDocument]:
    """The decks seen for long enough (`seen`: milliseconds) or, where none is, those alike enough to what is said.

    `around` (windows, dims) and `vectors` (slides, dims) are of length 1.
    """
    at: dict[UUID, list[int]] = {}
    for number, slide in enumerate(slides):
        at.setdefault(slide.document_id, []).append(number)
    found = propose_decks(around, {document: vectors[rows] for document, rows in at.items()})
    similarity = {deck.document_id: deck.similarity for deck in found}
    shown = [document for document, length_ms in seen.items() if length_ms >= SEEN_MS]
    if shown:
        return [LinkedDocument(document_id=one, given=False, similarity=similarity.get(one)) for one in shown]
    return [
        LinkedDocument(document_id=deck.document_id, given=False, similarity=deck.similarity)
        for deck in found
        if deck.similarity >= PROPOSE_SIMILARITY and deck.share >= PROPOSE_SHARE
    ][:MOST_PROPOSED]


def _checks(spans: Sequence[SlideSpan], deck_slides: Sequence[AlignableSlide]) -> list[dg.AssetCheckResult]:
    """How much of the slides and of the speech found each other; all pass where there is no deck."""
    total_ms = sum(_length(span) for span in spans)
    without_ms = sum(_length(span) for span in spans if span.page is None)
    unsure_ms = sum(_length(span) for span in spans if span.confidence < UNSURE)
    up = {(span.document_id, span.page) for span in spans if span.page is not None}
    slides = {(slide.document_id, slide.frame_group) for slide in deck_slides}
    shown = {(s.document_id, s.frame_group) for s in deck_slides if (s.document_id, s.page) in up}
    never = len(slides) - len(shown)
    shares: dict[str, tuple[int, int, dict[str, float]]] = {
        "slides_were_spoken_about": (never, len(slides), {"slides": len(slides), "never_spoken_about": never}),
        "speech_has_a_slide": (without_ms, total_ms, {"minutes_without_a_slide": round(without_ms / 60_000, 2)}),
        "spans_are_sure": (unsure_ms, total_ms, {"unsure_minutes": round(unsure_ms / 60_000, 2)}),
    }
    return [
        dg.AssetCheckResult(
            check_name=name,
            passed=2 * part <= whole,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={**metadata, "share": round(part / whole, 3) if whole else 0.0},
        )
        for name, (part, whole, metadata) in shares.items()
    ]


def _figures(matches: Sequence[SceneMatch]) -> dict[str, int | float]:
    """What the pictures told."""
    return {
        "scenes": len(matches),
        "slides_seen": len({page for match in matches for page in match.pages}),
        "share_seen": round(share_seen(matches), 3),
    }


def _length(span: SlideSpan) -> int:
    return span.end_ms - span.start_ms


def _preview(spans: Sequence[SlideSpan]) -> str:
    rows = [
        f"| {span.start_ms // 60_000}:{span.start_ms // 1000 % 60:02} | {span.page or 'none'} | {span.confidence:.2f} |"
        for span in spans[:PREVIEW_SPANS]
    ]
    return "\n".join(["| from | page | confidence |", "| --- | --- | --- |", *rows])
