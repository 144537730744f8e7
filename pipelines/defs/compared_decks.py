"""Material a lecture is aligned from: its words, what its recording shows, and the decks that may be its own."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pipelines.core.documents import get_document
from pipelines.core.errors import StaleUpstreamError, SupersededError
from pipelines.core.lecture_slides import LinkedDocument, list_linked_documents, list_similar_documents
from pipelines.core.lectures import LectureFrames, find_lecture_frames
from pipelines.core.postgres import Connection
from pipelines.core.records import PIPELINE, Document, Lecture, Segment
from pipelines.core.slides import read_slide_descriptions, read_slides
from pipelines.core.stages import read_progress
from pipelines.core.stores import Stores
from pipelines.core.transcripts import read_transcript
from pipelines.steps.alignment.align import ALIGNMENT_VERSION, WORTH_A_LOOK, AlignableSlide
from pipelines.steps.alignment.seen import Page
from pipelines.steps.video.matching import MATCHING_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What an alignment is made from: the words, the slides of the decks, and the sha256 of those that are read whole.

    `pictures` names those of pages. `frames` None: the recording shows nothing that changes. `given` False: the decks
    are only worth a look, because nobody said which ones the lecture goes through.
    """

    segments: Sequence[Segment]
    duration_ms: int
    slides: Sequence[AlignableSlide]
    pictures: dict[Page, str]
    frames: LectureFrames | None
    deck_sha256s: Sequence[str]
    given: bool

    @property
    def recipe(self) -> str:
        """Everything the spans depend on, as a hash."""
        parts = [ALIGNMENT_VERSION, str(self.given), *self.deck_sha256s, *map(repr, self.slides)]
        parts += [f"{segment.start_ms} {segment.end_ms} {segment.text}" for segment in self.segments if self.slides]
        if self.frames is not None and self.slides:
            parts += [MATCHING_VERSION, str(self.frames.frames_sha256), *self.pictures.values()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _links(connection: Connection, lecture: Lecture, frames: LectureFrames | None) -> list[LinkedDocument]:
    """The decks a person linked, or else those worth a look; pictures tell more than likeness, so they look at more."""
    given = [link for link in list_linked_documents(connection, lecture.id) if link.given]
    return given or [
        link
        for link in list_similar_documents(connection, lecture)
        if frames is not None or (link.similarity or 0.0) >= WORTH_A_LOOK
    ]


def _frames(connection: Connection, lecture: Lecture) -> LectureFrames | None:
    """What the recording shows, where that is more than one picture."""
    frames = find_lecture_frames(connection, lecture)
    return frames if frames is not None and frames.frames_sha256 is not None else None


def decks_to_draw(store: Stores, lecture: Lecture) -> list[UUID]:
    """The decks whose pages are to be compared with pictures; none where the recording shows nothing."""
    with store.database.transaction() as connection:
        frames = _frames(connection, lecture)
        return [link.document_id for link in _links(connection, lecture, frames)] if frames is not None else []


def gather(store: Stores, lecture: Lecture) -> Compared:
    """What a lecture is aligned from now."""
    with store.database.transaction() as connection:
        frames = _frames(connection, lecture)
        links = _links(connection, lecture, frames)
        decks = [deck for link in links if (deck := _deck(store, connection, link.document_id)) is not None]
        progress = read_progress(connection, [document.id for document, _, _ in decks])
        return Compared(
            segments=read_transcript(connection, lecture),
            duration_ms=lecture.duration_ms or 0,
            slides=[slide for _, slides, _ in decks for slide in slides],
            pictures={page: sha256 for _, _, pictures in decks for page, sha256 in pictures.items()},
            frames=frames,
            deck_sha256s=[document.sha256 for document, _, _ in decks if not progress[document.id].recognising],
            given=any(link.given for link in links),
        )


def _deck(
    store: Stores, connection: Connection, document_id: UUID
) -> tuple[Document, list[AlignableSlide], dict[Page, str]] | None:
    """A deck's slides with all their text, and their pictures.

    None while it is not read yet (it is aligned when it is), or was deleted.
    """
    try:
        document = get_document(connection, document_id, person=PIPELINE, sealer=store.sealer)
        pages = read_slides(connection, document)
    except (StaleUpstreamError, SupersededError):
        return None
    described = {one.page: one.text for one in read_slide_descriptions(connection, document)}
    alignable = [
        AlignableSlide(
            document_id=document.id,
            page=slide.page,
            frame_group=slide.frame_group,
            text="\n".join(part for part in (slide.title, slide.body, described.get(slide.page, "")) if part.strip()),
        )
        for slide in pages
    ]
    return document, alignable, {(document.id, s.page): s.image_sha256 for s in pages if s.image_sha256 is not None}
