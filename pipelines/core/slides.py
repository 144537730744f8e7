"""Rows of slides, their pictures and descriptions, and the counts that say whether a document is ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from pipelines.core.errors import StaleUpstreamError
from pipelines.core.postgres import Connection, values_of
from pipelines.core.records import Box, Document, Slide, SlideDescription
from pipelines.core.statements import statement
from pipelines.core.uploads import lock_upload

BOX_UNIT = 10_000
"""Boxes are kept as whole numbers of this fraction of the page, a tenth of a pixel of its picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentCounts:
    """What readers will see of one document, counted back from the tables (statement `document_counts`)."""

    slides: int
    pages: int
    images: int
    descriptions: int
    chunks: int
    chunk_pages: int
    text_slides: int
    uncovered_slides: int
    vectors: int
    bad_vectors: int
    orphan_vectors: int
    terms: int
    junk_chars: int
    text_chars: int
    stale_slides: int
    stale_chunks: int

    @property
    def searchable(self) -> bool:
        """Every slide with text is found by a chunk of this upload that has its vector and its terms."""
        return (
            self.slides > 0
            and self.uncovered_slides == 0
            and self.stale_slides == self.stale_chunks == 0
            and self.chunks == self.vectors == self.terms
            and self.bad_vectors == self.orphan_vectors == 0
        )


def replace_slides(
    connection: Connection, document: Document, slides: list[Slide], *, title: str, code_version: str
) -> None:
    """Write a document's slides and title over the old ones; pictures of unchanged pages must be in `slides` already.

    Raises:
        SupersededError: the document was replaced or deleted meanwhile; nothing is written.
    """
    lock_upload(connection, document)
    connection.execute(statement("set_document_title"), {"document_id": document.id, "title": title})
    connection.execute(statement("delete_slides"), _key(document))
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("insert_slide"),
            [_values(document, slide, code_version=code_version) for slide in slides],
        )


def update_slides(
    connection: Connection, document: Document, slides: Sequence[Slide], *, title: str, code_version: str
) -> None:
    """Write the text of slides that were read again from the same upload; pictures and descriptions stay.

    Raises:
        SupersededError: the document was replaced or deleted meanwhile; nothing is written.
    """
    lock_upload(connection, document)
    connection.execute(statement("set_document_title"), {"document_id": document.id, "title": title})
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("update_slide"), [_values(document, slide, code_version=code_version) for slide in slides]
        )


def list_due_recognitions(connection: Connection, *, limit: int) -> list[tuple[UUID, str]]:
    """Decks that can be searched by their text and whose pictures are to be read now: (id, a key of this reading).

    Args:
        limit: how many may be read at a time; one that is being read stays in the list until it has been.
    """
    return [(row[0], row[1]) for row in connection.execute(statement("list_due_recognitions"), {"limit": limit})]


def read_slides(connection: Connection, document: Document) -> list[Slide]:
    """A document's slides in page order.

    Raises:
        StaleUpstreamError: there are none, or they were made from another upload: materialize `slides` first.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("list_slides"), _key(document)).fetchall()
    if not rows or any(row.pop("source_sha256") != document.sha256 for row in rows):
        raise StaleUpstreamError(
            f"The slides of {document.file_name} are not those of its newest upload; materialize `slides` first."
        )
    return [Slide(**row | {"line_boxes": boxes_of_lines(row["line_boxes"])}) for row in rows]


def boxes_of_lines(stored: Sequence[Sequence[Sequence[int]]]) -> tuple[tuple[Box, ...], ...]:
    """Column `line_boxes` as shares of the page."""
    return tuple(
        tuple(
            (left / BOX_UNIT, top / BOX_UNIT, right / BOX_UNIT, bottom / BOX_UNIT) for left, top, right, bottom in line
        )
        for line in stored
    )


def set_slide_images(connection: Connection, document: Document, images: dict[int, str]) -> None:
    """Name the rendered pictures (page -> sha256 in the file store).

    Raises:
        SupersededError: the document was replaced or deleted meanwhile.
    """
    lock_upload(connection, document)
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("set_slide_image"),
            [
                {**_key(document), "page": page, "image_sha256": sha256, "source_sha256": document.sha256}
                for page, sha256 in images.items()
            ],
        )


def put_slide_description(
    connection: Connection, document: Document, description: SlideDescription, *, prompt_version: str
) -> None:
    """Write one slide's description over an older one.

    Raises:
        SupersededError: the document was replaced or deleted meanwhile.
    """
    lock_upload(connection, document)
    connection.execute(
        statement("put_slide_description"),
        {
            **_key(document),
            "page": description.page,
            "text": description.text,
            "model": description.model,
            "prompt_version": prompt_version,
            "prompt_tokens": description.prompt_tokens,
            "completion_tokens": description.completion_tokens,
            "cost_usd": description.cost_usd,
        },
    )


def read_slide_descriptions(connection: Connection, document: Document) -> list[SlideDescription]:
    """A document's descriptions in page order; empty when none were made."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement("list_slide_descriptions"), _key(document)).fetchall()
    return [SlideDescription(reused=True, **row) for row in rows]


def count_document(connection: Connection, document: Document) -> DocumentCounts:
    """Counts of what readers will see of this document."""
    with connection.cursor(row_factory=class_row(DocumentCounts)) as cursor:
        return cursor.execute(statement("document_counts"), {"document_id": document.id}).fetchall()[0]


def _values(document: Document, slide: Slide, *, code_version: str) -> dict[str, Any]:
    boxes = [[[round(BOX_UNIT * edge) for edge in box] for box in line] for line in slide.line_boxes]
    return {
        **_key(document),
        **values_of(slide),
        "line_boxes": Jsonb(boxes),
        "source_sha256": document.sha256,
        "code_version": code_version,
    }


def _key(document: Document) -> dict[str, Any]:
    return {"course_id": document.course_id, "document_id": document.id}
