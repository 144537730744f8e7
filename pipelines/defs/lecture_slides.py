"""Lecture slides: which page was up when. Nobody waits for it: a lecture can be searched before."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import dagster as dg
import numpy as np
import numpy.typing as npt

from pipelines.core.documents import get_document
from pipelines.core.errors import StaleUpstreamError, SupersededError
from pipelines.core.lecture_slides import (
    LinkedDocument,
    find_alignment_recipe,
    list_linked_documents,
    list_similar_documents,
    read_lecture_slides,
    replace_lecture_slides,
)
from pipelines.core.models.providers import Embedder
from pipelines.core.postgres import Connection
from pipelines.core.records import PIPELINE, Document, Lecture, Segment, SlideSpan
from pipelines.core.slides import read_slide_descriptions, read_slides
from pipelines.core.stages import read_progress
from pipelines.core.stores import Stores
from pipelines.core.transcripts import read_transcript
from pipelines.defs.descriptions import slide_descriptions
from pipelines.defs.embeddings import slide_embeddings
from pipelines.defs.lecture_embeddings import lecture_embeddings
from pipelines.defs.lectures import GROUP, OWNERS, lecture_of
from pipelines.defs.models import embedder_of
from pipelines.defs.partitions import lectures_partitions
from pipelines.defs.recognised_slides import recognised_slides
from pipelines.defs.resources import StoresResource
from pipelines.defs.slides import slides
from pipelines.defs.transcripts import transcripts
from pipelines.steps.alignment.align import (
    ALIGNMENT_VERSION,
    PROPOSE_SHARE,
    PROPOSE_SIMILARITY,
    WORTH_A_LOOK,
    AlignableSlide,
    align,
    propose_decks,
)
from pipelines.steps.alignment.windows import speech_windows

MOST_PROPOSED = 2
"""Decks a lecture is taken to go through when nobody said which."""

PREVIEW_SPANS = 20

DECKS = (slides, recognised_slides, slide_descriptions, slide_embeddings)
"""What is read of decks."""

UNSURE = 0.4
"""Confidence below which a span counts as unsure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What an alignment is made from: the words, the slides of the decks, and the sha256 of those that are read whole.

    `given` False: the decks are only worth a look, because nobody said which ones the lecture goes through.
    """

    segments: Sequence[Segment]
    duration_ms: int
    slides: Sequence[AlignableSlide]
    deck_sha256s: Sequence[str]
    given: bool

    @property
    def recipe(self) -> str:
        """Everything the spans depend on, as a hash."""
        parts = [ALIGNMENT_VERSION, str(self.given), *self.deck_sha256s, *map(repr, self.slides)]
        parts += [f"{segment.start_ms} {segment.end_ms} {segment.text}" for segment in self.segments if self.slides]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dg.asset(
    partitions_def=lectures_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"python", "postgres"},
    deps=[
        transcripts,
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
    """Which page of which deck was up when, from what is said: for decks a person linked, or that are clearly alike."""
    started, store = time.monotonic(), stores.open
    with lecture_of(context, store) as lecture:
        known = True
        while not _is_made_from(store, lecture, compared := _gather(store, lecture)):  # a deck may come meanwhile
            known = False
            proposed, spans = _align(compared, embedder_of(store, lecture))
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


def _gather(store: Stores, lecture: Lecture) -> Compared:
    """The lecture's words and its decks: those a person linked, or else those worth a look."""
    with store.database.transaction() as connection:
        given = [link for link in list_linked_documents(connection, lecture.id) if link.given]
        links = given or [
            link for link in list_similar_documents(connection, lecture) if (link.similarity or 0.0) >= WORTH_A_LOOK
        ]
        decks = [deck for link in links if (deck := _deck(store, connection, link.document_id)) is not None]
        progress = read_progress(connection, [document.id for document, _ in decks])
        return Compared(
            segments=read_transcript(connection, lecture),
            duration_ms=lecture.duration_ms or 0,
            slides=[slide for _, slides in decks for slide in slides],
            deck_sha256s=[document.sha256 for document, _ in decks if not progress[document.id].recognising],
            given=bool(given),
        )


def _deck(store: Stores, connection: Connection, document_id: UUID) -> tuple[Document, list[AlignableSlide]] | None:
    """A deck's slides with all their text; None while it is not read yet (it is aligned when it is), or was deleted."""
    try:
        document = get_document(connection, document_id, person=PIPELINE, sealer=store.sealer)
        pages = read_slides(connection, document)
    except (StaleUpstreamError, SupersededError):
        return None
    described = {one.page: one.text for one in read_slide_descriptions(connection, document)}
    return document, [
        AlignableSlide(
            document_id=document.id,
            page=slide.page,
            frame_group=slide.frame_group,
            text="\n".join(part for part in (slide.title, slide.body, described.get(slide.page, "")) if part.strip()),
        )
        for slide in pages
    ]


def _align(compared: Compared, embed: Embedder) -> tuple[list[LinkedDocument], list[SlideSpan]]:
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
        proposed = _proposed(around, slides, vectors)
        chosen = {link.document_id for link in proposed}
        kept = [at for at, slide in enumerate(slides) if slide.document_id in chosen]
        slides, vectors = [slides[at] for at in kept], vectors[kept]
        if not slides:
            return [], []
    alone = embed.embed([window.text for window in windows])
    spans = align(
        windows, slides, alone=alone, around=around, slide_vectors=vectors, duration_ms=compared.duration_ms
    )  # fmt: skip
    return proposed, spans


def _proposed(
    around: npt.NDArray[np.float32], slides: Sequence[AlignableSlide], vectors: npt.NDArray[np.float32]
) -> list[LinkedDocument]:
    """The decks that are alike enough; `around` (windows, dims) and `vectors` (slides, dims) are of length 1."""
    at: dict[UUID, list[int]] = {}
    for number, slide in enumerate(slides):
        at.setdefault(slide.document_id, []).append(number)
    found = propose_decks(around, {document: vectors[rows] for document, rows in at.items()})
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


def _length(span: SlideSpan) -> int:
    return span.end_ms - span.start_ms


def _preview(spans: Sequence[SlideSpan]) -> str:
    rows = [
        f"| {span.start_ms // 60_000}:{span.start_ms // 1000 % 60:02} | {span.page or 'none'} | {span.confidence:.2f} |"
        for span in spans[:PREVIEW_SPANS]
    ]
    return "\n".join(["| from | page | confidence |", "| --- | --- | --- |", *rows])
