"""Cutting of a course's uploads by the chunker of a set, beside the chunks that other sets are of.

The pipeline's own assets cut every upload by the standard rules; sets of other chunkers have theirs cut when they are
built, and with each upload of a course that is searched in them.
"""

from collections.abc import Callable
from uuid import UUID

from pipelines.core.chunks import STANDARD, ChunkChanges, replace_lecture_chunks, replace_slide_chunks
from pipelines.core.documents import list_documents
from pipelines.core.embeddings.building import Built, build_set
from pipelines.core.lectures import list_lectures
from pipelines.core.models.payers import find_local_person
from pipelines.core.models.providers import Embedder, embedder_for
from pipelines.core.postgres import Connection
from pipelines.core.reading.corrections import corrected_segments, corrected_slides, corrected_title
from pipelines.core.records import OPERATOR, Chunk, Course, Document, EmbeddingSet, Lecture, Scope
from pipelines.core.slides import read_slide_descriptions, read_slides
from pipelines.core.stores import Stores
from pipelines.core.transcripts import read_transcript
from pipelines.steps.chunkers import CHUNKERS, Chunker, cut_deck, cut_lecture


def cut_upload(connection: Connection, upload: Document | Lecture, chunker: Chunker, counts: Embedder) -> list[Chunk]:
    """The chunks of a deck or lecture by these rules, as teachers corrected it; nothing is written.

    Args:
        counts: whose tokens are counted: the settings' embedder, whatever embeds the set, so that sets share chunks.

    Raises:
        StaleUpstreamError: what it is cut from was made of an older upload, or not yet.
    """
    title, _ = corrected_title(connection, upload)
    if isinstance(upload, Document):
        slides, _ = corrected_slides(connection, upload, read_slides(connection, upload))
        described = read_slide_descriptions(connection, upload)
        return cut_deck(
            chunker,
            upload,
            slides,
            described,
            title=title,
            count_tokens=counts.count_tokens,
            max_tokens=counts.max_tokens,
        )
    segments, _ = corrected_segments(connection, upload, read_transcript(connection, upload))
    return cut_lecture(
        chunker, upload, segments, title=title, count_tokens=counts.count_tokens, max_tokens=counts.max_tokens
    )


def recut_upload(
    connection: Connection, upload: Document | Lecture, known: EmbeddingSet, counts: Embedder
) -> ChunkChanges | None:
    """Write the chunks of an upload that a set is of in place of older ones; None: standard ones, which the pipeline
    writes.

    Raises:
        SupersededError: the upload was replaced or deleted meanwhile.
        StaleUpstreamError: see `cut_upload`.
    """
    if known.chunker == STANDARD:
        return None
    chunker = CHUNKERS[known.chunker]
    chunks = cut_upload(connection, upload, chunker, counts)
    if isinstance(upload, Document):
        return replace_slide_chunks(connection, upload, chunks, chunker_version=chunker.slides, chunker=known.chunker)
    return replace_lecture_chunks(connection, upload, chunks, chunker_version=chunker.speech, chunker=known.chunker)


def list_uploads(stores: Stores, course: Course) -> dict[UUID, Document | Lecture]:
    """Every deck and lecture of a course, by id."""
    scope = Scope(course_id=course.id, person=OPERATOR)
    with stores.database.transaction() as connection:
        decks, lectures = list_documents(connection, scope, sealer=stores.sealer), list_lectures(connection, scope)
    return {deck.id: deck for deck in decks} | {lecture.id: lecture for lecture in lectures}


def build_course(
    stores: Stores,
    known: EmbeddingSet,
    embed: Embedder,
    course: Course,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Built:
    """Cut a course by a set's chunker and make every vector it lacks in the set; otherwise as `build_set`.

    Raises:
        SupersededError, StaleUpstreamError: an upload is being processed; build again when it has been.
        as `build_set`.
    """
    uploads = list_uploads(stores, course)
    counts = embedder_for(stores, find_local_person, "embedding", course_id=course.id)

    def recut(source_id: UUID) -> None:
        if source_id in uploads:
            with stores.database.transaction() as connection:
                recut_upload(connection, uploads[source_id], known, counts)

    return build_set(stores.database, known, embed, course, recut=recut, progress=progress)
