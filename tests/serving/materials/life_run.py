"""Runs of the pipeline over one upload, a commit at a time: the writes of its assets, in order, with their fences."""

import io
from collections.abc import Callable, Generator
from typing import Any
from uuid import UUID, uuid4

import numpy as np

from pipelines.core.chunks import chunks_without_vectors, replace_lecture_chunks, replace_slide_chunks
from pipelines.core.documents import get_document
from pipelines.core.embeddings.vectors import ensure_embedding_set, write_vectors
from pipelines.core.errors import StaleUpstreamError
from pipelines.core.lectures import get_lecture
from pipelines.core.models.providers import Embedder
from pipelines.core.postgres import Connection
from pipelines.core.records import PIPELINE, Chunk, Document, Lecture, Segment, Slide, make_chunk_id
from pipelines.core.slides import read_slides, replace_slides, set_slide_images
from pipelines.core.stored_files import hold_files
from pipelines.core.stores import Stores
from pipelines.core.transcripts import Transcript, read_transcript, replace_transcript
from pipelines.core.uploads import begin_run, begin_stage, end_stage, fail_upload, lock_upload

PARTS = (1, 2)
"""Pages of every deck; pieces of every lecture."""

FOUND_BY = {"documents": "slide_embeddings", "lectures": "lecture_embeddings"}
"""The last stage of each kind."""

Write = tuple[str, Callable[[Connection], Any]]
"""What is written in one transaction: whose model it changes (`begin STAGE`, `write STAGE`, `end STAGE`), and how."""


class DeathError(Exception):
    """The process of a run died before its commit."""


def words(upload_id: UUID, mark: str, part: int) -> str:
    """What part of an upload says: words that stand in no other, so that nothing is taken for a copy of it."""
    seed = f"{upload_id.hex[:6]}{mark}{part}"
    return "momentum " + " ".join(f"{letter}{seed}" for letter in "abcdefghij")


def picture(mark: str, part: int) -> bytes:
    """The rendered page."""
    return f"picture of {mark}, page {part}".encode()


class Run:
    """One run. `step` does its next transaction; who never calls it again has killed it between two."""

    def __init__(self, stores: Stores, embed: Embedder, kind: str, upload_id: UUID) -> None:
        self.kind, self.upload_id, self.run_id = kind, upload_id, uuid4().hex
        self._stores, self._embed = stores, embed
        self._upload: Document | Lecture | None = None
        self._work = self._deck() if kind == "documents" else self._lecture()
        self.next: Write | None = next(self._work)

    def step(self, *, dying: bool = False) -> str:
        """Do the next transaction: what it was.

        Raises:
            SupersededError, StaleUpstreamError: as the asset would; DeathError: it died before the commit (`dying`).
        """
        assert self.next is not None
        name, write = self.next
        with self._stores.database.transaction() as connection:
            made = write(connection)
            if dying:
                raise DeathError
        try:
            self.next = self._work.send(made)
        except StopIteration:
            self.next = None
        return name

    def fail(self) -> None:
        """What a stage that fails for good tells the teacher; nothing where another run has taken over."""
        assert self._upload is not None
        with self._stores.database.transaction() as connection:
            fail_upload(connection, self._upload, code="no_text", message="No word of it could be read.")

    def _begin(self, stage: str, *, root: bool = False) -> Write:
        def write(connection: Connection) -> Any:
            if self.kind == "documents":
                found: Any = get_document(connection, self.upload_id, person=PIPELINE, sealer=self._stores.sealer)
            else:
                found = get_lecture(connection, self.upload_id, person=PIPELINE)
            if root:
                begin_run(connection, found, run_id=self.run_id)
            self._upload = begin_stage(connection, found, stage=stage, run_id=self.run_id, whole=True)
            return self._upload

        return f"begin {stage}", write

    def _end(self, stage: str) -> Write:
        return f"end {stage}", lambda connection: end_stage(connection, self._upload)  # type: ignore[arg-type]

    def _mark(self, sha256: str) -> str:
        with self._stores.files.open_read(sha256) as source:
            return source.read().partition(b"mark ")[2].decode()

    def _deck(self) -> Generator[Write, Any, None]:
        document: Document = yield self._begin("slides", root=True)
        mark = self._mark(document.sha256)
        drawn: dict[int, str] = yield "", lambda connection: _pictures(connection, document)
        slides = [
            Slide(page=page, page_label=str(page), title=f"Page {page}", body=words(document.id, mark, page),
                  furniture="", section=None, text_source="layer", junk_chars=0, frame_group=page,
                  image_sha256=drawn.get(page), width_pt=1, height_pt=1)
            for page in PARTS
        ]  # fmt: skip
        yield "write slides", lambda c: replace_slides(c, document, slides, title=document.title, code_version="1")
        yield self._end("slides")
        document = yield self._begin("slide_images")
        found = yield "read", lambda connection: read_slides(connection, document)
        mark = self._mark(document.sha256)
        yield "write slide_images", lambda connection: self._draw(connection, document, found, mark)
        yield self._end("slide_images")
        document = yield self._begin("slide_chunks")
        found = yield "read", lambda connection: read_slides(connection, document)
        chunks = [
            Chunk(id=make_chunk_id(document.id, "1", slide.body, 0), course_id=document.course_id, kind="slide",
                  source_id=document.id, ordinal=slide.page, title=slide.title, context="", text=slide.body,
                  token_count=20, page=slide.page, pages=(slide.page,), page_label=slide.page_label)
            for slide in found
        ]  # fmt: skip
        yield "write slide_chunks", lambda c: replace_slide_chunks(c, document, chunks, chunker_version="1")
        yield self._end("slide_chunks")
        yield from self._vectors("slide_embeddings")

    def _draw(self, connection: Connection, document: Document, slides: list[Slide], mark: str) -> None:
        missing = [slide.page for slide in slides if slide.image_sha256 is None]
        images = {page: self._stores.files.add(io.BytesIO(picture(mark, page))).sha256 for page in missing}
        hold_files(connection, self._stores.files, list(images.values()))
        set_slide_images(connection, document, images)

    def _lecture(self) -> Generator[Write, Any, None]:
        lecture: Lecture = yield self._begin("transcripts", root=True)
        assert lecture.media_sha256 is not None
        mark = self._mark(lecture.media_sha256)
        heard = Transcript(source="speech", source_sha256=lecture.media_sha256, language="en", model="ear",
                           duration_ms=2000, speech_ms=2000, repaired=0, removed=0, code_version="1")  # fmt: skip
        said = [
            Segment(start_ms=at * 1000, end_ms=at * 1000 + 900, text=words(lecture.id, mark, at)) for at in PARTS
        ]  # fmt: skip
        yield "write transcripts", lambda connection: replace_transcript(connection, lecture, heard, said)
        yield self._end("transcripts")
        lecture = yield self._begin("lecture_chunks")
        found = yield "read", lambda connection: read_transcript(connection, lecture)
        chunks = [
            Chunk(id=make_chunk_id(lecture.id, "1", each.text, 0), course_id=lecture.course_id, kind="speech",
                  source_id=lecture.id, ordinal=at, title=lecture.title, context="", text=each.text, token_count=20,
                  start_ms=each.start_ms, end_ms=each.end_ms)
            for at, each in enumerate(found)
        ]  # fmt: skip
        yield "write lecture_chunks", lambda c: replace_lecture_chunks(c, lecture, chunks, chunker_version="1")
        yield self._end("lecture_chunks")
        yield from self._vectors("lecture_embeddings")

    def _vectors(self, stage: str) -> Generator[Write, Any, None]:
        upload = yield self._begin(stage)

        def missing(connection: Connection) -> Any:
            kept = ensure_embedding_set(
                connection, model=self._embed.model, dims=self._embed.dims, search_text_version="1"
            )
            return kept, chunks_without_vectors(connection, kept, upload.id)

        kept, chunks = yield "", missing
        vectors = np.asarray(self._embed.embed([chunk.search_text for chunk in chunks]))

        def write(connection: Connection) -> None:
            lock_upload(connection, upload)
            write_vectors(connection, kept, chunks, vectors)

        yield f"write {stage}", write
        yield self._end(stage)


def _pictures(connection: Connection, document: Document) -> dict[int, str]:
    """Pictures that were drawn from these very bytes."""
    try:
        slides = read_slides(connection, document)
    except StaleUpstreamError:
        return {}
    return {slide.page: slide.image_sha256 for slide in slides if slide.image_sha256 is not None}
